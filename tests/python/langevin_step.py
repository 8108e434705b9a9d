"""What a step of TorchEBM's LangevinDynamics adds to a point where the energy is linear: the mean and the standard deviation.

Arguments: step_size noise_scale slope
"""
import sys

import torch
from torchebm.core import BaseModel
from torchebm.samplers import LangevinDynamics

step_size, noise_scale, slope = map(float, sys.argv[1:])
torch.manual_seed(0)


class Linear(BaseModel):
    def forward(self, x):
        return slope * x.sum(-1)


moved = LangevinDynamics(Linear(), step_size=step_size, noise_scale=noise_scale).sample(x=torch.zeros(200_000, 1), n_steps=1)
print(moved.mean().item(), moved.std().item())
