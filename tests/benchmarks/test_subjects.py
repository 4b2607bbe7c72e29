"""The table of subjects, and the options that choose from it."""

import argparse
from importlib.util import find_spec

import pytest

import zoo
from benchmarks import subjects
from benchmarks.__main__ import add_arguments, main
from benchmarks.options import from_arguments
from benchmarks.presets import PRESETS
from benchmarks.tasks import PEAK, Task
from benchmarks.workload.settings import SETTINGS, settings_of

TABLE = {subject.name: subject for subject in subjects.SUBJECTS}


def options(*arguments):
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return from_arguments(parser.parse_args(arguments))


@pytest.mark.once
@pytest.mark.parametrize("subject", subjects.SUBJECTS, ids=lambda subject: subject.name)
def test_subject_names_a_runner_that_exists(subject):
    module, _, runner = subject.target.partition(":")
    assert find_spec(module) is not None
    assert runner


@pytest.mark.parametrize("name", zoo.list_models())
def test_every_model_is_measured_with_settings_that_it_accepts(name):
    row = zoo.describe(name)
    row.load().settled({**row.settings, **settings_of(name)})


@pytest.mark.once
@pytest.mark.parametrize(
    ("accepts", "shape"), [(("vector", "image"), (32, 32, 3)), (("vector",), (64,))]
)
def test_model_is_measured_on_a_kind_of_data_that_it_accepts(monkeypatch, accepts, shape):
    monkeypatch.setattr(zoo.describe("wgan_gp").load(), "accepts", accepts)
    assert settings_of("wgan_gp")["shape"] == shape


@pytest.mark.once
def test_rows_of_settings_are_models():
    assert set(SETTINGS) <= set(zoo.list_models())


@pytest.mark.once
def test_default_is_every_model_and_every_installed_subject():
    found = options()
    assert list(found.models) == zoo.list_models()
    assert list(found.batches) == [1, 8, 64]
    assert "onnxruntime" in [subject.name for subject in found.subjects]
    assert found.workloads is None


@pytest.mark.once
def test_quick_is_less_of_everything():
    quick, usual = options("--quick"), options()
    assert set(quick.models) < set(usual.models)
    assert quick.rounds < usual.rounds
    assert len(quick.batches) < len(usual.batches)


@pytest.mark.once
def test_usual_subjects_of_a_gpu_are_those_of_the_processor_and_its_own():
    own = {s.name for s in subjects.SUBJECTS if "cpu" not in s.usual_on}
    assert own >= {"jax-jit-bfloat16", "onnxruntime-binding", "onnxruntime-tensorrt"}
    assert set(subjects.usual("gpu")) == set(subjects.usual("cpu")) | own
    names = {subject.name for subject in options().subjects}
    assert names.isdisjoint(own)


@pytest.mark.once
def test_plan_of_a_gpu_is_tried_on_the_processor_without_its_engines():
    found = options("--gpu", "--device", "cpu")
    assert (found.device, found.minutes, found.rounds) == ("cpu", 40.0, 21)
    assert list(found.models) == ["vae", "dcgan", "vae_gan"]
    assert list(found.batches) == [16, 64, 256]
    names = {subject.name for subject in found.subjects}
    assert {"onnxruntime", "onnxruntime-binding", "plain-torch"} <= names
    reasons = {row.subject: row.reason for row in found.unavailable}
    for name in ("onnxruntime-cuda-graph", "onnxruntime-tensorrt"):
        assert reasons[name] == "Runs on gpu alone. Received: --device cpu."
    assert options("--gpu").device == "gpu"
    assert options("--gpu", "--minutes", "5").minutes == 5.0


@pytest.mark.once
def test_presets_name_subjects_and_models_that_exist():
    for preset in PRESETS.values():
        assert set(preset.subjects or ()) <= set(TABLE)
        assert preset.models == ("*",) or set(preset.models) <= set(zoo.list_models())


@pytest.mark.once
def test_bfloat16_trains_and_does_nothing_else():
    for name in ("jax-jit", "torch-recorded", "torch-compile", "tensorflow-function"):
        subject = TABLE[f"{name}-bfloat16"]
        assert subject.precision == "bfloat16"
        assert subject.supports(Task("vae", "train_step", 8))
        assert not subject.supports(Task("vae", "sample", 8))
        assert subject.variables == TABLE[name].variables


@pytest.mark.once
@pytest.mark.parametrize("name", ["--out", "--output", "-o"])
def test_former_names_of_out_are_accepted(name, capsys):
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    assert str(parser.parse_args([name, "run.jsonl"]).out) == "run.jsonl"
    assert parser.parse_args([]).out is None
    assert "--output" not in parser.format_help()


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
def test_wrong_options_are_errors_of_one_line(arguments, message, capsys):
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


@pytest.mark.once
def test_repeated_names_are_measured_once():
    found = options("--batches", "8", "1", "8", "--workloads", "decode", "encode", "decode")
    assert list(found.batches) == [8, 1]
    assert list(found.workloads) == ["decode", "encode"]


@pytest.mark.once
@pytest.mark.parametrize(("found", "there"), [(["avx2"], False), (["avx2", "amx_bf16"], True)])
def test_bfloat16_is_measured_where_the_processor_has_units_for_it(monkeypatch, found, there):
    monkeypatch.setattr(subjects, "instructions", lambda: found)
    monkeypatch.setattr(subjects, "find_spec", lambda package: package)
    assert (TABLE["openvino-bfloat16"].unavailable() is None) == there
    assert TABLE["openvino"].unavailable() is None


@pytest.mark.once
def test_onnx_files_do_not_train_and_peaks_are_not_predicted():
    train = Task("vae", "train_step", 8)
    assert not TABLE["onnxruntime"].supports(train)
    assert TABLE["plain-torch"].supports(train)
    assert not TABLE["plain-torch"].supports(Task("vq_vae", "encode", 8))
    assert not TABLE["jax-predict"].supports(Task(PEAK, "matmul", 8))
    assert TABLE["jax-keras"].supports(train)
    assert not TABLE["jax-keras"].supports(Task("vae", "encode", 8))
    assert not TABLE["jax-export"].supports(train)


@pytest.mark.once
def test_every_subject_computes_in_full_float32_with_the_same_threads():
    for subject in subjects.SUBJECTS:
        found = subjects.environment(subject, threads=2, device="cpu")
        assert found["NVIDIA_TF32_OVERRIDE"] == "0"
        assert found["ONEDNN_DEFAULT_FPMATH_MODE"] == "STRICT"
        assert found["OMP_NUM_THREADS"] == found["TF_NUM_INTRAOP_THREADS"] == "2"
        if subject.backend is not None:
            assert found["KERAS_BACKEND"] == subject.backend
        assert subject.variables.items() <= found.items()


@pytest.mark.once
def test_variables_of_the_command_line_do_not_reach_the_subjects(monkeypatch):
    from zoo.cli.terminal import ENVIRONMENT

    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    names = {"tensorflow-function": None, "tensorflow-onednn": "1"}
    for name, expected in names.items():
        found = subjects.environment(TABLE[name], threads=2, device="cpu")
        assert found.get("TF_ENABLE_ONEDNN_OPTS") == expected
