"""Mixtures of posteriors as priors: draws and densities against closed forms."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from tests.arrays import array, tensor
from tests.tolerances import EXACT, FORMULA
from zoo.errors import ModelError
from zoo.priors import AggregatedPrior, NormalPrior
from zoo.priors import posteriors as module

RNG = np.random.default_rng(0)
MEANS = np.array([[-1.0, 2.0], [3.0, 0.5]])
LOG_VARIANCES = np.log([[0.25, 1.0], [4.0, 0.01]])


def by_hand(codes, means, deviations):
    """Log of the mean density of normals with diagonal covariances."""
    densities = [
        multivariate_normal(mean, np.diag(deviation**2)).pdf(codes)
        for mean, deviation in zip(means, deviations, strict=True)
    ]
    return np.log(np.mean(densities, axis=0))


def test_a_standard_normal_gives_its_noise_and_its_density():
    prior = NormalPrior(3)
    noise = RNG.normal(size=(4, 3)).astype("float32")
    EXACT.check(array(prior({"code_noise": tensor(noise)})), noise)
    expected = multivariate_normal(np.zeros(3), np.eye(3)).logpdf(noise)
    FORMULA.check(array(prior.log_density_rows(tensor(noise))), expected)


def test_the_aggregated_posterior_has_the_mean_density_of_what_it_keeps(monkeypatch):
    prior = AggregatedPrior(2, components=2)
    prior.fit(MEANS, log_variances=LOG_VARIANCES)
    codes = RNG.normal(1.0, 2.0, size=(5, 2))
    expected = by_hand(codes, MEANS, np.exp(0.5 * LOG_VARIANCES))
    FORMULA.check(array(prior.log_density_rows(tensor(codes))), expected)
    monkeypatch.setattr(module, "CHUNK", 1)
    FORMULA.check(array(prior.log_density_rows(tensor(codes))), expected)


def test_a_draw_is_of_the_posterior_that_the_integer_chooses():
    prior = AggregatedPrior(2, components=2)
    prior.hold(MEANS, np.exp(0.5 * LOG_VARIANCES))
    noise = RNG.normal(size=(3, 2))
    chosen = np.array([1, 0, 1])
    found = prior({"code_noise": tensor(noise), "code_component": tensor(chosen, "int32")})
    expected = MEANS[chosen] + np.exp(0.5 * LOG_VARIANCES)[chosen] * noise
    FORMULA.check(array(found), expected)


def test_more_components_than_codes_weigh_the_codes_alike():
    prior = AggregatedPrior(1, components=6)
    prior.fit(np.array([[0.0], [1.0], [5.0]]), log_variances=np.zeros((3, 1)))
    EXACT.check(np.sort(array(prior.means)[:, 0]), [0, 0, 1, 1, 5, 5])


def test_the_kernel_is_the_likeliest_by_the_other_codes():
    codes = RNG.normal(size=(12, 2)) * [1.0, 3.0]
    found = module.kernel_deviations(codes)
    spread = codes.std(axis=0)
    FORMULA.check(found / spread, np.full(2, found[0] / spread[0]))

    def left_out(share):
        others = [np.delete(codes, row, axis=0) for row in range(len(codes))]
        return np.mean(
            [
                by_hand(code, rest, [share * spread] * len(rest))
                for code, rest in zip(codes, others, strict=True)
            ]
        )

    shares = module.BANDWIDTHS[25::4]
    assert left_out(found[0] / spread[0]) >= max(map(left_out, shares))


@pytest.mark.parametrize("codes", [np.zeros((4, 3)), np.full((4, 2), np.nan)])
def test_what_is_not_codes_is_refused(codes):
    for prior in (NormalPrior(2), AggregatedPrior(2)):
        with pytest.raises(ModelError, match="A prior is fitted to"):
            prior.fit(codes)


def test_the_kernel_is_as_wide_for_one_kept_code_and_for_codes_that_occur_twice():
    codes = np.random.default_rng(0).normal(size=(60, 2))
    widths = []
    for values, components in ((codes, 60), (codes, 1), (np.repeat(codes, 2, axis=0), 120)):
        prior = AggregatedPrior(2, components=components)
        prior.fit(values)
        widths.append(array(prior.deviations)[0])
    FORMULA.check(widths[1], widths[0])
    np.testing.assert_allclose(widths[2], widths[0], rtol=0.2)
