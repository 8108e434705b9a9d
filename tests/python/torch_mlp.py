"""Makes an MLP in PyTorch, 2-16-8-1 with silu, saves its parameters as weights.safetensors and weights.npz in a folder, and its
energies at points.npy as energies.npy. named.safetensors has the same under names that are no nn.Sequential's."""

import pathlib
import sys

import numpy
import torch
from safetensors.torch import save_file

folder = pathlib.Path(sys.argv[1])
torch.manual_seed(1)
net = torch.nn.Sequential(
    torch.nn.Linear(2, 16), torch.nn.SiLU(), torch.nn.Linear(16, 8), torch.nn.SiLU(), torch.nn.Linear(8, 1)
)
state = {name: value.contiguous() for name, value in net.state_dict().items()}
save_file(state, folder / "weights.safetensors")
save_file({name.replace("4.", "head."): value for name, value in state.items()}, folder / "named.safetensors")
numpy.savez(folder / "weights.npz", **{name: value.numpy() for name, value in state.items()})
with torch.no_grad():
    numpy.save(folder / "energies.npy", net(torch.from_numpy(numpy.load(folder / "points.npy")))[:, 0].numpy())
print(torch.__version__)
