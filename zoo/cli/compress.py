"""Writes data as a file of codes, which zoo decompress reads back with the same model.

The ratio is that of the data as bytes (of values without bounds as float32) to the file; it is
printed beside the ratio of deflated data, which lose nothing, and the error beside those of the
mean and of as many principal components as a continuous code has entries.
"""

from __future__ import annotations

import argparse
import math
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from zoo.applications import compress, decompress
from zoo.cli import applied, splits, values
from zoo.cli.opened import open_subject
from zoo.files import write_atomically
from zoo.metrics import baselines
from zoo.plotting.grid import to_uint8

EXAMPLES = """\
examples:
  zoo compress runs/vq_vae --out digits.codes
  zoo compress bundles/vae --data digits --bits 6 --out digits.codes --pairs pairs.png
  zoo decompress runs/vq_vae digits.codes --out digits.npy
"""
COUNT = 10_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the model, the data, the bits, and where to."""
    applied.add_arguments(parser, count=COUNT, out="the file of codes", kind=Path, required=True)
    parser.add_argument(
        "--bits", type=values.count, default=8, metavar="N", help="of an entry of a code (8)"
    )
    parser.add_argument(
        "--pairs", type=values.picture, metavar="FILE", help="a .png of data and what is read back"
    )


def run(options: argparse.Namespace) -> None:
    """Compresses, saves, reads back, and prints ratio and error."""
    opened = open_subject(options.subject, options.engine)
    train, test = splits.known_and_asked(opened, options, options.count)
    value_range = opened.about.value_range
    known, asked = (data.batch(np.arange(len(data)), value_range) for data in (train, test))
    content = compress(opened, asked, bits=options.bits, seed=options.seed)
    write_atomically(options.out, lambda file: file.write(content))
    data, made = asked["data"], decompress(opened, content)
    if options.pairs is not None:
        rows = np.linspace(0, len(data) - 1, min(4 * applied.COLUMNS, len(data))).astype(int)
        applied.save_rows([data[rows], made[rows]], options.pairs, value_range)
    raw = data.tobytes() if value_range is None else to_uint8(data, value_range).tobytes()
    outcome: dict[str, Any] = {
        "rows": len(data),
        "bytes": len(content),
        "ratio": len(raw) / len(content),
        "ratio_deflated": len(raw) / len(zlib.compress(raw, 9)),
        "error": float(np.mean(np.square(made - data))),
        "error_of_mean": baselines.mean_error(known["data"], data),
    }
    size = math.prod(opened.use("encode", **_first(opened, asked))["code"].shape)
    if size < min(len(known["data"]), math.prod(data.shape[1:])):
        outcome[f"error_of_pca_{size}"] = baselines.principal_components_error(
            known["data"], data, size
        )
    applied.finish(options, outcome)


def _first(opened: Any, fields: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """One row of what `encode` reads."""
    inputs = opened.table["encode"].inputs
    return {name: array[:1] for name, array in fields.items() if name in inputs}
