"""Checks a bundle: hashes, ONNX's own checker, and the outputs for the stored reference inputs.

With --run the graphs are compared with the native model as well.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from zoo.cli import terminal

EXAMPLES = """\
examples:
  zoo verify bundles/vae
  zoo verify bundles/vae --run runs/vae
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the bundle and the run."""
    parser.add_argument("bundle", type=Path, metavar="BUNDLE", help="a folder that zoo export made")
    parser.add_argument("--run", type=Path, metavar="RUN", help="a run folder or a .keras file")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(options: argparse.Namespace) -> int:
    """Prints the report; fails where there is a problem."""
    import export

    model = None
    if options.run is not None:
        terminal.choose_backend()
        import zoo

        model = zoo.load(options.run)
    with terminal.results_only():
        report = export.verify(options.bundle, model, raise_on_problem=False)
    if options.json:
        terminal.print_json(report.to_json())
    else:
        print(report.summary())
    return 0 if report.ok else 1
