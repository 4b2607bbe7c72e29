"""Check of a bundle's folder, before all else: it needs neither Keras nor ONNX."""

from __future__ import annotations

from pathlib import Path

from export.bundle.staging import recover
from export.errors import BundleError, ExportError
from export.runtime import files
from export.runtime.manifest import FORMAT


def check_target(folder: Path, *, overwrite: bool) -> None:
    """Raises where a folder holds anything that a new bundle may not replace.

    Only what a bundle's own `bundle.json` names is replaced. A bundle that a killed export had
    moved out of the folder is moved back first.

    Raises:
        ExportError: The folder is in use, or holds files that are no bundle's.
    """
    recover(folder)
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    if not overwrite:
        raise ExportError(
            f"A bundle goes into a new folder. Received: {folder}, which exists. "
            f"Accepted: another folder, or --overwrite (overwrite=True)."
        )
    named = _named_files(folder)
    if named is None:
        raise ExportError(
            f"Only a bundle may be overwritten. Received: {folder}, which holds something else."
        )
    others = sorted(path.name for path in folder.iterdir() if path.name not in named)
    if others:
        more = f" and {len(others) - 3} more" if len(others) > 3 else ""
        raise ExportError(
            f"Only a bundle's own files may be overwritten. Received: {folder}, which also holds "
            f"{', '.join(others[:3])}{more}. Accepted: another folder, or this one without them."
        )


def _named_files(folder: Path) -> set[str] | None:
    """The files that a folder's `bundle.json` names; None where it is no bundle."""
    try:
        content = files.read_json(files.read(folder, files.MANIFEST), files.MANIFEST)
    except BundleError:
        return None
    named = content.get("files")
    if content.get("format") != FORMAT or not isinstance(named, dict):
        return None
    return {*named, files.MANIFEST, files.CHECKSUMS}
