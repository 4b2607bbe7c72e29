"""A folder of pictures in, a folder of pictures out: one for each, of its name; or one picture."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from zoo.cli import sources, terminal
from zoo.cli.errors import UsageError
from zoo.cli.opened import Opened, Shape
from zoo.data import Data
from zoo.data.load import NAMES
from zoo.data.sources.folders import find_files
from zoo.data.sources.image_files import SUFFIXES, read_picture
from zoo.files import write_atomically
from zoo.plotting.grid import to_uint8

READ = ("--data", "--image-size")
"""The options of data that say which pictures are read, and how."""
Make = Callable[[np.ndarray], Mapping[str, np.ndarray]]
"""One picture `(1, height, width, channels)` → what is made of it, by subfolder."""


def is_asked_for(options: argparse.Namespace) -> bool:
    """Whether `--out` is a folder, or `--data` a picture."""
    return options.out is not None and (not options.out.suffix or _is_picture(options))


def _is_picture(options: argparse.Namespace) -> bool:
    given = None if options.data is None else Path(options.data)
    return given is not None and given.suffix.lower() in SUFFIXES


def fill(opened: Opened, options: argparse.Namespace, shape: Shape, make: Make) -> dict[str, Any]:
    """Writes what is made of the pictures of `--data`, all of them or the first `--count`.

    Args:
        opened: The subject.
        options: Of the command line.
        shape: Height, width and channels that pictures are brought to; sizes of None are their own.
        make: The function.

    Returns:
        How many pictures were made.

    Raises:
        UsageError: `--data` is no other folder, or options of data do not go with folders.
    """
    source, value_range = _source(opened, options), opened.about.value_range
    is_one = not source.is_dir()
    files = [source] if is_one else _files(source)[: options.count]
    folder = source.parent if is_one else source
    height, width, channels = (*shape[:2], shape[-1] or opened.about.shape[-1])
    size = options.image_size
    if size is None and height is not None:
        size = (height, width)
        terminal.note(
            f"pictures of other sizes are resized to {height}x{width}, the size that {opened.path} "
            "reads, and cropped"
        )
    written = 0
    for file in files:
        picture = read_picture(file, size, channels)
        if isinstance(picture, str):
            if is_one:
                raise UsageError(f"A picture can be read. Received: {file}: {picture}")
            terminal.note(f"left out {file}: {picture}")
            continue
        data = Data(picture[None], source_range=(0.0, 255.0)).batch(np.arange(1), value_range)
        results = make(data["data"])
        if options.out.suffix and len(results) > 1:
            raise UsageError(
                f"A picture becomes one of each class, in folders. Received: --out {options.out} "
                f"and the classes {', '.join(results)}. Accepted: --out DIR, or one of --labels."
            )
        for name, made in results.items():
            path = options.out
            if not path.suffix:
                path = path / name / file.relative_to(folder).with_suffix(".png")
            _save(path, to_uint8(made[0], value_range))
            written += 1
    return {"pictures": written}


def _source(opened: Opened, options: argparse.Namespace) -> Path:
    """The folder or the picture that is read."""
    unused = [name for name in sources.given(options) if name not in READ]
    if unused:
        raise UsageError(
            f"A picture, or a folder of them, is read by itself. Received: {', '.join(unused)} and "
            f"--out {options.out}. Accepted: {', '.join(READ)}."
        )
    if len(opened.about.shape) != 3:
        raise UsageError(f"A folder is of pictures. Received: data {tuple(opened.about.shape)}.")
    folder = None if options.data is None else Path(options.data).expanduser()
    if folder is not None and str(options.data) not in NAMES and not folder.exists():
        raise UsageError(f"--data exists. Received: {folder}, which does not.")
    if folder is not None and _is_picture(options) and folder.is_file():
        if options.out.suffix and options.out.suffix.lower() != ".png":
            raise UsageError(
                f"A picture becomes a picture. Received: --out {options.out}. Accepted: a .png "
                "file, or a folder."
            )
        if options.out.resolve() == folder.resolve():
            raise UsageError(f"--out is another file than --data. Received: {options.out}.")
        return folder
    if folder is None or not folder.is_dir():
        raise UsageError(
            f"--out is a folder where --data is one. Received: --data {options.data}, "
            f"--out {options.out}. Accepted: --out FILE.png, or FILE.npy."
        )
    if options.out.resolve() == folder.resolve():
        raise UsageError(f"--out is another folder than --data. Received: {options.out}.")
    return folder


def _files(folder: Path) -> list[Path]:
    """The pictures of a folder, also in its subfolders; no two would be written as one."""
    files = find_files(folder, SUFFIXES)
    if not files:
        raise UsageError(f"A folder of pictures holds at least one. Received: {folder}.")
    found: dict[Path, Path] = {}
    for file in files:
        other = found.setdefault(file.with_suffix(".png"), file)
        if other != file:
            raise UsageError(
                f"Pictures of a folder differ in more than their endings. Received: {other}, {file}"
            )
    return files


def _save(path: Path, picture: np.ndarray) -> None:
    from PIL import Image

    image = Image.fromarray(picture[..., 0] if picture.shape[2] == 1 else picture)
    write_atomically(path, lambda file: image.save(file, format="PNG"))
