"""The options that say where data come from, shared by the commands that read some."""

from __future__ import annotations

import argparse
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from zoo.cli import values
from zoo.cli.errors import UsageError
from zoo.data import Data, load_data
from zoo.data.load import NAMES
from zoo.data.sources.npz import ROLES
from zoo.data.sources.sound import WINDOW, is_sound
from zoo.data.sources.text import END, TOKENS
from zoo.errors import DataError

FLAGS = {"size": "--image-size", "kind": "--sequences", "columns": "--csv-columns"}
"""Options of `load_data` that the command line calls otherwise."""
BESIDE = ("target", "mask", "low")
"""The options of further sources."""
SECOND = ("other", "target")
"""The fields that a second source becomes: unpaired, or paired."""


def add_arguments(parser: argparse.ArgumentParser, *, help: str) -> None:
    """Adds `--data` and the options that say how to read it."""
    group = parser.add_argument_group("data")
    group.add_argument("--data", metavar="D", help=help)
    group.add_argument(
        "--target",
        metavar="D",
        help="a second source: the target of each sample (read as --data is)",
    )
    group.add_argument(
        "--unpaired",
        action="store_true",
        help="the second source, or domain B of a folder of trainA and trainB, has its own order",
    )
    group.add_argument("--mask", metavar="D", help="a source of masks, one for each sample")
    group.add_argument(
        "--low",
        metavar="D",
        help="a source of small data, one for each sample, which super-resolution enlarges",
    )
    group.add_argument(
        "--image-size",
        type=size,
        metavar="N|HxW",
        help="resize images so that they fill this size, and crop what juts out",
    )
    group.add_argument(
        "--channels",
        type=values.count,
        metavar="N",
        help="1: grey, 3: colour, 4: with opacity",
    )
    group.add_argument(
        "--sequences",
        action="store_true",
        help="arrays (count, a, b) are sequences (time, channels), not images without channels",
    )
    group.add_argument(
        "--keys",
        nargs="+",
        type=_key,
        metavar="KEY=ARRAY",
        help=f"for .npz: which array is {', '.join(ROLES)}",
    )
    group.add_argument("--label", metavar="COLUMN", help="for .csv: the column of the labels")
    group.add_argument(
        "--csv-columns",
        nargs="+",
        metavar="COLUMN",
        help="for .csv: the columns that are read (all)",
    )
    group.add_argument("--tokens", choices=TOKENS, help="for .txt: what a token is (characters)")
    group.add_argument(
        "--length", type=values.count, metavar="N", help="for .txt: tokens of a sample (64)"
    )
    group.add_argument(
        "--lines", action="store_true", help="for .txt: each line is a sample, cut or filled"
    )
    group.add_argument(
        "--rate",
        type=values.count,
        metavar="HZ",
        help="for .wav: samples in a second (as most files have)",
    )
    group.add_argument(
        "--window", type=values.count, metavar="N", help=f"for .wav: samples of a window ({WINDOW})"
    )


def given(options: argparse.Namespace) -> list[str]:
    """The options of data that the command line has, as it calls them."""
    return [FLAGS.get(name, f"--{name}") for name in source_of(options)]


def source_of(options: argparse.Namespace, before: Mapping[str, Any] | None = None) -> dict:
    """The source of the data in JSON terms; what the options leave open is as `before`.

    Paths are absolute, so that a run can be resumed from any folder.
    """
    before = dict(before or {})
    if options.data is not None:
        before = {"data": _absolute(options.data)}
    for name in BESIDE:
        if getattr(options, name) is not None:
            before[name] = _absolute(getattr(options, name))
    if options.unpaired:
        before["unpaired"] = True
    if options.csv_columns is not None:
        before["columns"] = options.csv_columns
    for name in ("label", "tokens", "length", "rate", "window"):
        if getattr(options, name) is not None:
            before[name] = getattr(options, name)
    if options.image_size is not None:
        before["size"] = list(options.image_size)
    if options.channels is not None:
        before["channels"] = options.channels
    if options.lines:
        before["lines"] = True
    if options.sequences:
        before["kind"] = "sequences"
    if options.keys is not None:
        before["keys"] = dict(options.keys)
    return before


def load(source: Mapping[str, Any]) -> tuple[Any, Any]:
    """The training data and the test data, or None, of what `source_of` gave.

    Raises:
        DataError: The data cannot be read; an option is named as the command line calls it.
    """
    options = dict(source)
    size = options.pop("size", None)
    try:
        return load_data(options.pop("data"), size=None if size is None else tuple(size), **options)
    except DataError as error:
        if not error.options:
            raise
        names = " and ".join(FLAGS.get(name, f"--{name}") for name in error.options)
        raise DataError(f"{error} On the command line: {names}.") from error


def _absolute(source: str) -> str:
    """A name as it is, a path from the root."""
    return source if source in NAMES else str(Path(source).expanduser().resolve())


def size(text: str) -> tuple[int, int]:
    """Height and width of images.

    Raises:
        argparse.ArgumentTypeError: The text is no size.
    """
    match = re.fullmatch(r"(\d+)(?:x(\d+))?", text)
    found = (0, 0) if match is None else (int(match[1]), int(match[2] or match[1]))
    if min(found) < 1:
        raise argparse.ArgumentTypeError(f"a size is 64 or 64x48, not {text!r}")
    return found


def _key(text: str) -> tuple[str, str]:
    key, equals, array = text.partition("=")
    if not equals or key not in ROLES:
        raise argparse.ArgumentTypeError(f"{text!r} is not KEY=ARRAY with {', '.join(ROLES)}")
    return key, array


def load_for(opened: Any, options: argparse.Namespace) -> tuple[Any, Any]:
    """The training data that a subject is shown, and the test data, or None; of any shape.

    Labels are indices of the subject's classes: a file that holds some of them has them in its own
    order.

    Raises:
        UsageError: No data are known, or a model that reads labels does not know their classes.
    """
    source = source_of(options, opened.source)
    if "data" not in source:
        raise UsageError(f"--data is needed: {opened.path} does not tell what it was trained on.")
    out = getattr(options, "out", None)
    read = {str(source[name]) for name in ("data", *BESIDE) if name in source}
    if out is not None and str(Path(out).resolve()) in read:
        raise UsageError(f"--out is another file than the data. Received: {out}.")
    train, test = load(as_trained(source, opened.about))
    return _in_classes(opened, train), _in_classes(opened, test)


def _in_classes(opened: Any, data: Any) -> Any:
    """Data with the labels of a subject, where it has some and knows those of the data."""
    names, own = list(opened.class_names or ()), getattr(data, "class_names", None)
    if not names or own is None or list(own) == names or not isinstance(data, Data):
        return data
    unknown = [name for name in own if name not in names]
    if not unknown:
        return data.in_classes(names)
    if opened.about.num_classes:
        raise UsageError(
            f"{opened.path} reads labels of its own classes. Received: {unknown[0]!r}. "
            f"Accepted: {', '.join(names[:20])}{', ...' if len(names) > 20 else ''}."
        )
    return data


def as_trained(source: dict[str, Any], about: Any) -> dict[str, Any]:
    """The source of text, of a table or of sounds, read as what a model was trained on."""
    settings, path = about.settings, str(source["data"])
    if "vocabulary" in settings and path.lower().endswith(".txt"):
        vocabulary = list(settings["vocabulary"])
        own = {"tokens": settings["tokens"], "length": about.shape[0], "lines": END in vocabulary}
        _check_own(source, own)
        return {**source, **own, "vocabulary": vocabulary}
    if settings.get("schema") is not None and path.lower().endswith(".csv"):
        schema = settings["schema"]
        columns = [column["name"] for column in schema["columns"]]
        _check_own(source, {"label": schema["label"], "columns": source.get("columns") and columns})
        return {**source, "table": schema}
    if settings.get("sample_rate") is not None and _is_sound(path):
        own = {"rate": settings["sample_rate"], "window": about.shape[0]}
        _check_own(source, own)
        return {**source, **own}
    return source


def _is_sound(source: str) -> bool:
    return source == "sounds" or is_sound(Path(source).expanduser())


def _check_own(source: Mapping[str, Any], own: Mapping[str, Any]) -> None:
    """Checks that no option asks for another form of the data than the model was trained on."""
    for name, value in own.items():
        if source.get(name) not in (None, value):
            flag = FLAGS.get(name, f"--{name}")
            raise UsageError(
                f"{flag} is as in training. Received: {source[name]}. Accepted: {value}."
            )


def trained_on(opened: Any) -> Any | None:
    """A subject's own training data; None where it does not know them, or they are gone."""
    if "data" not in opened.source:
        return None
    try:
        train, _ = load(as_trained(dict(opened.source), opened.about))
    except DataError:
        return None
    return _in_classes(opened, train)
