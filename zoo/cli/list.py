"""Lists the models: what each is called, whose idea it is, and what makes it different."""

from __future__ import annotations

import argparse
import fnmatch
from typing import Any

from zoo import pretrained
from zoo.cli import terminal
from zoo.errors import UnknownModelError
from zoo.registry import list_models, models

EXAMPLES = """\
examples:
  zoo list
  zoo list vae          every name with "vae" in it
  zoo list "*_gan"      every name that ends in "_gan"
  zoo list --pretrained trained models that come with the package
"""
SCORES = ("mean_squared_error", "frechet_distance", "coverage", "label_accuracy")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the pattern."""
    parser.add_argument(
        "pattern", nargs="?", default="*", metavar="PATTERN", help="part of a name, or a pattern"
    )
    parser.add_argument(
        "--pretrained", action="store_true", help="the trained models, and their scores"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(options: argparse.Namespace) -> None:
    """Prints a row for each model."""
    if options.pretrained:
        _print(_pretrained(options.pattern), as_json=options.json)
        return
    known = models()
    names = list_models(options.pattern)
    if not names:
        raise UnknownModelError(
            f"No model matches {options.pattern!r}. Accepted: {', '.join(known)}."
        )
    rows = [
        {
            "name": name,
            "kind": known[name].kind,
            "summary": known[name].summary,
            "paper": known[name].paper,
        }
        for name in names
    ]
    _print(rows, as_json=options.json)


def _pretrained(pattern: str) -> list[dict[str, Any]]:
    """A row for each trained model, with the scores that most of them have."""
    wanted = pattern if any(c in pattern for c in "*?[") else f"*{pattern}*"
    return [
        {"name": name} | {metric: pretrained.scores(folder).get(metric) for metric in SCORES}
        for name, folder in pretrained.available().items()
        if fnmatch.fnmatchcase(name, wanted)
    ]


def _print(rows: list[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        terminal.print_json(rows)
    else:
        terminal.print_table(rows)
