"""Writes the embedded tables of docs/anomaly.md from those that come with scikit-learn:

    python benchmarks/anomaly/export.py datasets/files
"""

import csv
import sys
from pathlib import Path

from sklearn import datasets


def write(path, header, rows):
    with open(path, "w", newline="") as f:
        lines = csv.writer(f, lineterminator="\n")
        lines.writerow(header)
        lines.writerows(rows)


def number(value):
    return f"{value:.7g}"


def main(folder):
    cancer = datasets.load_breast_cancer()
    header = [name.replace(" ", "_") for name in cancer.feature_names]
    for label, name in enumerate(cancer.target_names):
        rows = ([number(v) for v in row] for row, y in zip(cancer.data, cancer.target) if y == label)
        write(folder / f"breast_cancer_{name}.csv", header, rows)

    wine = datasets.load_wine()
    header = ["od280_od315" if name.startswith("od280") else name for name in wine.feature_names]
    rows = ([*map(number, row), wine.target_names[y]] for row, y in zip(wine.data, wine.target))
    write(folder / "wine.csv", header + ["class"], rows)

    iris = datasets.load_iris()
    header = [name.removesuffix(" (cm)").replace(" ", "_") for name in iris.feature_names]
    rows = ([*map(number, row), iris.target_names[y]] for row, y in zip(iris.data, iris.target))
    write(folder / "iris.csv", header + ["class"], rows)

    digits = datasets.load_digits()
    header = [f"r{i}c{j}" for i in range(8) for j in range(8)]
    rows = ([*map(int, row), f"digit {y}"] for row, y in zip(digits.data, digits.target))
    write(folder / "digits.csv", header + ["class"], rows)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
