"""A real run on the current backend: a tiny model, one Keras process, ONNX Runtime."""

import os
from pathlib import Path

import pytest

from benchmarks.native import USUAL
from benchmarks.records.file import read
from benchmarks.records.schema import Cost, Export, Failure, Timing, of_kind
from benchmarks.report import write
from benchmarks.subjects import select
from tests.benchmarks.runs import carry_out, options

ROOT = Path(__file__).resolve().parents[2]
TINY = {"shape": (8, 8, 1), "latent_dim": 4, "network_options": {"width": 4}}
NATIVE = f"{os.environ['KERAS_BACKEND']}-{USUAL[os.environ['KERAS_BACKEND']]}"


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """The results of a run of the backend's compiled calls and ONNX Runtime."""
    subjects, _ = select([NATIVE, "onnxruntime"])
    short = {"batches": (2,), "rounds": 5, "peaks": False, "settings": {"vae": TINY}}
    path = tmp_path_factory.mktemp("bench") / "run.jsonl"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
        carry_out(options(subjects, models=("vae",), **short), path)
    return path


def test_every_workload_is_timed_on_both_sides(path):
    rows = read(path)
    assert of_kind(rows, Failure) == []
    timed = {(row.workload, row.subject) for row in of_kind(rows, Timing)}
    assert timed == {("train_step", NATIVE)} | {
        (workload, subject)
        for workload in ("sample", "encode", "reconstruct")
        for subject in (NATIVE, "onnxruntime")
    }


def test_exports_and_costs_are_rows(path):
    rows = read(path)
    assert {row.part for row in of_kind(rows, Export)} == {"encoder", "decoder"}
    assert all(row.bytes > 0 and row.nodes > 0 for row in of_kind(rows, Export))
    costs = {row.workload: row.flops for row in of_kind(rows, Cost)}
    assert costs["reconstruct"] == costs["encode"] + costs["sample"] > 0


def test_report_of_a_real_run_is_written(path):
    files, text = write(read(path), path)
    assert [file.suffix for file in files] == [".md", ".html"]
    assert "vae" in text
