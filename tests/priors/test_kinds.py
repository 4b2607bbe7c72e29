"""The kinds of priors that are fitted to a trained model: exports, files, and what is refused."""

import numpy as np
import pytest

import export
import zoo
from export.certification.cardinality import cardinality
from tests import tiny
from tests.arrays import array, tensor
from tests.tolerances import EXACT, FORWARD
from zoo.data import as_data
from zoo.errors import ModelError
from zoo.priors import KINDS, fit_prior
from zoo.priors.codes import codes_of
from zoo.priors.training import settings_for
from zoo.priors.vamp import VampTraining, fit_vamp

SMALL = {
    "mixture": {"components": 2},
    "aggregated": {"components": 9},
    "vamp": {"components": 3, "steps": 4},
    "flow": {"couplings": 2, "width": 4, "steps": 4},
}


@pytest.fixture(scope="module")
def vae():
    return tiny.create("vae")


@pytest.fixture(scope="module")
def codes(vae):
    return codes_of(vae, as_data(tiny.data(vae)), classes=False, rows=None, seed=0)


@pytest.mark.parametrize("kind", [name for name, row in KINDS.items() if not row.discrete])
def test_every_kind_samples_is_certified_and_comes_back_from_a_file(kind, vae, tmp_path):
    sampler = fit_prior(vae, tiny.data(vae), kind, **SMALL.get(kind, {}))
    part, limits = sampler.code_prior, cardinality(sampler).get("code_prior", {})
    found = export.to_onnx(part, tmp_path / "prior.onnx", cardinality=limits, certify="quick")
    assert found.passed
    sampler.save(tmp_path / "sampler.keras")
    loaded = zoo.load(tmp_path / "sampler.keras")
    samples = sampler.sample(3, seed=1)
    assert samples.shape == (3, 8, 8, 1) and loaded.kind == kind
    EXACT.check(loaded.sample(3, seed=1), samples)


def test_a_second_prior_takes_the_place_of_the_first(vae):
    first = fit_prior(vae, tiny.data(vae), "normal")
    second = fit_prior(first, tiny.data(vae), "mixture", components=2)
    assert second.kind == "mixture" and second.autoencoder is vae
    assert second.code_distribution.components == 2 and first.kind == "normal"


def test_a_model_of_sounds_keeps_its_rate():
    model = tiny.create("conv_autoencoder", shape=(8, 1), sample_rate=4000)
    sounds = np.random.default_rng(0).uniform(size=(4, 8, 1)).astype("float32")
    assert fit_prior(model, sounds, "normal").settings["sample_rate"] == 4000


def test_the_model_trains_on_after_a_fit():
    model = tiny.create("vae")
    fit_prior(model, tiny.data(model), "normal")
    before = [array(v).copy() for v in model.encoder.trainable_variables]
    model.fit(tiny.data(model), steps=1, verbose=0)
    after = map(array, model.encoder.trainable_variables)
    assert any((a != b).any() for a, b in zip(before, after, strict=True))


def test_priors_are_fitted_to_draws_of_the_posteriors(codes):
    drawn, labels = codes.drawn(0)
    assert labels is None and len(drawn) % len(codes.codes) == 0
    rows = drawn.reshape(-1, *codes.codes.shape)
    deviations = np.exp(0.5 * codes.log_variances)
    white = (rows - codes.codes) / deviations
    assert abs(white.mean()) < 0.03 and abs(white.std() - 1) < 0.03  # of 40,000 numbers
    assert not (rows[0] == rows[1]).any()


def test_pseudo_inputs_are_learned_beside_an_encoder_that_stays(vae, codes):
    start = codes.data["data"][:3]
    mean, log_variance = (codes.codes[:3], codes.log_variances[:3])
    settings = settings_for(codes.codes, codes.log_variances)
    training = VampTraining(autoencoder=vae, start=start, **settings)
    point = np.random.default_rng(0).normal(size=(5, codes.codes.shape[1]))
    squares = (point[:, None] - mean) ** 2 / np.exp(log_variance)
    pairs = -0.5 * (squares + log_variance + np.log(2 * np.pi)).sum(axis=-1)
    expected = np.log(np.exp(pairs).mean(axis=1))
    FORWARD.check(array(training.log_density_rows(tensor(point), False)), expected)
    kind, before = KINDS["vamp"], [array(v).copy() for v in vae.variables]
    found = {}
    for steps in (1, 100):
        prior = kind.make(vae, None, components=3, steps=steps)
        fit_vamp(prior, codes, 0)
        found[steps] = array(prior.log_density_rows(tensor(codes.drawn(1)[0]))).mean()
    assert found[100] > found[1]
    for old, new in zip(before, vae.variables, strict=True):
        EXACT.check(array(new), old)


def test_the_samples_pass_through_what_follows_the_decoder():
    table = tiny.create("table_vae")
    drawn = fit_prior(table, tiny.data(table), "normal").table()["sample"]
    parts = [step.part for step in drawn.steps]
    assert parts == ["code_prior", "decoder", "sampler", "destandardize"]
    assert "latent" not in drawn.draws and "quantile" in drawn.draws


@pytest.mark.parametrize(
    ("name", "changes", "kind", "options", "message"),
    [
        ("vae", {}, "flows", {}, "no kind of prior 'flows'. Did you mean 'flow'"),
        ("vae", {}, "flow", {"components": 3}, "no option 'components'. .*Accepted: couplings"),
        ("vae", {}, "flow", {"classes": True}, "one for all classes"),
        ("gan", {}, "normal", {}, "can encode and decode. .*cannot encode"),
        ("augmented_gan", {}, "normal", {}, "cannot tell its encoder"),
        ("vae", {}, "mixture", {"components": 0}, "from 1. Received: components=0"),
        ("vae", {}, "mixture", {"components": 2.5}, "from 1. Received: components=2.5"),
        ("vae", {}, "flow", {"couplings": -1}, "from 0. Received: couplings=-1"),
        ("vae", {}, "normal", {"rows": 1}, "at least 2 rows. Received: rows=1"),
        ("vq_vae", {}, "flow", {}, "is for continuous codes"),
        ("conv_autoencoder", {}, "vamp", {}, "Gaussian posterior. .*Accepted: normal, mixture"),
        ("conditional_vae", {"num_classes": 2}, "vamp", {}, "encoders that read data alone"),
        ("code_gan", {"num_classes": 2}, "flow", {}, "has a mixture of its own"),
    ],
)
def test_what_does_not_fit_is_refused(name, changes, kind, options, message):
    model = tiny.create(name, **changes)
    with pytest.raises(ModelError, match=message):
        fit_prior(model, tiny.data(model), kind, **options)
