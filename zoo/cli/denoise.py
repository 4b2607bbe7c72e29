"""Cleans noisy data, and shows rows of clean, of noisy and of cleaned data.

Noise is added to the data first; with --noise none they are noisy themselves. A model with the use
denoise cleans them by it, any other by its reconstruction.
"""

from __future__ import annotations

import argparse
from typing import get_args

import numpy as np

from zoo.applications import denoise
from zoo.autoencoders.corruptions import Kind, corrupted
from zoo.cli import applied, sources
from zoo.cli.errors import UsageError
from zoo.cli.opened import open_subject

EXAMPLES = """\
examples:
  zoo denoise runs/denoising_autoencoder --out cleaned.png
  zoo denoise bundles/vae --data digits --noise salt_and_pepper --level 0.2 --out cleaned.png
  zoo denoise runs/vae --data scans/ --noise none --out cleaned.npy
"""
COUNT = 32


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the model, the data, the noise, and where to."""
    applied.add_arguments(parser, count=COUNT, out=".png, or .npy for the cleaned data")
    parser.add_argument(
        "--noise",
        choices=(*get_args(Kind), "none"),
        default="gaussian",
        help="that is added (gaussian)",
    )
    parser.add_argument(
        "--level",
        type=float,
        default=0.25,
        metavar="L",
        help="deviation of gaussian noise as a share of the range, or share of the places (0.25)",
    )


def run(options: argparse.Namespace) -> None:
    """Adds noise, cleans, saves, and prints the errors before and after."""
    if options.level < 0 or (options.noise != "gaussian" and options.level > 1):
        raise UsageError(f"--level is a share, or a deviation from 0. Received: {options.level}.")
    opened = open_subject(options.subject)
    _, test = sources.known_and_asked(opened, options, options.count)
    asked = test.batch(np.arange(len(test)), opened.about.value_range)
    clean, value_range = asked["data"], opened.about.value_range
    if clean.dtype.kind != "f":
        raise UsageError(f"Numbers are denoised. Received: {opened.path}, which reads tokens.")
    noisy = clean
    if options.noise != "none":
        low, high = value_range or (0.0, 1.0)
        level = options.level * (high - low if options.noise == "gaussian" else 1)
        rng = np.random.default_rng([options.seed])
        noisy = corrupted(options.noise, level, clean, value_range, rng)
    if value_range is not None:
        noisy = np.clip(noisy, *value_range)
    cleaned = denoise(opened, asked | {"data": noisy}, seed=options.seed)
    if options.out is not None and options.out.suffix.lower() == ".npy":
        applied.save_array(options.out, cleaned)
    elif options.out is not None:
        layers = [noisy, cleaned] if options.noise == "none" else [clean, noisy, cleaned]
        applied.save_rows(layers, options.out, value_range)
    outcome: dict[str, float] = {"rows": len(clean)}
    if options.noise != "none":
        outcome |= {
            "error_before": float(np.mean(np.square(noisy - clean))),
            "error_after": float(np.mean(np.square(cleaned - clean))),
        }
    applied.finish(options, outcome)
