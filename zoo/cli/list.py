"""Lists the models: what each is called, whose idea it is, and what makes it different."""

from __future__ import annotations

import argparse

from zoo.cli import terminal
from zoo.errors import UnknownModelError
from zoo.registry import list_models, models

EXAMPLES = """\
examples:
  zoo list
  zoo list vae          every name with "vae" in it
  zoo list "*_gan"      every name that ends in "_gan"
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the pattern."""
    parser.add_argument(
        "pattern", nargs="?", default="*", metavar="PATTERN", help="part of a name, or a pattern"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(options: argparse.Namespace) -> None:
    """Prints a row for each model."""
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
    if options.json:
        terminal.print_json(rows)
    else:
        terminal.print_table(rows)
