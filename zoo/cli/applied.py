"""The options and outputs of the commands that apply a model."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from zoo.cli import sources, terminal, values
from zoo.cli.opened import add_subject
from zoo.cli.reconstruct import interleaved
from zoo.files import write_atomically
from zoo.plotting.grid import save_grid, to_uint8

COLUMNS = 8


def add_arguments(
    parser: argparse.ArgumentParser,
    *,
    count: int,
    out: str,
    kind: Callable[[str], Path] = values.picture_or_array,
    required: bool = False,
) -> None:
    """Adds the model, the data, how many rows, where to, and how to print."""
    add_subject(parser)
    sources.add_arguments(parser, help="as for zoo train; the run's own by default")
    parser.add_argument(
        "-n",
        "--count",
        type=values.count,
        default=count,
        metavar="N",
        help=f"rows of each split at most, evenly spaced ({count})",
    )
    parser.add_argument("--out", type=kind, required=required, metavar="FILE", help=out)
    parser.add_argument("--seed", type=values.seed, default=0, metavar="N", help="(0)")
    parser.add_argument("--json", action="store_true", help="print the outcome as JSON")


def finish(options: argparse.Namespace, outcome: Mapping[str, Any]) -> None:
    """Prints the outcome."""
    found = ({} if options.out is None else {"out": str(options.out)}) | dict(outcome)
    if options.json:
        terminal.print_json(found)
    else:
        terminal.print_pairs(found)


def save_rows(
    layers: Sequence[np.ndarray], path: Path, value_range: Any, columns: int = COLUMNS
) -> None:
    """Draws arrays of data, a row of one under a row of the other."""
    columns = min(columns, len(layers[0]))
    shown = interleaved(layers, columns)
    save_grid(shown, path, value_range=value_range, columns=columns)


def save_array(path: Path, array: np.ndarray) -> None:
    """Writes an .npy file."""
    write_atomically(path, lambda file: np.save(file, array))


def as_bytes(images: np.ndarray, value_range: Any, like: np.ndarray) -> np.ndarray:
    """Images as bytes with the channels of others, so that both are drawn on one sheet."""
    found = to_uint8(images, value_range)
    return np.broadcast_to(found, (*found.shape[:-1], like.shape[-1]))
