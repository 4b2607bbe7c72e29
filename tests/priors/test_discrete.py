"""Priors of discrete codes: causality, densities that add up, what it learns, and its export."""

import itertools

import numpy as np
import pytest

import export
import zoo
from tests.arrays import array, tensor
from tests.tolerances import FORMULA
from zoo.errors import ModelError
from zoo.priors import AutoregressivePrior, IndependentPrior, fit_prior, prior_part

RNG = np.random.default_rng(0)
IMAGES = RNG.random((24, 8, 8, 1)).astype("float32")
SMALL = {"width": 8, "depth": 1, "num_heads": 2}


def moved(dim, classes=None, size=3):
    """A prior whose indices depend on those before."""
    prior = AutoregressivePrior(dim, classes, size=size, **SMALL)
    for variable in prior.network.trainable_variables:
        variable.assign(RNG.normal(0.0, 0.5, variable.shape))
    return prior


def density(prior, codes, labels=None):
    labels = None if labels is None else tensor(labels, "int32")
    return array(prior.log_density_rows(tensor(codes, "int32"), labels)).astype("float64")


def drawn(prior, quantiles, labels=None):
    given = {"code_quantile": tensor(quantiles)}
    return array(prior(given | ({} if labels is None else {"labels": tensor(labels, "int32")})))


def test_at_first_all_codes_are_equally_likely():
    prior = AutoregressivePrior(4, size=3, **SMALL)
    FORMULA.check(density(prior, [[0, 1, 2, 0], [2, 2, 2, 2]]), [-4 * np.log(3)] * 2)
    code = drawn(prior, [[0.0, 0.32, 0.34, 0.99]])
    assert code.dtype == "int32"
    np.testing.assert_array_equal(code, [[0, 0, 1, 2]])


def test_the_densities_of_all_codes_add_up_to_one():
    every = list(itertools.product(range(3), repeat=3))
    for prior, labels in ((moved(3), None), (moved(3, classes=2), [1] * len(every))):
        total = np.exp(density(prior, every, labels))
        assert total.std() > 0.005
        FORMULA.check(total.sum(), 1.0)


def test_an_index_is_read_by_those_behind_it_alone():
    prior = moved(4)
    before = np.array([[3, 0, 1, 2]])
    changed = np.array([[3, 0, 2, 2]])
    first, second = (array(prior.network(tensor(x, "int32"))) for x in (before, changed))
    FORMULA.check(first[:, :2], second[:, :2])
    assert np.abs(first[:, 2:] - second[:, 2:]).max() > 1e-2


def test_draws_are_those_of_the_cumulated_densities():
    prior = moved(2, classes=2)
    every = list(itertools.product(range(3), repeat=2))
    middles, labels = [], [0] * 9 + [1] * 9
    tables = np.exp(density(prior, every * 2, labels)).reshape(2, 3, 3)
    for label, wanted in itertools.product((0, 1), every):
        first = np.r_[0, np.cumsum(tables[label].sum(axis=1))]
        second = np.r_[0, np.cumsum(tables[label, wanted[0]])] / tables[label, wanted[0]].sum()
        middles.append(
            [(e[i] + e[i + 1]) / 2 for e, i in zip((first, second), wanted, strict=True)]
        )
    np.testing.assert_array_equal(drawn(prior, middles, labels), every * 2)


def test_a_chain_is_learned_class_by_class():
    labels = RNG.integers(0, 2, 400)
    start = RNG.integers(0, 4, 400)
    codes = (start[:, None] + np.arange(3) * (1 + 2 * labels[:, None])) % 4
    prior = AutoregressivePrior(3, 2, size=4, width=16, depth=1, num_heads=2, steps=300)
    prior.fit(codes, labels)
    # The first index is uniform, each other follows from it and the class.
    found = -density(prior, codes[:50], labels[:50]).mean()
    assert np.log(4) - 0.05 < found < np.log(4) + 0.2
    made = drawn(prior, RNG.random((40, 3)), [0] * 20 + [1] * 20)
    steps = np.diff(made, axis=1) % 4
    assert (steps[:20] == 1).mean() > 0.9
    assert (steps[20:] == 3).mean() > 0.9


@pytest.mark.parametrize(
    ("codes", "labels", "rule"),
    [
        ([[0, 3], [1, 2]], None, "An index is from 0 to 2. Received: 0 to 3."),
        ([[0, 1]], None, "at least 2 codes"),
        ([[0, 1], [1, 2]], [0, 1], "without labels"),
    ],
)
def test_codes_that_do_not_fit_are_rejected(codes, labels, rule):
    with pytest.raises(ModelError, match=rule):
        AutoregressivePrior(2, size=3, **SMALL).fit(np.array(codes), labels)


def test_independent_indices_are_counted_class_by_class():
    prior = IndependentPrior(2, 2, size=3)
    prior.fit(np.array([[0, 1], [0, 2], [2, 2]]), np.array([0, 0, 1]))
    # One is added to each count: 3, 1, 1 and 1, 2, 2 of 5 in class 0; 1, 1, 2 of 4 twice in 1.
    found = density(prior, [[0, 1], [1, 0], [2, 2]], [0, 0, 1])
    FORMULA.check(found, np.log([3 / 5 * 2 / 5, 1 / 25, 1 / 4]))
    made = drawn(prior, [[0.59, 0.19], [0.61, 0.21], [0.26, 0.51]], [0, 0, 1])
    np.testing.assert_array_equal(made, [[0, 0], [1, 1], [1, 2]])


def test_a_discrete_model_samples_from_it_and_exports(tmp_path):
    model = zoo.create(
        "vq_vae", shape=(8, 8, 1), codebook_size=8, codebook_dim=4, width=4, residual_width=4
    )
    sampler = fit_prior(model, IMAGES, "autoregressive", steps=3, **SMALL)
    made = sampler.sample(3, seed=1)
    assert made.shape == (3, 8, 8, 1)
    sampler.save(tmp_path / "sampler.keras")
    again = zoo.load(tmp_path / "sampler.keras")
    np.testing.assert_array_equal(again.sample(3, seed=1), made)
    assert fit_prior(model, IMAGES, "independent").sample(2).shape == (2, 8, 8, 1)
    part = prior_part(moved(4, classes=2, size=5), name="prior")
    # The quantiles decide: a rounding error at a step's edge is another index.
    report = export.to_onnx(part, tmp_path / "prior.onnx", cardinality={"labels": 2})
    assert report.passed


def test_kinds_are_for_their_codes():
    discrete = zoo.create("vq_vae", shape=(8, 8, 1), width=4, residual_width=4)
    with pytest.raises(ModelError, match="for continuous codes.*: independent, autoregressive"):
        fit_prior(discrete, IMAGES, "mixture")
    continuous = zoo.create("conv_autoencoder", shape=(8, 8, 1), width=4)
    with pytest.raises(ModelError, match="for discrete codes"):
        fit_prior(continuous, IMAGES, "autoregressive")
