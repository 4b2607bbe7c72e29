"""Reads data back from a file of codes that zoo compress wrote with the same model."""

from __future__ import annotations

import argparse
from pathlib import Path

from zoo.applications import decompress
from zoo.cli import applied, values
from zoo.cli.opened import add_subject, open_subject
from zoo.plotting.grid import save_grid

EXAMPLES = """\
examples:
  zoo decompress runs/vq_vae digits.codes --out digits.npy
  zoo decompress bundles/vae digits.codes --out digits.png
"""
SHOWN = 64


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the model, the file, and where to."""
    add_subject(parser)
    parser.add_argument("codes", type=Path, metavar="CODES", help="a file of zoo compress")
    parser.add_argument(
        "--out",
        type=values.picture_or_array,
        required=True,
        metavar="FILE",
        help=f".npy for the data in the model's value range, .png for the first {SHOWN}",
    )


def run(options: argparse.Namespace) -> None:
    """Decompresses, saves, and prints the file's name."""
    opened = open_subject(options.subject, options.engine)
    data = decompress(opened, options.codes.read_bytes())
    if options.out.suffix.lower() == ".npy":
        applied.save_array(options.out, data)
    else:
        save_grid(data[:SHOWN], options.out, value_range=opened.about.value_range)
    print(options.out)
