"""Temporary folders of runs; those that killed runs have left are removed."""

from __future__ import annotations

import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import filelock

PREFIX = "genzoo-bench-"


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """Yields a new folder, removed at the end; a run that is killed leaves it to the next run.

    The system releases the lock beside the folder when the process ends, however it ends.
    """
    parent = Path(tempfile.gettempdir())
    remove_abandoned(parent)
    folder = parent / f"{PREFIX}{secrets.token_hex(4)}"
    with _lock(folder):
        folder.mkdir(mode=0o700)
        try:
            yield folder
        finally:
            _remove(folder)


def remove_abandoned(parent: Path) -> None:
    """Removes the folders of runs that no longer run; those of other users stay."""
    for folder in parent.glob(f"{PREFIX}*"):
        if folder.is_dir():
            with suppress(OSError), _lock(folder):  # A timeout is an OSError too.
                _remove(folder)


def _lock(folder: Path) -> filelock.BaseFileLock:
    return filelock.FileLock(_lock_file(folder), timeout=0)


def _lock_file(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.lock")


def _remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    if not folder.exists():
        _lock_file(folder).unlink(missing_ok=True)
