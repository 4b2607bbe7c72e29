"""Trains every registered model on each backend and holds the runs against each other.

`python -m tests.parity` prints a table for float64 and one for float32, and fails where losses
differ by more than the tolerance. One process per backend and type; each leaves its runs and models
for the next ones to go on from.
"""

import argparse
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

from tests.turns import every
from zoo.backends import PACKAGES

ENVIRONMENT = {
    "TF_CPP_MIN_LOG_LEVEL": "2",
    "OMP_WAIT_POLICY": "PASSIVE",
    # TensorFlow shares a sum between its threads as they come free, and rounds it in that order.
    "TF_NUM_INTEROP_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
}
BACKENDS = tuple(PACKAGES)
TYPES = ("float64", "float32")
UPDATES = 30
HALF = 15
BATCH = 16
ROWS = BATCH * (UPDATES - 1)
"""The last epoch has one update, so that its log is that update's alone."""
OWN_NETWORKS = "vae, own networks"


def cases() -> list[str]:
    """The rows of the registry, and a model of networks that a user brings."""
    import zoo

    return [*zoo.list_models(), OWN_NETWORKS]


def create(name: str) -> Any:
    """The untrained model of a case, the same on every backend."""
    from tests import tiny

    return own_networks() if name == OWN_NETWORKS else tiny.create(name)


def own_networks() -> Any:
    """A recurrent network that reads labels through an embedding; AdamW with a schedule."""
    import keras
    from keras import layers

    import zoo
    from zoo.layers.initialization import numpy_weights

    # Keras draws other weights on each backend, and counts the layers of a process to name them.
    with numpy_weights(0):
        data = keras.Input((6, 2), name="data")
        labels = keras.Input((), dtype="int32", name="labels")
        x = layers.GRU(5, name="read")(data)
        classes = layers.Embedding(20, 3, name="classes")
        x = layers.Concatenate(name="joined")([x, classes(labels)])
        heads = {name: layers.Dense(3, name=name)(x) for name in ("mean", "log_variance")}
        encoder = keras.Model({"data": data, "labels": labels}, heads, name="own_encoder")
        latent = keras.Input((3,), name="latent")
        y = layers.Embedding(20, 3, name="made_classes")(labels)
        y = layers.Concatenate(name="labelled")([latent, y])
        y = layers.RepeatVector(6, name="repeated")(y)
        y = layers.GRU(4, return_sequences=True, name="write")(y)
        y = layers.Dense(2, name="made")(y)
        decoder = keras.Model([latent, labels], y, name="own_decoder")
    # TensorFlow's schedules compute in float32, which holds these rates.
    rates = keras.optimizers.schedules.PiecewiseConstantDecay([10, 20], [2**-6, 2**-7, 2**-8])
    return zoo.create(
        "vae",
        shape=(6, 2),
        latent_dim=3,
        num_classes=20,
        encoder=encoder,
        decoder=decoder,
        optimizer=keras.optimizers.AdamW(rates, weight_decay=0.01),
    )


def prepare(dtype: str) -> None:
    """Makes Keras, and what is put on the device, as wide as the type."""
    if dtype != "float64":
        return
    import keras
    import numpy as np
    from keras.src.backend.common import dtypes

    from zoo import backends

    keras.config.set_floatx("float64")
    # On JAX and PyTorch Keras computes means and products of float64 in float32.
    dtypes.BIT64_TO_BIT32_DTYPE["float64"] = "float64"
    backend = backends.current()
    place = backend.place

    def place_wide(array: Any) -> Any:
        array = np.asarray(array)
        return place(array.astype("float64") if array.dtype == np.float32 else array)

    backend.place = place_wide
    if keras.config.backend() == "torch":
        _pass_contiguous_windows()
    if keras.config.backend() == "tensorflow":
        _cast_numbers_exactly()


def _cast_numbers_exactly() -> None:
    """Makes Keras cast Python's numbers as they are, such as the decays of Adam.

    TensorFlow rounds them to float32 first.
    """
    import tensorflow as tf
    from keras.src.backend.tensorflow import core

    cast = core.cast

    def exactly(x: Any, dtype: str) -> Any:
        return tf.constant(x, dtype) if isinstance(x, float) else cast(x, dtype)

    core.cast = exactly


def _pass_contiguous_windows() -> None:
    """Copies the windows of convolutions that lie transposed in memory.

    PyTorch's gradient of a float64 convolution on a processor fails with them ("slow_conv2d:
    grad_weight must be contiguous"); Keras passes no others.
    """
    from torch.nn import functional

    def contiguous(convolve: Any) -> Any:
        return lambda inputs, window, *rest, **options: convolve(
            inputs, window.contiguous(), *rest, **options
        )

    for name in ("conv1d", "conv2d", "conv_transpose1d", "conv_transpose2d"):
        setattr(functional, name, contiguous(getattr(functional, name)))


def work(folder: Path, backend: str, dtype: str) -> None:
    """One backend's part: writes `folder/dtype/backend.json`."""
    prepare(dtype)
    found = {}
    for name in cases():
        found[name] = _work_on(name, folder / dtype, backend)
        print(f"{dtype}, {backend}: {name}", file=sys.stderr, flush=True)
    (folder / dtype / f"{backend}.json").write_text(json.dumps(found))


def _work_on(name: str, folder: Path, backend: str) -> dict[str, Any]:
    import numpy as np

    import zoo
    from tests import tiny

    home = folder / backend / name
    model = create(name)
    train = tiny.data(model, ROWS)
    options = {"batch_size": BATCH, "verbose": 0}
    model.fit(train, steps=HALF, run=home / "run", **options)

    def goes_on(run: Path) -> dict[str, float]:
        """The losses of the last update of a run that is resumed where it was left."""
        with tempfile.TemporaryDirectory() as temporary:
            copy = shutil.copytree(run, Path(temporary) / "run")
            history = model.fit(train, steps=UPDATES, run=copy, resume=True, **options)
        last = {log: values[-1] for log, values in history.history.items()}
        return {log: value for log, value in last.items() if not math.isnan(value)}

    def used(trained: Any) -> dict[str, Any]:
        table = trained.table()
        use = next((u for u in ("reconstruct", "sample") if u in table), next(iter(table)))
        made = trained.use(use, count=4, **tiny.inputs(trained, use, 4))
        return {result: np.asarray(array).tolist() for result, array in made.items()}

    losses = goes_on(home / "run")
    model.save(home / "model.keras")
    entry: dict[str, Any] = {"losses": losses, "sizes": _sizes(model, losses), "used": used(model)}
    others = [other for other in BACKENDS if other != backend and (folder / other / name).exists()]
    entry["loaded"] = {
        other: used(zoo.load(folder / other / name / "model.keras")) for other in others
    }
    turn = cases().index(name) % max(1, len(others))
    asked = others if every() else others[turn : turn + 1]
    entry["resumed"] = {other: goes_on(folder / other / name / "run") for other in asked}
    return entry


def _sizes(model: Any, losses: dict[str, float]) -> dict[str, float]:
    """The size of the terms that each log is made of: the largest log of its phase."""
    sizes = {}
    for phase in model.phases:
        prefix = f"{phase.name}_" if len(model.phases) > 1 else ""
        own = [log for log in losses if log.startswith(prefix)]
        sizes |= dict.fromkeys(own, max((abs(losses[log]) for log in own), default=0.0))
    return sizes


Found = dict[str, dict[str, Any]]
"""What the workers of one type found: backend → case → entry."""


def run_all(folder: Path, types: tuple[str, ...] = TYPES) -> dict[str, Found]:
    """Runs every backend and type in a process of its own."""
    for dtype in types:
        for backend in BACKENDS:
            words = ["--worker", backend, "--type", dtype, "--folder", str(folder)]
            chosen = {"JAX_ENABLE_X64": "1"} if dtype == "float64" else {}
            # Recorded graphs compute the same bits (tests/backends/test_recorded.py), later.
            chosen["GENZOO_TORCH"] = os.environ.get("GENZOO_TORCH", "eager")
            subprocess.run(
                [sys.executable, "-m", "tests.parity", *words],
                check=True,
                cwd=Path(__file__).resolve().parents[1],
                env={**os.environ, **ENVIRONMENT, **chosen, "KERAS_BACKEND": backend},
            )
    return {
        dtype: {
            name: json.loads((folder / dtype / f"{name}.json").read_text()) for name in BACKENDS
        }
        for dtype in types
    }


class Difference(NamedTuple):
    """How far a backend's log is from the first backend's."""

    case: str
    log: str
    backend: str
    value: float
    size: float

    @property
    def relative(self) -> float:
        """To the size of the log, or of the terms that it is made of; 0 of two logs that are 0."""
        if not self.size:
            return math.inf if self.value else 0.0
        return self.value / self.size


def differences(found: Found, dtype: str) -> list[Difference]:
    """The differences of all logs from those of the first backend.

    Those in float64 are relative to the log itself, those in float32 to the terms that it is made
    of; see `tests.tolerances`.
    """
    rows = []
    for case, entry in found[BACKENDS[0]].items():
        for log, expected in entry["losses"].items():
            size = abs(expected) if dtype == "float64" else entry["sizes"][log]
            for backend in BACKENDS[1:]:
                value = abs(found[backend][case]["losses"][log] - expected)
                rows.append(Difference(case, log, backend, value, size))
    return rows


def apart(value: float, expected: float) -> float:
    """The relative difference; a log below 0.01 in size is taken for one of 0.01."""
    return abs(value - expected) / max(0.01, abs(expected))


def main() -> int:
    """Prints the tables; 1 where a difference is over its tolerance."""
    from tests.tolerances import PARITY, PARITY_FLOAT64

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worker", choices=BACKENDS)
    parser.add_argument("--type", choices=TYPES)
    parser.add_argument("--folder", type=Path)
    arguments = parser.parse_args()
    if arguments.worker:
        work(arguments.folder, arguments.worker, arguments.type)
        return 0
    types = (arguments.type,) if arguments.type else TYPES
    with tempfile.TemporaryDirectory() as temporary:
        found = run_all(arguments.folder or Path(temporary), types)
    over = 0
    for dtype in types:
        allowed = PARITY_FLOAT64 if dtype == "float64" else PARITY
        over += print_table(dtype, differences(found[dtype], dtype), allowed.relative)
    return int(over > 0)


def print_table(dtype: str, rows: list[Difference], allowed: float) -> int:
    """Prints the differences in a type and returns how many are over what is allowed."""
    of = "the log" if dtype == "float64" else "its terms"
    print(f"\n{dtype}: {UPDATES} updates of batch {BATCH}, difference from {BACKENDS[0]}")
    print(f"relative to {of}, at most {allowed:g}\n")
    print(f"| {'model':20} | {'log':28} | {'backend':10} | difference |")
    print(f"|{'-' * 22}|{'-' * 30}|{'-' * 12}|------------|")
    for row in rows:
        mark = "" if row.relative <= allowed else "  over"
        print(f"| {row.case:20} | {row.log:28} | {row.backend:10} | {row.relative:10.1e} |{mark}")
    worst = max(rows, key=lambda row: row.relative)
    print(f"\nworst: {worst.case} {worst.log} on {worst.backend}, {worst.relative:.1e}")
    return sum(row.relative > allowed for row in rows)


if __name__ == "__main__":
    raise SystemExit(main())
