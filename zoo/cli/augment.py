"""Writes training data with what a model makes of their perturbed codes, for --data.

The codes of the training data are perturbed (interpolated with a neighbour, moved by noise, or
masked) and decoded; new rows have the labels of those that they come from. The test data stay.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any, get_args

import numpy as np

from zoo.applications.augmentation import augment
from zoo.cli import sources, values
from zoo.cli.errors import UsageError
from zoo.cli.opened import add_subject, open_subject
from zoo.files import write_atomically
from zoo.hybrids.perturbation import Perturbation

EXAMPLES = """\
examples:
  zoo augment runs/vae --count 1500 --out augmented.npz
  zoo augment bundles/vae --data digits --count 500 --perturbation noise --strength 0.3 \\
      --out augmented.npz
  zoo train dcgan --data augmented.npz
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the model, the data, how many rows, the perturbation, and where to."""
    add_subject(parser)
    sources.add_arguments(parser, help="as for zoo train; the run's own by default")
    parser.add_argument(
        "-n", "--count", type=values.count, required=True, metavar="N", help="how many new rows"
    )
    parser.add_argument(
        "--perturbation",
        choices=get_args(Perturbation),
        default="interpolation",
        help="of the codes (interpolation)",
    )
    parser.add_argument(
        "--strength",
        type=float,
        default=0.5,
        metavar="S",
        help="deviations of the noise, largest share of the neighbour, or share of masks (0.5)",
    )
    parser.add_argument("--seed", type=values.seed, default=0, metavar="N", help="(0)")
    parser.add_argument(
        "--only", action="store_true", help="leave out the training data that were there"
    )
    parser.add_argument("--out", type=_archive, required=True, metavar="FILE", help="a .npz file")


def run(options: argparse.Namespace) -> None:
    """Augments, saves, and prints the file's name."""
    bound = np.inf if options.perturbation == "noise" else 1.0
    if not (0 <= options.strength <= bound and np.isfinite(options.strength)):
        raise UsageError(
            f"--strength of {options.perturbation} is from 0"
            f"{', and finite' if bound == np.inf else ' to 1'}. Received: {options.strength}."
        )
    opened = open_subject(options.subject, options.engine)
    train, test = sources.load_for(opened, options)
    value_range = opened.about.value_range
    fields = train.batch(np.arange(len(train)), value_range)
    made = augment(
        opened,
        fields,
        options.count,
        perturbation=options.perturbation,
        strength=options.strength,
        seed=options.seed,
    )
    arrays: dict[str, Any] = {}
    for name, key in (("data", "x_train"), ("labels", "y_train")):
        if name in made:
            whole = [made[name]] if options.only else [fields[name], made[name]]
            arrays[key] = np.concatenate(whole)
    if test is not None:
        held_out = test.batch(np.arange(len(test)), value_range)
        arrays["x_test"] = held_out["data"]
        if "labels" in held_out:
            arrays["y_test"] = held_out["labels"]
    for key in ("x_train", "x_test"):
        if key in arrays and value_range is not None:
            low, high = value_range
            arrays[key] = (arrays[key] - low) / (high - low)
    write_atomically(options.out, lambda file: np.savez_compressed(file, **arrays))
    print(options.out)


def _archive(text: str) -> Path:
    """The name of an archive of arrays."""
    if Path(text).suffix.lower() != ".npz":
        raise argparse.ArgumentTypeError(f"{text!r} does not end in .npz")
    return Path(text)
