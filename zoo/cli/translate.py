"""Translates data, and shows rows of data, of translations, and of targets where there are some.

Where the data have targets, the mean absolute error is printed beside that of the mean target of
the training data. `--back` translates the other domain of a model of two.
"""

from __future__ import annotations

import argparse

import numpy as np

from zoo.applications import translate
from zoo.cli import applied, sources
from zoo.cli.opened import open_subject

EXAMPLES = """\
examples:
  zoo translate runs/pix2pix --out translated.png
  zoo translate bundles/pix2pix --data edges/ --out translated.png
  zoo translate bundles/pix2pix --data edges.npz --target photos.npz --out translated.npy
  zoo translate runs/cyclegan --back --out back.png
"""
COUNT = 32


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the model, the data, and where to."""
    applied.add_arguments(parser, count=COUNT, out=".png, or .npy for the translations")
    parser.add_argument(
        "--back",
        action="store_true",
        help="translate the second source back (cyclegan), or --data of the same shape without one",
    )


def run(options: argparse.Namespace) -> None:
    """Translates, saves, and prints the error where targets are known."""
    opened = open_subject(options.subject)
    train, test = sources.known_and_asked(opened, options, options.count)
    value_range = opened.about.value_range
    asked = test.batch(np.arange(len(test)), value_range)
    made = translate(opened, asked, back=options.back, seed=options.seed)
    read = asked.get("other", asked["data"]) if options.back else asked["data"]
    target = asked.get("target")
    target = target if target is not None and target.shape == made.shape else None
    if options.out is not None and options.out.suffix.lower() == ".npy":
        applied.save_array(options.out, made)
    elif options.out is not None:
        shown = [read, made, *([] if target is None else [target])]
        if made.ndim == 4:
            like = max(shown, key=lambda images: images.shape[-1])
            shown = [applied.as_bytes(images, value_range, like) for images in shown]
        applied.save_rows(shown, options.out, None if made.ndim == 4 else value_range)
    outcome: dict[str, float] = {"rows": len(made)}
    if target is not None:
        mean = train.batch(np.arange(len(train)), value_range)["target"].mean(axis=0)
        outcome |= {
            "error": float(np.mean(np.abs(made - target))),
            "error_of_mean": float(np.mean(np.abs(mean - target))),
        }
    applied.finish(options, outcome)
