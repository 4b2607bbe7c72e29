"""Folders of images: a class per subfolder if there are any."""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path

import numpy as np

from zoo.data.sources.image_files import SUFFIXES, is_colour, read_picture
from zoo.data.sources.raw import Raw, Split
from zoo.data.sources.spill import collect
from zoo.errors import DataError

TEST_NAMES = ("test", "valid", "val", "validation")
BLOCK = 256
"""Files that are decoded ahead: bounds the memory, keeps every core busy."""


def load_folder(
    folder: Path, *, size: tuple[int, int] | None, channels: int | None, memory: int
) -> Raw:
    """Decodes all images of a folder once, sorted by name, to uint8 arrays.

    Subfolders that hold images are classes; subfolders called train and test (or valid) are
    splits, and their subfolders classes. Without `channels`, images are colour if any file is.
    Files that cannot be read are left out and named in a warning and in the description.

    Raises:
        DataError: The folder holds no readable image, or images of several sizes where no `size`
            is given.
    """
    try:
        names = {sub.name for sub in _subfolders(folder)}
        if "train" in names and names <= {"train", *TEST_NAMES}:
            test = next((name for name in TEST_NAMES if name in names), None)
            roots = [folder / "train", *([folder / test] if test else [])]
        else:
            roots = [folder]
    except OSError as error:
        raise _unreadable(folder, error) from error
    return load_roots(roots, size=size, channels=channels, memory=memory)


def load_roots(
    roots: Sequence[Path], *, size: tuple[int, int] | None, channels: int | None, memory: int
) -> Raw:
    """Decodes the images of one folder, or of one for training and one for the test.

    Raises:
        DataError: As `load_folder`.
    """
    notes: list[str] = []
    classes = []
    for root in roots:
        try:
            classes.append(_find_classes(root, notes))
        except OSError as error:
            raise _unreadable(root, error) from error
    for root, files in zip(roots, classes, strict=True):
        if not files:
            raise DataError(
                f"A folder of images holds at least one. Received: {root}, which holds none. "
                f"Accepted: {', '.join(sorted(SUFFIXES))}."
            )
    if channels is None:
        every = chain.from_iterable(chain.from_iterable(files.values()) for files in classes)
        channels = 3 if any(map(is_colour, every)) else 1
    splits = [
        _load_split(root, files, size, channels, memory, notes)
        for root, files in zip(roots, classes, strict=True)
    ]
    labelled = all("" not in files for files in classes)
    class_names = _sort_names(set().union(*classes)) if labelled else None
    test_split = splits[1] if len(splits) == 2 else None
    return Raw(splits[0], test_split, class_names=class_names, notes=notes)


def _unreadable(folder: Path, error: OSError) -> DataError:
    return DataError(f"The folder cannot be read. Received: {folder} ({error.strerror}).")


def _load_split(
    root: Path,
    classes: dict[str, list[Path]],
    size: tuple[int, int] | None,
    channels: int,
    memory: int,
    notes: list[str],
) -> Split:
    files = [file for members in classes.values() for file in members]
    labels = [name for name, members in classes.items() for _ in members]
    skipped: dict[Path, str] = {}
    rows = _decode(files, size, channels, skipped)
    first = next(rows, None)
    if first is None:
        file, reason = next(iter(skipped.items()))
        raise DataError(
            f"At least one image can be read. Received: {len(files)} in {root} that cannot, "
            f"such as {file.relative_to(root)} ({reason})."
        )
    shape = (len(files), *first.shape)
    samples = collect(chain([first], rows), shape=shape, dtype=first.dtype, memory=memory)
    details = {}
    if skipped:
        details["skipped"] = [file.relative_to(root).as_posix() for file in skipped]
        file, reason = next(iter(skipped.items()))
        others = f" and {len(skipped) - 1} more" if len(skipped) > 1 else ""
        notes.append(
            f"Left out {file}{others}: {reason}. {len(samples)} of {len(files)} images were read."
        )
    kept = [label for file, label in zip(files, labels, strict=True) if file not in skipped]
    return Split(samples, None if "" in classes else np.array(kept), str(root), details)


def _decode(
    files: Sequence[Path],
    size: tuple[int, int] | None,
    channels: int,
    skipped: dict[Path, str],
) -> Iterator[np.ndarray]:
    """Yields readable images in order, all of the first one's size; notes the other files."""
    first: tuple[Path, tuple[int, ...]] | None = None
    with ThreadPoolExecutor() as pool:
        for start in range(0, len(files), BLOCK):
            block = files[start : start + BLOCK]
            images = pool.map(lambda file: read_picture(file, size, channels), block)
            for file, image in zip(block, images, strict=True):
                if isinstance(image, str):
                    skipped[file] = image
                    continue
                first = first or (file, image.shape)
                if image.shape != first[1]:
                    raise DataError(
                        "Images have one size, or size is given. Received: "
                        f"{first[0]} of {first[1][0]}x{first[1][1]} and "
                        f"{file} of {image.shape[0]}x{image.shape[1]} (height x width).",
                        options=("size",),
                    )
                yield image


def _find_classes(root: Path, notes: list[str]) -> dict[str, list[Path]]:
    """Returns class name to sorted files; one class "" where no subfolder holds an image."""
    classes = {sub.name: _find_images(sub) for sub in _subfolders(root)}
    classes = {name: files for name, files in classes.items() if files}
    loose = sorted(file for file in root.iterdir() if _is_image(file))
    if not classes:
        return {"": loose} if loose else {}
    if loose:
        notes.append(f"Left out {len(loose)} images of {root} that are in no class folder.")
    return classes


def _sort_names(names: set[str]) -> list[str]:
    """Sorts class names; numbers by value, so that class 10 comes after 9."""
    numbers = all(name.isdecimal() for name in names)
    return sorted(names, key=lambda name: (int(name), name) if numbers else (0, name))


def _find_images(folder: Path) -> list[Path]:
    found = []
    for parent, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [Path(parent, name) for name in files if _is_image(Path(parent, name))]
    return sorted(found)


def _is_image(file: Path) -> bool:
    hidden = file.name.startswith(".")
    return not hidden and file.suffix.lower() in SUFFIXES and file.is_file()


def _subfolders(folder: Path) -> list[Path]:
    return sorted(sub for sub in folder.iterdir() if sub.is_dir() and not sub.name.startswith("."))
