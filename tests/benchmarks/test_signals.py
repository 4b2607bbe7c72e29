"""Runs that signals end: no process and no file is left."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from benchmarks.workers.signals import interrupted_by_signals
from benchmarks.workload.temporary import remove_abandoned, temporary_folder

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = """
import signal
import sys

# Ignored signals are inherited from the process that started the tests.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGTERM, signal.SIG_DFL)
signal.signal(signal.SIGHUP, signal.SIG_DFL)

from benchmarks import subjects
from benchmarks.__main__ import main
from tests.benchmarks.runs import fake

subjects.SUBJECTS = [fake("busy", "Busy", sign=sys.argv[1])]
words = "--models vae --subjects busy --workloads decode --batches 1 --cold 0 --threads 1"
sys.exit(main([*words.split(), "--out", sys.argv[2]]))
"""

pytestmark = [
    pytest.mark.once,
    pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="signals are POSIX's"),
]


class Run:
    """A run in a process of its own; its only subject never ends its first call."""

    def __init__(self, folder):
        self.temporary = folder / "temporary"
        self.temporary.mkdir()
        self.results = folder / "run.jsonl"
        sign = folder / "sign"
        self.process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(sign), str(self.results)],
            env=os.environ | {"PYTHONPATH": str(ROOT), "TMPDIR": str(self.temporary)},
            stderr=subprocess.PIPE,
            text=True,
        )
        wait_for(sign.exists)
        self.worker = int(sign.read_text())

    def stop(self, number):
        """Sends a signal; returns stderr and the exit code."""
        self.process.send_signal(number)
        return self.process.communicate(timeout=30)[1], self.process.returncode


@pytest.fixture
def running(tmp_path):
    """A run that is under way."""
    run = Run(tmp_path)
    assert {path.name[:13] for path in run.temporary.iterdir()} == {"genzoo-bench-"}
    yield run
    run.process.kill()
    run.process.wait()


def wait_for(condition, seconds=30.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


def has_ended(number):
    """Whether a process has ended, even if its parent has not read its exit code."""
    status = Path(f"/proc/{number}/stat")
    if Path("/proc/self").exists():
        return not status.exists() or status.read_text().rpartition(")")[2].split()[0] == "Z"
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return True
    return False


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signal_ends_the_run_its_workers_and_its_folder(running, number):
    error, code = running.stop(number)
    assert code == 130
    assert "the same command continues" in error
    wait_for(lambda: has_ended(running.worker))
    assert list(running.temporary.iterdir()) == []
    units = [json.loads(line) for line in running.results.read_text().splitlines()]
    assert units[-1] == {"kind": "done", "unit": "peak"}


def test_killed_run_leaves_no_worker_and_a_folder_that_the_next_run_removes(running):
    running.stop(signal.SIGKILL)
    wait_for(lambda: has_ended(running.worker), seconds=10)
    assert [path.is_dir() for path in sorted(running.temporary.iterdir())] == [True, False]
    remove_abandoned(running.temporary)
    assert list(running.temporary.iterdir()) == []


def test_folder_of_a_run_that_goes_on_is_not_removed(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with temporary_folder() as first:
        with temporary_folder() as second:
            assert first.is_dir()
            assert second.is_dir()
        assert not second.exists()
        assert first.is_dir()
    assert list(tmp_path.iterdir()) == []


def test_further_signals_do_not_disturb_the_cleaning_up():
    before = signal.getsignal(signal.SIGTERM)
    cleaned = False
    with pytest.raises(KeyboardInterrupt), interrupted_by_signals():
        try:
            signal.raise_signal(signal.SIGTERM)
        finally:
            signal.raise_signal(signal.SIGTERM)
            signal.raise_signal(signal.SIGHUP)
            cleaned = True
    assert cleaned
    assert signal.getsignal(signal.SIGTERM) == before


def test_signal_that_was_ignored_stays_ignored():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with interrupted_by_signals():
            signal.raise_signal(signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)
