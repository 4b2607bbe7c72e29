"""Walks between points of the latent space, one walk a row.

The points are draws from the prior, or the codes of data where the model has no prior or --data
is given. Normal draws are walked on the sphere that they lie on, all else in a straight line.
Models that read labels keep one label a row.
"""

from __future__ import annotations

import argparse

import numpy as np

from zoo.cli import sources, splits, values, written
from zoo.cli.opened import Opened, add_subject, given, open_subject
from zoo.plotting.grid import save_grid
from zoo.uses import complete_inputs

EXAMPLES = """\
examples:
  zoo interpolate runs/vae --out walk.png
  zoo interpolate runs/vae --data digits --rows 4 --columns 12 --out walk.png
  zoo interpolate runs/text_vae --data two-lines.txt --rows 1
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the model, the points, the size of the picture, and where to."""
    add_subject(parser)
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
        "--out",
        type=values.picture_or_text,
        metavar="FILE",
        help="a .png file; of text .txt, of a table .csv (both are printed without it)",
    )


def run(options: argparse.Namespace) -> None:
    """Walks, saves, and prints the file's name."""
    opened = open_subject(options.subject, options.engine)
    written.check_out(opened.about, options.out)
    walk = _data_walk if options.data is not None or "sample" not in opened.table else _draw_walk
    images = walk(opened, options)
    if not written.write_text(images, opened.about, options.out, walk=options.columns):
        save_grid(
            images, options.out, value_range=opened.about.value_range, columns=options.columns
        )
    if options.out is not None:
        print(options.out)


def _data_walk(opened: Opened, options: argparse.Namespace) -> np.ndarray:
    """Rows of the data and rows between them, by the model's own use."""
    use = opened.require("interpolate")
    rows, columns = options.rows, options.columns
    chosen = opened.labels(options.labels, use)
    fields = splits.fields_for(opened, options, 2 * rows)
    inputs = given(use, {name: values[:rows] for name, values in fields.items()})
    inputs["other"] = fields["data"][rows:]
    if chosen and (options.labels is not None or "labels" not in fields):
        inputs["labels"] = np.resize(chosen, rows)
    inputs = {name: values.repeat(columns, axis=0) for name, values in inputs.items()}
    inputs["share"] = np.tile(np.linspace(0, 1, columns, dtype="float32"), rows)
    return next(iter(opened.use("interpolate", **inputs).values()))


def _draw_walk(opened: Opened, options: argparse.Namespace) -> np.ndarray:
    """Draws and points between them: what cannot be mixed, as labels, stays as it is in a row."""
    use = opened.require("sample")
    rows, columns = options.rows, options.columns
    chosen = opened.labels(options.labels, use)
    drawn = complete_inputs("sample", use, {}, count=2 * rows, seed=options.seed)
    if chosen:
        drawn["labels"] = np.resize(chosen, 2 * rows)
    steps = np.linspace(0, 1, columns)
    inputs = {}
    for name, points in drawn.items():
        distribution = use.draws[name].distribution
        if distribution not in ("normal", "uniform"):
            inputs[name] = points[:rows].repeat(columns, axis=0)
            continue
        on_sphere = distribution == "normal" and points.ndim == 2
        walks = (spherical if on_sphere else linear)(points[:rows], points[rows:], steps)
        inputs[name] = walks.reshape(-1, *points.shape[1:]).astype("float32")
    return next(iter(opened.use("sample", **inputs).values()))


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
