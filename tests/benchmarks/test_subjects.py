"""The tables: subjects, models, settings, and the command line that chooses from them."""

import argparse
from importlib.util import find_spec

import pytest

import zoo
from benchmarks import plan as cases
from benchmarks import subjects
from benchmarks.__main__ import add_arguments, main
from benchmarks.plan import Task
from benchmarks.planning import plan


def planned(*arguments):
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return plan(parser.parse_args(arguments))


@pytest.mark.once
@pytest.mark.parametrize("name", subjects.SUBJECTS)
def test_subject_names_a_runner_that_is_there(name):
    module, _, runner = subjects.SUBJECTS[name].target.partition(":")
    assert find_spec(module) is not None
    assert runner


@pytest.mark.parametrize("name", zoo.list_models())
def test_every_model_is_measured_with_settings_that_it_accepts(name):
    from zoo.construction import accepted_settings

    settings = cases.settings_of(name)
    accepted = accepted_settings(zoo.describe(name).load())
    assert set(settings) <= set(accepted)
    given = {**zoo.describe(name).settings, **settings}
    missing = [k for k, v in accepted.items() if v.default is v.empty and k not in given]
    assert missing == []


@pytest.mark.once
def test_rows_of_settings_are_models():
    assert set(cases.SETTINGS) <= set(zoo.list_models())


@pytest.mark.once
def test_default_is_every_model_and_every_installed_subject():
    found = planned()
    assert list(found.models) == zoo.list_models()
    assert list(found.batches) == [1, 8, 64]
    assert "onnxruntime" in found.subjects


@pytest.mark.once
def test_quick_is_less_of_everything():
    quick, usual = planned("--quick"), planned()
    assert set(quick.models) < set(usual.models)
    assert quick.rounds < usual.rounds
    assert len(quick.batches) < len(usual.batches)


@pytest.mark.once
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--models", "vea"], "Did you mean 'vae'"),
        (["--subjects", "onnx"], "No subject matches. Received: 'onnx'"),
        (["--threads", "0"], "threads must be at least 1. Received: 0"),
        (["--batches", "0"], "batches must be at least 1. Received: 0"),
        (["--round-seconds", "-1"], "round-seconds must be positive and finite. Received: -1.0"),
        (["--round-seconds", "nan"], "round-seconds must be positive and finite. Received: nan"),
        (["--round-seconds", "inf"], "round-seconds must be positive and finite. Received: inf"),
        (["--cold", "-1"], "cold must be at least 0. Received: -1. Accepted: 0 or more"),
        (["--threads", "4096"], "threads must be at most"),
    ],
)
def test_wrong_options_are_refused_in_one_line(arguments, message, capsys):
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


@pytest.mark.once
def test_what_is_asked_for_twice_is_measured_once():
    found = planned("--batches", "8", "1", "8", "--workloads", "decode", "encode", "decode")
    assert list(found.batches) == [8, 1]
    assert list(found.workloads) == ["decode", "encode"]


@pytest.mark.once
@pytest.mark.parametrize(("found", "there"), [(["avx2"], False), (["avx2", "amx_bf16"], True)])
def test_bfloat16_is_measured_where_the_processor_has_units_for_it(monkeypatch, found, there):
    monkeypatch.setattr(subjects, "instructions", lambda: found)
    monkeypatch.setattr(subjects, "find_spec", lambda package: package)
    assert subjects.SUBJECTS["openvino-bfloat16"].installed() == there
    assert subjects.SUBJECTS["openvino"].installed()


@pytest.mark.once
def test_training_is_for_who_can_train_and_peaks_are_not_predicted():
    table = subjects.SUBJECTS
    train = Task("vae", "train_step", 8)
    assert not table["onnxruntime"].takes(train)
    assert table["plain-torch"].takes(train)
    assert not table["plain-torch"].takes(Task("vq_vae", "encode", 8))
    assert not table["jax-predict"].takes(Task(cases.PEAK, "matmul", 8))


@pytest.mark.once
def test_every_subject_computes_in_full_float32_with_the_same_threads():
    for subject in subjects.SUBJECTS.values():
        found = subjects.environment(subject, threads=2, device="cpu")
        assert found["NVIDIA_TF32_OVERRIDE"] == "0"
        assert found["ONEDNN_DEFAULT_FPMATH_MODE"] == "STRICT"
        assert found["OMP_NUM_THREADS"] == found["TF_NUM_INTRAOP_THREADS"] == "2"
        if subject.backend is not None:
            assert found["KERAS_BACKEND"] == subject.backend
        assert subject.settings.items() <= found.items()


@pytest.mark.once
def test_what_the_command_line_sets_for_itself_does_not_reach_the_subjects(monkeypatch):
    from zoo.cli.terminal import ENVIRONMENT

    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    names = {"tensorflow-function": None, "tensorflow-onednn": "1"}
    for name, expected in names.items():
        found = subjects.environment(subjects.SUBJECTS[name], threads=2, device="cpu")
        assert found.get("TF_ENABLE_ONEDNN_OPTS") == expected
