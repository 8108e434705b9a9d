"""PyTorch, eager (--mode eager) or with the loss and its gradient compiled (--mode compile).

Minibatches are consecutive slices of the data, which costs less than drawing them.
"""
import argparse
import math

import torch
import torch.nn.functional as F
from torch import nn
from torch.func import functional_call, grad, grad_and_value

import protocol
from protocol import (BATCH, CHAIN_STEPS, CONVOLUTIONS, FEATURES, HIDDEN, IMAGE_BATCH, LEARNING_RATE, NOISE_STD, SIGMA, STEP_SIZE,
                      WIDTHS)

UNROLLED = 10  # Langevin steps in one compiled call
NOISE_SCALE = math.sqrt(2 * STEP_SIZE)


def network(size):
    if size == "C":
        layers = []
        for kernel, n, m, padding in CONVOLUTIONS:
            layers += [nn.Conv2d(n, m, kernel, stride=2, padding=padding), nn.SiLU()]
        return nn.Sequential(*layers, nn.Flatten(), nn.Linear(FEATURES, HIDDEN), nn.SiLU(), nn.Linear(HIDDEN, 1), nn.Flatten(0))
    widths, layers = [2, *WIDTHS[size]], []
    for n, m in zip(widths, widths[1:]):
        layers += [nn.Linear(n, m), nn.SiLU()]
    return nn.Sequential(*layers, nn.Linear(widths[-1], 1), nn.Flatten(0))


def log_density(x):
    m = torch.tensor([2.0, 2.0])
    return torch.logaddexp(-((x - m) ** 2).sum(-1), -((x + m) ** 2).sum(-1))


def log_noise(x):
    return -(x ** 2).sum(-1) / (2 * NOISE_STD ** 2) - math.log(2 * math.pi * NOISE_STD ** 2)


def contrast(logit):
    return F.softplus(-logit[:BATCH]).mean() + F.softplus(logit[BATCH:]).mean()


class Batches:
    def __init__(self, data, size):
        self.data, self.at, self.batch = data[size == "C"], 0, IMAGE_BATCH if size == "C" else BATCH

    def next(self):
        x = self.data[self.at:self.at + self.batch]
        self.at = (self.at + self.batch) % (len(self.data) - self.batch)
        return x


# Eager.

def score(model, x):
    x = x.detach().requires_grad_()
    return -torch.autograd.grad(model(x).sum(), x, create_graph=True)[0]


def eager_mle(steps):
    def loss(model, real):
        x = torch.randn_like(real)
        for _ in range(steps):
            x.requires_grad_(True)
            gradient = torch.autograd.grad(model(x).sum(), x)[0]
            x = x.detach() - STEP_SIZE * gradient + NOISE_SCALE * torch.randn_like(x)
        return model(real).mean() - model(x).mean()
    return loss


def eager_fisher(model, x):
    known = x.detach().requires_grad_()
    target = torch.autograd.grad(log_density(known).sum(), known)[0]
    return 0.5 * ((score(model, x) - target) ** 2).mean()


def eager_dsm(model, x):
    noise = torch.randn_like(x)
    return ((score(model, x + SIGMA * noise) + noise / SIGMA) ** 2).mean()


def eager_nce(model, x):
    z = torch.cat([x, NOISE_STD * torch.randn_like(x)])
    return contrast(-model(z) - log_noise(z))


EAGER = {"fisher": eager_fisher, "dsm": eager_dsm, "nce": eager_nce} | {
    name: eager_mle(steps) for name, steps in CHAIN_STEPS.items()}


def make_eager(size, method, data):
    model, loss, batches = network(size), EAGER[method], Batches(data, size)
    optimizer = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE, fused=True)

    def run(steps):
        for _ in range(steps):
            optimizer.zero_grad()
            loss(model, batches.next()).backward()
            optimizer.step()

    return run, 1


# Compiled: random numbers come in as arguments, gradients go out, and the optimizer is PyTorch's fused one.

def compiled_mle(energy, q, real, negatives):
    return energy(q, real).mean() - energy(q, negatives).mean()


def compiled_fisher(energy, q, x):
    s = -grad(lambda y: energy(q, y).sum())(x)
    return 0.5 * ((s - grad(lambda y: log_density(y).sum())(x)) ** 2).mean()


def compiled_dsm(energy, q, x, noise):
    s = -grad(lambda y: energy(q, y).sum())(x + SIGMA * noise)
    return ((s + noise / SIGMA) ** 2).mean()


def compiled_nce(energy, q, x, noise):
    z = torch.cat([x, NOISE_STD * noise])
    return contrast(-energy(q, z) - log_noise(z))


COMPILED = {"fisher": compiled_fisher, "dsm": compiled_dsm, "nce": compiled_nce} | {name: compiled_mle for name in CHAIN_STEPS}


def make_compiled(size, method, data, mode):
    torch._dynamo.reset()  # every row is compiled on its own
    model, loss, batches = network(size), COMPILED[method], Batches(data, size)
    parameters = dict(model.named_parameters())
    values = {name: p.detach() for name, p in parameters.items()}  # share memory with the parameters
    optimizer = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE, fused=True)

    def energy(q, x):
        return functional_call(model, q, (x,))

    def compiled(f):
        return torch.compile(f, dynamic=False, mode=mode)

    gradient = compiled(lambda q, *batch: grad_and_value(lambda q: loss(energy, q, *batch))(q))

    def moves(q, x, noise):
        for z in noise:
            x = x - STEP_SIZE * grad(lambda y: energy(q, y).sum())(x) + NOISE_SCALE * z
        return x

    moves = compiled(moves)

    def inputs():
        x = batches.next().clone()
        if method == "fisher":
            return (x,)
        y = torch.randn_like(x)
        for _ in range(CHAIN_STEPS.get(method, 0) // UNROLLED):
            y = moves(values, y, torch.randn(UNROLLED, *x.shape))
        return x, y

    def run(steps):
        for _ in range(steps):
            gradients, _ = gradient(values, *inputs())
            for name, p in parameters.items():
                p.grad = gradients[name]
            optimizer.step()

    return run, 1


def main():
    flags = argparse.ArgumentParser()
    flags.add_argument("--mode", choices=["eager", "compile"], required=True)
    flags.add_argument("--threads", type=int, required=True)
    flags.add_argument("--autotune", action="store_true", help="compile with mode max-autotune")
    flags = flags.parse_args()
    torch.set_num_threads(flags.threads)
    torch.manual_seed(0)
    images = torch.from_numpy(protocol.noise_images()).permute(0, 3, 1, 2).contiguous()
    data = torch.from_numpy(protocol.two_gaussians()), images
    if flags.mode == "eager":
        protocol.serve(f"torch {torch.__version__}", lambda size, method: make_eager(size, method, data))
    else:
        mode = "max-autotune-no-cudagraphs" if flags.autotune else "default"
        protocol.serve(f"torch {torch.__version__}", lambda size, method: make_compiled(size, method, data, mode))


main()
