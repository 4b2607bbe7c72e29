"""Runs the tests on every backend, some backends side by side: `python -m tests.run [--jobs N] …`.

Each backend has a process of its own, whose output appears when it ends. The first also runs what
does not depend on the backend. Other arguments go to pytest.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import IO

from zoo.backends import PACKAGES


def run(backend: str, arguments: list[str], output: IO[str]) -> tuple[int, float]:
    """Tests one backend; the exit code, and seconds."""
    once = [] if backend == next(iter(PACKAGES)) else ["-m", "not once"]
    started = time.monotonic()
    finished = subprocess.run(
        [sys.executable, "-m", "pytest", *once, *arguments],
        env=os.environ | {"KERAS_BACKEND": backend},
        stdout=output,
        stderr=subprocess.STDOUT,
        check=False,
    )
    return finished.returncode, time.monotonic() - started


def main() -> int:
    """Tests the backends; 1 where a test failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=2, help="backends at once (2)")
    options, arguments = parser.parse_known_args()
    failed = False
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(options.jobs) as pool:
        outputs = {backend: open(f"{folder}/{backend}", "w+") for backend in PACKAGES}
        running = {pool.submit(run, b, arguments, outputs[b]): b for b in PACKAGES}
        for future in as_completed(running):
            backend, (code, seconds) = running[future], future.result()
            with outputs[backend] as output:
                output.seek(0)
                sys.stdout.write(output.read())
            print(f"=== {backend}: exit code {code}, {seconds:.0f} s\n", flush=True)
            failed |= code != 0
    return int(failed)


if __name__ == "__main__":
    raise SystemExit(main())
