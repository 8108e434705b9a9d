"""ebmkit's table of two moons beside Joule, for docs/beside.md: Markdown on standard output, progress on standard error.

ebmkit's methods are trained by its own program, examples/benchmark_losses.py in its source distribution. Joule trains on the same
points, with ebmkit's settings and with those of its own configs, and its samples are measured by ebmkit's functions. What is done is
kept in a file, a row a run: a program that is stopped goes on where it was.
"""

import argparse
import importlib.util
import json
import math
import pathlib
import statistics
import subprocess
import sys
import tarfile

import ebm
import numpy as np
import torch

# FD, MMD², and the bracket of the test log likelihood: docs/benchmarks.md of ebmkit, commit e38471a (3 August 2026), one seed
PUBLISHED = {
    "CD (short-run)": ("0.002", "0.0010", "−1.16 to −0.80"),
    "Persistent CD": ("0.008", "0.0013", "−1.12 to −1.11"),
    "NCE": ("0.002", "0.0016", "−1.04 to −0.92"),
    "Sliced SM": ("0.038", "0.0072", "−1.24 to −1.16"),
    "NCSN (multi-σ DSM)": ("0.000", "0.0183", "−1.77 to −1.73"),
}
# Joule's method with ebmkit's settings, where they are not those of `joule` below, and the config of its own
CHAINS = {"energy_l2": 0.1, "sampler": {"kind": "langevin", "steps": 60, "step_size": 0.01}}
NORMAL = {"kind": "gaussian_mixture", "means": [[0, 0]], "variances": [1]}
METHODS = {
    "CD (short-run)": ({"method": {"kind": "short_run"} | CHAINS}, "planar/cd"),
    "Persistent CD": ({"method": {"kind": "pcd", "buffer_size": 8192, "restart_fraction": 0.05} | CHAINS}, "planar/pcd"),
    "NCE": ({"method": {"kind": "nce", "noise_ratio": 4, "noise": {"kind": "density", "data": NORMAL}}}, "planar/nce"),
    "Sliced SM": ({"method": {"kind": "ssm", "distribution": "gaussian"}}, "planar/ssm"),
    "NCSN (multi-σ DSM)": ({
        "method": {"kind": "msdsm", "levels": 12, "level_weight": 0},
        "model": {"kind": "conditional_mlp", "hidden": [128, 128], "sigma_min": 0.05, "sigma_max": 2},
        "sampler": {"kind": "annealed_langevin", "levels": 12, "steps": 1200, "step_size": 1},
    }, "planar/msdsm"),
}
SIDES = {"published": "published", "ebmkit": "run here", "same": "Joule, ebmkit's settings", "own": "Joule, `{}`"}
HALF, POINTS = 4, 501  # the square that densities are integrated over
axis = np.linspace(-HALF, HALF, POINTS, dtype=np.float32)
GRID = np.stack(np.meshgrid(axis, axis, indexing="ij"), -1).reshape(-1, 2)


def program(folder):
    """ebmkit's program, from the source distribution of the version that is installed."""
    found = list(folder.glob("ebmkit-*.tar.gz"))
    if not found:
        subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", "ebmkit", "--dest", folder,
                        "ebmkit==" + ebm.__version__], check=True)
        found = list(folder.glob("ebmkit-*.tar.gz"))
    path = folder / "benchmark_losses.py"
    with tarfile.open(found[0]) as archive:
        path.write_bytes(archive.extractfile(f"ebmkit-{ebm.__version__}/examples/benchmark_losses.py").read())
    spec = importlib.util.spec_from_file_location("benchmark_losses", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def likelihood(grid, test):
    """The mean log likelihood given the energies on the grid and at the test points, and the mass beyond nine tenths of the square."""
    grid, test = np.asarray(grid, np.float64), np.asarray(test, np.float64)
    log_z = np.logaddexp.reduce(-grid) + 2 * math.log(axis[1] - axis[0])
    outside = np.abs(GRID).max(1) > 0.9 * HALF
    return {"ll": float(-test.mean() - log_z), "outside": float(np.exp(-grid - np.logaddexp.reduce(-grid))[outside].sum())}


def distances(test, samples):
    """As the program's evaluate has them."""
    return {"fd": ebm.eval.frechet_distance(test, samples), "mmd": ebm.eval.mmd(test[:2000], samples[:2000], bandwidth=0.3)}


def ebmkit(bench, name, train, test):
    energy, samples = bench.METHODS[name](train)
    fd, mmd, low, high = bench.evaluate(energy, samples, test)
    with torch.no_grad():
        grid = torch.cat([energy(part) for part in torch.from_numpy(GRID).split(10000)])
        row = likelihood(grid.numpy(), energy(test).numpy())
    return {"fd": fd, "mmd": mmd, "low": low, "high": high} | row


def joule(config, seed, test, folder):
    """Trains, samples and scores; the training points are in train.csv in the folder above."""
    folder.mkdir(parents=True, exist_ok=True)
    config = {"name": "moons", "train": {"steps": 6000, "batch_size": 256, "checkpoint_every": 0}} | config
    (folder / "config.yaml").write_text(json.dumps(config))
    run, out = folder / "run", folder / "out.npy"

    def do(*arguments):
        subprocess.run(["bin/joule", "--quiet", *map(str, arguments)], check=True, stdout=sys.stderr)

    def energies(points):
        np.save(folder / "in.npy", points)
        do("energy", run, "--in", folder / "in.npy", "-o", out)
        return np.load(out)

    do("train", folder / "config.yaml", "--seed", seed, "--no-figures", "--out", run, "--resume=auto")
    do("sample", run, "-n", len(test), "--seed", seed, "-o", out)
    row = distances(test, torch.from_numpy(np.load(out)))
    return row | likelihood(energies(GRID), energies(test.numpy()))


def same(settings, data):
    """Joule's config that has ebmkit's settings."""
    return {"data": data, "model": {"kind": "mlp", "hidden": [128, 128]}, "optimizer": {"kind": "adam", "learning_rate": 1e-3},
            "sampler": {"kind": "langevin", "steps": 500, "step_size": 0.01}} | settings


def truth(test, seed):
    """What the true density has: other points of it for samples, and its log density by the rule of the rectangle over the arcs."""
    t = (np.arange(2000) + 0.5) / 2000 * math.pi
    arcs = np.concatenate([np.stack([np.cos(t), np.sin(t)], 1), np.stack([1 - np.cos(t), 0.5 - np.sin(t)], 1)]) - [0.5, 0.25]
    squares = ((test.numpy()[:, None] - arcs) ** 2).sum(-1)
    log_p = np.logaddexp.reduce(-squares / (2 * 0.1**2), 1) - math.log(len(arcs) * 2 * math.pi * 0.1**2)
    again = ebm.datasets.two_moons(len(test), generator=torch.Generator().manual_seed(100 + seed))
    return distances(test, again) | {"ll": float(log_p.mean()), "outside": 0}


def show(values, digits):
    mean = f"{statistics.mean(values):.{digits}f}"
    text = mean if len(values) < 2 else f"{mean} ± {statistics.stdev(values):.{digits}f}"
    return text.replace("-", "−")


def table(rows):
    print("| method | | FD | MMD² | test log likelihood, AIS | by quadrature |\n|---|---|---:|---:|---:|---:|")
    for name in ["true density", *METHODS]:
        for side, title in ([("truth", "other points of it")] if name == "true density" else SIDES.items()):
            runs = [r for r in rows if (r["method"], r["side"]) == (name, side)]
            if side == "published":
                fd, mmd, bracket = PUBLISHED[name]
                print(f"| {name} | {title} | {fd} | {mmd} | {bracket} | |")
            elif runs:
                fd, mmd, ll = (show([r[key] for r in runs], d) for key, d in (("fd", 3), ("mmd", 4), ("ll", 3)))
                bracket = " to ".join(show([statistics.mean(r[k] for r in runs)], 2) for k in ("low", "high")) if side == "ebmkit" else ""
                mark = " *" if max(r["outside"] for r in runs) > 1e-3 else ""
                title = title.format(METHODS[name][1]) if side == "own" else title
                print(f"| {name} | {title} ({len(runs)}) | {fd} | {mmd} | {bracket} | {ll}{mark} |")


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--seeds", type=int, default=3)
    arguments.add_argument("--methods", default=",".join(METHODS), help="separated by commas")
    arguments.add_argument("--out", type=pathlib.Path, default="runs/moons")
    options = arguments.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    kept = options.out / "rows.jsonl"
    rows = [json.loads(line) for line in kept.read_text().splitlines()] if kept.exists() else []
    bench = program(options.out)
    test = ebm.datasets.two_moons(bench.N_EVAL, generator=torch.Generator().manual_seed(1))
    for seed in range(options.seeds):
        torch.manual_seed(seed)
        train = ebm.datasets.two_moons(8192)
        csv = options.out / f"train-{seed}.csv"
        np.savetxt(csv, train.numpy(), "%.9g", ",", header="x,y", comments="")
        data = {"kind": "csv", "path": str(csv.resolve()), "test_fraction": 0}
        jobs = [("true density", "truth", lambda _: truth(test, seed))]
        for name in options.methods.split(","):
            settings, config = METHODS[name]
            own = {"extends": config, "data": data | {"standardize": True}}
            jobs += [(name, "same", lambda where, c=same(settings, data): joule(c, seed, test, where)),
                     (name, "own", lambda where, c=own: joule(c, seed, test, where)),
                     (name, "ebmkit", lambda _, name=name: ebmkit(bench, name, train, test))]
        for name, side, job in jobs:
            key = {"method": name, "side": side, "seed": seed}
            if any(key.items() <= row.items() for row in rows):
                continue
            torch.manual_seed(seed)
            row = key | job(options.out / f"{name.split()[0]}-{side}-{seed}")
            print(row, file=sys.stderr)
            rows.append(row)
            with kept.open("a") as file:
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
    table([row for row in rows if row["seed"] < options.seeds])


if __name__ == "__main__":
    main()
