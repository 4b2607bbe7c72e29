"""Gaussian mixtures as priors: draws, densities and fits against closed forms; export."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal

import export
from tests.arrays import array, tensor
from tests.tolerances import EXACT, FORMULA, SMALL_SAMPLES
from zoo.errors import ModelError
from zoo.priors import MixturePrior, prior_part
from zoo.priors.mixture import TURNS

RNG = np.random.default_rng(0)


def filled(classes=None, components=1, dim=2):
    """A prior with weights that are all different."""
    prior = MixturePrior(dim, classes, components=components)
    mixtures = classes or 1
    mixing = np.arange(1.0, 1 + mixtures * components).reshape(mixtures, components)
    prior.mixing.assign(mixing / mixing.sum(axis=1, keepdims=True))
    prior.means.assign(RNG.normal(size=prior.means.shape))
    factors = np.tril(RNG.normal(size=prior.factors.shape)) + 2 * np.eye(dim)
    prior.factors.assign(factors)
    return prior


def drawn(prior, **values):
    return array(
        prior(
            {
                name: tensor(v, "int32" if name != "code_noise" else "float32")
                for name, v in values.items()
            }
        )
    )


def test_unfitted_it_is_a_standard_normal():
    prior = MixturePrior(3, 2, components=2)
    noise = RNG.normal(size=(4, 3)).astype("float32")
    EXACT.check(
        drawn(prior, code_noise=noise, code_component=[0, 1, 2, 3], labels=[0, 1, 0, 1]), noise
    )
    expected = multivariate_normal(np.zeros(3), np.eye(3)).logpdf(noise)
    FORMULA.check(
        array(prior.log_density_rows(tensor(noise), tensor([0, 1, 0, 1], "int32"))), expected
    )


def test_a_gaussian_gives_mean_and_factor_times_noise():
    prior = filled()
    noise = RNG.normal(size=(5, 2))
    mean, factor = array(prior.means)[0, 0], array(prior.factors)[0, 0]
    FORMULA.check(drawn(prior, code_noise=noise), mean + noise @ factor.T)


def test_the_integer_chooses_the_component_by_its_weight():
    prior = MixturePrior(1, components=3)
    prior.mixing.assign([[0.25, 0.0, 0.75]])
    prior.means.assign([[[10.0], [20.0], [30.0]]])
    quarter = TURNS // 4
    codes = drawn(
        prior, code_noise=np.zeros((4, 1)), code_component=[0, quarter - 1, quarter, TURNS - 1]
    )
    EXACT.check(codes.ravel(), [10, 10, 30, 30])


def test_labels_choose_the_mixture():
    prior = filled(classes=3, components=2)
    labels, turns = [2, 0, 1], [TURNS - 1, 0, TURNS - 1]
    noise = RNG.normal(size=(3, 2))
    means, factors = array(prior.means), array(prior.factors)
    expected = [
        means[c, k] + factors[c, k] @ row
        for c, k, row in zip(labels, (1, 0, 1), noise, strict=True)
    ]
    FORMULA.check(drawn(prior, code_noise=noise, code_component=turns, labels=labels), expected)


def test_the_density_is_that_of_the_mixture():
    prior = filled(classes=2, components=3)
    codes, labels = RNG.normal(size=(6, 2)), np.array([0, 1, 1, 0, 1, 0])
    mixing, means, factors = (array(w) for w in (prior.mixing, prior.means, prior.factors))
    expected = [
        np.log(
            sum(
                mixing[c, k]
                * multivariate_normal(means[c, k], factors[c, k] @ factors[c, k].T).pdf(code)
                for k in range(3)
            )
        )
        for code, c in zip(codes, labels, strict=True)
    ]
    FORMULA.check(array(prior.log_density_rows(tensor(codes), tensor(labels, "int32"))), expected)


def test_fitting_finds_the_mixture_that_codes_come_from():
    centres = np.array([[-4.0, 0.0], [4.0, 1.0]])
    which = np.arange(2000) % 4 == 0
    codes = centres[which.astype(int)] + RNG.normal(size=(2000, 2)) * [0.5, 1.0]
    prior = MixturePrior(2, components=2)
    prior.fit(codes)
    order = np.argsort(array(prior.means)[0, :, 0])
    SMALL_SAMPLES.check(array(prior.mixing)[0, order], [0.75, 0.25])
    SMALL_SAMPLES.check(array(prior.means)[0, order], centres)
    factors = array(prior.factors)[0]
    for factor in factors:
        np.testing.assert_allclose(factor @ factor.T, np.diag([0.25, 1.0]), atol=0.15)


def test_each_class_is_fitted_to_its_own_codes_and_an_empty_one_to_all():
    codes = np.array([[0.0], [2.0], [10.0], [14.0]])
    prior = MixturePrior(1, 3)
    prior.fit(codes, np.array([0, 0, 1, 1]))
    FORMULA.check(array(prior.means)[:, 0, 0], [1.0, 12.0, 6.5])


def test_a_class_of_fewer_codes_than_components_has_fewer():
    prior = MixturePrior(1, components=5)
    prior.fit(np.array([[0.0], [3.0]]))
    FORMULA.check(np.sort(array(prior.mixing)[0]), [0, 0, 0, 0.5, 0.5])


@pytest.mark.parametrize(
    ("codes", "labels", "message"),
    [
        (np.zeros((4, 3)), None, r"at least 2 codes \(count, 2\)"),
        (np.zeros((1, 2)), None, "at least 2 codes"),
        (np.zeros((4, 2)), np.zeros(4, int), "no classes"),
    ],
)
def test_what_is_not_codes_is_refused(codes, labels, message):
    with pytest.raises(ModelError, match=message):
        MixturePrior(2).fit(codes, labels)


@pytest.mark.parametrize("classes", [None, 3])
@pytest.mark.parametrize("components", [1, 4])
def test_a_prior_is_a_part_that_exports_with_a_certificate(classes, components, tmp_path):
    prior = filled(classes, components)
    part = prior_part(prior)
    limits = {name: noise.size for name, noise in prior.draws.items() if noise.dtype == "int32"}
    limits |= {} if classes is None else {"labels": classes}
    found = export.to_onnx(part, tmp_path / "prior.onnx", cardinality=limits)
    assert found.passed


def test_covariances_without_bounds_are_refused():
    with pytest.raises(ModelError, match="at most 50,000,000 numbers. .*aggregated and flow"):
        MixturePrior(5000, components=10)
