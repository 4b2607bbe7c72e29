"""The levels of the Ladder VAE, network by network."""

import numpy as np
import pytest

import zoo
from tests.arrays import array, arrays, tensor
from tests.tolerances import FORMULA
from zoo.errors import ModelError
from zoo.networks import apply

RNG = np.random.default_rng(0)
DATA = RNG.random((4, 3)).astype("float32")
EPSILON = RNG.normal(size=(4, 6)).astype("float32")
SETTINGS = {
    "shape": (3,),
    "latent_dim": 3,
    "upper_dims": (2, 1),
    "level_widths": (4,),
    "warm_up": 10,
    "network_options": {"width": 4, "depth": 1},
}


@pytest.fixture(scope="module")
def model():
    return zoo.create("hierarchical_vae", **SETTINGS)


def outputs(network, **values):
    found = apply(network, {name: tensor(value) for name, value in values.items()})
    return {name: array(value).astype("float64") for name, value in found.items()}


def by_hand(model, noise):
    """From the top down: each level's latent, code and divergence."""
    below = [outputs(model.ups[0], data=DATA)]
    for up in model.ups[1:]:
        below.append(outputs(up, features=below[-1]["features"]))
    found = []
    for level, epsilon in enumerate(noise):
        own = below[2 - level]
        mean, variance = own["mean"], np.exp(own["log_variance"])
        prior_mean, prior_variance = 0.0, 1.0
        if level:
            prior = outputs(model.downs[level - 1], above=found[-1][0])
            prior_mean, prior_variance = prior["mean"], np.exp(prior["log_variance"])
            precision = 1 / variance + 1 / prior_variance
            mean = (mean / variance + prior_mean / prior_variance) / precision
            variance = 1 / precision
        latent = mean + np.sqrt(variance) * epsilon
        code = (latent - prior_mean) / np.sqrt(prior_variance)
        squares = (variance + (mean - prior_mean) ** 2) / prior_variance
        kl = 0.5 * (squares - 1 + np.log(prior_variance / variance)).sum(axis=1)
        found.append((latent, code, kl))
    return found


def test_the_bound_adds_up_the_divergences_of_the_levels(model):
    levels = by_hand(model, [EPSILON[:, :1], EPSILON[:, 1:3], EPSILON[:, 3:]])
    batch = {"data": tensor(DATA), "epsilon": tensor(EPSILON), "step": tensor(4.0)}
    found = arrays(model.elbo_loss(batch, True))
    for name, level in zip(("kl_3", "kl_2", "kl_1"), levels, strict=True):
        FORMULA.check(found[name], level[2].mean(), name=name)
    kl = sum(level[2].mean() for level in levels)
    FORMULA.check(found["kl"], kl)
    logits = outputs(model.decoder_logits, latent=levels[-1][0])["data"]
    nats = (np.logaddexp(0, logits) - DATA * logits).sum(axis=1).mean()
    FORMULA.check(found["reconstruction"], nats)
    FORMULA.check(found["loss"], nats + 0.4 * kl)  # step 4 of a warm-up of 10


def test_a_code_is_in_deviations_from_what_the_level_above_makes_likely(model):
    levels = by_hand(model, [0.0, 0.0, 0.0])
    FORMULA.check(model.encode(DATA), np.concatenate([level[1] for level in levels], axis=1))
    logits = outputs(model.decoder_logits, latent=levels[-1][0])["data"]
    FORMULA.check(model.reconstruct(DATA), 1 / (1 + np.exp(-logits)))


def test_samples_are_drawn_from_the_top_down(model):
    top = EPSILON[:, :1]
    middle = outputs(model.downs[0], above=top)
    middle = middle["mean"] + np.exp(middle["log_variance"] / 2) * EPSILON[:, 1:3]
    lowest = outputs(model.downs[1], above=middle)
    lowest = lowest["mean"] + np.exp(lowest["log_variance"] / 2) * EPSILON[:, 3:]
    logits = outputs(model.decoder_logits, latent=lowest)["data"]
    made = model.use("sample", count=4, latent=EPSILON)["data"]
    FORMULA.check(made, 1 / (1 + np.exp(-logits)))


@pytest.mark.once
def test_one_level_is_no_hierarchy():
    with pytest.raises(ModelError, match="two levels or more. Received: upper_dims="):
        zoo.create("hierarchical_vae", **SETTINGS | {"upper_dims": ()})


@pytest.mark.once
def test_levels_may_be_normalized():
    model = zoo.create("hierarchical_vae", **SETTINGS, level_normalization="batch")
    names = {weight.name for weight in model.ups[1].non_trainable_weights}
    assert names == {"moving_mean", "moving_variance"}
    history = model.fit(DATA, steps=2, batch_size=4, verbose=0).history
    assert np.isfinite(history["loss"]).all()


def test_a_code_far_out_decodes_to_numbers():
    """Its log variance is in the hundreds: the deviation was infinite, and infinities met."""
    model = zoo.create("hierarchical_vae", **SETTINGS)
    codes = 1e4 * np.random.default_rng(0).normal(size=(4, model.code_dim)).astype("float32")
    assert np.isfinite(model.decode(codes)).all()
