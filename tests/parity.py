"""Trains every registered model on each backend and holds the runs against each other.

`python -m tests.parity` prints a table and fails where losses differ by more than the tolerance.
One process per backend; each leaves its checkpoints and models for the next ones to go on from.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ENVIRONMENT = {
    "TF_CPP_MIN_LOG_LEVEL": "2",
    "OMP_WAIT_POLICY": "PASSIVE",
    # TensorFlow shares a sum between its threads as they come free, and rounds it in that order.
    "TF_NUM_INTEROP_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
}
BACKENDS = ("jax", "torch", "tensorflow")
UPDATES = 30
HALF = 15
BATCH = 16


def work(folder: Path, backend: str) -> None:
    """One backend's part: writes `folder/backend.json`."""
    import keras
    import numpy as np

    import zoo
    from tests import tiny
    from zoo.training.checkpoint import Checkpoints
    from zoo.training.progress import Progress

    train, _ = zoo.load_data("digits")

    class Watch(keras.callbacks.Callback):
        """Keeps the last step's own losses, and a checkpoint of the middle of the run."""

        def __init__(self, checkpoints: Any = None) -> None:
            super().__init__()
            self.checkpoints = checkpoints
            self.sums: list[dict[str, float]] = [{}]

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            count = batch + 1
            self.sums.append({name: mean * count for name, mean in logs.items()})
            if count == HALF and self.checkpoints is not None:
                self.checkpoints.save(Progress(HALF))

        @property
        def last(self) -> dict[str, float]:
            before, after = self.sums[-2:]
            return {name: after[name] - before.get(name, 0.0) for name in after}

    found: dict[str, Any] = {}
    for name in zoo.list_models():
        home = folder / backend / name
        model = tiny.create(name)
        watch = Watch(Checkpoints(home, model))
        options = {"steps": UPDATES, "batch_size": BATCH, "verbose": 0}
        model.fit(train, **options, callbacks=[watch])
        model.save(home / "model.keras")
        entry: dict[str, Any] = {"losses": watch.last, "resumed": {}, "loaded": {}}
        for other in BACKENDS:
            there = folder / other / name
            if not (there / "model.keras").exists():
                continue
            outputs = {}
            loaded = zoo.load(there / "model.keras")
            probe = rng_inputs(loaded, rng=np.random.default_rng(0))
            for part, inputs in probe.items():
                made = zoo.inference.run(loaded.parts()[part], inputs, 8)
                outputs[part] = {k: np.asarray(v).tolist() for k, v in made.items()}
            entry["loaded"][other] = outputs
            restored = Checkpoints(there, model).restore()
            assert restored is not None and restored.step == HALF
            entry["resumed"][other] = _go_on(model, train, restored.step)
        found[name] = entry
        print(f"{backend}: {name}", file=sys.stderr, flush=True)
    (folder / f"{backend}.json").write_text(json.dumps(found))


def _go_on(model: Any, train: Any, step: int) -> dict[str, float]:
    """Trains from a restored step to the end; the last step's own losses."""
    import keras

    from zoo.training.batches import Feed
    from zoo.training.step import Stepper, named

    feed, stepper = Feed(model, train, BATCH, model.seed), Stepper.of(model)
    for number in range(step, UPDATES):
        logs: dict[str, list[float]] = {}
        for phase_number, batch in feed.updates(number):
            made = stepper.run((phase_number,), [batch])[0]
            for key, value in named(model, model.phases[phase_number], made).items():
                logs.setdefault(key, []).append(float(keras.ops.convert_to_numpy(value)))
    return {key: sum(values) / len(values) for key, values in logs.items()}


def rng_inputs(model: Any, rng: Any) -> dict[str, dict[str, Any]]:
    """Three random inputs for every part of a model."""
    made: dict[str, dict[str, Any]] = {}
    for name, part in model.parts().items():
        made[name] = {}
        for tensor in part.inputs:
            shape = (3, *tensor.shape[1:])
            if tensor.dtype == "int32":
                made[name][tensor.name] = rng.integers(0, 4, shape).astype("int32")
            else:
                made[name][tensor.name] = rng.normal(size=shape).astype("float32")
    return made


def run_all(folder: Path) -> dict[str, dict[str, Any]]:
    """Runs every backend in a process of its own; backend → model → what it found."""
    for backend in BACKENDS:
        subprocess.run(
            [sys.executable, "-m", "tests.parity", "--worker", backend, "--folder", str(folder)],
            check=True,
            cwd=Path(__file__).resolve().parents[1],
            env={**os.environ, **ENVIRONMENT, "KERAS_BACKEND": backend},
        )
    return {name: json.loads((folder / f"{name}.json").read_text()) for name in BACKENDS}


def differences(found: dict[str, dict[str, Any]]) -> list[tuple[str, str, str, float]]:
    """Rows of model, log, backend and relative difference from the first backend's losses."""
    first = found[BACKENDS[0]]
    rows = []
    for name, entry in first.items():
        for log, expected in entry["losses"].items():
            for backend in BACKENDS[1:]:
                value = found[backend][name]["losses"][log]
                rows.append((name, log, backend, apart(value, expected)))
    return rows


def apart(value: float, expected: float) -> float:
    """The relative difference; a log below 0.01 in size is taken for one of 0.01."""
    return abs(value - expected) / max(0.01, abs(expected))


def main() -> int:
    """Prints the table; 1 where a difference is over the tolerance."""
    from tests.tolerances import PARITY

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worker", choices=BACKENDS)
    parser.add_argument("--folder", type=Path)
    arguments = parser.parse_args()
    if arguments.worker:
        work(arguments.folder, arguments.worker)
        return 0
    with tempfile.TemporaryDirectory() as temporary:
        found = run_all(arguments.folder or Path(temporary))
    rows = differences(found)
    print(f"{UPDATES} updates of batch {BATCH}; difference from {BACKENDS[0]}\n")
    print(f"| {'model':20} | {'log':28} | {'backend':10} | difference |")
    print(f"|{'-' * 22}|{'-' * 30}|{'-' * 12}|------------|")
    for name, log, backend, difference in rows:
        mark = "" if difference <= PARITY.relative else "  over"
        print(f"| {name:20} | {log:28} | {backend:10} | {difference:10.1e} |{mark}")
    worst = max(rows, key=lambda row: row[3])
    print(f"\nworst: {worst[0]} {worst[1]} on {worst[2]}, {worst[3]:.1e}")
    return int(worst[3] > PARITY.relative)


if __name__ == "__main__":
    raise SystemExit(main())
