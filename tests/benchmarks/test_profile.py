"""ONNX Runtime's profile by operator."""

import numpy as np
import pytest

from benchmarks.measure.profile import BETWEEN, Profiler, by_operator
from tests.benchmarks.test_cost import graph

pytestmark = pytest.mark.once


def node(name, operator, microseconds):
    arguments = {"op_name": operator}
    return {"cat": "Node", "name": f"{name}_kernel_time", "args": arguments, "dur": microseconds}


def test_operators_sum_the_medians_of_their_nodes():
    events = [
        {"cat": "Session", "name": "model_run", "dur": 100},
        node("first", "Conv", 30),
        node("first", "Conv", 1000),
        node("first", "Conv", 40),
        node("second", "Conv", 20),
        node("third", "Relu", 10),
    ]
    found = by_operator(events)
    assert found["Conv"] == pytest.approx(60e-6)
    assert found["Relu"] == pytest.approx(10e-6)
    assert found[BETWEEN] == pytest.approx(30e-6)


def test_profile_of_a_session_names_its_operators(tmp_path):
    from onnx import helper

    path = graph(
        tmp_path / "part.onnx",
        [helper.make_node("Gemm", ["x", "w"], ["y"])],
        {"x": ["batch", 64]},
        {"y": ["batch", 64]},
        {"w": (64, 64)},
    )
    with Profiler() as profiler:
        session = profiler.open(path)
        for _ in range(3):
            session.run(None, {"x": np.ones((2, 64), "float32")})
        found = profiler.operators()
    assert found["Gemm"] > 0
