"""Two moons in PyTorch: python moons_torch.py dsm|cd SAMPLES.npy"""
import math
import sys

import numpy as np
import torch
from torch import nn

method, path = sys.argv[1:]
torch.manual_seed(0)


def moons(n):
    t, sign = math.pi * torch.rand(n), torch.randint(0, 2, (n,)) * 2 - 1
    centre = torch.stack([-sign, 0.3 - 0.5 * sign], 1)
    return centre + 2 * sign[:, None] * torch.stack([t.cos(), t.sin()], 1) + 0.2 * torch.randn(n, 2)


class Energy(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(2, 64), nn.SiLU(), nn.Linear(64, 64), nn.SiLU(), nn.Linear(64, 1))

    def forward(self, x):
        return self.net(x).squeeze(-1) + (x ** 2).sum(-1) / (2 * 3 ** 2)


def gradient(energy, x, create_graph=False):
    x = x.detach().requires_grad_()
    return torch.autograd.grad(energy(x).sum(), x, create_graph=create_graph)[0]


def langevin(energy, x, steps, step_size):
    for _ in range(steps):
        x = x - step_size * gradient(energy, x) + math.sqrt(2 * step_size) * torch.randn_like(x)
    return x


def dsm(energy, x, sigma=0.1):
    z = torch.randn_like(x)
    score = -gradient(energy, x + sigma * z, create_graph=True)
    return 0.5 * ((sigma * score + z) ** 2).sum(-1).mean()


def cd(energy, x):
    return energy(x).mean() - energy(langevin(energy, x, steps=10, step_size=0.02)).mean()


data, energy = moons(8000), Energy()
loss, steps = {"dsm": (dsm, 1500), "cd": (cd, 600)}[method]
optimizer = torch.optim.Adam(energy.parameters(), lr=5e-3)
schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
for _ in range(steps):
    optimizer.zero_grad()
    loss(energy, data[torch.randint(len(data), (128,))]).backward()
    optimizer.step()
    schedule.step()

start = data.mean(0) + data.std(0) * torch.randn(1000, 2)
np.save(path, langevin(energy, start, steps=300, step_size=0.02).numpy())
