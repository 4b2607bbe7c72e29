"""The options that say where data come from, shared by the commands that read some."""

from __future__ import annotations

import argparse
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from zoo.cli import values
from zoo.data import load_data
from zoo.data.load import NAMES
from zoo.data.npz import ROLES


def add_arguments(parser: argparse.ArgumentParser, *, help: str) -> None:
    """Adds `--data` and the options that say how to read it."""
    group = parser.add_argument_group("data")
    group.add_argument("--data", metavar="D", help=help)
    group.add_argument(
        "--image-size",
        type=_size,
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


def source_of(options: argparse.Namespace, before: Mapping[str, Any] | None = None) -> dict:
    """Where the data come from, in JSON terms; what the options leave open is as `before`.

    Paths are absolute, so that a run can be resumed from any folder.
    """
    before = dict(before or {})
    if options.data is not None:
        path = Path(options.data).expanduser()
        before = {"data": options.data if options.data in NAMES else str(path.resolve())}
    if options.image_size is not None:
        before["size"] = list(options.image_size)
    if options.channels is not None:
        before["channels"] = options.channels
    if options.sequences:
        before["kind"] = "sequences"
    if options.keys is not None:
        before["keys"] = dict(options.keys)
    return before


def load(source: Mapping[str, Any]) -> tuple[Any, Any]:
    """The training data and the test data, or None, of what `source_of` gave."""
    options = dict(source)
    size = options.pop("size", None)
    return load_data(options.pop("data"), size=None if size is None else tuple(size), **options)


def _size(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d+)(?:x(\d+))?", text)
    size = (0, 0) if match is None else (int(match[1]), int(match[2] or match[1]))
    if min(size) < 1:
        raise argparse.ArgumentTypeError(f"a size is 64 or 64x48, not {text!r}")
    return size


def _key(text: str) -> tuple[str, str]:
    key, equals, array = text.partition("=")
    if not equals or key not in ROLES:
        raise argparse.ArgumentTypeError(f"{text!r} is not KEY=ARRAY with {', '.join(ROLES)}")
    return key, array
