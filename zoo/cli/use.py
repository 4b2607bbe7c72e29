"""Runs any use of a run or a bundle on data, files or draws; without a name, lists the uses.

zoo translate RUN is short for zoo use RUN translate, where the model has that use.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from zoo.cli import sources, splits, terminal, values, written
from zoo.cli.errors import UsageError
from zoo.cli.opened import Arrays, Opened, add_subject, given, open_subject
from zoo.cli.reconstruct import interleaved
from zoo.files import write_atomically
from zoo.plotting.grid import save_grid
from zoo.uses import TARGET_LABELS, Use

EXAMPLES = """\
examples:
  zoo use runs/vae
  zoo use runs/vae score --data digits -n 1000 --out scores.npy
  zoo use bundles/vae encode --data digits --out codes.npz
  zoo use bundles/vae decode --inputs code=codes.npy --out images.png
"""
COUNT = 64
COLUMNS = 8


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the model, the use, its inputs, and where to."""
    add_subject(parser)
    parser.add_argument("name", nargs="?", metavar="USE", help="one of its uses")
    sources.add_arguments(parser, help="as for zoo train; the run's own by default")
    parser.add_argument(
        "--inputs",
        nargs="+",
        type=_input,
        default=[],
        metavar="NAME=FILE",
        help="further inputs, each an .npy array with a row for each result",
    )
    parser.add_argument(
        "-n",
        "--count",
        type=values.count,
        metavar="N",
        help=f"how many rows ({COUNT}, or those of --inputs)",
    )
    parser.add_argument("--labels", metavar="A,B,...", help="classes of the rows, in turn")
    parser.add_argument("--seed", type=values.seed, default=0, metavar="N", help="of draws (0)")
    parser.add_argument(
        "--out",
        type=values.results,
        metavar="FILE",
        help=".png for a picture, .txt or .csv for text or a table, .npy for the result, .npz for "
        "all results",
    )


def run(options: argparse.Namespace) -> None:
    """Runs the use, saves what it gives, and prints the file's name."""
    opened = open_subject(options.subject, options.engine)
    if options.name is None:
        terminal.print_table([_row(name, use) for name, use in opened.table.items()])
        return
    use = opened.require(options.name)
    if options.out is None:
        raise UsageError(f"--out is needed: where the use {options.name!r} puts its results.")
    if options.out.suffix.lower() not in (".npy", ".npz"):
        written.check_out(opened.about, options.out)
    if options.out.suffix.lower() == ".npy" and len(use.gives) > 1:
        raise UsageError(
            f"An .npy file holds one result. Received: {options.out}, and the results "
            f"{', '.join(use.gives)}. Accepted: an .npz file."
        )
    inputs = _inputs(opened, use, options)
    count = None if inputs else options.count or COUNT
    results = opened.use(options.name, count=count, seed=options.seed, **inputs)
    if options.out.suffix.lower() == ".png":
        _save_picture(opened, inputs, results, options.out)
    elif options.out.suffix.lower() in written.TEXTS:
        written.write_text(_rows(opened, use, results, options.out), opened.about, options.out)
    elif options.out.suffix.lower() == ".npy":
        (array,) = results.values()
        write_atomically(options.out, lambda file: np.save(file, array))
    else:
        arrays: dict[str, Any] = dict(results)
        write_atomically(options.out, lambda file: np.savez(file, **arrays))
    print(options.out)


def _row(name: str, use: Use) -> dict[str, str]:
    """A use as a row of a table."""
    read = (f"{value} (drawn)" if value in use.draws else value for value in use.inputs)
    return {
        "use": name,
        "reads": ", ".join(read),
        "parts": ", ".join(step.part for step in use.steps),
        "gives": ", ".join(use.gives),
    }


def _inputs(opened: Opened, use: Use, options: argparse.Namespace) -> Arrays:
    """The inputs of a use: files, labels by name, and the data's fields where some are missing."""
    inputs = {name: _array(path) for name, path in options.inputs}
    count = options.count or next(iter(map(len, inputs.values())), COUNT)
    if options.labels is not None:
        name = TARGET_LABELS if TARGET_LABELS in use.inputs else "labels"
        inputs[name] = np.resize(opened.labels(options.labels, use), count)
    if any(name not in inputs and name not in use.draws for name in use.inputs):
        fewer = options.count is None and not inputs
        fields = splits.fields_for(opened, options, count, at_most=fewer)
        inputs = given(use, fields) | inputs
    elif options.data is not None:
        raise UsageError(
            f"The use {options.name!r} reads no data that is not given. Received: --data "
            f"{options.data}. Accepted: no --data."
        )
    return inputs


def _save_picture(opened: Opened, inputs: Arrays, results: Arrays, path: Path) -> None:
    """Draws the data that go in and the results of their shape, row under row."""
    pictures = [array for array in results.values() if _is_picture(array, opened.about.shape)]
    if not pictures:
        shapes = ", ".join(f"{name} {array.shape}" for name, array in results.items())
        raise UsageError(
            f"No result can be drawn. Received: {path.name} for {shapes}. "
            "Accepted: an .npy or an .npz file."
        )
    shape = pictures[0].shape
    layers = [array for array in (*inputs.values(), *pictures) if array.shape == shape]
    columns = COLUMNS if len(layers) > 1 else None
    save_grid(
        interleaved(layers, COLUMNS) if len(layers) > 1 else pictures[0],
        path,
        value_range=opened.about.value_range,
        columns=columns and min(columns, len(pictures[0])),
    )


def _rows(opened: Opened, use: Use, results: Arrays, path: Path) -> np.ndarray:
    """The result that is data, which become text or a table."""
    shape = tuple(opened.about.shape)
    data = [name for name, value in use.gives.items() if value.endswith("/data")]
    found = [results[name] for name in data if results[name].shape[1:] == shape]
    if not found:
        raise UsageError(f"No result is data. Received: {path.name}. Accepted: an .npz file.")
    return found[0]


def _is_picture(array: np.ndarray, shape: tuple[int, ...]) -> bool:
    """Whether an array holds data or images of another size."""
    image = array.ndim == 4 and array.shape[3] in (1, 3) and array.dtype.kind == "f"
    return image or array.shape[1:] == tuple(shape)


def _input(text: str) -> tuple[str, Path]:
    name, equals, path = text.partition("=")
    if not equals or not name or not path.lower().endswith(".npy"):
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=FILE.npy")
    return name, Path(path)


def _array(path: Path) -> np.ndarray:
    """An array of a file, without pickles.

    Raises:
        UsageError: The file holds none.
    """
    try:
        return np.load(path, allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise UsageError(f"--inputs are .npy arrays. Received: {path}, {error}") from error
