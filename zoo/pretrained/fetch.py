"""Trained models from elsewhere: an archive at a URL, known by its hash, into `GENZOO_HOME`."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import tempfile
import urllib.request
import zipfile
from http.client import HTTPException
from pathlib import Path, PurePosixPath

from zoo.errors import RunError
from zoo.files import UNREADABLE, write_atomically
from zoo.pretrained import BUNDLE, HOME, MODEL, SCORES, home

RECORD = "fetched.json"
CHUNK = 1 << 20
TIMEOUT = 60.0
"""Seconds that a server may stay silent."""


def fetch(name: str, url: str, sha256: str) -> Path:
    """Downloads a trained model, and returns its folder, `GENZOO_HOME`/MODEL/DATA.

    The archive is a .zip of what lies in such a folder: `model.keras`, the files of `bundle/`, and
    `scores.json`. Nothing is left of a download that fails, or has another hash. What was fetched
    before, by the same hash, is not downloaded again.

    Args:
        name: MODEL/DATA, as `zoo.load` takes it.
        url: Of the archive: http, https or file.
        sha256: Of the archive, 64 hexadecimal digits.

    Raises:
        RunError: There is no `GENZOO_HOME`, another model has the name, or the archive cannot be
            downloaded, has another hash or holds something else.
    """
    folder = home()
    if folder is None:
        raise RunError(f"The environment variable {HOME} names the folder. Received: none.")
    if not re.fullmatch(r"\w[\w.-]*/\w[\w.-]*", name):
        raise RunError(f"A trained model is called MODEL/DATA. Received: {name!r}")
    if not re.fullmatch(r"[0-9a-fA-F]{64}", sha256):
        raise RunError(f"A SHA-256 has 64 hexadecimal digits. Received: {sha256!r}")
    target = folder / name
    if target.exists():
        return _held(target, sha256.lower())
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".fetch-") as temporary:
        archive, content = Path(temporary, "archive.zip"), Path(temporary, "content")
        found = _download(url, archive)
        if found != sha256.lower():
            raise RunError(f"{url} has the SHA-256 {sha256}. Received: {found}.")
        _unpack(archive, content, url)
        record = {"url": url, "sha256": found}
        write_atomically(content / RECORD, json.dumps(record) + "\n")
        target.parent.mkdir(exist_ok=True)
        os.replace(content, target)
    return target


def _held(target: Path, sha256: str) -> Path:
    """The folder, where it was fetched by this hash."""
    record = target / RECORD
    found = json.loads(record.read_text())["sha256"] if record.is_file() else "another model"
    if found != sha256:
        raise RunError(f"{target} holds a model. Received: {found}. Accepted: another name.")
    return target


def _download(url: str, path: Path) -> str:
    """Writes what a URL gives into a file, and returns its SHA-256."""
    if not url.startswith(("http://", "https://", "file://")):
        raise RunError(f"A URL begins with http, https or file. Received: {url!r}")
    digest = hashlib.sha256()
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT) as source, open(path, "wb") as file:
            while chunk := source.read(CHUNK):
                digest.update(chunk)
                file.write(chunk)
    except (OSError, HTTPException) as error:
        raise RunError(f"{url} cannot be downloaded: {error}") from error
    return digest.hexdigest()


def _unpack(archive: Path, folder: Path, url: str) -> None:
    """Unpacks an archive that holds a trained model and nothing else."""
    try:
        with zipfile.ZipFile(archive) as held:
            names = [name for name in held.namelist() if not name.endswith("/")]
            strange = [name for name in names if not _is_expected(name)]
            if strange or not {MODEL, f"{BUNDLE}/bundle.json"}.intersection(names):
                shown = ", ".join((strange or names)[:3]) or "nothing"
                raise RunError(
                    f"The archive holds {MODEL}, {SCORES}, and files in {BUNDLE}/, the first or "
                    f"the last. Received: {url} with {shown}."
                )
            for name in names:
                path = folder / name
                path.parent.mkdir(parents=True, exist_ok=True)
                with held.open(name) as source, open(path, "wb") as file:
                    shutil.copyfileobj(source, file)
    except RunError:
        raise
    except UNREADABLE as error:
        raise RunError(f"{url} is no .zip archive that can be read: {error}") from error


def _is_expected(name: str) -> bool:
    """Whether a name in an archive is one of a trained model's files."""
    *folders, file = PurePosixPath(name).parts
    ordinary = bool(re.fullmatch(r"\w[\w.-]*", file)) and "\\" not in name
    return ordinary and (folders == [BUNDLE] or (not folders and file in (MODEL, SCORES)))
