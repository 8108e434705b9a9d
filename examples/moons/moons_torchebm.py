"""Two moons in TorchEBM: python moons_torchebm.py dsm|cd SAMPLES.npy"""
import math
import sys

import numpy as np
import torch
from torch import nn
from torchebm.core import BaseModel
from torchebm.losses import ContrastiveDivergence, DenoisingScoreMatching
from torchebm.samplers import LangevinDynamics

method, path = sys.argv[1:]
torch.manual_seed(0)


def moons(n):
    t, sign = math.pi * torch.rand(n), torch.randint(0, 2, (n,)) * 2 - 1
    centre = torch.stack([-sign, 0.3 - 0.5 * sign], 1)
    return centre + 2 * sign[:, None] * torch.stack([t.cos(), t.sin()], 1) + 0.2 * torch.randn(n, 2)


class Energy(BaseModel):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(2, 64), nn.SiLU(), nn.Linear(64, 64), nn.SiLU(), nn.Linear(64, 1))

    def forward(self, x):
        return self.net(x).squeeze(-1) + (x ** 2).sum(-1) / (2 * 3 ** 2)


data, energy = moons(8000), Energy()
sampler = LangevinDynamics(energy, step_size=0.02)
if method == "dsm":
    loss, steps = DenoisingScoreMatching(energy, noise_scale=0.1), 1500
else:
    loss, steps = ContrastiveDivergence(energy, sampler, k_steps=10, energy_reg_weight=0.0), 600
optimizer = torch.optim.Adam(energy.parameters(), lr=5e-3)
schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
for _ in range(steps):
    optimizer.zero_grad()
    value = loss(data[torch.randint(len(data), (128,))])
    (value if method == "dsm" else value[0]).backward()
    optimizer.step()
    schedule.step()

start = data.mean(0) + data.std(0) * torch.randn(1000, 2)
np.save(path, sampler.sample(x=start, n_steps=300).detach().numpy())
