"""Ways to compile a training step, compared with the one in use.

`python -m benchmarks.studies.compilation`.
In one process per backend, rounds of the ways alternate, each on a model of its own with the
same weights; the result is the median of the per-round ratios to the way in use.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from zoo.backends import PACKAGES as BACKENDS

MODELS: dict[str, dict[str, Any]] = {
    "vae": {"network_options": {"width": 16}},
    "dcgan": {"width": 16},
}
SHAPE = (28, 28, 1)
BATCH = 64


def ways() -> dict[str, Callable[..., Any]]:
    """The current backend's ways to compile a step, the one in use first."""
    import keras

    from zoo import backends

    used = backends.current().compile_step
    if keras.config.backend() == "tensorflow":
        import tensorflow as tf

        def xla(step: Any, variables: Any, *, updates: bool) -> Any:
            return tf.function(step, autograph=False, jit_compile=True)

        def eager(step: Any, variables: Any, *, updates: bool) -> Any:
            return step

        return {"tf.function": used, "tf.function, XLA": xla, "eager": eager}
    if keras.config.backend() == "torch":
        import torch

        from benchmarks.native.torch import record_at_once

        def dynamo(step: Any, variables: Any, *, updates: bool) -> Any:
            return torch.compile(step)

        def eager(step: Any, variables: Any, *, updates: bool) -> Any:
            return step

        record_at_once()
        return {"recorded": used, "eager": eager, "torch.compile": dynamo}

    def kept(step: Any, variables: Any, *, updates: bool) -> Any:
        """The same, without giving the old weights' memory to the new ones."""
        import jax

        def pure(values: list, batches: Any) -> Any:
            with keras.StatelessScope(list(zip(variables, values, strict=True))) as scope:
                logs = step(batches)
            return [scope.get_current_value(variable) for variable in variables], logs

        compiled = jax.jit(pure)

        def run(batches: Any) -> Any:
            values, logs = compiled([variable.value for variable in variables], batches)
            for variable, value in zip(variables, values, strict=True):
                variable.assign(value)
            return logs

        return run

    return {"jit, donated": used, "jit, not donated": kept}


def measure(name: str, seconds: float) -> list[dict[str, Any]]:
    """Rows of one model: way, seconds to the first step, best milliseconds, median ratio."""
    import keras

    import zoo
    from zoo import backends
    from zoo.training.batches import Feed
    from zoo.training.inputs import data_for
    from zoo.training.step import Stepper

    backends.current().pin_float32()
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (BATCH * 8, *SHAPE), dtype=np.uint8)
    runners: dict[str, Callable[..., float]] = {}
    rows: dict[str, dict[str, Any]] = {}
    for way, compile_step in ways().items():
        model = zoo.create(name, shape=SHAPE, **MODELS[name])
        stepper = Stepper(model)
        feed = Feed(model, data_for(model, images), BATCH, seed=0)
        updates = feed.updates(0)
        programs = {
            number: compile_step(stepper._compose((number,)), stepper.variables, updates=True)
            for number, _ in updates
        }

        def once(programs: Any = programs, updates: Any = updates) -> float:
            start = time.perf_counter()
            logs = [programs[number]([batch]) for number, batch in updates]
            float(keras.ops.convert_to_numpy(logs[-1][0]["loss"]))
            return time.perf_counter() - start

        rows[way] = {"model": name, "way": way}
        try:
            rows[way]["first_s"] = round(once(), 2)
            once()
        except (RuntimeError, TypeError, ValueError) as error:
            rows[way]["error"] = str(error).splitlines()[0][:200]
            continue
        runners[way] = once
    times: dict[str, list[float]] = {way: [] for way in runners}
    end = time.monotonic() + seconds
    while time.monotonic() < end or len(next(iter(times.values()))) < 5:
        for way, once in runners.items():
            times[way].append(min(once() for _ in range(3)))
    used = np.array(next(iter(times.values())))
    for way, found in times.items():
        rows[way] |= {
            "best_ms": round(min(found) * 1e3, 2),
            "ratio": round(float(np.median(np.array(found) / used)), 3),
            "rounds": len(found),
        }
    return list(rows.values())


def main() -> int:
    """Measures every backend in a process of its own and prints a JSON line for each way."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20.0, help="per model and backend (20)")
    parser.add_argument("--out", type=Path, help="a file for the lines, beside standard output")
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        for name in MODELS:
            for row in measure(name, options.seconds):
                print(json.dumps({"backend": os.environ["KERAS_BACKEND"]} | row), flush=True)
        return 0
    lines = []
    for backend in BACKENDS:
        command = [sys.executable, "-m", "benchmarks.studies.compilation", "--worker"]
        environment = {**os.environ, "KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "2"}
        done = subprocess.run(
            [*command, "--seconds", str(options.seconds)],
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        lines += done.stdout.splitlines()
        print(done.stdout, end="", flush=True)
    if options.out is not None:
        from zoo.files import write_atomically

        write_atomically(options.out, "\n".join(lines) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
