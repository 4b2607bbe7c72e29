"""Folders of files: a class per subfolder if there are any, and splits called train and test."""

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

from zoo.errors import DataError

TEST_NAMES = ("test", "valid", "val", "validation")


def find_splits(folder: Path) -> list[Path]:
    """The folder, or its subfolders for training and for the test where it has no others.

    Raises:
        DataError: It cannot be read.
    """
    try:
        names = {sub.name for sub in _subfolders(folder)}
    except OSError as error:
        raise _unreadable(folder, error) from error
    if "train" not in names or not names <= {"train", *TEST_NAMES}:
        return [folder]
    test = next((name for name in TEST_NAMES if name in names), None)
    return [folder / "train", *([folder / test] if test else [])]


def find_classes(
    root: Path, suffixes: Collection[str], what: str, notes: list[str]
) -> dict[str, list[Path]]:
    """Returns class name to sorted files; one class "" where no subfolder holds such files.

    Args:
        root: The folder.
        suffixes: Of the files.
        what: The files in words, for messages.
        notes: Takes a sentence about files that are left out.

    Raises:
        DataError: The folder cannot be read, or holds no such files.
    """
    try:
        classes = {sub.name: find_files(sub, suffixes) for sub in _subfolders(root)}
        classes = {name: files for name, files in classes.items() if files}
        loose = sorted(file for file in root.iterdir() if _is_one(file, suffixes))
    except OSError as error:
        raise _unreadable(root, error) from error
    if not classes and not loose:
        raise DataError(
            f"A folder of {what} holds at least one. Received: {root}, which holds none. "
            f"Accepted: {', '.join(sorted(suffixes))}."
        )
    if not classes:
        return {"": loose}
    if loose:
        notes.append(f"Left out {len(loose)} {what} of {root} that are in no class folder.")
    return classes


def find_names(classes: Sequence[Mapping[str, object]]) -> list[str] | None:
    """The names of all classes of several splits, numbers by value; None where one has none."""
    names = set().union(*classes)
    if "" in names:
        return None
    numbers = all(name.isdecimal() for name in names)  # Class 10 comes after 9.
    return sorted(names, key=lambda name: (int(name), name) if numbers else (0, name))


def holds(folder: Path, suffixes: Collection[str]) -> bool:
    """Whether a folder, or a folder in it, holds a file of one of the suffixes."""
    return next(_walk(folder, suffixes), None) is not None


def find_files(folder: Path, suffixes: Collection[str]) -> list[Path]:
    """The files of these suffixes in a folder and in those within it, sorted, but hidden ones."""
    return sorted(_walk(folder, suffixes))


def _walk(folder: Path, suffixes: Collection[str]) -> Iterator[Path]:
    for parent, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield from (f for name in files if _is_one(f := Path(parent, name), suffixes))


def _is_one(file: Path, suffixes: Collection[str]) -> bool:
    hidden = file.name.startswith(".")
    return not hidden and file.suffix.lower() in suffixes and file.is_file()


def _subfolders(folder: Path) -> list[Path]:
    return sorted(sub for sub in folder.iterdir() if sub.is_dir() and not sub.name.startswith("."))


def _unreadable(folder: Path, error: OSError) -> DataError:
    return DataError(f"The folder cannot be read. Received: {folder} ({error.strerror}).")
