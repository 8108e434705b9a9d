"""The line protocol of the comparison, and what its Python sides share.

A request is a line `SIZE METHOD STEPS`. With 0 steps a row is built, compiled and run once; otherwise that many steps
are made, or a few more where a side makes them in blocks. The answer is `STEPS SECONDS`, with the steps that were made,
or `error TEXT`. The first line that a side writes is `ready VERSIONS`.
"""
import sys
import time

import numpy as np

BATCH = 128
POINTS = 10_000
WIDTHS = {"S": [64, 64], "L": [256, 256, 256]}
CHAIN_STEPS = {"mle100": 100, "mle60": 60, "mle20": 20}
# The convolutional network of size C: (kernel, in, out, padding), all with stride 2, then a hidden layer.
CONVOLUTIONS = [(5, 1, 16, 4), (3, 16, 32, 1), (3, 32, 64, 1), (3, 64, 64, 1)]
FEATURES, HIDDEN = 256, 64
IMAGES, IMAGE_BATCH = 2048, 64
STEP_SIZE = 0.01
SIGMA = 0.3
NOISE_STD = 3.0
LEARNING_RATE = 1e-3


def two_gaussians():
    """Points [POINTS, 2] of equal parts of N((-2, -2), I/2) and N((2, 2), I/2)."""
    rng = np.random.default_rng(0)
    centre = np.where(rng.random((POINTS, 1)) < 0.5, -2.0, 2.0)
    return (centre + np.sqrt(0.5) * rng.standard_normal((POINTS, 2))).astype(np.float32)


def noise_images():
    """Images [IMAGES, 28, 28, 1] of noise that is uniform between -1 and 1."""
    return np.random.default_rng(0).uniform(-1, 1, (IMAGES, 28, 28, 1)).astype(np.float32)


def serve(versions, make):
    """Answer requests. make(size, method) returns run(steps), which returns when the device is done, and its block."""
    answers, sys.stdout = sys.stdout, sys.stderr  # what libraries print must not get between the answers
    rows = {}

    def answer(size, method, steps):
        start = time.perf_counter()
        if (size, method) not in rows:
            rows[size, method] = run, block = make(size, method)
            run(block)
        run, block = rows[size, method]
        if steps == 0:
            return f"0 {time.perf_counter() - start}"
        steps = -(-steps // block) * block
        start = time.perf_counter()
        run(steps)
        return f"{steps} {time.perf_counter() - start}"

    print("ready", versions, file=answers, flush=True)
    for line in sys.stdin:
        try:
            size, method, steps = line.split()
            reply = answer(size, method, int(steps))
        except Exception as e:  # a row that one peer cannot do must not end the others
            reply = "error " + " ".join(f"{type(e).__name__}: {e}".split())[:300]
        print(reply, file=answers, flush=True)
