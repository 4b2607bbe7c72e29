"""Requested measurements that are skipped, and requests that leave nothing to measure."""

import os
from pathlib import Path

import pytest

from benchmarks import subjects
from benchmarks.__main__ import main
from benchmarks.errors import BenchmarkError
from benchmarks.plan import Offer, resolve
from benchmarks.records.file import read
from benchmarks.records.schema import Skipped, of_kind
from benchmarks.report import Analysis, markdown
from benchmarks.skipped import sentences
from tests.benchmarks.rows import made_up_run
from tests.benchmarks.runs import fake, options

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parents[2]
TABLE = {subject.name: subject for subject in subjects.SUBJECTS}
OFFER = Offer(["train_step", "encode", "decode"], ["train_step", "encode"])


@pytest.fixture(autouse=True)
def importable_fakes(monkeypatch):
    """Worker processes import the fakes from here."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))


def plan(names, models=("vae",), **changes):
    chosen = options([TABLE[name] for name in names], models=models, **changes)
    return resolve(chosen, dict.fromkeys(models, OFFER))


def skipped(names, models=("vae",), **changes):
    rows = plan(names, models, **changes).skipped
    return {(row.subject, row.workload): row.reason for row in rows}


def test_compiled_subjects_that_do_not_train_are_skipped_where_training_is_measured():
    names = ["jax-jit", "jax-predict", "tensorflow-xla", "onnxruntime", "jax-export"]
    found = skipped(names)
    assert set(found) == {("tensorflow-xla", "train_step"), ("jax-export", "train_step")}
    assert skipped(names, workloads=["encode"]) == {}


def test_hand_written_subjects_are_skipped_at_other_models():
    found = skipped(["plain-torch"], models=("vae", "shallow_autoencoder"))
    assert found == {("plain-torch", None): "Written for vae and dcgan alone."}
    assert skipped(["plain-torch"], models=("vae", "dcgan")) == {}


def test_subjects_that_cannot_run_here_are_skipped_with_the_reason(monkeypatch):
    there = {"keras", "jax", "onnxruntime"}
    monkeypatch.setattr(subjects, "find_spec", lambda name: name if name in there else None)
    monkeypatch.setattr(subjects, "instructions", lambda: ["avx2"])
    able, rows = subjects.select(["jax-jit", "torch-*", "openvino*"])
    absent = {row.subject: row.reason for row in rows}
    assert [subject.name for subject in able] == ["jax-jit"]
    assert absent["torch-eager"] == "Not installed: torch."
    assert absent["openvino"] == "Not installed: openvino."
    assert absent["openvino-bfloat16"] == "The processor has none of avx512_bf16, amx_bf16."
    with pytest.raises(BenchmarkError, match="must be able to run here. Received: tensorflow-xla"):
        subjects.select(["tensorflow-xla"])


def test_one_reason_is_one_sentence():
    rows = [Skipped(subject=name, reason="Not installed: b.") for name in ("a", "c")]
    assert sentences(rows) == ["skipped: a, c. Not installed: b."]
    rows = plan(["tensorflow-xla"]).skipped
    assert sentences(rows) == ["skipped: train_step of tensorflow-xla. Does not train."]


def test_report_has_a_table_of_what_is_skipped():
    rows = plan(["tensorflow-xla", "plain-torch"], models=("gan",)).skipped
    report = markdown(Analysis([*made_up_run(), *rows]))
    assert "|  | train_step | tensorflow-xla | Does not train. |" in report
    assert "plain-torch | Written for" in report


@pytest.mark.parametrize(
    ("names", "changes"),
    [(["onnxruntime"], {"workloads": ["train_step"]}), (["plain-torch"], {"models": ("gan",)})],
)
def test_request_that_no_subject_supports_is_an_error(names, changes):
    with pytest.raises(BenchmarkError, match="There is nothing to time. Received: "):
        plan(names, **changes)


def test_workload_that_no_model_has_is_an_error_before_there_is_a_file(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(subjects, "SUBJECTS", [fake("jax-jit")])
    words = ["--models", "vae", "--out", str(tmp_path / "run.jsonl"), "--workloads", "scor"]
    assert main(words) == 2
    error = capsys.readouterr().err
    assert "Received: 'scor'. Did you mean 'score'? Accepted: decode, score" in error
    assert not (tmp_path / "run.jsonl").exists()


def test_skipped_subject_is_reported_once_and_is_among_the_results(tmp_path, monkeypatch, capsys):
    absent = subjects.on_backend("nowhere", name="far")
    monkeypatch.setattr(subjects, "SUBJECTS", [fake("jax-jit"), absent])
    words = ["--models", "vae", "--workloads", "decode", "--batches", "1", "--rounds", "1"]
    path = tmp_path / "run.jsonl"
    for _ in range(2):
        assert main([*words, "--cold", "0", "--out", str(path)]) == 0
        assert capsys.readouterr().err.count("skipped: far. Not installed: nowhere.") == 1
    (row,) = of_kind(read(path), Skipped)
    assert row.subject == "far"


def test_workload_that_only_some_models_have_is_skipped_at_the_others():
    offers = {"vae": OFFER, "gan": Offer(["train_step", "sample"], ["sample"])}
    chosen = options([TABLE["jax-jit"]], models=("vae", "gan"), workloads=["encode", "sample"])
    rows = resolve(chosen, offers).skipped
    assert sentences(rows) == [
        "skipped: sample of vae. No such workload. Accepted: train_step, encode, decode.",
        "skipped: encode of gan. No such workload. Accepted: train_step, sample.",
    ]
