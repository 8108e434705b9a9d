"""Reads event files with TensorBoard's own readers, and prints what they have as JSON.

event_files.py LOGDIR: an object of "runs", by name: scalars, histograms, pictures and texts; and of "hparams": what the page of that
name shows. Scalars are read twice: by the reader in Python, and, as "served", by the one that the program tensorboard has."""

import hashlib
import io
import json
import logging
import math
import sys

import numpy
from PIL import Image
from tensorboard import context
from tensorboard.backend.event_processing import data_provider, event_accumulator, plugin_event_multiplexer
from tensorboard.data import provider, server_ingester
from tensorboard.plugins.hparams import api_pb2, backend_context, list_session_groups

logging.disable(logging.WARNING)
logdir = sys.argv[1]
everything = {"scalars": 0, "histograms": 0, "images": 0, "tensors": 0, "compressedHistograms": 1, "audio": 1}


def number(x):
    return float(x) if math.isfinite(x) else str(float(x)).replace("inf", "Infinity").replace("nan", "NaN")


def picture(image):
    opened = Image.open(io.BytesIO(image.encoded_image_string))
    pixels = numpy.asarray(opened.convert("RGB"))
    assert opened.format == "PNG" and opened.size == (image.width, image.height)
    return {"size": opened.size, "corner": pixels[0, 0].tolist(), "middle": pixels[pixels.shape[0] // 2, pixels.shape[1] // 2].tolist(),
            "colours": len(numpy.unique(pixels.reshape(-1, 3), axis=0)), "sha256": hashlib.sha256(image.encoded_image_string).hexdigest()}


def histogram(h):
    return {"min": h.min, "max": h.max, "num": h.num, "sum": h.sum, "squares": h.sum_squares, "limits": list(h.bucket_limit), "counts": list(h.bucket)}


multiplexer = plugin_event_multiplexer.EventMultiplexer(tensor_size_guidance={"scalars": 0, "histograms": 0, "images": 0, "text": 0, "hparams": 0})
multiplexer.AddRunsFromDirectory(logdir)
multiplexer.Reload()
runs = {}
for name, path in multiplexer.RunPaths().items():
    accumulator = event_accumulator.EventAccumulator(path, size_guidance=everything)
    accumulator.Reload()
    tags = accumulator.Tags()
    texts = {}
    for tag in tags["tensors"]:
        if accumulator.SummaryMetadata(tag).plugin_data.plugin_name == "text":
            texts[tag] = [t.tensor_proto.string_val[0].decode() for t in accumulator.Tensors(tag)]
    runs[name] = {
        "scalars": {tag: [[s.step, number(s.value), s.wall_time] for s in accumulator.Scalars(tag)] for tag in tags["scalars"]},
        "histograms": {tag: [[h.step, histogram(h.histogram_value)] for h in accumulator.Histograms(tag)] for tag in tags["histograms"]},
        "images": {tag: [[i.step, picture(i)] for i in accumulator.Images(tag)] for tag in tags["images"]},
        "texts": texts,
    }

request = context.RequestContext()


def scalars_of(source):
    """What a page of scalars is made of."""
    found = {}
    for run, series in source.list_scalars(request, experiment_id="", plugin_name="scalars").items():
        read = source.read_scalars(request, experiment_id="", plugin_name="scalars", downsample=100000,
                                   run_tag_filter=provider.RunTagFilter(runs=[run], tags=list(series)))
        found[run] = {tag: [[d.step, number(d.value), d.wall_time] for d in data] for tag, data in read[run].items()}
    return found


local = data_provider.MultiplexerDataProvider(multiplexer, logdir)
server = server_ingester.SubprocessServerDataIngester(
    server_binary=server_ingester.get_server_binary(), logdir=logdir, reload_interval=0,
    channel_creds_type=__import__("tensorboard.util.grpc_util", fromlist=["x"]).ChannelCredsType.LOCAL,
    samples_per_plugin={"scalars": 0, "images": 0, "histograms": 0})
server.start()
served = scalars_of(server.data_provider)
for run, tags in scalars_of(local).items():
    for tag, data in tags.items():
        assert data == runs[run]["scalars"][tag], (run, tag)

hparams = {}
for which, source in {"local": local, "served": server.data_provider}.items():

    class Board:  # what a plugin is given of the program
        data_provider = source
        flags = None

    page = backend_context.Context(Board())
    metadata = page.hparams_metadata(request, "")
    experiment = page.experiment_from_metadata(request, "", True, metadata, page.hparams_from_data_provider(request, "", 1000))
    wanted = api_pb2.ListSessionGroupsRequest(start_index=0, slice_size=1000, include_metrics=True, allowed_statuses=[0, 1, 2, 3])
    groups = list_session_groups.Handler(request, page, "", wanted).run()
    hparams[which] = {
        "infos": {i.name: {"type": api_pb2.DataType.Name(i.type), "differs": i.differs, "domain": [
            getattr(v, v.WhichOneof("kind")) for v in i.domain_discrete.values]} for i in experiment.hparam_infos},
        "metrics": {i.name.tag: i.display_name for i in experiment.metric_infos},
        "groups": {g.name: {
            "hparams": {k: getattr(v, v.WhichOneof("kind")) for k, v in g.hparams.items()},
            "metrics": {m.name.tag: number(m.value) for m in g.metric_values},
            "sessions": {s.name: {"status": api_pb2.Status.Name(s.status), "start": s.start_time_secs, "end": s.end_time_secs,
                                  "metrics": {m.name.tag: number(m.value) for m in s.metric_values}} for s in g.sessions},
        } for g in groups.session_groups},
    }
json.dump({"runs": runs, "served": served, "hparams": hparams}, sys.stdout)
