"""Bundles changed by the tests, as an accident or a forger would change them."""

import hashlib
import json

from export.runtime import files


def reseal(folder):
    """Makes the hashes right again, as whoever forges a bundle would."""
    manifest = json.loads((folder / "bundle.json").read_text())
    sums = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.iterdir()
        if path.name not in ("bundle.json", "SHA256SUMS") and path.is_file()
    }
    manifest["files"] = sums
    for part in manifest["parts"].values():
        part["sha256"] = sums.get(part["file"], part["sha256"])
    sums = sums | {"bundle.json": hashlib.sha256(json.dumps(manifest).encode()).hexdigest()}
    (folder / "bundle.json").write_text(json.dumps(manifest))
    (folder / "SHA256SUMS").write_text(files.checksum_text(sums))


def rewrite(folder, content):
    """Puts other bytes into `bundle.json` and their hash into `SHA256SUMS`."""
    (folder / "bundle.json").write_bytes(content)
    sums = files.read_checksums(folder) | {"bundle.json": hashlib.sha256(content).hexdigest()}
    (folder / "SHA256SUMS").write_text(files.checksum_text(sums))


def edit_manifest(folder, change):
    manifest = json.loads((folder / "bundle.json").read_text())
    change(manifest)
    rewrite(folder, json.dumps(manifest).encode())
