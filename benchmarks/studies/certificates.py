"""Exports every part of every model from every backend.

`python -m benchmarks.studies.certificates`.

Writes a JSON line for each part, and a Markdown table of model × part × backend with nodes,
transpositions and the worst difference from the native model.
"""

import argparse
import json
import os
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.records.environment import sentence
from benchmarks.records.pages import show
from benchmarks.workers.client import rows_of
from benchmarks.workload.settings import settings_of
from zoo.backends import PACKAGES as BACKENDS
from zoo.registry import list_models


def export_models(models: list[str]) -> None:
    """Prints a JSON line for each part of each model, exported from the current backend."""
    import zoo
    from benchmarks.workload import cardinality
    from export import to_onnx
    from export.errors import ExportError

    for name in models:
        model = zoo.create(name, **settings_of(name))
        limits = cardinality.of_model(model)
        for part, network in model.parts().items():
            row: dict[str, Any] = {
                "backend": os.environ["KERAS_BACKEND"],
                "model": name,
                "part": part,
                "shape": list(model.shape),
            }
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / f"{part}.onnx"
                try:
                    found = to_onnx(network, path, name=part, cardinality=limits[part])
                except ExportError as error:
                    row |= {"passed": False, "error": str(error).splitlines()[0]}
                else:
                    rows = found.deviations
                    row |= {
                        "passed": found.passed,
                        "opset": found.opset,
                        "nodes": found.nodes,
                        "transposes": found.transposes,
                        "inputs": found.inputs,
                        "absolute": max((r.absolute for r in rows), default=0.0),
                        "used": max((r.used for r in rows), default=0.0),
                        "conditioned": max((r.conditioned for r in rows), default=0.0),
                        "bytes": found.bytes,
                    }
            print(json.dumps(row), flush=True)


def table(rows: list[dict[str, Any]]) -> str:
    """The Markdown table: a row for each part, a column for each backend."""
    keys = list(dict.fromkeys((row["model"], row["part"]) for row in rows))
    found = {(row["model"], row["part"], row["backend"]): row for row in rows}
    lines = [
        "| model | part | data | nodes | transposes | " + " | ".join(BACKENDS) + " |",
        "|---|---|---|---|---|" + "---|" * len(BACKENDS),
    ]
    for model, part in keys:
        cells = [found[model, part, backend] for backend in BACKENDS]
        nodes, transposes = (
            "/".join(dict.fromkeys(str(cell.get(key, "–")) for cell in cells))
            for key in ("nodes", "transposes")
        )
        shape = "×".join(map(str, cells[0]["shape"]))
        results = " | ".join(_result(cell) for cell in cells)
        lines.append(f"| {model} | {part} | {shape} | {nodes} | {transposes} | {results} |")
    return "\n".join(lines)


def _result(row: dict[str, Any]) -> str:
    return share(row) if row["passed"] else str(row.get("error", "over tolerance"))


def share(row: dict[str, Any]) -> str:
    """How much of the tolerance a certificate used, and in brackets without conditioning."""
    strict = f"{row['used']:.1%}"
    return strict if row["used"] <= 1 else f"{row['conditioned']:.1%} ({strict})"


def main() -> int:
    """Exports from every backend, each in a process of its own; 1 where a part does not pass."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, help="a file for the table; the lines go beside it")
    parser.add_argument("--models", nargs="+", default=list_models(), metavar="NAME")
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        export_models(options.models)
        return 0
    worker = ["--worker", "--models", *options.models]
    rows = [
        row
        for backend in BACKENDS
        for row in rows_of("benchmarks.studies.certificates", backend, worker)
    ]
    passed = sum(row["passed"] for row in rows)
    text = (
        "# Every part of every model, exported from every backend\n\n"
        f"{sentence('python -m benchmarks.studies.certificates')}\n\n"
        "Untrained weights of seed 0, default sizes. A cell is the share of the "
        "tolerance that the worst output takes, over normal, uniform, zero and large inputs; where "
        "large inputs pass only with the native model's own response to their rounding, the share "
        "without it stands in brackets.\n\n"
        f"**{passed} of {len(rows)} pass.**\n\n{table(rows)}\n"
    )
    show(text, options.out, rows)
    return int(passed < len(rows))


if __name__ == "__main__":
    raise SystemExit(main())
