"""Fills holes in data, and shows rows of whole data, of data with holes, and of what fills them.

A model with the use inpaint fills them itself; any other that reconstructs is asked again and
again, each time with what it made in the holes. The error within the holes is printed beside that
of the mean of the training data.
"""

from __future__ import annotations

import argparse
from typing import get_args

import numpy as np

from zoo.applications import hole, inpaint
from zoo.applications.restoration import Hole
from zoo.cli import applied, splits, values
from zoo.cli.errors import UsageError
from zoo.cli.opened import open_subject

EXAMPLES = """\
examples:
  zoo inpaint runs/vae --hole right --out filled.png
  zoo inpaint bundles/context_encoder --data digits --out filled.png
"""
COUNT = 32


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the model, the data, the hole, and where to."""
    applied.add_arguments(parser, count=COUNT, out=".png, or .npy for the filled data")
    parser.add_argument(
        "--hole",
        choices=get_args(Hole),
        default="centre",
        help="where data are missing (centre); with --mask, its mask says so",
    )
    parser.add_argument(
        "--steps",
        type=values.count,
        default=30,
        metavar="N",
        help="how often a model without the use inpaint is asked (30)",
    )


def run(options: argparse.Namespace) -> None:
    """Fills, saves, and prints the errors within the holes."""
    opened = open_subject(options.subject, options.engine)
    train, test = splits.known_and_asked(opened, options, options.count)
    asked = test.batch(np.arange(len(test)), opened.about.value_range)
    data = asked["data"]
    if data.ndim < 3:
        raise UsageError(f"Holes are in images and sequences. Received: {data.shape[1:]}.")
    given = asked.get("mask")
    mask = hole(options.hole, data.shape[1:], len(data), options.seed)
    if given is not None:
        low = (opened.about.value_range or (0.0, 1.0))[0]
        mask = (given[..., :1] > low).astype("float32")
    filled = inpaint(opened, asked, mask, steps=options.steps, seed=options.seed)
    mean = train.batch(np.arange(len(train)), opened.about.value_range)["data"].mean(axis=0)
    if options.out is not None and options.out.suffix.lower() == ".npy":
        applied.save_array(options.out, filled)
    elif options.out is not None:
        grey = np.mean(opened.about.value_range or (data.min(), data.max()))
        holed = ((1 - mask) * data + mask * grey).astype(data.dtype)
        applied.save_rows([data, holed, filled], options.out, opened.about.value_range)
    share = float(mask.mean()) or 1.0
    errors = {
        "error": np.mean(mask * np.square(filled - data)) / share,
        "error_of_mean": np.mean(mask * np.square(mean - data)) / share,
    }
    applied.finish(
        options, {"rows": len(data)} | {name: float(value) for name, value in errors.items()}
    )
