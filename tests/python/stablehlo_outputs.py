"""Compiles modules of StableHLO with JAX: each NAME.mlir of a folder, whose results OUTPUT... at the points of NAME.npy are written
as NAME.OUTPUT. Arguments: the folder, and the names of the results in order, those of a module with fewer being the first."""

import pathlib
import sys

import jax
import numpy
from jax.extend import backend

client = backend.get_backend("cpu")
for path in sorted(pathlib.Path(sys.argv[1]).glob("*.mlir")):
    program = client.compile_and_load(path.read_bytes(), client.local_devices()[:1])
    points = jax.device_put(numpy.load(path.with_suffix(".npy")), jax.devices("cpu")[0])
    results = program.execute_sharded([points]).disassemble_into_single_device_arrays()
    for name, value in zip(sys.argv[2:], results):
        with open(path.with_suffix("." + name), "wb") as file:
            numpy.save(file, numpy.asarray(value[0]))
print(jax.__version__)
