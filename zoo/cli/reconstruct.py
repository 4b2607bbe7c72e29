"""Passes data through encoder and decoder; rows of originals alternate with what came out.

The data are the run's own, its test split where it has one, unless --data says otherwise.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import numpy as np

from zoo.cli import sources, splits, terminal, values, written
from zoo.cli.opened import add_subject, given, open_subject
from zoo.plotting.grid import save_grid

EXAMPLES = """\
examples:
  zoo reconstruct runs/vae --out rebuilt.png
  zoo reconstruct bundles/vae --data digits -n 16 --out rebuilt.png
"""
COUNT = 32
COLUMNS = 8


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the model, the data, how many, and where to."""
    add_subject(parser)
    sources.add_arguments(parser, help="as for zoo train; the run's own by default")
    parser.add_argument(
        "-n",
        "--count",
        type=values.count,
        metavar="N",
        help=f"how many, evenly spaced over the data ({COUNT}, or all of fewer)",
    )
    parser.add_argument(
        "--out",
        type=values.picture_or_text,
        metavar="FILE",
        help="a .png file; of text .txt, of a table .csv (both are printed without it)",
    )
    parser.add_argument("--json", action="store_true", help="print the outcome as JSON")


def run(options: argparse.Namespace) -> None:
    """Reconstructs, saves, and prints how near the reconstructions are."""
    opened = open_subject(options.subject, options.engine)
    written.check_out(opened.about, options.out)
    use = opened.require("reconstruct")
    count = options.count or COUNT
    fields = splits.fields_for(opened, options, count, at_most=options.count is None)
    results = opened.use("reconstruct", **given(use, fields))
    originals, rebuilt = fields["data"], next(iter(results.values()))
    if not written.write_text(
        written.alternating([originals, rebuilt]),
        opened.about,
        options.out,
        walk=2,
        shown=not options.json,
    ):
        save_grid(
            interleaved([originals, rebuilt], COLUMNS),
            options.out,
            value_range=opened.about.value_range,
            columns=min(COLUMNS, len(originals)),
        )
    outcome = {
        **({} if options.out is None else {"out": str(options.out)}),
        "count": len(originals),
        **written.agreement(originals, rebuilt, opened.about.settings),
    }
    if options.json:
        terminal.print_json(outcome)
    else:
        terminal.print_pairs(outcome)


def interleaved(layers: Sequence[np.ndarray], columns: int) -> np.ndarray:
    """Rows of the first array, each followed by the same row of the others.

    An incomplete last row is left out, unless it is the only one.
    """
    total = len(layers[0])
    columns = min(columns, total)
    count = total // columns * columns
    shape = (count // columns, columns, *layers[0].shape[1:])
    rows = np.stack([layer[:count].reshape(shape) for layer in layers], axis=1)
    return rows.reshape(len(layers) * count, *layers[0].shape[1:])
