"""Computes the energies of a confined MLP with silu from the files that joule export writes of its parameters, as docs/export.md says: from
model.safetensors and model.npz of a folder, at points.npy, as safetensors.npy and npz.npy."""

import json
import pathlib
import re
import sys

import numpy
from safetensors import safe_open
from safetensors.numpy import load_file

folder = pathlib.Path(sys.argv[1])
points = numpy.load(folder / "points.npy").astype(numpy.float64)


def energies(tensors):
    h = y = (points - tensors["standardizer.mean"]) / tensors["standardizer.std"]
    layers = sum(name.endswith(".weight") for name in tensors)
    for i in range(layers):
        h = h @ tensors[f"layers.{i}.weight"] + tensors[f"layers.{i}.bias"]
        if i < layers - 1:
            h = h / (1 + numpy.exp(-h))
    confinement = float(re.search(r"confinement: (\S+)", about["config"]).group(1))
    return (h[:, 0] + (0.5 * (y / confinement) ** 2).sum(1)).astype(numpy.float32)


with safe_open(folder / "model.safetensors", "numpy") as file:
    about = file.metadata()
with numpy.load(folder / "model.npz") as file:
    arrays = dict(file)
assert json.loads(bytes(arrays.pop("metadata"))) == about
numpy.save(folder / "safetensors.npy", energies(load_file(folder / "model.safetensors")))
numpy.save(folder / "npz.npy", energies(arrays))
print(json.loads(about["dataset"])["columns"], about["step"])
