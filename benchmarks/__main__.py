"""`python -m benchmarks`, the same as `zoo bench`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from benchmarks.commands.bench import add_arguments, run
from benchmarks.errors import BenchmarkError

__all__ = ["add_arguments", "main", "run"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Parses the command line and runs it; returns 1 for regressions, 2 for errors."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    add_arguments(parser)
    try:
        return run(parser.parse_args(arguments))
    except BenchmarkError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
