"""Converts every part of models by routes of the current backend: a process's worth of work.

`python -m benchmarks.routes.convert FOLDER --routes ROUTE … --models NAME …` leaves a graph a part
and route in the folder, and prints a JSON line for each.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from contextlib import redirect_stdout
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.plan import settings_of
from export.errors import ExportError


def graph_file(folder: Path, row: dict[str, Any]) -> Path:
    """Where the graph of a row is."""
    return folder / f"{row['model']}.{row['part']}.{row['route']}.onnx"


def convert_models(folder: Path, routes: list[str], models: list[str]) -> None:
    """Prints a row for each part of each model by each route, with the seconds that it took.

    Converters load and compile parts of themselves when they are first used: on a single Dense
    layer, before anything is timed.
    """
    import keras
    import onnx

    import zoo
    from export.certification.examples import cardinality
    from export.routes import convert

    smallest = keras.Sequential([keras.Input((4,), name="data"), keras.layers.Dense(2)])
    for route in routes:
        import_module("export.direct" if route == "direct" else f"export.routes.{route}")
        with redirect_stdout(sys.stderr):
            convert(smallest, route=route)
    for name in models:
        model = zoo.create(name, **settings_of(name))
        for part, network in model.parts().items():
            _vary(network)
            for route in routes:
                row: dict[str, Any] = {
                    "model": name,
                    "part": part,
                    "route": route,
                    "shape": list(model.shape),
                    "cardinality": cardinality(model, network),
                }
                started = time.perf_counter()
                try:
                    with redirect_stdout(sys.stderr):
                        graph = convert(network, route=route)
                    row["seconds"] = round(time.perf_counter() - started, 3)
                    onnx.save(graph, graph_file(folder, row))
                except ExportError as error:
                    row["error"] = str(error).splitlines()[0]
                print(json.dumps(row), flush=True)


def _vary(network: Any) -> None:
    """Makes biases, scales and statistics such as training leaves them.

    As they are initialized, zeros and ones, some converters drop them, and are measured on less.
    """
    rng = np.random.default_rng([0])
    for variable in network.weights:
        values = np.asarray(variable.numpy())
        if values.dtype.kind == "f" and np.all(values == values.flat[0]):
            variable.assign(values + rng.uniform(-0.1, 0.1, values.shape).astype(values.dtype))


def main() -> None:
    """Converts what the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--routes", nargs="+", required=True, metavar="ROUTE")
    parser.add_argument("--models", nargs="+", required=True, metavar="NAME")
    options = parser.parse_args()
    convert_models(options.folder, options.routes, options.models)


if __name__ == "__main__":
    main()
