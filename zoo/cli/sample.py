"""Draws new data from a run or a bundle: a picture, text, a table, or an array.

The same seed draws the same data from both. Models that read labels draw a row for each class.
"""

from __future__ import annotations

import argparse

import numpy as np

from zoo.cli import given, prior, values, written
from zoo.cli.opened import add_subject
from zoo.files import write_atomically
from zoo.plotting.grid import save_grid

EXAMPLES = """\
examples:
  zoo sample runs/vae --out grid.png
  zoo sample runs/rae_l2 --prior flow --out grid.png
  zoo sample runs/cgan -n 80 --labels 3,7 --out threes-and-sevens.png
  zoo sample runs/stylegan2 --truncation 0.7 --out typical.png
  zoo sample bundles/vae -n 10000 --out samples.npy
  zoo sample runs/text_vae -n 10
  zoo sample bundles/table_vae -n 1000 --out people.csv
  zoo sample runs/table_gan -n 100 --given city=Rome --out romans.csv
"""
COUNT = 64
PER_CLASS = 8


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the model, how many, of which classes, and where to."""
    add_subject(parser)
    parser.add_argument(
        "-n",
        "--count",
        type=values.count,
        metavar="N",
        help=f"how many ({COUNT}, or {PER_CLASS} of each class)",
    )
    parser.add_argument(
        "--out",
        type=values.result,
        metavar="FILE",
        help=".png for a picture, .txt for text, .csv for a table (both are printed without it), "
        ".npy for an array in the model's value range",
    )
    parser.add_argument("--labels", metavar="A,B,...", help="classes, by name or number (all)")
    parser.add_argument(
        "--given",
        nargs="+",
        metavar="COLUMN=CATEGORY",
        help="of tables: rows that hold these categories; table_gan draws them for the first one",
    )
    parser.add_argument(
        "--truncation",
        type=values.share,
        default=1.0,
        metavar="F",
        help="a share: samples are the more typical, and the less varied, the smaller (1)",
    )
    parser.add_argument("--seed", type=values.seed, default=0, metavar="N", help="(0)")
    prior.add_arguments(parser)


def run(options: argparse.Namespace) -> None:
    """Draws, saves, and prints the file's name."""
    opened = prior.opened(options)
    written.check_out(opened.about, options.out)
    use = opened.require("sample")
    chosen = opened.labels(options.labels, use)
    count = options.count or (PER_CLASS * len(chosen) if chosen else COUNT)
    columns, labels = None, {}
    if chosen:
        columns = -(-count // len(chosen))
        labels = {"labels": np.asarray(chosen)[np.arange(count) // columns]}
    drawn = {"count": count, "seed": options.seed, "truncation": options.truncation}
    conditions = given.parsed(options.given, opened)
    if conditions:
        samples = given.draw(opened, conditions, **drawn, **labels)
    else:
        samples = next(iter(opened.use("sample", **drawn, **labels).values()))
    if options.out is not None and options.out.suffix.lower() == ".npy":
        write_atomically(options.out, lambda file: np.save(file, samples))
    elif not written.write_text(samples, opened.about, options.out, **labels):
        save_grid(samples, options.out, value_range=opened.about.value_range, columns=columns)
    if options.out is not None:
        print(options.out)
