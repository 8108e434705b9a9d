"""Two moons in JAX: python moons_jax.py dsm|cd SAMPLES.npy"""
import sys

import jax
import jax.numpy as jnp
import numpy as np
import optax

method, path = sys.argv[1:]


def moons(key, n):
    angles, signs, noise = jax.random.split(key, 3)
    t, sign = jnp.pi * jax.random.uniform(angles, (n,)), jax.random.rademacher(signs, (n,), dtype=jnp.float32)
    centre = jnp.stack([-sign, 0.3 - 0.5 * sign], 1)
    return centre + 2 * sign[:, None] * jnp.stack([jnp.cos(t), jnp.sin(t)], 1) + 0.2 * jax.random.normal(noise, (n, 2))


def initial(key, widths=(2, 64, 64, 1)):
    keys = jax.random.split(key, len(widths))
    return [(jax.random.normal(k, (n, m)) / jnp.sqrt(n), jnp.zeros(m)) for k, n, m in zip(keys, widths, widths[1:])]


def energy(layers, x):
    h = x
    for w, b in layers[:-1]:
        h = jax.nn.silu(h @ w + b)
    w, b = layers[-1]
    return (h @ w + b)[..., 0] + (x ** 2).sum(-1) / (2 * 3 ** 2)


def gradient(layers, x):
    return jax.grad(lambda x: energy(layers, x).sum())(x)


def langevin(layers, x, key, steps, step_size):
    def move(x, key):
        return x - step_size * gradient(layers, x) + jnp.sqrt(2 * step_size) * jax.random.normal(key, x.shape), None
    return jax.lax.scan(move, x, jax.random.split(key, steps))[0]


def dsm(layers, x, key, sigma=0.1):
    z = jax.random.normal(key, x.shape)
    score = -gradient(layers, x + sigma * z)
    return 0.5 * ((sigma * score + z) ** 2).sum(-1).mean()


def cd(layers, x, key):
    negatives = jax.lax.stop_gradient(langevin(layers, x, key, steps=10, step_size=0.02))
    return energy(layers, x).mean() - energy(layers, negatives).mean()


data_key, init_key, train_key, sample_key = jax.random.split(jax.random.key(0), 4)
data, layers = moons(data_key, 8000), initial(init_key)
loss, steps = {"dsm": (dsm, 1500), "cd": (cd, 600)}[method]
optimizer = optax.adam(optax.cosine_decay_schedule(5e-3, steps))


def step(carry, key):
    layers, state = carry
    batch, noise = jax.random.split(key)
    x = data[jax.random.randint(batch, (128,), 0, len(data))]
    updates, state = optimizer.update(jax.grad(loss)(layers, x, noise), state)
    return (optax.apply_updates(layers, updates), state), None


(layers, _), _ = jax.jit(lambda c, keys: jax.lax.scan(step, c, keys))(
    (layers, optimizer.init(layers)), jax.random.split(train_key, steps))

start = data.mean(0) + data.std(0) * jax.random.normal(sample_key, (1000, 2))
np.save(path, jax.jit(langevin, static_argnums=3)(layers, start, sample_key, 300, 0.02))
