"""Imports go one way: between the packages, between the rooms of `zoo`, and between modules."""

import ast
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

pytestmark = pytest.mark.once

PACKAGES = ["zoo", "export", "benchmarks"]
FLOORS = ["backends", "layers", "networks", "model", "training", "cli"]
"""Rooms of `zoo`; each imports those before it."""
ROOT = Path(__file__).parents[1]


def modules():
    """Every module by its dotted name."""
    found = {}
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            found[name.removesuffix(".__init__")] = path
    return found


MODULES = modules()


@cache
def imports(name, *, at_once):
    """The modules that a module imports; `at_once` leaves out functions' imports and types'."""
    found, left = set(), [ast.parse(MODULES[name].read_text())]
    while left:
        node = left.pop()
        if at_once and isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if at_once and isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            members = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= members & MODULES.keys() or {node.module}
        left += ast.iter_child_nodes(node)
    return (found & MODULES.keys()) - {name}


def floor(name, floors, level):
    """The place of a module's package, or room, among the floors; None where it has none."""
    parts = name.split(".")
    return floors.index(parts[level]) if len(parts) > level and parts[level] in floors else None


@pytest.mark.parametrize(("floors", "level", "at_once"), [(PACKAGES, 0, False), (FLOORS, 1, True)])
def test_no_import_goes_upwards(floors, level, at_once):
    arrows = [(a, b) for a in MODULES for b in imports(a, at_once=at_once)]
    if level:
        arrows = [(a, b) for a, b in arrows if a.startswith("zoo.") and b.startswith("zoo.")]
    pairs = [(floor(a, floors, level), floor(b, floors, level), a, b) for a, b in arrows]
    known = [pair for pair in pairs if None not in pair]
    assert len(known) > 100
    assert [f"{a} → {b}" for low, high, a, b in known if low < high] == []


def test_no_modules_import_each_other_in_a_circle():
    graph = {name: imports(name, at_once=True) for name in MODULES}
    assert len(list(TopologicalSorter(graph).static_order())) == len(MODULES)
