"""A model that trains without an error and does not learn is reported."""

import warnings

import numpy as np
import pytest

import zoo
from tests import tiny
from zoo.training.health import HealthChecks, HealthWarning, findings


@pytest.fixture(scope="module")
def digits():
    return zoo.load_data("digits")[0]


def collapse(model, part):
    """Makes a part give the same, whatever it reads."""
    for variable in getattr(model, part).trainable_variables:
        variable.assign(np.zeros(variable.shape, "float32"))


def test_a_generator_whose_samples_are_all_alike_is_reported(digits):
    model = tiny.create("gan")
    collapse(model, "generator")
    assert "the generator has collapsed" in findings(model, digits, {})["diversity"]


def test_reconstructions_no_better_than_the_mean_are_reported(digits):
    model = tiny.create("shallow_autoencoder")
    collapse(model, "decoder")
    assert "nothing is learnt" in findings(model, digits, {})["reconstruction"]


def test_a_codebook_of_one_code_is_reported(digits):
    assert (
        "codebook has collapsed"
        in findings(tiny.create("gan"), None, {"perplexity": 1.2})["perplexity"]
    )


def test_a_discriminator_that_wins_is_reported_unless_it_is_a_critic():
    won = {"discriminator_accuracy": 1.0, "discriminator_fake": 0.001}
    assert "it wins" in findings(tiny.create("gan"), None, won)["accuracy"]
    # The logs of a DCGAN on MNIST, where its samples are digits.
    healthy = {"discriminator_accuracy": 0.9973, "discriminator_fake": 0.149}
    assert not findings(tiny.create("gan"), None, healthy)
    assert not findings(tiny.create("wgan_gp"), None, won)


def test_a_model_that_learns_is_not_reported(digits):
    model = zoo.create("shallow_autoencoder", shape=digits.shape, learning_rate=5e-3)
    with warnings.catch_warnings():
        warnings.simplefilter("error", HealthWarning)
        model.fit(digits, epochs=12, verbose=0, callbacks=[HealthChecks(digits)])
    assert not findings(model, digits, {})


def test_each_finding_is_reported_once(digits):
    model = tiny.create("shallow_autoencoder", learning_rate=1e-9)
    with pytest.warns(HealthWarning, match="nothing is learnt") as caught:
        model.fit(digits, epochs=2, verbose=0, callbacks=[HealthChecks(digits, first_step=1)])
    assert [warning.category for warning in caught].count(HealthWarning) == 1


def test_training_that_ends_in_the_first_stage_is_reported(digits):
    model = tiny.create("code_gan", num_classes=10)
    with pytest.warns(HealthWarning, match="All of the 6 steps were of the first stage"):
        model.fit(digits, steps=6, verbose=0, callbacks=[HealthChecks(digits)])
    with warnings.catch_warnings():
        warnings.simplefilter("error", HealthWarning)
        model.fit(digits, steps=1, verbose=0, callbacks=[HealthChecks(digits)])
