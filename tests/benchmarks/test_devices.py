"""Requested devices, and those that subjects compute on."""

import os
from pathlib import Path

import pytest

from benchmarks import presets, subjects
from benchmarks.__main__ import main
from benchmarks.errors import BenchmarkError, WorkerError
from benchmarks.records.file import read
from benchmarks.records.schema import ColdStart, Failure, Skipped, Timing, of_kind
from benchmarks.workers.devices import check_device, require_gpu
from benchmarks.workers.pool import WorkerPool
from tests.benchmarks.runs import fake, options, run, timings

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parents[2]
GPU = "cuda:a GPU"


@pytest.fixture(autouse=True)
def importable_fakes(monkeypatch):
    """Worker processes import the fakes from here."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))


@pytest.mark.parametrize(
    "name", ["cuda", "tensorrt", "cuda:H100", "gpu:H100", "/physical_device:GPU:0"]
)
def test_gpus_are_known_by_the_names_that_backends_give_them(name):
    check_device("gpu", name)
    with pytest.raises(WorkerError, match="must be the cpu. Received: "):
        check_device("cpu", name)


@pytest.mark.parametrize("name", ["cpu", "cpu:cpu"])
def test_processors_are_no_gpus(name):
    check_device("cpu", name)
    with pytest.raises(WorkerError, match="must be the gpu. Received: cpu"):
        check_device("gpu", name)


def test_subject_that_did_not_get_the_device_is_a_row_and_is_not_timed(tmp_path):
    subjects = [fake("placed", device=GPU), fake("left", device="cpu")]
    results = run(tmp_path / "run.jsonl", subjects, device="gpu", cold=1)
    failed = of_kind(results.rows, Failure)
    assert {(row.subject, row.of) for row in failed} == {("left", "time"), ("left", "cold")}
    assert all("must be the gpu. Received: cpu" in row.error for row in failed)
    assert len(timings(results)["placed"].rounds) == 7
    (cold,) = of_kind(results.rows, ColdStart)
    assert cold.first > 0


def test_absent_gpu_is_an_error_and_nothing_is_written(tmp_path, monkeypatch, capsys):
    table = [fake("jax-jit", device="cpu:cpu"), fake("torch-eager", "Absent")]
    monkeypatch.setattr(subjects, "SUBJECTS", table)
    words = ["--models", "vae", "--device", "gpu", "--out", str(tmp_path / "run.jsonl")]
    assert main([*words, "--workloads", "decode"]) == 2
    error = capsys.readouterr().err
    assert "No subject computes on a GPU here" in error
    assert "jax-jit: cpu:cpu" in error
    assert "torch-eager: AttributeError" in error
    assert list(tmp_path.iterdir()) == []


def test_one_subject_with_a_gpu_is_enough(tmp_path):
    left, placed = fake("left", device="cpu"), fake("placed", "Profiled", device=GPU)
    with WorkerPool(options([left, placed], device="gpu"), tmp_path) as pool:
        require_gpu(pool)
    with (
        WorkerPool(options([left], device="gpu"), tmp_path) as pool,
        pytest.raises(BenchmarkError, match="No subject computes on a GPU here"),
    ):
        require_gpu(pool)


def test_plan_of_a_gpu_skips_what_the_machine_has_not(tmp_path, monkeypatch, capsys):
    table = [fake(name, device=GPU) for name in presets.GPU]
    places = {subject.name: place for place, subject in enumerate(table)}
    table[places["onnxruntime"]] = fake("onnxruntime", device="cpu")
    table[places["onnxruntime-tensorrt"]] = fake("onnxruntime-tensorrt", "Absent")
    table[places["tensorflow-function"]] = subjects.on_backend(
        "nowhere", name="tensorflow-function"
    )
    monkeypatch.setattr(subjects, "SUBJECTS", table)
    path = tmp_path / "run.jsonl"
    words = ["--gpu", "--models", "vae", "--batches", "1", "--rounds", "1", "--minutes", "9"]
    for _ in range(2):
        assert main([*words, "--out", str(path)]) == 0
        said = capsys.readouterr().err
        assert "skipped: onnxruntime. The device must be the gpu. Received: cpu." in said
    reasons = {row.subject: row.reason for row in of_kind(read(path), Skipped)}
    assert reasons["onnxruntime-tensorrt"].startswith("AttributeError: ")
    assert reasons["tensorflow-function"] == "Not installed: nowhere."
    assert set(reasons) == {"onnxruntime", "onnxruntime-tensorrt", "tensorflow-function"}
    timed = {row.subject for row in of_kind(read(path), Timing)}
    assert timed == set(presets.GPU) - set(reasons)
    assert of_kind(read(path), Failure) == []


def test_onnx_runtime_reports_the_provider_that_it_uses():
    from benchmarks.subjects.onnx import OnnxRuntime

    assert OnnxRuntime("direct", device="cpu").describe()["device"] == "cpu"
    assert OnnxRuntime("direct", device="gpu").describe()["device"] in ("cpu", "cuda")
