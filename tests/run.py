"""Runs the tests on every backend, some side by side: `python -m tests.run [--jobs N] …`.

Each backend has processes of its own, and so have the tests that do not depend on the backend;
those of the models are apart from the rest, so that no processor idles long at the end. The
output of a process appears when it ends. Other arguments go to pytest.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import IO

from tests.turns import in_turn

MODELS = ["tests/models"]
OTHERS = ["--ignore=tests/models"]
SHARED = ("applications", "cli", "metrics", "priors")
"""Folders above the backends: each of their files is one backend's turn, but for what runs once."""
LEARNING = "learning"
"""Where JAX optimizes what it compiles: steps are many. Elsewhere compiling is most of the time."""
LEARN = sorted(str(path) for path in Path("tests/models").glob("test_learning*.py"))
PROCESSES = {
    LEARNING: ("jax", "once", LEARN),
    "jax": ("jax", "not once", None),
    "once": ("torch", "once", [f"--ignore={path}" for path in LEARN]),
    "torch": ("torch", "not once", None),
    "tensorflow": ("tensorflow", "not once", None),
    "jax, models": ("jax", "not once", MODELS),
    "tensorflow, models": ("tensorflow", "not once", MODELS),
    "torch, models": ("torch", "not once", MODELS),
}
"""Name → the backend and the tests of a process (None: all others); the longest start first.

What runs once runs on PyTorch, which compiles nothing; models learn on JAX, whose steps are fast.
"""


def others(backend: str) -> list[str]:
    """Leaves out the models, and the files that are another backend's turn."""
    files = sorted(str(path) for folder in SHARED for path in Path("tests", folder).glob("test_*"))
    own = in_turn(files, backend)
    return OTHERS + [f"--ignore={path}" for path in files if path not in own]


def run(name: str, arguments: list[str], output: IO[str]) -> tuple[int, float]:
    """Runs one of the processes; the exit code, and seconds."""
    backend, tests, where = PROCESSES[name]
    environment = os.environ | {"KERAS_BACKEND": backend}
    if name != LEARNING:
        environment.setdefault("JAX_DISABLE_MOST_OPTIMIZATIONS", "1")
    started = time.monotonic()
    finished = subprocess.run(
        [sys.executable, "-m", "pytest", "-m", tests, *(where or others(backend)), *arguments],
        env=environment,
        stdout=output,
        stderr=subprocess.STDOUT,
        check=False,
    )
    return finished.returncode, time.monotonic() - started


def main() -> int:
    """Runs the processes; 1 where a test failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=2, help="processes at once (2)")
    options, arguments = parser.parse_known_args()
    failed = False
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(options.jobs) as pool:
        outputs = {name: open(f"{folder}/{name}", "w+") for name in PROCESSES}
        running = {pool.submit(run, name, arguments, outputs[name]): name for name in PROCESSES}
        for future in as_completed(running):
            name, (code, seconds) = running[future], future.result()
            with outputs[name] as output:
                output.seek(0)
                sys.stdout.write(output.read())
            print(f"=== {name}: exit code {code}, {seconds:.0f} s\n", flush=True)
            failed |= code != 0
    return int(failed)


if __name__ == "__main__":
    raise SystemExit(main())
