"""Runs of limited time."""

import os
from math import inf
from pathlib import Path

import pytest

from benchmarks import subjects
from benchmarks.__main__ import main
from benchmarks.measure.task import MIN_ROUNDS
from benchmarks.measure.time_budget import TimeBudget
from benchmarks.records.file import read
from benchmarks.records.schema import ModelInfo, Timing, of_kind
from benchmarks.report import Analysis, markdown
from tests.benchmarks.runs import fake, run

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def importable_fakes(monkeypatch):
    """Worker processes import the fakes from here."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))


def over():
    """A budget whose time is over as soon as it is made."""
    return TimeBudget(1.0, clock=iter([0.0, *[61.0] * 1000]).__next__)


def tasks(results):
    return [(row.model, row.batch) for row in of_kind(results.rows, Timing)]


def test_what_is_left_is_shared_equally():
    seconds = iter([100.0, 100.0, 130.0, 161.0])
    budget = TimeBudget(1.0, clock=lambda: next(seconds))
    assert [budget.share(4), budget.share(3), budget.share(2)] == [15.0, 10.0, 0.0]


def test_run_without_a_limit_never_ends():
    assert TimeBudget().left == TimeBudget().share(3) == inf


def test_run_without_time_measures_one_task_and_the_next_run_another(tmp_path):
    wanted = {"models": ("first", "second"), "batches": (1, 2), "rounds": MIN_ROUNDS + 2}
    found = []
    for _ in range(3):
        results = run(tmp_path / "run.jsonl", [fake()], budget=over(), **wanted)
        found.append(tasks(results))
    assert found == [
        [("first", 1)],
        [("first", 1), ("second", 1)],
        [("first", 1), ("second", 1), ("first", 2)],
    ]
    assert {len(row.rounds) for row in of_kind(results.rows, Timing)} == {MIN_ROUNDS}
    assert [row.model for row in of_kind(results.rows, ModelInfo)] == ["first", "second"]


def test_models_take_turns_at_workloads(tmp_path):
    wanted = {"models": ("first", "second"), "workloads": ["decode", "score"], "rounds": 1}
    results = run(tmp_path / "run.jsonl", [fake()], budget=TimeBudget(60.0), **wanted)
    assert [(row.model, row.workload) for row in of_kind(results.rows, Timing)] == [
        (model, workload) for workload in ("decode", "score") for model in ("first", "second")
    ]


def test_report_orders_tasks_by_model_and_names_those_that_are_left(tmp_path):
    wanted = {"models": ("first", "second"), "batches": (1, 2), "rounds": 1}
    path = tmp_path / "run.jsonl"
    run(path, [fake()], budget=over(), **wanted)
    report = markdown(Analysis(read(path)))
    assert "## Not measured yet" in report
    assert "| first | decode | 2 |" in report
    assert "| second | all | 1, 2 |" in report
    results = run(path, [fake()], budget=TimeBudget(60.0), **wanted)
    assert tasks(results) == [("first", 1), ("second", 1), ("first", 2), ("second", 2)]
    analysis = Analysis(read(path))
    assert [task.key for task in analysis.tasks] == [
        f"{model}/decode/{batch}" for model in ("first", "second") for batch in (1, 2)
    ]
    assert "Not measured yet" not in markdown(analysis)


def test_model_that_cannot_be_prepared_is_not_left(tmp_path):
    results = run(
        tmp_path / "run.jsonl",
        [fake()],
        budget=over(),
        models=("unprepared", "first"),
        batches=(1,),
        rounds=1,
    )
    assert tasks(results) == [("first", 1)]
    assert "Not measured yet" not in markdown(Analysis(results.rows))


def test_command_says_what_is_left_and_goes_on_for_another_time(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(subjects, "SUBJECTS", [fake("jax-jit")])
    path = tmp_path / "run.jsonl"
    words = ["--models", "vae", "--workloads", "decode", "--batches", "1", "2", "--rounds", "1"]
    words += ["--cold", "0", "--out", str(path)]
    assert main([*words, "--minutes", "1e-6"]) == 0
    said = f"tasks left after 1e-06 minutes: 5; the same command continues {path}"
    assert said in capsys.readouterr().err  # Three peaks and both tasks of the model.
    assert main([*words, "--minutes", "60"]) == 0
    assert "left after" not in capsys.readouterr().err
    timed = [row.batch for row in of_kind(read(path), Timing) if row.model == "vae"]
    assert timed == [1, 2]


@pytest.mark.parametrize("minutes", ["0", "-1", "nan", "inf"])
def test_time_is_positive_and_finite(minutes, capsys):
    assert main(["--minutes", minutes]) == 2
    assert "minutes must be positive and finite. Received: " in capsys.readouterr().err
