"""A real run on the current backend: a tiny model, one Keras process, ONNX Runtime."""

import io
import os
from pathlib import Path

import pytest

from benchmarks.measure.progress import ProgressBar
from benchmarks.measure.run import Session
from benchmarks.native import USUAL
from benchmarks.plan import Plan
from benchmarks.records.file import Results, of_kind, read
from benchmarks.report import write
from benchmarks.subjects import SUBJECTS

ROOT = Path(__file__).resolve().parents[2]
TINY = {"shape": (8, 8, 1), "latent_dim": 4, "network_options": {"width": 4}}


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """The results of a run of the backend's compiled calls and ONNX Runtime."""
    backend = os.environ["KERAS_BACKEND"]
    names = [f"{backend}-{USUAL[backend]}", "onnxruntime"]
    plan = Plan(
        ["vae"], names, batches=(2,), rounds=5, round_seconds=0.01, cold=0, threads=1, peaks=False,
        settings={"vae": TINY},
    )  # fmt: skip
    path = tmp_path_factory.mktemp("bench") / "run.jsonl"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
        subjects = {name: SUBJECTS[name] for name in names}
        Session(plan, subjects, Results(path, {}), ProgressBar(io.StringIO())).run()
    return path


def test_every_workload_is_timed_on_both_sides(path):
    rows = read(path)
    assert [row for row in rows if "error" in row] == []
    timed = {(row["workload"], row["subject"]) for row in of_kind(rows, "time")}
    backend = os.environ["KERAS_BACKEND"]
    native = f"{backend}-{USUAL[backend]}"
    assert timed == {("train_step", native)} | {
        (workload, subject)
        for workload in ("encode", "decode", "reconstruct")
        for subject in (native, "onnxruntime")
    }


def test_exports_and_costs_are_rows(path):
    rows = read(path)
    assert {row["part"] for row in of_kind(rows, "export")} == {"encoder", "decoder"}
    assert all(row["bytes"] > 0 and row["nodes"] > 0 for row in of_kind(rows, "export"))
    costs = {row["workload"]: row["flops"] for row in of_kind(rows, "cost")}
    assert costs["reconstruct"] == costs["encode"] + costs["decode"] > 0


def test_report_of_a_real_run_is_written(path):
    files, text = write(path)
    assert [file.suffix for file in files] == [".md", ".html"]
    assert "vae" in text
