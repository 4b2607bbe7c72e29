"""Folders told apart by what their files hold."""

import contextlib
import hashlib
import io
import json
import zipfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np


class Outcome(NamedTuple):
    """What a command left: exit code (None for an exception), stderr, and the exception."""

    code: int | None
    err: str
    error: str = ""


def command(*words: object) -> Outcome:
    """Runs a command of `zoo` in this process."""
    import traceback

    from zoo.cli import main

    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = main([str(word) for word in words])
        except BaseException:
            return Outcome(None, err.getvalue(), traceback.format_exc())
    return Outcome(code, err.getvalue())


def hashes(folder: Path) -> dict[str, str]:
    """Every file below a folder → the hash of its bytes; links and folders by their names."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if path.is_symlink() or not path.is_file():
            found[name] = "link" if path.is_symlink() else "folder"
        else:
            found[name] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def compare_runs(run: Path, expected: Path) -> list[str]:
    """In what a run differs from an uninterrupted one; empty where they are equal."""
    problems = []
    names, wanted = _names(run), _names(expected)
    problems += [f"stray file {name}" for name in sorted(names - wanted)]
    problems += [f"missing file {name}" for name in sorted(wanted - names)]
    if len(list((run / "checkpoints").iterdir())) > 2:
        problems.append("more than two checkpoints")
    for name in sorted(names & wanted):
        if _content(run / name) != _content(expected / name):
            problems.append(f"another {name}")
    last, last_wanted = (sorted((r / "checkpoints").iterdir())[-1] for r in (run, expected))
    if last.name != last_wanted.name or _arrays(last) != _arrays(last_wanted):
        problems.append(f"another last checkpoint, {last.name}")
    return problems


def _names(run: Path) -> set[str]:
    files = {str(path.relative_to(run)) for path in run.rglob("*") if path.is_file()}
    kept = {name for name in files if not name.startswith("checkpoints/step-")}
    return kept - {".lock"}


def _content(path: Path) -> Any:
    """What a file says, without the times at which it was written."""
    if path.name == "log.jsonl":
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        return [{k: v for k, v in line.items() if k != "seconds"} for line in lines]
    if path.suffix == ".keras":
        return _model(path)
    return path.read_bytes()


def _model(path: Path) -> Any:
    """The settings and weights of a `.keras` file."""
    import h5py

    found: dict[str, Any] = {}
    with zipfile.ZipFile(path) as archive:
        found["config"] = json.loads(archive.read("config.json"))
        with h5py.File(io.BytesIO(archive.read("model.weights.h5"))) as weights:
            weights.visititems(
                lambda name, item: found.update(
                    {name: item[()].tobytes()} if isinstance(item, h5py.Dataset) else {}
                )
            )
    return found


def _arrays(path: Path) -> dict[str, bytes]:
    with np.load(path) as archive:
        return {name: archive[name].tobytes() for name in archive.files}
