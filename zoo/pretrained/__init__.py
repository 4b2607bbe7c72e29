"""Small trained models that come with the package: `zoo.load("vae/digits")`.

Each is a folder with `model.keras`, the bundle `bundle/`, and `scores.json`, what `zoo evaluate`
says of it. `python -m benchmarks.pretrained` makes them. A folder that the environment variable
`GENZOO_HOME` names may hold more: MODEL/DATA/model.keras, or a bundle; `zoo fetch` downloads them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

OWN = Path(__file__).parent
HOME = "GENZOO_HOME"
MODEL, BUNDLE, SCORES = "model.keras", "bundle", "scores.json"


def home() -> Path | None:
    """The user's folder."""
    found = os.environ.get(HOME)
    return Path(found).expanduser() if found else None


def folders() -> Iterator[Path]:
    """The folders that are looked in, that of the user first."""
    own = home()
    if own is not None:
        yield own
    yield OWN


def available() -> dict[str, Path]:
    """MODEL/DATA → its folder."""
    found: dict[str, Path] = {}
    for folder in folders():
        for path in sorted(folder.glob("*/*")):
            if (path / MODEL).is_file() or (path / BUNDLE / "bundle.json").is_file():
                found.setdefault(f"{path.parent.name}/{path.name}", path)
    return found


def find(name: str | os.PathLike) -> Path | None:
    """The folder of a pretrained model; None where a path of that name exists, or no such model."""
    return None if Path(name).exists() else available().get(Path(name).as_posix())


def scores(folder: Path) -> dict[str, Any]:
    """Metric → value, as `scores.json` holds them."""
    return {score["metric"]: score["value"] for score in _report(folder).get("scores", [])}


def source(folder: Path) -> dict[str, Any]:
    """The built-in data set that a model was trained on, by `scores.json`; empty for others."""
    from zoo.data.sources.read import NAMES  # Names are listed without NumPy.

    data = _report(folder).get("data")
    return {"data": data} if data in NAMES else {}


def _report(folder: Path) -> dict[str, Any]:
    path = folder / SCORES
    return json.loads(path.read_text()) if path.is_file() else {}
