"""The table of routes: from made-up rows, and from graphs made by hand."""

import pytest
from onnx import helper

from benchmarks.routes import __main__
from benchmarks.routes.compare import Schedule, compare_routes
from tests.benchmarks.test_cost import graph

pytestmark = pytest.mark.once

QUICK = Schedule(batches=(1, 3), rounds=3, round_seconds=0.002)


def rows(model, *, slower=None, failing=(), nodes=None):
    """The rows of a part; another route takes twice as long as direct, or so many times."""
    found = {}
    for route in __main__.ROUTES:
        row = {"model": model, "part": "decoder", "route": route, "shape": [8, 8, 1]}
        if route in failing:
            row["error"] = "An operation | has\nno equivalent."
        else:
            value = 1.0 if route == "direct" else (slower or {}).get(route, 2.0)
            row |= {"nodes": (nodes or {}).get(route, 5), "transposes": 1, "seconds": 0.123}
            row["ratio"] = {batch: {"value": value} for batch in ("1", "32")}
        found[route] = row
    return found


def dense(folder, route, *, kind="Relu", turned=False):
    """Saves a product and an activation, between transpositions that undo one another or not."""
    nodes = [helper.make_node("MatMul", ["data", "kernel"], ["product"])]
    nodes.append(helper.make_node(kind, ["product"], ["activated"]))
    perm = [1, 0] if turned else [0, 1]
    nodes.append(helper.make_node("Transpose", ["activated"], ["turned"], perm=perm))
    nodes.append(helper.make_node("Transpose", ["turned"], ["code"], perm=perm))
    path = folder / f"small.encoder.{route}.onnx"
    shapes = {"data": ["batch", 8]}, {"code": ["batch", 4]}, {"kernel": (8, 4)}
    graph(path, nodes, *shapes)
    return {"model": "small", "part": "encoder", "route": route, "cardinality": {}}


def test_row_of_a_part_holds_all_routes_and_ratios():
    part = rows("vae", slower={"tf2onnx": 1.25, "torch": 3.0}, nodes={"direct": 4, "jax2onnx": 9})
    line = __main__.table([part], (1, 32)).splitlines()[2]
    assert line == (
        "| vae | decoder | 8×8×1 | 4 / 5 / 5 / 9 | 1 / 1 / 1 / 1 | 0.12 / 0.12 / 0.12 / 0.12 "
        "| 1.25 / 3.00 / 2.00 | 1.25 / 3.00 / 2.00 |"
    )


def test_why_a_route_fails_stands_below_the_table():
    text = __main__.table([rows("vae"), rows("gan", failing=("torch",))], (1,))
    assert "| 5 / 5 / –<sup>1</sup> / 5 |" in text
    assert text.splitlines()[-1] == "1. gan decoder by torch: An operation | has no equivalent."


def test_summary_counts_conversions_and_means_the_best_of_the_others():
    parts = [
        rows("vae", slower={"tf2onnx": 4.0, "torch": 4.0, "jax2onnx": 4.0}),
        rows("gan", slower={"tf2onnx": 1.0}, failing=("torch",)),
    ]
    lines = __main__.summary(parts, (1, 32)).splitlines()
    assert lines[0].endswith("direct 2, tf2onnx 2, torch 1, jax2onnx 2.")
    assert lines[1].endswith("none.")
    for line in lines[2:]:
        means = "geometric mean 2.00 (tf2onnx 2.00, torch 4.00, jax2onnx 2.83)"
        assert f"{means}, least 1.00 (gan decoder); below 0.98: none." in line


def test_summary_names_what_is_slower_and_what_has_more_nodes():
    part = rows("vae", slower={"torch": 0.9}, nodes={"direct": 6})
    lines = __main__.summary([part], (1,)).splitlines()
    assert "vae decoder (6 to 5 of tf2onnx)" in lines[1]
    assert lines[2].endswith("below 0.98: vae decoder (0.90).")


def test_part_that_no_other_route_converts_has_no_ratio():
    part = rows("vae", failing=__main__.OTHERS)
    assert __main__.best_ratio(part, 1) is None
    assert "geometric mean" not in __main__.summary([part], (1,))


def test_graphs_that_agree_are_counted_and_timed(tmp_path):
    given = [dense(tmp_path, "direct"), dense(tmp_path, "torch", turned=True)]
    for row in compare_routes(given, tmp_path, QUICK):
        assert row["nodes"] == 4
        assert row["transposes"] == row["reorders"] == 0
        assert set(row["latency"]) == set(row["ratio"]) == {"1", "3"}
        for batch, times in row["latency"].items():
            assert 0 < times["best"] <= times["median"]
            assert row["ratio"][batch]["low"] <= row["ratio"][batch]["value"]
            assert row["route"] != "direct" or row["ratio"][batch]["value"] == 1


def test_graph_that_differs_or_cannot_run_is_an_error_and_not_timed(tmp_path):
    given = [dense(tmp_path, "direct"), dense(tmp_path, "torch", kind="Exp")]
    given.append({**given[0], "route": "tf2onnx"})
    (tmp_path / "small.encoder.tf2onnx.onnx").write_bytes(b"no graph")
    given.append({**given[0], "route": "jax2onnx", "error": "No equivalent."})
    direct, torch, tf2onnx, jax2onnx = compare_routes(given, tmp_path, QUICK)
    assert "error" not in direct
    assert "times the tolerance away" in torch["error"]
    assert "cannot open the graph" in tf2onnx["error"]
    assert jax2onnx["error"] == "No equivalent."
    assert not torch["latency"]
