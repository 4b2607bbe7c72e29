"""Walks between points of the latent space, one walk a row.

The points are draws from the prior, or the codes of data where the model has no prior or --data
is given. Normal latents are walked on the sphere that they lie on, all others in a straight line.
Models that read labels keep one label a row.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from zoo.cli import sources, values
from zoo.cli.errors import UsageError
from zoo.cli.opened import HELP, Subject, open_subject
from zoo.plotting.grid import save_grid

EXAMPLES = """\
examples:
  zoo interpolate runs/vae --out walk.png
  zoo interpolate runs/vae --data digits --rows 4 --columns 12 --out walk.png
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the model, the points, the size of the picture, and where to."""
    parser.add_argument("subject", type=Path, metavar="RUN_OR_BUNDLE", help=HELP)
    sources.add_arguments(parser, help="walk between the codes of these data")
    parser.add_argument(
        "--rows", type=values.count, default=8, metavar="N", help="how many walks (8)"
    )
    parser.add_argument(
        "--columns", type=values.count, default=10, metavar="N", help="steps of a walk (10)"
    )
    parser.add_argument("--labels", metavar="A,B,...", help="classes of the rows, in turn (all)")
    parser.add_argument("--seed", type=values.seed, default=0, metavar="N", help="(0)")
    parser.add_argument(
        "--out", type=values.picture, required=True, metavar="FILE", help="a .png file"
    )


def run(options: argparse.Namespace) -> None:
    """Walks, saves, and prints the file's name."""
    opened = open_subject(options.subject)
    about, rows = opened.about, options.rows
    by_data = about.sampler is None or options.data is not None
    if by_data and about.code is None:
        raise UsageError(f"{options.subject} has no encoder. Accepted: no --data.")
    decoder = "decoder" if by_data else about.sampler
    labels = None
    if opened.reads_labels(decoder):
        labels = np.resize(opened.labels(options.labels), rows)
    elif options.labels is not None:
        raise UsageError(f"{options.subject} reads no labels. Received: --labels {options.labels}.")
    if by_data:
        data, own = sources.rows_for(opened, options, 2 * rows)
        if opened.reads_labels("encoder"):
            points = opened.encode(data, labels=own)
        else:
            points = opened.encode(data)
    else:
        points = _draws(opened, 2 * rows, options.seed)
    if not np.issubdtype(points.dtype, np.floating):
        raise UsageError(f"{options.subject} has discrete codes, with nothing between two of them.")
    normal = [noise.distribution == "normal" for noise in about.prior.values()]
    walk = spherical if normal and all(normal) else linear
    walks = walk(points[:rows], points[rows:], np.linspace(0, 1, options.columns))
    latents = walks.reshape(-1, *points.shape[1:]).astype("float32")
    images = opened.decode(
        latents, labels=None if labels is None else labels.repeat(options.columns)
    )
    save_grid(images, options.out, value_range=about.value_range, columns=options.columns)
    print(options.out)


def linear(start: np.ndarray, end: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """Points `(rows, steps, …)` on the straight line from start to end `(rows, …)`."""
    steps = steps.reshape(1, -1, *(1 for _ in start.shape[1:]))
    return (1 - steps) * start[:, None] + steps * end[:, None]


def spherical(start: np.ndarray, end: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """Points `(rows, steps, features)` on the great circle from start to end `(rows, features)`.

    sin((1 − t)·ω)/sin(ω)·start + sin(t·ω)/sin(ω)·end, with ω the angle between them (Shoemake,
    1985; White, 2016, arXiv:1609.04468). Points in line with the origin are walked linearly.
    """
    norms = np.linalg.norm(start, axis=1) * np.linalg.norm(end, axis=1)
    cosines = np.sum(start * end, axis=1) / np.maximum(norms, np.finfo("float32").tiny)
    angles = np.arccos(np.clip(cosines, -1, 1))[:, None, None]
    sines = np.sin(angles)
    steps = steps.reshape(1, -1, 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        weights = np.sin((1 - steps) * angles) / sines, np.sin(steps * angles) / sines
    arc = weights[0] * start[:, None] + weights[1] * end[:, None]
    curved = (sines > 1e-6) & (norms[:, None, None] > 0)
    return np.where(curved, arc, linear(start, end, steps.ravel()))


def _draws(opened: Subject, count: int, seed: int) -> np.ndarray:
    """Points from the prior: the ones that sampling with the seed starts from."""
    noises = list(opened.about.prior.values())
    if len(noises) != 1:
        names = ", ".join(opened.about.prior)
        raise UsageError(f"Only a prior of one latent can be walked. Received: {names}.")
    return noises[0].draw(np.random.default_rng([seed]), count)
