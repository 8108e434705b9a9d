"""JAX: the whole step in one jit, called once a step (--mode jit) or scanned (--mode scan).

Both draw the minibatch on the device, with replacement, as Joule does. The number of threads is set from outside, by
the environment variable NPROC.
"""
import argparse
import math

import jax
import jax.numpy as jnp
import optax

import protocol
from protocol import (BATCH, CHAIN_STEPS, CONVOLUTIONS, FEATURES, HIDDEN, IMAGE_BATCH, LEARNING_RATE, NOISE_STD, SIGMA, STEP_SIZE,
                      WIDTHS)


def shapes(size):
    """The shapes of the weights: of kernels four numbers, of matrices two."""
    if size == "C":
        return [(k, k, n, m) for k, n, m, _ in CONVOLUTIONS] + [(FEATURES, HIDDEN), (HIDDEN, 1)]
    widths = [2, *WIDTHS[size], 1]
    return list(zip(widths, widths[1:]))


def initial(key, size):
    layers = []
    for shape in shapes(size):
        key, k1, k2 = jax.random.split(key, 3)
        bound = 1 / math.sqrt(math.prod(shape[:-1]))
        layers.append((jax.random.uniform(k1, shape, jnp.float32, -bound, bound),
                       jax.random.uniform(k2, shape[-1:], jnp.float32, -bound, bound)))
    return layers


def convolve(x, w, padding):
    return jax.lax.conv_general_dilated(x, w, (2, 2), [(padding, padding)] * 2, dimension_numbers=("NHWC", "HWIO", "NHWC"))


def energy(layers, x):
    if x.ndim == 4:
        for (w, b), (_, _, _, padding) in zip(layers, CONVOLUTIONS):
            x = jax.nn.silu(convolve(x, w, padding) + b)
        x, layers = x.reshape(x.shape[0], -1), layers[len(CONVOLUTIONS):]
    for w, b in layers[:-1]:
        x = jax.nn.silu(x @ w + b)
    w, b = layers[-1]
    return (x @ w + b)[..., 0]


energy_gradient = jax.grad(lambda x, layers: energy(layers, x).sum())


def langevin(layers, x, key, steps):
    scale = jnp.float32(math.sqrt(2 * STEP_SIZE))
    keys = jax.random.split(key, steps)

    def move(i, x):
        return x - STEP_SIZE * energy_gradient(x, layers) + scale * jax.random.normal(keys[i], x.shape)

    return jax.lax.fori_loop(0, steps, move, x)


def mle(steps):
    def loss(layers, x, key):
        k1, k2 = jax.random.split(key)
        negatives = jax.lax.stop_gradient(langevin(layers, jax.random.normal(k1, x.shape), k2, steps))
        return energy(layers, x).mean() - energy(layers, negatives).mean()
    return loss


def log_density(x):
    m = jnp.array([2.0, 2.0])
    return jnp.logaddexp(-((x - m) ** 2).sum(-1), -((x + m) ** 2).sum(-1))


def fisher(layers, x, key):
    target = jax.grad(lambda y: log_density(y).sum())(x)
    return 0.5 * jnp.mean((-energy_gradient(x, layers) - target) ** 2)


def dsm(layers, x, key):
    noise = jax.random.normal(key, x.shape)
    return jnp.mean((-energy_gradient(x + SIGMA * noise, layers) + noise / SIGMA) ** 2)


def nce(layers, x, key):
    def log_noise(z):
        return -(z ** 2).sum(-1) / (2 * NOISE_STD ** 2) - math.log(2 * math.pi * NOISE_STD ** 2)
    z = jnp.concatenate([x, NOISE_STD * jax.random.normal(key, x.shape)])
    logit = -energy(layers, z) - log_noise(z)
    return jax.nn.softplus(-logit[:BATCH]).mean() + jax.nn.softplus(logit[BATCH:]).mean()


LOSSES = {"fisher": fisher, "dsm": dsm, "nce": nce} | {name: mle(steps) for name, steps in CHAIN_STEPS.items()}


def scan_length(size, method):
    """A hundred steps; fewer where one takes long, so that a call does not outlast a round."""
    if size == "C":
        return 1 if method in CHAIN_STEPS else 4
    return 10 if size == "L" and method in CHAIN_STEPS else 100


def make(size, method, mode, data):
    optimizer, loss = optax.adam(LEARNING_RATE), LOSSES[method]
    data, batch = data[size == "C"], IMAGE_BATCH if size == "C" else BATCH

    def step(layers, state, key, data):
        k1, k2 = jax.random.split(key)
        x = data[jax.random.randint(k1, (batch,), 0, len(data))]
        value, gradient = jax.value_and_grad(loss)(layers, x, k2)
        updates, state = optimizer.update(gradient, state)
        return optax.apply_updates(layers, updates), state, value

    def one(layers, state, key, i, data):
        return step(layers, state, jax.random.fold_in(key, i), data)

    block = 1 if mode == "jit" else scan_length(size, method)

    def many(layers, state, key, i, data):
        def body(carry, key):
            layers, state, value = step(*carry, key, data)
            return (layers, state), value
        keys = jax.random.split(jax.random.fold_in(key, i), block)
        (layers, state), values = jax.lax.scan(body, (layers, state), keys)
        return layers, state, values

    key = jax.random.key(1)
    layers = initial(key, size)
    state, calls = optimizer.init(layers), 0
    program = jax.jit(one if mode == "jit" else many, donate_argnums=(0, 1)).lower(layers, state, key, 0, data).compile()

    def run(steps):
        nonlocal layers, state, calls
        for _ in range(steps // block):
            layers, state, value = program(layers, state, key, calls, data)
            calls += 1
        jax.block_until_ready((layers, value))

    return run, block


def main():
    flags = argparse.ArgumentParser()
    flags.add_argument("--mode", choices=["jit", "scan"], required=True)
    flags.add_argument("--generator", choices=["threefry2x32", "rbg", "unsafe_rbg"], default="threefry2x32")
    flags = flags.parse_args()
    jax.config.update("jax_default_prng_impl", flags.generator)
    data = jnp.asarray(protocol.two_gaussians()), jnp.asarray(protocol.noise_images())
    protocol.serve(f"jax {jax.__version__}, optax {optax.__version__}", lambda size, method: make(size, method, flags.mode, data))


main()
