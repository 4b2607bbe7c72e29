"""Workers, with fake subjects."""

import os
from pathlib import Path

import numpy as np
import pytest

from benchmarks.errors import WorkerError
from benchmarks.workers.client import WorkerProcess

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def start(tmp_path):
    """Makes workers of fakes by name, and ends them with the test."""
    workers = []

    def make(name, *, reply_limit=30.0, **options):
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        target = f"tests.benchmarks.fakes:{name}"
        log = tmp_path / f"{name}.log"
        worker = WorkerProcess(target, options, environment, log, reply_limit=reply_limit)
        workers.append(worker)
        return worker

    yield make
    for worker in workers:
        worker.stop()


def test_round_takes_as_long_as_its_calls(start, tmp_path):
    worker = start("Sleeper", seconds=0.01)
    opened = worker.request("open", task={"batch": 3}, outputs=str(tmp_path / "outputs.npz"))
    assert opened["first"] >= 0.01
    with np.load(tmp_path / "outputs.npz") as outputs:
        assert outputs["data"].shape == (3, 2)
    assert 1 <= worker.request("warm", seconds=0.05) <= 5
    timed = worker.request("round", calls=3)
    assert 0.01 <= timed["best"] <= timed["median"] < 0.1


def test_worker_describes_itself_and_its_memory(start):
    worker = start("Sleeper")
    description = worker.start()
    assert description["device"] == "none"
    assert description["start"] >= description["import"]
    assert worker.request("memory") > 1e6


def test_error_of_a_subject_is_the_reply_and_the_worker_goes_on(start):
    worker = start("Raising")
    for _ in range(2):
        with pytest.raises(WorkerError, match="^ValueError: no such task$"):
            worker.request("open", task={"batch": 1})
    assert worker.request("memory") > 0


def test_death_is_reported_with_the_last_output(start):
    worker = start("Dying")
    with pytest.raises(WorkerError, match=r"^died \(exit code 3\): out of luck$"):
        worker.request("open", task={"batch": 1})


def test_dead_worker_starts_again_on_the_next_request(start):
    worker = start("Dying")
    for _ in range(2):
        with pytest.raises(WorkerError, match="died"):
            worker.request("open", task={"batch": 1})


def test_silent_worker_times_out(start):
    worker = start("Silent", reply_limit=0.5)
    with pytest.raises(WorkerError, match="timed out after [01] s"):
        worker.request("open", task={"batch": 1})


def test_subject_that_cannot_be_imported_is_an_error(start):
    worker = start("Absent")
    with pytest.raises(WorkerError, match="AttributeError: .*'Absent'"):
        worker.start()
