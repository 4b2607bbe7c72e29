"""Devices that were asked for, and those that subjects get."""

import os
from pathlib import Path

import pytest

from benchmarks import subjects
from benchmarks.__main__ import main
from benchmarks.errors import BenchmarkError, WorkerError
from benchmarks.records.file import of_kind
from benchmarks.workers.devices import refuse_absent_gpu, refuse_other_device
from tests.benchmarks.runs import fake, plan, run, timings

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parents[2]
GPU = "cuda:a GPU"


@pytest.fixture(autouse=True)
def importable_fakes(monkeypatch):
    """Worker processes import the fakes from here."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))


@pytest.mark.parametrize("name", ["cuda", "cuda:H100", "gpu:H100", "/physical_device:GPU:0"])
def test_gpus_are_known_by_the_names_that_backends_give_them(name):
    refuse_other_device("gpu", name)
    with pytest.raises(WorkerError, match="must be the cpu. Received: "):
        refuse_other_device("cpu", name)


@pytest.mark.parametrize("name", ["cpu", "cpu:cpu"])
def test_processors_are_no_gpus(name):
    refuse_other_device("cpu", name)
    with pytest.raises(WorkerError, match="must be the gpu. Received: cpu"):
        refuse_other_device("gpu", name)


def test_subject_that_did_not_get_the_device_is_a_row_and_is_not_timed(tmp_path):
    taking_part = {"placed": fake(device=GPU), "left": fake(device="cpu")}
    results = run(tmp_path / "run.jsonl", taking_part, device="gpu", cold=1)
    rows = timings(results)
    assert "must be the gpu. Received: cpu" in rows["left"]["error"]
    assert not {"rounds", "first"} & set(rows["left"])
    assert len(rows["placed"]["rounds"]) == 7
    cold = {row["subject"]: row for row in of_kind(results.rows, "cold")}
    assert "must be the gpu" in cold["left"]["error"]
    assert cold["placed"]["first"] > 0


def test_gpu_that_nobody_gets_is_refused_and_nothing_is_written(tmp_path, monkeypatch, capsys):
    table = {"jax-jit": fake(device="cpu:cpu"), "torch-eager": fake("Absent")}
    monkeypatch.setattr(subjects, "SUBJECTS", table)
    words = ["--models", "vae", "--device", "gpu", "--output", str(tmp_path / "run.jsonl")]
    assert main([*words, "--workloads", "decode"]) == 2
    error = capsys.readouterr().err
    assert "There is no GPU here" in error
    assert "jax-jit: cpu:cpu" in error
    assert "torch-eager: AttributeError" in error
    assert list(tmp_path.iterdir()) == []


def test_one_subject_with_a_gpu_is_enough():
    taking_part = {"left": fake(device="cpu"), "placed": fake("Profiled", device=GPU)}
    refuse_absent_gpu(plan(taking_part, device="gpu"), taking_part)
    with pytest.raises(BenchmarkError, match="no GPU here"):
        refuse_absent_gpu(plan(taking_part, device="gpu"), {"left": taking_part["left"]})


def test_onnx_runtime_says_which_provider_it_gets():
    from benchmarks.subjects.onnx import OnnxRuntime

    assert OnnxRuntime("direct", device="cpu").describe()["device"] == "cpu"
    assert OnnxRuntime("direct", device="gpu").describe()["device"] in ("cpu", "cuda")
