"""Scores of scikit-learn's detectors, for docs/anomaly.md.

Standard input is JSON: {"splits": [{"train": rows, "points": rows, "seed": n}, ...]}. Standard output is JSON:
{"versions": text, "scores": {method: [[score of each of the points], ...]}}, higher scores for what is more anomalous.
"""

import json
import platform
import sys
import warnings

import numpy as np
import sklearn
from sklearn.ensemble import IsolationForest
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KernelDensity, LocalOutlierFactor
from sklearn.svm import OneClassSVM


def best_mixture(train, seed):
    """The number of components with the lowest BIC; the regularisation lets a class of constant pixels have a density."""
    fits = [GaussianMixture(k, reg_covar=1e-3, random_state=seed).fit(train) for k in (1, 2, 3, 5, 8)]
    return min(fits, key=lambda m: m.bic(train))


def best_kernel_density(train, **settings):
    """The bandwidth with the highest likelihood in five-fold cross-validation."""
    grid = {"bandwidth": np.geomspace(0.05, 5, 25)}
    return GridSearchCV(KernelDensity(**settings), grid, cv=5).fit(train).best_estimator_


def one_leaf(train):
    """What makes a kernel density a plain sum over the training points.

    With more leaves it is a bound from which those of the branches are subtracted: of points that are far from all others,
    as they are in many coordinates, nothing but rounding is left.
    """
    return {"leaf_size": len(train) + 1}


METHODS = {
    "isolation forest": lambda x, seed: IsolationForest(random_state=seed).fit(x),
    "local outlier factor": lambda x, seed: LocalOutlierFactor(novelty=True).fit(x),
    "one-class SVM": lambda x, seed: OneClassSVM().fit(x),
    "Gaussian mixture": lambda x, seed: GaussianMixture(random_state=seed).fit(x),
    "Gaussian mixture, by BIC": best_mixture,
    "kernel density": lambda x, seed: KernelDensity().fit(x),
    "kernel density, cross-validated": lambda x, seed: best_kernel_density(x),
    "kernel density, one leaf": lambda x, seed: KernelDensity(**one_leaf(x)).fit(x),
    "kernel density, cross-validated, one leaf": lambda x, seed: best_kernel_density(x, **one_leaf(x)),
}


def main():
    warnings.simplefilter("ignore")
    splits = json.load(sys.stdin)["splits"]
    scores = {name: [] for name in METHODS}
    for split in splits:
        train, points = np.array(split["train"]), np.array(split["points"])
        for name, fit in METHODS.items():
            scores[name].append((-fit(train, split["seed"]).score_samples(points)).tolist())
    versions = f"scikit-learn {sklearn.__version__}, NumPy {np.__version__}, Python {platform.python_version()}"
    json.dump({"versions": versions, "scores": scores}, sys.stdout)


if __name__ == "__main__":
    main()
