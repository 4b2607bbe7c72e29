"""Whole runs with fake subjects: what is measured, what fails, what is resumed."""

import io
import os
from pathlib import Path

import pytest

from benchmarks.errors import BenchmarkError
from benchmarks.measure.progress import ProgressBar
from benchmarks.measure.statistics import speedup
from benchmarks.records.file import Results, read
from benchmarks.records.schema import (
    ColdStart,
    Conditions,
    Failure,
    Operators,
    Skipped,
    Timing,
    of_kind,
)
from benchmarks.subjects import ONNX
from tests.benchmarks.runs import failures, fake, run, timings

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def importable_fakes(monkeypatch):
    """Worker processes import the fakes from here."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))


class Interrupting(ProgressBar):
    """Interrupts the run before its nth unit."""

    def __init__(self, units):
        super().__init__(io.StringIO())
        self.units = units

    def show(self, estimate, doing):
        self.units -= 1
        if self.units < 0:
            raise KeyboardInterrupt


def test_planted_slow_subject_is_found(tmp_path):
    subjects = [fake(seconds=2e-3), fake("slow", seconds=6e-3)]
    rows = timings(run(tmp_path / "run.jsonl", subjects))
    found = speedup(rows["slow"].rounds, rows["steady"].rounds)
    assert 2.0 < found.value < 4.0
    assert found.low > 1.5


def test_wrong_output_stops_the_timing_of_its_subject_alone(tmp_path):
    results = run(tmp_path / "run.jsonl", [fake("right"), fake("wrong", value=1.001)])
    assert "times the tolerance away" in failures(results)["wrong"]
    assert list(timings(results)) == ["right"]
    assert len(timings(results)["right"].rounds) == 7


def test_output_that_is_not_a_number_is_wrong(tmp_path):
    results = run(tmp_path / "run.jsonl", [fake("right"), fake("wrong", value=float("nan"))])
    assert list(failures(results)) == ["wrong"]


@pytest.mark.parametrize(
    ("name", "message"),
    [("Raising", "no such task"), ("Dying", "died"), ("Fading", "died"), ("Absent", "Absent")],
)
def test_subject_that_fails_is_a_row_with_its_error(tmp_path, name, message):
    results = run(tmp_path / "run.jsonl", [fake("right"), fake("failing", name)], rounds=30)
    assert message in failures(results)["failing"]
    assert len(timings(results)["right"].rounds) == 30


def test_model_that_cannot_be_prepared_is_a_row_and_the_others_are_measured(tmp_path):
    path = tmp_path / "run.jsonl"
    for _ in range(2):
        results = run(path, [fake()], models=("unprepared", "second"), cold=1)
        assert [row.model for row in of_kind(results.rows, Timing)] == ["second"]
        (failure,) = of_kind(results.rows, Failure)
        assert (failure.model, failure.error) == ("unprepared", "ValueError: out of weights")


def test_model_that_cannot_be_made_is_skipped_with_its_error(tmp_path):
    results = run(tmp_path / "run.jsonl", [fake()], models=("broken", "second"))
    assert [row.model for row in of_kind(results.rows, Timing)] == ["second"]
    (row,) = of_kind(results.rows, Skipped)
    assert (row.model, row.reason) == ("broken", "ValueError: no such shape")
    with pytest.raises(BenchmarkError, match="No model can be made. Received: broken: ValueError"):
        run(tmp_path / "other.jsonl", [fake()], models=("broken",))


@pytest.mark.parametrize(("backend", "explained"), [(3e-3, True), (12e-3, False)])
def test_operators_are_profiled_where_a_backend_was_faster(tmp_path, backend, explained):
    subjects = [
        fake("onnxruntime", "Profiled", kind=ONNX, seconds=6e-3),
        fake("openvino", kind=ONNX, seconds=1e-3),
        fake("jax-jit", seconds=backend),
    ]
    rows = of_kind(run(tmp_path / "run.jsonl", subjects).rows, Operators)
    assert [row.fastest for row in rows] == (["jax-jit"] if explained else [])
    assert [row.seconds for row in rows] == ([{"Conv": 6e-3}] if explained else [])


def test_interrupted_run_goes_on_where_it_stopped(tmp_path):
    path = tmp_path / "run.jsonl"
    subjects = [fake()]
    models = ("first", "second")
    with pytest.raises(KeyboardInterrupt):
        run(path, subjects, models=models, bar=Interrupting(3))
    before = of_kind(read(path), Timing)
    assert [row.model for row in before] == ["first"]
    path.write_text(path.read_text() + '{"kind": "time", "model": "sec')

    after = of_kind(run(path, subjects, models=models).rows, Timing)
    assert [row.model for row in after] == ["first", "second"]
    assert after[0] == before[0]
    assert of_kind(read(path), Timing) == after


def test_complete_run_is_not_run_again(tmp_path):
    path = tmp_path / "run.jsonl"
    run(path, [fake()])
    content = path.read_text()
    run(path, [fake()], bar=Interrupting(0))
    assert path.read_text() == content


def test_file_of_another_plan_is_not_continued(tmp_path):
    path = tmp_path / "run.jsonl"
    run(path, [fake()])
    with pytest.raises(BenchmarkError, match="another plan"):
        run(path, [fake()], models=("other",))


def test_file_that_holds_no_results_is_left_alone(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("do not lose me\n")
    with pytest.raises(BenchmarkError, match="holds no results"):
        Results(path, Conditions())
    assert path.read_text() == "do not lose me\n"


def test_cold_start_is_measured_in_a_process_of_its_own(tmp_path):
    results = run(tmp_path / "run.jsonl", [fake()], cold=1)
    (row,) = of_kind(results.rows, ColdStart)
    assert row.start >= row.load
    assert row.peak_memory > 1e6
