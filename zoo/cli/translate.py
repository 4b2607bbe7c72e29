"""Translates data, and shows rows of data, of translations, and of targets where there are some.

Pictures may have any height and width, which their translations have as well; where a model has
one size, as `stargan`, those of a folder are resized to it. Where the data have targets, the mean
absolute error is printed beside that of the mean target of the training data. `--back` translates
the second domain of a model of two: the second source where there is one, and otherwise `--data`.
A model of several classes makes a row of each class, or of those of `--labels`.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any

import numpy as np

from zoo.applications import translate
from zoo.applications.subjects import runner_of
from zoo.cli import applied, picture_folder, splits, values
from zoo.cli.opened import Opened, Shape, open_subject
from zoo.uses import TARGET_LABELS

EXAMPLES = """\
examples:
  zoo translate runs/pix2pix --out translated.png
  zoo translate bundles/pix2pix --data edges/ --out translated.png
  zoo translate bundles/pix2pix --data edges.npz --target photos.npz --out translated.npy
  zoo translate runs/cyclegan --back --out back.png
  zoo translate runs/cyclegan --back --data zebras/ --out horses.png
  zoo translate runs/stargan --labels 3,8 --out threes-and-eights.png
  zoo translate bundles/pix2pix --data edges/ --out photos/
"""
COUNT = 32


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the model, the data, and where to."""
    applied.add_arguments(
        parser,
        count=COUNT,
        out=".png, .npy for the translations, or a folder for each picture of the folder --data",
        kind=values.picture_array_or_folder,
    )
    parser.set_defaults(count=None)
    parser.add_argument(
        "--back",
        action="store_true",
        help="translate the second source back (cyclegan), or --data of the second domain alone",
    )
    parser.add_argument(
        "--labels",
        metavar="A,B,...",
        help="classes that the data become, by name or number (stargan; all)",
    )


def run(options: argparse.Namespace) -> None:
    """Translates, saves, and prints the error where targets are known."""
    opened = open_subject(options.subject, options.engine)
    if picture_folder.is_asked_for(options):
        applied.finish(options, _fill(opened, options))
        return
    shapes = {"shape": _shape(opened, "translate", "data")}
    if options.back:
        shapes["alone"] = _shape(opened, "translate_back", "other")
    train, test = splits.known_and_asked(opened, options, options.count or COUNT, **shapes)
    value_range = opened.about.value_range
    asked = _turned(test.batch(np.arange(len(test)), value_range), options)
    each = _translations(opened, asked, options)
    made = np.concatenate(each)
    read = asked.get("other", asked["data"]) if options.back else asked["data"]
    target = asked.get("target")
    target = target if target is not None and target.shape == made.shape else None
    if options.out is not None and options.out.suffix.lower() == ".npy":
        applied.save_array(options.out, made)
    elif options.out is not None:
        shown = [read, *each, *([] if target is None else [target])]
        if made.ndim == 4:
            like = max(shown, key=lambda images: images.shape[-1])
            shown = [applied.as_bytes(images, value_range, like) for images in shown]
        applied.save_rows(shown, options.out, None if made.ndim == 4 else value_range)
    outcome: dict[str, float] = {"rows": len(made)}
    if target is not None:
        outcome["error"] = float(np.mean(np.abs(made - target)))
        known = _turned(train.batch(np.arange(len(train)), value_range), options).get("target")
        if known is not None and known.shape[1:] == target.shape[1:]:
            outcome["error_of_mean"] = float(np.mean(np.abs(known.mean(axis=0) - target)))
    applied.finish(options, outcome)


def _fill(opened: Opened, options: argparse.Namespace) -> dict[str, Any]:
    """Translates every picture of a folder, in a subfolder for each class where there are some."""

    def made(data: np.ndarray) -> dict[str, np.ndarray]:
        classes = _classes(opened, options)
        names = opened.class_names or range(opened.about.num_classes or 0)
        each = _translations(opened, {"data": data}, options)
        folders = [str(names[c]) for c in classes] if len(classes) > 1 else [""]
        return dict(zip(folders, each, strict=True))

    name, field = ("translate_back", "other") if options.back else ("translate", "data")
    return picture_folder.fill(opened, options, _shape(opened, name, field), made)


def _shape(opened: Opened, use: str, field: str) -> Shape:
    """The shape of what a use reads; by default that of the model's data.

    Raises:
        UseError: The model has no such use.
    """
    runner_of(opened, use.replace("_", " "), use)
    return opened.shapes(use).get(field, tuple(opened.about.shape))


def _turned(fields: Mapping[str, np.ndarray], options: argparse.Namespace) -> dict[str, np.ndarray]:
    """The fields as they are, or with `--back` of pairs the target as `other`, data its target."""
    if not options.back or "target" not in fields:
        return dict(fields)
    return {**fields, "other": fields["target"], "target": fields["data"]}


def _translations(
    opened: Opened, asked: Mapping[str, np.ndarray], options: argparse.Namespace
) -> list[np.ndarray]:
    """What is made of the data: of a model of several classes, for each class that is asked for."""
    chosen = {"back": options.back, "seed": options.seed}
    labels = _classes(opened, options) or [None]
    return [translate(opened, asked, label=label, **chosen) for label in labels]


def _classes(opened: Opened, options: argparse.Namespace) -> list[Any]:
    """The classes that data become; none of a model that reads none."""
    use = opened.table.get("translate_back" if options.back else "translate")
    of_classes = [use] if use is not None and TARGET_LABELS in use.inputs else []
    return opened.labels(options.labels, *of_classes)
