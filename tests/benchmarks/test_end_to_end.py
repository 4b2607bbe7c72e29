"""A real run on the current backend: a tiny model, one Keras process, ONNX Runtime."""

import os
from pathlib import Path

import keras
import numpy as np
import pytest

from benchmarks.native import USUAL
from benchmarks.records.file import read
from benchmarks.records.schema import Cost, Export, Failure, SubjectInfo, Timing, of_kind
from benchmarks.report import write
from benchmarks.subjects import select
from benchmarks.subjects.keras import in_precision
from tests import tiny
from tests.benchmarks.runs import carry_out, options

ROOT = Path(__file__).resolve().parents[2]
TINY = {"shape": (8, 8, 1), "latent_dim": 4, "network_options": {"width": 4}}
BFLOAT16 = {
    "jax": "jax-jit-bfloat16",
    "torch": "torch-recorded-bfloat16",
    "tensorflow": "tensorflow-function-bfloat16",
}[os.environ["KERAS_BACKEND"]]
NATIVE = f"{os.environ['KERAS_BACKEND']}-{USUAL[os.environ['KERAS_BACKEND']]}"


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """The results of a run of the backend's compiled calls and ONNX Runtime, also bound."""
    subjects, _ = select([NATIVE, BFLOAT16, "onnxruntime", "onnxruntime-binding"])
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
    assert timed == {("train_step", NATIVE), ("train_step", BFLOAT16)} | {
        (workload, subject)
        for workload in ("sample", "encode", "reconstruct")
        for subject in (NATIVE, "onnxruntime", "onnxruntime-binding")
    }


def test_training_in_bfloat16_says_so(path):
    precisions = {row.subject: row.precision for row in of_kind(read(path), SubjectInfo)}
    assert precisions[BFLOAT16] == "bfloat16"
    assert precisions[NATIVE] == "float32"


def test_precision_changes_and_weights_stay():
    model = tiny.create("vae")
    other = in_precision(model, "mixed_bfloat16")
    assert in_precision(model, "float32") is model
    assert other.precision == "mixed_bfloat16"
    dense = next(layer for layer in other.parts()["encoder"].layers if layer.weights)
    assert dense.compute_dtype == "bfloat16"
    for own, given in zip(other.variables, model.variables, strict=True):
        assert own.dtype == given.dtype
        np.testing.assert_array_equal(
            keras.ops.convert_to_numpy(own), keras.ops.convert_to_numpy(given)
        )


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
