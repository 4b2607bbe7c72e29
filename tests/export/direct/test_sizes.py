"""Unknown sizes are integers that a graph computes again when it runs."""

import numpy as np
import onnx_ir as ir
import pytest

from export.direct.graph import Graph
from export.direct.sizes import Root, Size, other, same
from tests.export.direct.agreement import run_onnx

pytestmark = pytest.mark.once

EXPRESSIONS = {
    "half": lambda n, m: n // 2,
    "windows": lambda n, m: (n - 3) // 2 + 1,
    "up": lambda n, m: -(-n // 4),
    "rest": lambda n, m: n % 4,
    "product": lambda n, m: n * m * 2,
    "share": lambda n, m: (n * m * 6) // (2 * m),
    "sum": lambda n, m: 2 * n + m - 1,
    "below": lambda n, m: (m - n) // 2,
    "from": lambda n, m: 100 - n,
    "into": lambda n, m: 100 // n,
}


def traced():
    """Two unknown sizes and the graph whose inputs have them."""
    graph = Graph(21, "sizes")
    n, m = Size.of(7, 12, Root("n")), Size.of(30, 25, Root("m"))
    graph.input("x", (n, m), "float32")
    return graph, n, m


def test_sizes_compute_like_the_numbers_that_they_stand_for():
    _, n, m = traced()
    for function in EXPRESSIONS.values():
        found = function(n, m)
        assert (int(found), other(found)) == (function(7, 30), function(12, 25))


def test_the_graph_computes_sizes_of_any_input():
    graph, n, m = traced()
    names = []
    for name, function in EXPRESSIONS.items():
        value = graph.emit("Identity", graph.size(function(n, m)))
        value.name, value.dtype, value.shape = name, ir.DataType.INT64, ir.Shape([1])
        graph.ir.outputs.append(value)
        names.append(name)
    proto = ir.to_proto(ir.Model(graph.ir, ir_version=10))
    for rows, columns in ((1, 1), (5, 8), (9, 2)):
        found = run_onnx(proto, {"x": np.zeros((rows, columns), "float32")})
        expected = [EXPRESSIONS[name](rows, columns) for name in names]
        assert [int(value[0]) for value in found] == expected


def test_sizes_of_equal_traces_are_computed_apart():
    graph = Graph(21, "sizes")
    n, m = Size.of(352, 416, Root("n")), Size.of(416, 544, Root("m"))
    graph.input("x", (n, m), "float32")
    assert int(n + 64) == int(m) and other(2 * n - 288) == other(m)
    for one, two in ((n + 64, m), (2 * n - 288, m)):
        assert graph.size(one - 1) is not graph.size(two - 1)
        assert graph.size(one - 1) is graph.size(one - 1)


def test_what_cancels_is_a_number_or_the_size_itself():
    _, n, m = traced()
    assert type(n - n) is type(n // n) is type(n * 0) is int
    assert same((n * 8) // 8, n) and same((n * m) // m, n)
    assert type((6 * n) % 3) is int
    assert same(n + 0, n) and not same(n + 1, n) and not same(n, 7)
