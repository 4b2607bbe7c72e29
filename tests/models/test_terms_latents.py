"""What the models of independent and of matched latents add to the bound."""

import numpy as np
import pytest

import zoo
from tests.arrays import array, arrays, tensor
from tests.tolerances import EXACT, FORMULA
from zoo import losses
from zoo.errors import ModelError
from zoo.networks import apply

DATA = np.array([[1.0, 0.0], [0.25, 0.5], [0.5, 0.75]], "float32")
RNG = np.random.default_rng(0)
EPSILON, LATENT = RNG.normal(size=(2, 3, 2)).astype("float32")
ORDER = np.array([[0.3, 0.9], [0.1, 0.5], [0.2, 0.7]], "float32")
SMALL = {"shape": (2,), "latent_dim": 2, "network_options": {"depth": 0}}


def create(name, **settings):
    return zoo.create(name, **SMALL | settings)


def batch_of(**noise):
    fields = {"data": DATA, "step": np.float32(0), "epsilon": EPSILON}
    return {name: tensor(value) for name, value in (fields | noise).items()}


def posterior_of(model):
    return arrays(apply(model.encoder, {"data": tensor(DATA)}))


def latent_of(model):
    found = posterior_of(model)
    return found["mean"] + np.exp(found["log_variance"] / 2) * EPSILON


def discrepancy(x, y, kernel):
    """The unbiased estimate, pair by pair."""

    def mean(pairs):
        return np.mean([kernel(np.sum((a - b) ** 2)) for a, b in pairs])

    within = [[(a, b) for i, a in enumerate(s) for j, b in enumerate(s) if i != j] for s in (x, y)]
    return mean(within[0]) + mean(within[1]) - 2 * mean([(a, b) for a in x for b in y])


def test_wae_adds_the_discrepancy_of_the_codes_a_feature():
    model = create("wae_mmd", mmd_weight=7.0)
    found = arrays(model.autoencoder_loss({"data": tensor(DATA), "latent": tensor(LATENT)}, True))
    codes = model.encode(DATA)
    expected = discrepancy(codes, LATENT, lambda d: 4 / (4 + d))
    FORMULA.check(found["penalty"], 7.0 * expected / 2)
    rebuilt = array(apply(model.decoder_logits, {"latent": tensor(codes)})["data"])
    error = np.mean((rebuilt - DATA) ** 2)
    FORMULA.check(found["loss"], error + 7.0 * expected / 2)


@pytest.mark.parametrize(
    ("kernel", "similarity"),
    [
        ("gaussian", lambda d: np.exp(-d / 4)),
        ("inverse_multiquadratic", lambda d: 4 / (4 + d)),
    ],
)
def test_info_vae_weighs_two_divergences(kernel, similarity):
    model = create("info_vae", alpha=0.25, mmd_weight=5.0, kernel=kernel)
    found = arrays(model.elbo_loss(batch_of(latent=LATENT), True))
    mmd = discrepancy(latent_of(model), LATENT, similarity)
    FORMULA.check(found["mmd"], mmd)
    expected = found["reconstruction"] + 0.75 * found["kl"] + 4.25 * mmd
    FORMULA.check(found["loss"], expected)


@pytest.mark.once
def test_info_vae_has_weights_of_a_bound():
    with pytest.raises(ModelError, match="at least 1. Received: alpha=0.0, mmd_weight=0.5"):
        create("info_vae", alpha=0.0, mmd_weight=0.5)


def test_beta_tc_vae_weighs_the_parts_of_the_divergence():
    model = create("beta_tc_vae", beta=6.0, information_weight=2.0, dimension_weight=3.0)
    found = arrays(model.elbo_loss(batch_of(), True))
    posterior = {name: tensor(value) for name, value in posterior_of(model).items()}
    parts = [array(p) for p in losses.decomposed_kl(tensor(latent_of(model)), **posterior)]
    names = ("mutual_information", "total_correlation", "dimension_kl")
    FORMULA.check([found[name] for name in names], parts)
    FORMULA.check(found["loss"], found["reconstruction"] + np.dot([2, 6, 3], parts))


def logits(model, latent):
    return array(apply(model.latent_discriminator, {"latent": tensor(latent)})["logit"])


def test_factor_vae_adds_the_mean_logit_of_its_discriminator():
    model = create("factor_vae", gamma=5.0, discriminator_widths=(3, 4))
    found = arrays(model.elbo_loss(batch_of(order=ORDER), True))
    correlation = logits(model, latent_of(model)).mean()
    FORMULA.check(found["total_correlation"], correlation)
    FORMULA.check(found["loss"], found["reconstruction"] + found["kl"] + 5 * correlation)


def test_factor_vaes_discriminator_tells_latents_from_permuted_ones():
    model = create("factor_vae", discriminator_widths=(3, 4))
    latent = latent_of(model)
    # The ranks of the noise, written down: each dimension in an order of its own.
    permuted = np.stack([latent[[1, 2, 0], 0], latent[[1, 2, 0], 1]], axis=1)
    order = ORDER.copy()
    order[:, 1] = [0.5, 0.9, 0.7]
    permuted[:, 1] = latent[[0, 2, 1], 1]
    found = arrays(model.discriminator_loss(batch_of(order=order), True))["loss"]
    real, fake = logits(model, latent), logits(model, permuted)
    expected = np.logaddexp(0, -real).mean() / 2 + np.logaddexp(0, fake).mean() / 2
    FORMULA.check(found, expected)
    assert (permuted != latent).any()


def test_factor_vaes_discriminator_has_six_layers_of_a_thousand():
    model = create("factor_vae")
    assert [w.shape[1] for w in model.latent_discriminator.weights[::2]] == [1000] * 6 + [1]


def test_vamp_vaes_prior_is_the_mean_of_the_posteriors_of_its_inputs():
    model = create("vamp_vae", num_pseudo_inputs=4)
    inputs = np.array([[0.1, 0.2], [0.9, 0.4], [-1.0, 0.5], [0.7, 3.0]], "float32")
    model.pseudo_inputs.set_weights([inputs])
    clipped = np.clip(inputs, 0, 1)
    EXACT.check(model.use("pseudo_inputs", count=4)["data"], clipped)
    components = arrays(apply(model.encoder, {"data": tensor(clipped)}))
    own, latent = posterior_of(model), latent_of(model)

    def density(mean, log_variance):
        squares = (latent - mean) ** 2 / np.exp(log_variance)
        return np.exp(-0.5 * (squares + log_variance + np.log(2 * np.pi)).sum(axis=-1))

    pairs = zip(components["mean"], components["log_variance"], strict=True)
    prior = np.mean([density(*pair) for pair in pairs], axis=0)
    kl = np.mean(np.log(density(own["mean"], own["log_variance"]) / prior))
    found = arrays(model.elbo_loss(batch_of(), True))
    FORMULA.check(found["kl"], kl)
    FORMULA.check(found["loss"], found["reconstruction"] + kl)


def test_vamp_vaes_samples_are_draws_from_the_posteriors_of_its_inputs():
    model = create("vamp_vae", num_pseudo_inputs=4)
    component = np.array([2, 0, 2], "int32")
    inputs = model.use("pseudo_inputs", count=4)["data"][component]
    found = arrays(apply(model.encoder, {"data": tensor(inputs)}))
    latent = found["mean"] + np.exp(found["log_variance"] / 2) * EPSILON
    sampled = model.use("sample", component=component, epsilon=EPSILON)["data"]
    FORMULA.check(sampled, model.decode(latent))
