"""Files appear whole or not at all: written beside their place, then renamed."""

import os
import re
import secrets
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from zoo.errors import TargetError

UNREADABLE = (
    OSError,
    EOFError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    AssertionError,
    RuntimeError,
    zipfile.BadZipFile,
    zlib.error,
)
"""Exceptions of zipfile, NumPy, h5py and Keras at a damaged archive; an encrypted member, or
one of an unknown compression, is a RuntimeError."""


@contextmanager
def replacing(path: str | os.PathLike) -> Iterator[Path]:
    """Yields a path beside `path`, with its suffix; what is written there takes its place.

    The replacement happens when the block ends, after the bytes have reached the disk. If the
    block raises, the temporary file is removed and `path` stays as it was. Missing parent folders
    are made, and a symbolic link is followed.

    Raises:
        TargetError: An `OSError` of any kind, such as a read-only folder or a full disk.
    """
    target = Path(os.path.realpath(path))
    temporary = target.with_name(f".{target.stem}.{secrets.token_hex(4)}{target.suffix}")
    if target.exists() and not target.is_file():
        # Renaming over a device such as /dev/null would destroy it.
        raise TargetError(f"Cannot write {path}: it exists and is not a regular file.")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        with open(temporary, "r+b") as file:
            os.fsync(file.fileno())
        os.replace(temporary, target)
    except TargetError:
        raise
    except OSError as error:
        raise TargetError(f"Cannot write {path}: {error.strerror or error}.") from error
    finally:
        with suppress(OSError):  # Gone after success; absent where the folder is not writable.
            temporary.unlink(missing_ok=True)


def temporaries(folder: Path, *targets: str) -> list[Path]:
    """The files that killed processes left beside targets while they were writing them.

    Args:
        folder: The folder of the targets.
        targets: Their names, as regular expressions.
    """
    found = []
    for entry in folder.iterdir() if folder.is_dir() else ():
        match = re.fullmatch(r"\.(.+)\.[0-9a-f]{8}(\.\w+)?", entry.name)
        target = match and (match[1] + (match[2] or ""))
        if target and entry.is_file() and any(re.fullmatch(name, target) for name in targets):
            found.append(entry)
    return found


def write_atomically(
    path: str | os.PathLike, content: bytes | str | Callable[[BinaryIO], object]
) -> Path:
    """Writes bytes, text as UTF-8, or what a function writes into an open binary file.

    Raises:
        TargetError: The file cannot be written; the one that was there before is untouched.
    """
    with replacing(path) as temporary, open(temporary, "wb") as file:
        if callable(content):
            content(file)
        else:
            file.write(content.encode() if isinstance(content, str) else content)
    return Path(path)
