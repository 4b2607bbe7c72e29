"""The adversarial losses against numbers worked out by hand."""

from math import exp, log

import numpy as np
import pytest

from tests.arrays import array, tensor
from tests.tolerances import FORMULA
from zoo import backends, losses

# σ(log 3) = 3/4 and σ(−log 3) = 1/4.
REAL = [[log(3)], [0.0]]
FAKE = [[-log(3)], [0.0], [log(3)]]


def test_standard_discriminator_is_the_cross_entropy_of_real_1_and_fake_0():
    expected = -(log(3 / 4) + log(1 / 2)) / 2 - (log(3 / 4) + log(1 / 2) + log(1 / 4)) / 3
    FORMULA.check(array(losses.standard_discriminator(tensor(REAL), tensor(FAKE))), expected)


def test_an_undecided_discriminator_loses_two_log_two():
    zeros = tensor(np.zeros((5, 1)))
    FORMULA.check(array(losses.standard_discriminator(zeros, zeros)), 1.3862943611198906)


def test_minimax_generator_is_the_log_probability_of_being_caught():
    expected = (log(3 / 4) + log(1 / 2) + log(1 / 4)) / 3
    FORMULA.check(array(losses.minimax_generator(tensor(FAKE))), expected)


def test_non_saturating_generator_is_minus_the_log_probability_of_passing():
    expected = -(log(1 / 4) + log(1 / 2) + log(3 / 4)) / 3
    FORMULA.check(array(losses.non_saturating_generator(tensor(FAKE))), expected)


def test_wasserstein_losses_are_differences_of_means():
    real, fake = tensor([[1.0], [2.0]]), tensor([[-3.0], [5.0], [7.0]])
    FORMULA.check(array(losses.wasserstein_critic(real, fake)), 3.0 - 1.5)
    FORMULA.check(array(losses.wasserstein_generator(fake)), -3.0)


@pytest.mark.parametrize(
    ("real", "fake", "expected"), [(-50, 50, 100.0), (50, -50, 2 * exp(-50)), (50, 50, 50.0)]
)
def test_standard_discriminator_is_right_at_extreme_logits(real, fake, expected):
    value = losses.standard_discriminator(tensor([[real]]), tensor([[fake]]))
    FORMULA.check(array(value), expected)


@pytest.mark.parametrize("logit", [-50.0, 50.0])
def test_generator_losses_are_right_at_extreme_logits(logit):
    FORMULA.check(array(losses.non_saturating_generator(tensor([[logit]]))), max(-logit, 0.0))
    FORMULA.check(array(losses.minimax_generator(tensor([[logit]]))), min(-logit, 0.0))


@pytest.mark.parametrize(
    ("loss", "slopes"),
    [
        # −σ(−l): full strength where the discriminator is sure, none where it is fooled.
        (losses.non_saturating_generator, [-1.0, -0.75, -0.5, 0.0]),
        # −σ(l): none where the discriminator is sure.
        (losses.minimax_generator, [0.0, -0.25, -0.5, -1.0]),
    ],
)
def test_generator_losses_have_the_slopes_of_the_paper(loss, slopes):
    logits = tensor([[-50.0], [-log(3)], [0.0], [50.0]])
    gradient = array(backends.input_gradient(loss, logits))
    FORMULA.check(4 * gradient[:, 0], slopes, name="slopes")
