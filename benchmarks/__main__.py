"""`python -m benchmarks`: what `zoo bench` does."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from benchmarks.cli import add_arguments, run

__all__ = ["add_arguments", "main", "run"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Parses the command line and does what it says."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    add_arguments(parser)
    return run(parser.parse_args(arguments))


if __name__ == "__main__":
    sys.exit(main())
