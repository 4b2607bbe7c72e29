"""Conversion of every part of models by routes of the current backend, in a process of its own.

`python -m benchmarks.routes.convert FOLDER --routes ROUTE … --models NAME …` writes a graph for
each part and route into the folder, and prints a JSON line for each.
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

from benchmarks.workload.settings import settings_of
from export.errors import ExportError


def graph_file(folder: Path, row: dict[str, Any]) -> Path:
    """The path of a row's graph."""
    return folder / f"{row['model']}.{row['part']}.{row['route']}.onnx"


def convert_models(folder: Path, routes: list[str], models: list[str]) -> None:
    """Prints a row with the seconds of the conversion for each part and route.

    Converters load and compile code on first use, so each first converts a single Dense layer.
    """
    import keras
    import onnx

    import zoo
    from benchmarks.routes import foreign
    from benchmarks.workload import cardinality
    from benchmarks.workload.weights import randomize_statistics
    from export.certification.cardinality import embedded
    from export.routes import convert

    smallest = keras.Sequential([keras.Input((4,), name="data"), keras.layers.Dense(2)])
    for route in routes:
        import_module("export.direct" if route == "direct" else f"export.routes.{route}")
        with redirect_stdout(sys.stderr):
            convert(smallest, route=route)
    for name in models:
        if name in foreign.MODELS:
            network = foreign.build(name)
            parts = {"model": network}
            limits = {"model": embedded(network)}
            shape = [size or 0 for size in network.inputs[0].shape[1:]]
        else:
            model = zoo.create(name, **settings_of(name))
            # Some converters drop zeros and ones, and would be timed on smaller graphs.
            randomize_statistics(model.parts(), np.random.default_rng([0]))
            parts, limits, shape = model.parts(), cardinality.of_model(model), list(model.shape)
        for part, network in parts.items():
            for route in routes:
                row: dict[str, Any] = {
                    "model": name,
                    "part": part,
                    "route": route,
                    "shape": shape,
                    "cardinality": limits[part],
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


def main() -> None:
    """Converts the models that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--routes", nargs="+", required=True, metavar="ROUTE")
    parser.add_argument("--models", nargs="+", required=True, metavar="NAME")
    options = parser.parse_args()
    convert_models(options.folder, options.routes, options.models)


if __name__ == "__main__":
    main()
