"""Trains the models that come with the package: `python -m benchmarks.pretrained`.

They are small, trained on the embedded digits, and made anew by this command: settings, seed and
scores lie beside each.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
import zipfile
from pathlib import Path
from typing import Any

from benchmarks.leaderboard.budget import settings
from zoo import backends
from zoo.files import replacing, write_atomically
from zoo.pretrained import BUNDLE, MODEL, OWN, SCORES

MODELS: dict[str, dict[str, Any]] = {
    "conv_autoencoder": {},
    "vae": {"likelihood": "gaussian", "stddev": 0.2},
    "conditional_vae": {"likelihood": "gaussian", "stddev": 0.2},
    "vq_vae": {"width": 24, "residual_width": 12},
    "dcgan": {"ema": 0.99},
    "wgan_gp": {"ema": 0.99},
    "cgan": {"ema": 0.99},
}
"""Name → what differs from the leaderboard's settings."""
DATA = "digits"
STEPS = 4000
BATCH_SIZE = 64
MAX_BYTES = 200_000
"""Of a `.keras` file, and of the graphs of a bundle."""
REAL = 256
"""Rows of data that bundles are certified on."""


def make(name: str, changes: dict[str, Any], folder: Path, steps: int) -> dict[str, Any]:
    """Trains one model into `folder`/NAME/digits; returns its sizes and scores."""
    import export
    import zoo
    from zoo.metrics import Reference, evaluate
    from zoo.training.loading import copy_weights

    train, held_out = zoo.load_data(DATA)
    chosen = settings(name, train) | changes
    model = zoo.create(name, **chosen)
    model.fit(train, steps=steps, batch_size=BATCH_SIZE, verbose=0)
    deployed = zoo.create(name, **(chosen | {"ema": None}))  # Averaged weights, fresh optimizers.
    copy_weights(deployed, model)
    target = folder / name / DATA
    target.mkdir(parents=True, exist_ok=True)
    save_small(deployed, target / MODEL)
    record = {
        "name": name,
        "class_names": train.class_names,
        "source": {"data": DATA},
        "data": train.description,
        "training": {"steps": steps, "batch_size": BATCH_SIZE, "seed": model.seed},
    }
    real = train.first(REAL, model.value_range)
    bundle = export.to_bundle(deployed, target / BUNDLE, real_inputs=real, overwrite=True)
    report = evaluate(deployed, Reference(train, held_out))
    conditions = {"training": record["training"], "changes": changes, "backend": backends.choose()}
    text = json.dumps(conditions | report.to_json(), indent=2) + "\n"
    write_atomically(target / SCORES, text)
    return {
        "model": name,
        "keras": (target / MODEL).stat().st_size,
        "bundle": sum(path.stat().st_size for path in bundle.iterdir()),
        **{m: report[m] for m in ("mean_squared_error", "frechet_distance") if m in report},
    }


def save_small(model: Any, path: Path) -> None:
    """Saves a model whose archive is compressed: fresh optimizers are zeros."""
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / MODEL
        model.save(whole)
        with replacing(path) as temporary, zipfile.ZipFile(whole) as archive:
            with zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as smaller:
                for name in archive.namelist():
                    entry = zipfile.ZipInfo(name)  # Without the time of day.
                    smaller.writestr(entry, archive.read(name), zipfile.ZIP_DEFLATED)


def run() -> int:
    """Makes all models, or those named; 1 where one is too large."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("models", nargs="*", metavar="NAME", help=f"({', '.join(MODELS)})")
    parser.add_argument("--steps", type=int, default=STEPS, help=f"({STEPS})")
    parser.add_argument("--out", type=Path, default=OWN, help="(the package)")
    options = parser.parse_args()
    large = []
    for name in options.models or MODELS:
        shutil.rmtree(options.out / name / DATA, ignore_errors=True)
        row = make(name, MODELS.get(name, {}), options.out, options.steps)
        print(json.dumps(row), flush=True)
        large += [name] if max(row["keras"], row["bundle"]) > MAX_BYTES else []
    if large:
        print(f"larger than {MAX_BYTES} bytes: {', '.join(large)}")
    return int(bool(large))


if __name__ == "__main__":
    raise SystemExit(run())
