"""The flow: closed forms both ways, its determinant against autodiff, and what it learns."""

import keras
import numpy as np
import pytest
from scipy.stats import multivariate_normal, norm

from tests.arrays import array, tensor
from tests.tolerances import EXACT, FORMULA, FORWARD
from zoo.backends import input_gradient
from zoo.priors import FlowPrior

RNG = np.random.default_rng(0)


def moved(dim, **options):
    """A flow whose couplings are not the identity."""
    flow = FlowPrior(dim, **({"couplings": 4, "width": 8} | options))
    for variable in flow.trainable_variables:
        variable.assign(RNG.normal(0.0, 0.5, variable.shape))
    flow.mean.assign(RNG.normal(size=dim))
    flow.stddev.assign(np.exp(RNG.normal(size=dim)))
    return flow


def test_at_first_it_is_a_standard_normal():
    flow = FlowPrior(3)
    noise = RNG.normal(size=(4, 3)).astype("float32")
    EXACT.check(array(flow({"code_noise": tensor(noise)})), noise)
    expected = multivariate_normal(np.zeros(3), np.eye(3)).logpdf(noise)
    FORMULA.check(array(flow.log_density_rows(tensor(noise))), expected)


@pytest.mark.parametrize("dim", [1, 3])
def test_the_inverse_gives_the_noise_back(dim):
    flow = moved(dim)
    noise = RNG.normal(size=(6, dim)).astype("float32")
    code, volume = flow.to_code(tensor(noise))
    back, again = flow.to_noise(code)
    FORWARD.check(array(back), noise)
    FORWARD.check(array(again), array(volume))


def test_the_determinant_is_that_of_the_jacobian_by_autodiff():
    flow = moved(3)
    noise = tensor(RNG.normal(size=(5, 3)))
    rows = [
        array(input_gradient(lambda z, entry=entry: flow.to_code(z)[0][:, entry], noise))
        for entry in range(3)
    ]
    jacobian = np.stack(rows, axis=1).astype("float64")
    signs, expected = np.linalg.slogdet(jacobian)
    assert (signs > 0).all()
    FORWARD.check(array(flow.to_code(noise)[1]), expected)


def test_the_density_is_that_of_the_noise_over_the_determinant():
    flow = moved(2)
    noise = RNG.normal(size=(5, 2)).astype("float32")
    code, volume = flow.to_code(tensor(noise))
    expected = norm.logpdf(noise).sum(axis=1) - array(volume)
    FORWARD.check(array(flow.log_density_rows(code)), expected)


def test_every_entry_is_moved_by_one_of_two_couplings():
    for dim in (1, 2, 5):
        flow = FlowPrior(dim, couplings=4)
        EXACT.check(flow.masks[0] + flow.masks[1], np.ones(dim))
        EXACT.check(flow.masks[2] + flow.masks[3], np.ones(dim))


def test_it_learns_what_no_normal_distribution_fits():
    noise = RNG.normal(size=(1000, 2))
    bent = np.stack([noise[:, 0], noise[:, 0] ** 2 + 0.2 * noise[:, 1]], axis=1)
    new = bent[::2]
    flow = FlowPrior(2, couplings=2, width=16, steps=150)
    flow.fit(bent[1::2])
    normal = multivariate_normal(bent.mean(axis=0), np.cov(bent.T)).logpdf(new).mean()
    assert array(flow.log_density_rows(tensor(new))).mean() > normal + 0.3


def test_the_same_seed_gives_the_same_flow():
    codes = RNG.normal(size=(60, 2)) ** 2
    flows = [FlowPrior(2, couplings=2, width=4, steps=3) for _ in range(2)]
    for number, flow in enumerate(flows):
        keras.utils.set_random_seed(number)
        flow.fit(codes)
    for variable, other in zip(*(flow.weights for flow in flows), strict=True):
        EXACT.check(array(variable), array(other))
