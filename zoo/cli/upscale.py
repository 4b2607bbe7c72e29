"""Enlarges data, and shows rows of small data, of what is made of them, and of the large data.

Data of the model's own size are made small first, as in its training, or the small ones beside them
are read (--low), and the squared error of what is made of them is printed beside that of pixels
repeated. Data of other sizes are enlarged, and so is every picture of a folder where --out is one,
and all data without --low where the model learned from small data of one's own.
"""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np

from zoo.applications import upscale
from zoo.cli import applied, picture_folder, sources, values
from zoo.cli.opened import Opened, open_subject
from zoo.errors import DataError
from zoo.metrics.baselines import enlarged

EXAMPLES = """\
examples:
  zoo upscale runs/srgan --out large.png
  zoo upscale bundles/srgan --data small/ --out large.npy
  zoo upscale bundles/srgan --data small/ --out large/
  zoo upscale runs/srgan --data large/ --low small/ --out large.png
"""
COUNT = 32


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the model, the data, and where to."""
    applied.add_arguments(
        parser,
        count=COUNT,
        out=".png, .npy for the large data, or a folder for each picture of the folder --data",
        kind=values.picture_array_or_folder,
    )
    parser.set_defaults(count=None)


def run(options: argparse.Namespace) -> None:
    """Enlarges, saves, and prints the errors where the large data are known."""
    opened = open_subject(options.subject, options.engine)
    opened.require("upscale")
    if picture_folder.is_asked_for(options):
        applied.finish(options, _fill(opened, options))
        return
    train, test = sources.load_for(opened, options)
    data = train if test is None else test
    rows = np.linspace(0, len(data) - 1, min(options.count or COUNT, len(data))).astype(int)
    fields = data.batch(rows, opened.about.value_range)
    given = fields["data"]
    small = fields["low"] if "low" in fields else _small(opened, given)
    made = upscale(opened, small)
    known = small is not given
    if known and made.shape != given.shape:
        raise DataError(
            "Large data are as large as what is made of the small ones. "
            f"Received: {given.shape[1:]}, and {made.shape[1:]} made of {small.shape[1:]}."
        )
    nearest = enlarged(small, made.shape)
    if options.out is not None and options.out.suffix.lower() == ".npy":
        applied.save_array(options.out, made)
    elif options.out is not None:
        shown = [nearest, made, *([given] if known else [])]
        applied.save_rows(shown, options.out, opened.about.value_range)
    outcome: dict[str, float] = {"rows": len(made)}
    if known:
        outcome |= {
            "error": float(np.mean(np.square(made - given))),
            "error_of_nearest": float(np.mean(np.square(nearest - given))),
        }
    applied.finish(options, outcome)


def _fill(opened: Opened, options: argparse.Namespace) -> dict[str, Any]:
    """Enlarges every picture of a folder; an upscaler of one size makes large ones small first."""
    shape = opened.shapes("upscale").get("low", tuple(opened.about.shape))

    def made(data: np.ndarray) -> dict[str, np.ndarray]:
        return {"": upscale(opened, data if None in shape else _small(opened, data))}

    return picture_folder.fill(opened, options, (None, None, shape[-1]), made)


def _small(opened: Opened, data: np.ndarray) -> np.ndarray:
    """Data of the model's own size made small where it can do so, others as they are."""
    known = data.shape[1:] == tuple(opened.about.shape) and "degrade" in opened.table
    return opened.use("degrade", data=data)["low"] if known else data
