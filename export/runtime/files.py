"""Files of a bundle, read without trusting it: inside the folder, regular, bounded."""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from export.errors import BundleError

MANIFEST = "bundle.json"
CHECKSUMS = "SHA256SUMS"
RUN = "run.json"
"""What a run has in the place of both."""
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
MAX_TEXT = 16 * 2**20
MAX_FILE = 2**31
MAX_WEIGHTS = 2**36
MAX_FILES = 256
BLOCK = 2**20


def checked_name(name: Any) -> str:
    """Returns a plain file name; anything that could leave the folder is rejected."""
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise BundleError(
            f"A bundle names plain files in its own folder. Received: {name!r}. "
            f"Accepted: letters, digits, '.', '_' and '-'."
        )
    return name


@contextmanager
def opened(folder: Path, name: str, limit: int = MAX_FILE) -> Iterator[BinaryIO]:
    """Opens a file of a bundle.

    Raises:
        BundleError: It is missing, a link, not a regular file, or larger than `limit` bytes.
    """
    path = folder / checked_name(name)
    # Not to follow a link, and not to wait for a pipe.
    flags = os.O_RDONLY
    for flag in ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY"):
        flags |= getattr(os, flag, 0)
    try:
        if path.is_symlink():
            raise BundleError(f"A bundle holds regular files only. Received: the link {path}.")
        with open(os.open(path, flags), "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise BundleError(f"A bundle holds regular files only. Received: {path}.")
            if status.st_size > limit:
                raise BundleError(
                    f"{path} may have {limit} bytes at most. Received: {status.st_size}."
                )
            yield file
    except FileNotFoundError:
        raise BundleError(f"The bundle {folder} lacks the file {name}.") from None
    except OSError as error:
        raise BundleError(f"Cannot read {path}: {error.strerror or error}.") from error


def read(folder: Path, name: str, limit: int = MAX_FILE) -> bytes:
    """Reads a file of a bundle whole; see `opened`."""
    with opened(folder, name, limit) as file:
        return file.read(limit)


def sha256(folder: Path, name: str) -> str:
    """Hash of a file of a bundle, of any size up to that of external weights."""
    with opened(folder, name, MAX_WEIGHTS) as file:
        digest = hashlib.sha256()
        while block := file.read(BLOCK):
            digest.update(block)
        return digest.hexdigest()


def read_checked(folder: Path, name: str, expected: str, limit: int = MAX_FILE) -> bytes:
    """Reads a file of a bundle, rejected where its hash is another than the one given."""
    content = read(folder, name, limit)
    check_unchanged(folder, name, hashlib.sha256(content).hexdigest(), expected)
    return content


def check_unchanged(folder: Path, name: str, found: str, expected: str) -> None:
    """Raises where two hashes of a file differ."""
    if found != expected:
        raise BundleError(
            f"{folder / name} was changed after the bundle was written. "
            f"Received: sha256 {found}. Accepted: {expected}."
        )


def read_json(content: bytes, name: str) -> dict[str, Any]:
    """Parses a JSON object; NaN, infinity, deep nesting and other junk are rejected."""

    def reject(constant: str) -> None:
        raise ValueError(f"{constant} is no JSON number")

    try:
        value = json.loads(content.decode("utf-8"), parse_constant=reject)
    except (ValueError, RecursionError) as error:
        raise BundleError(f"{name} is not JSON: {error}.") from error
    if not isinstance(value, dict):
        raise BundleError(f"{name} must hold a JSON object. Received: {type(value).__name__}.")
    return value


def read_checksums(folder: Path) -> dict[str, str]:
    """Reads `SHA256SUMS`: file name → hash. It lists every file of the bundle but itself.

    Raises:
        BundleError: It is missing, or malformed.
    """
    if (folder / RUN).is_file() and not (folder / CHECKSUMS).exists():
        raise BundleError(
            f"A bundle is a folder that zoo export made. Received: {folder}, a run. "
            f"Accepted: the bundle of zoo export {folder} --out BUNDLE."
        )
    text = read(folder, CHECKSUMS, MAX_TEXT).decode("utf-8", errors="replace")
    sums: dict[str, str] = {}
    for line in text.splitlines():
        match = re.fullmatch(r"([0-9a-f]{64})  (\S+)", line)
        if not match or len(sums) >= MAX_FILES:
            raise BundleError(
                f"{CHECKSUMS} must hold a hash and a file name per line. Received: {line[:100]!r}."
            )
        sums[checked_name(match[2])] = match[1]
    if text != checksum_text(sums):
        raise BundleError(f"{CHECKSUMS} is not in the form that it was written in.")
    return sums


def checksum_text(sums: dict[str, str]) -> str:
    """The text of `SHA256SUMS`, as `sha256sum --check` reads it."""
    return "".join(f"{sums[name]}  {name}\n" for name in sorted(sums))
