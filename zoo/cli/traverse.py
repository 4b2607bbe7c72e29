"""Changes one entry of a code at a time, one entry a row, and draws what the decoder makes of it.

The code is that of a row of the data, and its entries go from some deviations of the codes of the
training data below their mean to as many above; those that vary most come first. The data are the
run's own, unless --data says otherwise. Where no data are known, or nothing encodes, the code is
the middle of the prior, whose entries come in order.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from zoo.cli import sources, splits, terminal, values, written
from zoo.cli.errors import UsageError
from zoo.cli.opened import Arrays, Opened, add_subject, given, open_subject
from zoo.plotting.grid import save_grid

EXAMPLES = """\
examples:
  zoo traverse runs/vae --out traversal.png
  zoo traverse bundles/vae --data digits --row 3 --entries 0,5 --span 2 --out traversal.png
"""
KNOWN = 500
"""Rows of the training data whose codes tell how far entries go."""


@dataclass(frozen=True)
class Paths:
    """Where a traversal starts, and between what its entries go.

    Attributes:
        start: A code `(entries,)`.
        low: The first value of each entry.
        high: The last value of each entry.
        beside: What the decoder reads beside the code, one row.
    """

    start: np.ndarray
    low: np.ndarray
    high: np.ndarray
    beside: Arrays


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the model, the start, the entries, and where to."""
    add_subject(parser)
    sources.add_arguments(parser, help="as for zoo train; the run's own by default")
    parser.add_argument(
        "--row", type=values.seed, default=0, metavar="N", help="of the data, the start (0)"
    )
    parser.add_argument("--labels", metavar="CLASS", help="its class (that of the row, or 0)")
    parser.add_argument(
        "--rows", type=values.count, default=8, metavar="N", help="how many entries (8)"
    )
    parser.add_argument("--entries", type=entries, metavar="I,J,...", help="which, in their place")
    parser.add_argument(
        "--columns", type=values.count, default=9, metavar="N", help="values of an entry (9)"
    )
    parser.add_argument(
        "--span", type=span, default=3.0, metavar="X", help="deviations to either side (3)"
    )
    parser.add_argument(
        "--out",
        type=values.picture_or_text,
        metavar="FILE",
        help="a .png file; of text .txt, of a table .csv (both are printed without it)",
    )
    parser.add_argument("--json", action="store_true", help="print the outcome as JSON")


def run(options: argparse.Namespace) -> None:
    """Traverses, saves, and prints the entries of the rows and their deviations."""
    opened = open_subject(options.subject, options.engine)
    written.check_out(opened.about, options.out)
    opened.require("decode")
    known = options.data is not None or "data" in opened.source
    of_data = "encode" in opened.table and (known or "sample" not in opened.table)
    paths = (_data_paths if of_data else _prior_paths)(opened, options)
    spread = (paths.high - paths.low) / (2 * options.span)
    chosen = options.entries or np.argsort(-spread, kind="stable")[: options.rows].tolist()
    if max(chosen) >= len(paths.start):
        raise UsageError(
            f"Entries are below {len(paths.start)}, the length of a code. Received: {max(chosen)}."
        )
    codes = traversals(paths.start, paths.low, paths.high, chosen, options.columns)
    beside = {name: value.repeat(len(codes), axis=0) for name, value in paths.beside.items()}
    images = next(iter(opened.use("decode", code=codes, **beside).values()))
    shown = not options.json
    if not written.write_text(images, opened.about, options.out, walk=options.columns, shown=shown):
        save_grid(
            images, options.out, value_range=opened.about.value_range, columns=options.columns
        )
    deviations = [round(float(spread[entry]), 4) for entry in chosen]
    found = {} if options.out is None else {"out": str(options.out)}
    outcome = {**found, "entries": chosen, "deviations": deviations}
    (terminal.print_json if options.json else terminal.print_pairs)(outcome)


def traversals(
    start: np.ndarray, low: np.ndarray, high: np.ndarray, chosen: list[int], columns: int
) -> np.ndarray:
    """Codes `(len(chosen)·columns, entries)`: the start with one entry between its bounds."""
    codes = np.tile(start.astype("float32"), (len(chosen), columns, 1))
    for row, entry in enumerate(chosen):
        codes[row, :, entry] = np.linspace(low[entry], high[entry], columns)
    return codes.reshape(-1, len(start))


def _data_paths(opened: Opened, options: argparse.Namespace) -> Paths:
    """From the code of a row of the data, by the mean and deviation of those of training data."""
    encode, decode = opened.require("encode"), opened.require("decode")
    train, test = splits.known_and_asked(opened, options, KNOWN)
    if options.row >= len(test):
        raise UsageError(f"--row is below {len(test)}. Received: {options.row}.")
    fields, asked = (
        data.batch(np.arange(len(data)), opened.about.value_range) for data in (train, test)
    )
    first = {name: value[options.row : options.row + 1] for name, value in asked.items()}
    label = _label(opened, options)
    beside = {name: first[name] for name in decode.inputs if name in first}
    if label is not None and (options.labels is not None or "labels" not in beside):
        beside["labels"] = first["labels"] = label
    codes, start = (opened.use("encode", **given(encode, rows))["code"] for rows in (fields, first))
    if codes.ndim != 2 or codes.dtype.kind != "f":
        raise _no_vector(opened, codes.shape[1:])
    mean, deviation = codes.mean(axis=0), codes.std(axis=0)
    reach = options.span * deviation
    return Paths(start[0], mean - reach, mean + reach, beside)


def _prior_paths(opened: Opened, options: argparse.Namespace) -> Paths:
    """From the middle of the prior, by its deviation, or between its bounds."""
    noise = opened.require("sample").draws.get("latent")
    if noise is None or noise.distribution not in ("normal", "uniform") or len(noise.shape) != 1:
        raise _no_vector(opened, () if noise is None else noise.shape)
    middle, reach = 0.0, options.span
    if noise.distribution == "uniform":
        middle, reach = (noise.low + noise.high) / 2, (noise.high - noise.low) / 2
    start = np.full(noise.shape, middle, "float32")
    label = _label(opened, options)
    beside = {} if label is None else {"labels": label}
    return Paths(start, start - reach, start + reach, beside)


def _label(opened: Opened, options: argparse.Namespace) -> np.ndarray | None:
    """The class that the decoder reads; None where it reads none."""
    classes = opened.labels(options.labels, opened.require("decode"))
    return np.array(classes[:1], "int32") if classes else None


def _no_vector(opened: Opened, shape: Sequence[int]) -> UsageError:
    return UsageError(
        f"A traversal changes the entries of a vector of numbers. Received: {opened.path}, "
        f"whose codes are {tuple(shape) or 'none'}."
    )


def entries(text: str) -> list[int]:
    """Numbers of entries such as `0,5`."""
    return [values.seed(word.strip()) for word in text.split(",")]


def span(text: str) -> float:
    """A number above 0.

    Raises:
        argparse.ArgumentTypeError: The text is none.
    """
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0")
    return number
