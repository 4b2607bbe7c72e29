"""Times every subject on the same weights and inputs, each in a process of its own.

Subjects are the compiled and the eager native backends, ONNX Runtime, and what else is installed;
what computes something else than the reference is not timed.
"""

from __future__ import annotations

import argparse

from benchmarks import cli

EXAMPLES = """\
examples:
  zoo bench --quick --output results.jsonl
  zoo bench --models "*gan*" --workloads generate --batches 1 64
  zoo bench report results.jsonl
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the benchmark's own options."""
    cli.add_arguments(parser)


def run(options: argparse.Namespace) -> int | None:
    """Runs the benchmark."""
    return cli.run(options)
