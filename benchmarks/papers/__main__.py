"""Writes the page of published numbers beside ours: `python -m benchmarks.papers`, `make docs`."""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks.papers import published
from zoo.files import write_atomically


def main(given: list[str] | None = None) -> None:
    """Writes the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--results", type=Path, default=published.RESULTS, help="the folder of the records"
    )
    parser.add_argument(
        "--out", type=Path, default=published.PAGE, help="the page, a .md beside the records"
    )
    options = parser.parse_args(given)
    write_atomically(options.out, published.page(options.results))


if __name__ == "__main__":
    main()
