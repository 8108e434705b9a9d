"""TorchEBM's nearest equivalents: contrastive divergence from noise for mle, sliced score matching with one projection
for fisher (it has no loss for a known density), denoising score matching; nothing for nce."""
import argparse

import torch
import torchebm
from torch import nn
from torchebm.core import BaseModel
from torchebm.losses import ContrastiveDivergence, DenoisingScoreMatching, SlicedScoreMatching
from torchebm.samplers import LangevinDynamics

import protocol
from protocol import BATCH, CHAIN_STEPS, LEARNING_RATE, POINTS, SIGMA, STEP_SIZE, WIDTHS


class Network(BaseModel):
    def __init__(self, size):
        super().__init__()
        widths, layers = [2, *WIDTHS[size]], []
        for n, m in zip(widths, widths[1:]):
            layers += [nn.Linear(n, m), nn.SiLU()]
        self.net = nn.Sequential(*layers, nn.Linear(widths[-1], 1))

    def forward(self, x):
        return self.net(x).squeeze(-1)


def loss_of(method, model):
    if method in CHAIN_STEPS:
        sampler = LangevinDynamics(model, step_size=STEP_SIZE, noise_scale=1.0)
        return ContrastiveDivergence(model, sampler, k_steps=CHAIN_STEPS[method], persistent=False,
                                     init_steps=0, energy_reg_weight=0.0)
    if method == "fisher":
        return SlicedScoreMatching(model, n_projections=1)
    if method == "dsm":
        return DenoisingScoreMatching(model, noise_scale=SIGMA)
    raise NotImplementedError(f"no equivalent of {method}")


def make(size, method, data):
    model = Network(size)
    loss, at = loss_of(method, model), 0
    optimizer = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE, fused=True)

    def run(steps):
        nonlocal at
        for _ in range(steps):
            x, at = data[at:at + BATCH], (at + BATCH) % (POINTS - BATCH)
            optimizer.zero_grad()
            value = loss(x)
            (value[0] if isinstance(value, tuple) else value).backward()
            optimizer.step()

    return run, 1


def main():
    flags = argparse.ArgumentParser()
    flags.add_argument("--threads", type=int, required=True)
    flags = flags.parse_args()
    torch.set_num_threads(flags.threads)
    torch.manual_seed(0)
    data = torch.from_numpy(protocol.two_gaussians())
    protocol.serve(f"torchebm {torchebm.__version__}", lambda size, method: make(size, method, data))


main()
