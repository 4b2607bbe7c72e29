"""The hashes that tell whether a bundle's files are as they were written."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from export.runtime import files
from export.runtime.manifest import Manifest


def seal(stage: Path, manifest: Manifest) -> Manifest:
    """Writes `bundle.json` with the hashes of all other files, and `SHA256SUMS` with its own."""
    apart = (files.MANIFEST, files.CHECKSUMS)
    sums = {path.name: sha256(path) for path in sorted(stage.iterdir()) if path.name not in apart}
    sealed = replace(manifest, files=sums)
    write_json(stage / files.MANIFEST, sealed.to_json())
    sums |= {files.MANIFEST: sha256(stage / files.MANIFEST)}
    text = files.checksum_text(sums)
    (stage / files.CHECKSUMS).write_text(text, encoding="utf-8", newline="\n")
    return sealed


def sha256(path: Path) -> str:
    """Hash of a file."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_json(path: Path, content: Any) -> None:
    """Writes JSON, indented; what is no number is rejected."""
    text = json.dumps(content, indent=2, allow_nan=False) + "\n"
    path.write_text(text, encoding="utf-8", newline="\n")
