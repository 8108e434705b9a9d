"""Reads the runs of an MLflow experiment with MLflow's own client, and prints what they have as JSON.

mlflow_runs.py URI EXPERIMENT [delete]: an object of runs by their names, each with status, times, params, tags, the history of every metric as
lists of step, value and time in milliseconds, the data set, and the checksums of the artifacts. With "delete" the experiment is deleted."""

import hashlib
import json
import math
import sys
import tempfile

from mlflow import MlflowClient

uri, name = sys.argv[1:3]
client = MlflowClient(uri)
experiment = client.get_experiment_by_name(name)
if sys.argv[3:] == ["delete"]:
    client.delete_experiment(experiment.experiment_id)
    sys.exit()


def number(x):
    return float(x) if math.isfinite(x) else str(float(x)).replace("inf", "Infinity").replace("nan", "NaN")


def artifacts(run, path=None):
    found = {}
    for file in client.list_artifacts(run, path):
        if file.is_dir:
            found |= artifacts(run, file.path)
        else:
            with tempfile.TemporaryDirectory() as folder, open(client.download_artifacts(run, file.path, folder), "rb") as content:
                found[file.path] = hashlib.sha256(content.read()).hexdigest()
    return found


runs = {}
for run in client.search_runs([experiment.experiment_id], max_results=1000):
    info, data = run.info, run.data
    assert info.run_name not in runs, info.run_name + " is there twice"
    datasets = [i.dataset for i in run.inputs.dataset_inputs]
    runs[info.run_name] = {
        "id": info.run_id, "status": info.status, "start": info.start_time, "end": info.end_time, "params": data.params, "tags": data.tags,
        "metrics": {key: [[m.step, number(m.value), m.timestamp] for m in client.get_metric_history(info.run_id, key)] for key in data.metrics},
        "datasets": [[d.name, d.source_type, json.loads(d.profile)["num_rows"]] for d in datasets], "artifacts": artifacts(info.run_id),
    }
print(json.dumps({"kind": experiment.tags.get("mlflow.experimentKind"), "runs": runs}))
