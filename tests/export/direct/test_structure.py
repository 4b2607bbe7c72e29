"""Rules of the exporter's source: two doors to Keras's private parts, no work at import."""

import ast
import importlib.util
from pathlib import Path

import numpy as np
import pytest

from export import direct
from export.direct import registry

FOLDER = Path(direct.__file__).parent
MODULES = sorted(FOLDER.rglob("*.py"))
HANDLERS = sorted((FOLDER / "handlers").glob("[!_]*.py"))
DOORS = ("keras_graph.py", "inference.py")
"""The modules that touch Keras's private parts: its graph, and how it infers shapes."""
TABLES = ("OPERATIONS", "LAYERS", "DECOMPOSITIONS", "LAYER_DECOMPOSITIONS", "UNSUPPORTED")


def private_uses(source: str) -> list[str]:
    """Private attributes of other objects, and imports from `keras.src`, as they are written."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and node.attr.startswith("_"):
            own = isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")
            if not own and not node.attr.endswith("__"):
                found.append(ast.unparse(node))
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("keras.src"):
            found.append(ast.unparse(node))
    return found


def test_private_parts_are_found():
    assert private_uses("from keras.src import backend\nlayer._inbound_nodes\nself._own") == [
        "from keras.src import backend",
        "layer._inbound_nodes",
    ]


@pytest.mark.once
@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(FOLDER)))
def test_only_two_modules_touch_private_parts_of_others(path):
    uses = private_uses(path.read_text())
    assert bool(uses) == (path.name in DOORS), uses


@pytest.mark.once
@pytest.mark.parametrize("path", HANDLERS, ids=lambda path: path.stem)
def test_importing_handlers_draws_no_random_numbers(path, monkeypatch):
    def forbidden(*_):
        raise AssertionError("random numbers are drawn at import")

    for table in TABLES:
        monkeypatch.setattr(registry, table, dict(getattr(registry, table)))
    monkeypatch.setattr(registry, "_CASES", [])
    monkeypatch.setattr(np.random, "default_rng", forbidden)
    spec = importlib.util.spec_from_file_location(f"copy_of_{path.stem}", path)
    spec.loader.exec_module(importlib.util.module_from_spec(spec))
