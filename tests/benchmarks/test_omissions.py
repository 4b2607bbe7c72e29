"""What was asked for and is not measured: it is said, and a plan of nothing is refused."""

import os
from pathlib import Path

import pytest

import zoo
from benchmarks import subjects
from benchmarks.__main__ import main
from benchmarks.errors import BenchmarkError
from benchmarks.plan import WORKLOADS
from benchmarks.records.file import of_kind, read
from benchmarks.report import Analysis, markdown
from benchmarks.skipped import omissions, refuse_nothing, sentences
from tests.benchmarks.rows import made_up_run
from tests.benchmarks.runs import fake, plan

ROOT = Path(__file__).resolve().parents[2]
TABLE = subjects.SUBJECTS


@pytest.fixture(autouse=True)
def importable_fakes(monkeypatch):
    """Worker processes import the fakes from here."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))


def left_out(names, models=("vae",), absent=None, **options):
    chosen = {name: TABLE[name] for name in names}
    rows = omissions(plan(names, models=models, **options), chosen, absent or {})
    return {(row["subject"], row.get("workload")): row["error"] for row in rows}


@pytest.mark.once
def test_compiled_subjects_that_do_not_train_are_told_where_training_is_measured():
    names = ["jax-jit", "jax-predict", "torch-compile", "onnxruntime", "plain-torch-compile"]
    found = left_out(names)
    assert set(found) == {("torch-compile", "train_step"), ("plain-torch-compile", "train_step")}
    assert left_out(names, workloads=["encode"]) == {}


@pytest.mark.once
def test_models_that_nobody_has_written_by_hand_are_told():
    found = left_out(["plain-torch"], models=("vae", "shallow_autoencoder"))
    assert found == {("plain-torch", None): "Written by hand, for vae and dcgan alone."}
    assert left_out(["plain-torch"], models=("vae", "dcgan")) == {}


@pytest.mark.once
def test_subjects_that_cannot_run_here_are_told_with_the_reason(monkeypatch):
    there = {"keras", "jax", "onnxruntime"}
    monkeypatch.setattr(subjects, "find_spec", lambda name: name if name in there else None)
    monkeypatch.setattr(subjects, "instructions", lambda: ["avx2"])
    able, absent = subjects.choose(["jax-jit", "torch-*", "openvino*"])
    assert able == ["jax-jit"]
    assert absent["torch-eager"] == "Not installed: torch."
    assert absent["openvino"] == "Not installed: openvino."
    assert absent["openvino-bfloat16"] == "The processor has none of avx512_bf16, amx_bf16."
    with pytest.raises(BenchmarkError, match="must be able to run here. Received: torch-compile"):
        subjects.choose(["torch-compile"])


@pytest.mark.once
def test_one_reason_is_one_sentence():
    rows = omissions(plan(["jax-jit"]), {}, {"a": "Not installed: b.", "c": "Not installed: b."})
    assert sentences(rows) == ["not measured: a, c. Not installed: b."]
    rows = omissions(plan(["torch-compile"]), {"torch-compile": TABLE["torch-compile"]}, {})
    assert sentences(rows) == ["not measured: train_step of torch-compile. Does not train."]


@pytest.mark.once
def test_report_shows_what_is_left_out():
    names = ["torch-compile", "plain-torch"]
    chosen = {name: TABLE[name] for name in names}
    rows = omissions(plan(names, models=("gan",)), chosen, {})
    report = markdown(Analysis([*made_up_run(), *rows]))
    assert "| train_step | torch-compile | Does not train. |" in report
    assert "plain-torch | Written by hand" in report


@pytest.mark.once
@pytest.mark.parametrize(
    "words",
    [
        ["--subjects", "onnxruntime", "--workloads", "train_step"],
        ["--subjects", "plain-torch", "--models", "gan"],
    ],
)
def test_plan_in_which_nobody_can_do_anything_is_refused(tmp_path, monkeypatch, words, capsys):
    monkeypatch.setattr(subjects, "find_spec", lambda name: name)
    assert main([*words, "--output", str(tmp_path / "run.jsonl")]) == 2
    assert "There is nothing to time. Received: " in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.once
def test_workload_that_no_model_has_is_refused_before_there_is_a_file(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(subjects, "SUBJECTS", {"jax-jit": fake()})
    words = ["--models", "vae", "--output", str(tmp_path / "run.jsonl"), "--workloads", "generate"]
    assert main(words) == 2
    assert "Received: generate, by jax-jit. Accepted: " in capsys.readouterr().err
    assert not (tmp_path / "run.jsonl").exists()


@pytest.mark.once
def test_what_is_left_out_is_said_once_and_is_among_the_results(tmp_path, monkeypatch, capsys):
    absent = subjects.on_backend("nowhere")
    monkeypatch.setattr(subjects, "SUBJECTS", {"jax-jit": fake(), "far": absent})
    words = ["--models", "vae", "--workloads", "decode", "--batches", "1", "--rounds", "1"]
    path = tmp_path / "run.jsonl"
    for _ in range(2):
        assert main([*words, "--cold", "0", "--output", str(path)]) == 0
        assert capsys.readouterr().err.count("not measured: far. Not installed: nowhere.") == 1
    (row,) = of_kind(read(path), "left_out")
    assert row["subject"] == "far"


@pytest.mark.once
def test_workload_that_only_some_models_have_is_told_of_the_others(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(subjects, "SUBJECTS", {"jax-jit": fake()})
    words = ["--models", "vae", "gan", "--workloads", "decode", "generate", "--batches", "1"]
    path = tmp_path / "run.jsonl"
    assert main([*words, "--rounds", "1", "--cold", "0", "--output", str(path)]) == 0
    assert "not measured: generate of vae, gan. No such workload" in capsys.readouterr().err
    rows = of_kind(read(path), "left_out")
    assert [(row["model"], row["workload"]) for row in rows] == [
        ("vae", "generate"),
        ("gan", "generate"),
    ]


def test_every_model_can_be_used_for_something_besides_training():
    from benchmarks.workload.setup import offered

    for name in zoo.list_models():
        found = offered(zoo.describe(name).load())
        assert len(found) > 1
        assert set(found) <= set(WORKLOADS)
    refuse_nothing(plan(["onnxruntime"]), {"onnxruntime": TABLE["onnxruntime"]}, {"first": found})
