"""Trains the small models on one backend: `python -m tests.training.small_parity FOLDER`.

Each process leaves its half-way runs, from which those of the other backends go on.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.parity import BACKENDS, ENVIRONMENT

STEPS = 12
HALF = 6


def work(folder: Path) -> None:
    """One backend's part: writes `folder/backend.json`."""
    import keras

    from tests.training import small
    from zoo.training.run_folder import RunFolder

    backend = keras.config.backend()
    found: dict[str, Any] = {}
    for name, kind in small.MODELS.items():

        def fit(path: Path, steps: int, kind: Any = kind, **options: Any) -> dict[str, float]:
            run = RunFolder(path, samples=False)
            model = kind(ema=0.9)
            model.fit(small.data(), steps=steps, batch_size=16, verbose=0, run=run, **options)
            total = sum(float(keras.ops.sum(keras.ops.abs(v.value))) for v in model.variables)
            return model.evaluate(small.data()) | {"weights": total}

        home = folder / backend / name
        fit(home / "half", HALF)
        found[name] = {"straight": fit(home / "straight", STEPS)}
        for other in BACKENDS:
            there = folder / other / name / "half"
            if there.exists():
                shutil.copytree(there, home / f"from-{other}")
                found[name][other] = fit(home / f"from-{other}", STEPS, resume=True)
    (folder / f"{backend}.json").write_text(json.dumps(found))


def run_all(folder: Path) -> dict[str, dict[str, dict[str, dict[str, float]]]]:
    """Backend → model → way (straight, or gone on from a backend's half) → log → value."""
    for backend in BACKENDS:
        subprocess.run(
            [sys.executable, "-m", "tests.training.small_parity", str(folder)],
            check=True,
            cwd=Path(__file__).resolve().parents[2],
            env={**os.environ, **ENVIRONMENT, "KERAS_BACKEND": backend},
        )
    return {name: json.loads((folder / f"{name}.json").read_text()) for name in BACKENDS}


if __name__ == "__main__":
    work(Path(sys.argv[1]))
