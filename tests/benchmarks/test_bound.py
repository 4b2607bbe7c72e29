"""ONNX Runtime through IO binding, on the processor."""

import numpy as np
import onnxruntime
import pytest
from onnx import helper

from benchmarks.errors import BenchmarkError
from benchmarks.subjects import bound
from benchmarks.subjects.bound import BoundOnnxRuntime
from benchmarks.workload.workdir import Workdir
from tests.benchmarks.test_cost import graph
from tests.tolerances import CERTIFICATE
from zoo.uses import Step, Use

pytestmark = pytest.mark.once

DATA = np.random.default_rng(0).standard_normal((6, 4)).astype("float32")
CHAIN = Use(
    [
        Step("square", {"x": "data"}, "first"),
        Step("square", {"x": "first/y"}, "second"),
        Step("total", {"a": "second/y", "b": "data"}),
    ],
    {"code": "first/y", "score": "total/y"},
)
"""One part twice, and a part that reads an input and a result."""


@pytest.fixture
def folder(tmp_path):
    workdir = Workdir(tmp_path)
    inputs = {"chain": {"data": DATA}}
    workdir.write(uses={"chain": CHAIN}, inputs=inputs, updates=[], weights={}, settings={})
    rows = ["batch", 4]
    node = helper.make_node("Mul", ["x", "x"], ["y"])
    graph(workdir.graph("square", "direct"), [node], {"x": rows}, {"y": rows}, {})
    node = helper.make_node("Add", ["a", "b"], ["y"])
    graph(workdir.graph("total", "direct"), [node], {"a": rows, "b": rows}, {"y": rows}, {})
    return tmp_path


def task(folder, batch):
    return {"folder": str(folder), "model": "any", "workload": "chain", "batch": batch}


@pytest.mark.parametrize("batch", [1, 5])
def test_parts_read_one_anothers_buffers(folder, batch):
    call = BoundOnnxRuntime().open(task(folder, batch))
    for _ in range(2):
        found = call()
        CERTIFICATE.check(found["code"], DATA[:batch] ** 2, name="code")
        CERTIFICATE.check(found["score"], DATA[:batch] ** 4 + DATA[:batch], name="score")


def test_every_call_copies_the_inputs(folder):
    call = BoundOnnxRuntime().open(task(folder, 2))
    before = call()
    call.inputs = {"data": 2 * DATA[:2]}
    CERTIFICATE.check(call()["code"], 4 * DATA[:2] ** 2, name="code")
    CERTIFICATE.check(before["code"], DATA[:2] ** 2, name="code of the call before")


def test_batch_size_is_fixed_when_a_graph_is_opened(folder):
    path = Workdir(folder).graph("square", "direct")
    session = BoundOnnxRuntime()._open(path, batch=3)
    assert [node.shape for node in session.get_inputs()] == [[3, 4]]


@pytest.mark.parametrize("engine", ["cuda", "tensorrt"])
def test_engine_that_onnx_runtime_has_not_is_an_error(engine, monkeypatch):
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["CPUExecutionProvider"])
    with pytest.raises(BenchmarkError, match=f"must have (?i:{engine})Exec.*Received: CPUExec"):
        BoundOnnxRuntime(engine, device="gpu").describe()


def test_engine_that_cannot_load_is_an_error(monkeypatch):
    monkeypatch.setattr(bound, "provider_of", lambda session: "azure")
    with pytest.raises(BenchmarkError, match="must use 'cpu'. Received: 'azure'"):
        BoundOnnxRuntime().describe()


def test_cuda_graphs_and_full_float32_are_options_of_the_provider():
    subject = BoundOnnxRuntime("cuda", cuda_graph=True, device="gpu")
    options = {"use_tf32": "0", "enable_cuda_graph": "1"}
    assert subject._providers() == [("CUDAExecutionProvider", options)]
    subject = BoundOnnxRuntime("tensorrt", device="gpu")
    assert [name for name, _ in subject._providers()] == [
        "TensorrtExecutionProvider",
        "CUDAExecutionProvider",
    ]
    assert BoundOnnxRuntime("tensorrt")._providers() == [("CPUExecutionProvider", {})]


def test_part_that_was_not_exported_is_an_error(folder):
    Workdir(folder).graph("total", "direct").unlink()
    with pytest.raises(BenchmarkError, match="'total' was not exported"):
        BoundOnnxRuntime().open(task(folder, 1))
