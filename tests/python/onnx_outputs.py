"""Runs ONNX models: of each NAME.onnx in a folder, at the points of each NAME.N.npy. Writes the outputs as NAME.N.OUTPUT.npy."""

import pathlib
import sys

import numpy
import onnx
import onnxruntime

for path in sorted(pathlib.Path(sys.argv[1]).glob("*.onnx")):
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    assert {f.name for f in model.functions} == {o.name for o in model.graph.output}
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    names = [o.name for o in session.get_outputs()]
    for points in sorted(path.parent.glob(path.stem + ".*.npy")):
        for name, value in zip(names, session.run(names, {"x": numpy.load(points)})):
            with open(points.with_suffix("." + name), "wb") as file:
                numpy.save(file, value)
print(onnx.__version__, onnxruntime.__version__)
