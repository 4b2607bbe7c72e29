"""The plan of a run: models, tasks and subjects, resolved once."""

import pytest

from benchmarks import subjects
from benchmarks.plan import Offer, resolve
from benchmarks.tasks import PEAK
from tests.benchmarks.runs import options

pytestmark = pytest.mark.once

TABLE = {subject.name: subject for subject in subjects.SUBJECTS}
OFFERS = {
    "vae": Offer(["train_step", "sample", "decode"], ["train_step", "sample"]),
    "translator": Offer(["translate"], ["translate"]),
}


def plan(**changes):
    names = ("jax-jit", "onnxruntime", "plain-torch")
    chosen = options([TABLE[name] for name in names], models=tuple(OFFERS), **changes)
    return resolve(chosen, OFFERS)


def timed(model):
    return {m.task.key: [subject.name for subject in m.subjects] for m in model.measurements}


def test_default_workloads_are_timed_by_the_subjects_that_support_them():
    vae, translator = plan().models
    assert timed(vae) == {
        "vae/train_step/1": ["jax-jit", "plain-torch"],
        "vae/sample/1": ["jax-jit", "onnxruntime", "plain-torch"],
    }
    assert timed(translator) == {"translator/translate/1": ["jax-jit", "onnxruntime"]}


def test_any_use_may_be_requested_and_is_timed_where_a_model_has_it():
    vae, translator = plan(workloads=["translate", "decode"]).models
    assert vae.workloads == ["decode"]
    assert translator.workloads == ["translate"]


def test_first_models_are_started_cold_at_their_first_use():
    vae, translator = plan(cold=1).models
    assert vae.cold.task.key == "vae/sample/1"
    assert translator.cold is None


def test_peaks_are_the_first_model_and_may_be_left_out():
    first, *others = plan(peaks=True).models
    assert first.name == PEAK
    assert timed(first)["peak/matmul/1024"] == ["jax-jit", "onnxruntime"]
    assert others == plan(peaks=False).models


def test_plan_in_json_terms_names_models_subjects_and_workloads():
    found = plan(rounds=3).to_json()
    assert found["models"] == ["vae", "translator"]
    assert found["subjects"] == ["jax-jit", "onnxruntime", "plain-torch"]
    assert found["workloads"] == ["train_step", "sample", "translate"]
    assert found["rounds"] == 3
