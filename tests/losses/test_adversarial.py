"""The adversarial losses against numbers worked out by hand."""

from math import exp, log
from typing import get_args

import numpy as np
import pytest

from tests.arrays import array, softplus, tensor
from tests.tolerances import FORMULA
from zoo import backends, losses
from zoo.gans.settings import AdversarialSettings
from zoo.losses.adversarial import GAMES

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


def test_hinge_discriminator_asks_for_a_margin_of_one():
    real, fake = tensor([[1.5], [0.0]]), tensor([[-2.0], [0.5]])
    FORMULA.check(array(losses.hinge_discriminator(real, fake)), (0 + 1) / 2 + (0 + 1.5) / 2)


def test_smoothed_labels_are_those_of_data_alone():
    found = losses.standard_discriminator(tensor([[log(3)]]), tensor([[0.0]]), smoothing=0.1)
    FORMULA.check(array(found), -(0.9 * log(3 / 4) + 0.1 * log(1 / 4)) + log(2))


# Less the mean logit of the other side, data have 2 and 0, samples 0 and −2.
PAIRS = [[2.0], [0.0]], [[1.0], [-1.0]]
RELATIVISTIC = {
    "relativistic": (softplus(-1.0), softplus(1.0)),
    "relativistic_average": (log(2) + softplus(-2.0), log(2) + softplus(2.0)),
    "relativistic_hinge": (0.5 + 0.5, 2.0 + 2.0),
    "relativistic_least_squares": (1.0 + 1.0, 5.0 + 5.0),
}


@pytest.mark.parametrize("name", RELATIVISTIC)
def test_relativistic_losses_of_both_sides(name):
    game, (real, fake) = GAMES[name], map(tensor, PAIRS)
    FORMULA.check(array(game.discriminator(real, fake)), RELATIVISTIC[name][0])
    FORMULA.check(array(game.generator(real, fake)), RELATIVISTIC[name][1])


@pytest.mark.parametrize("name", GAMES)
def test_a_number_added_to_all_logits_cancels_where_the_game_says_so(name):
    game, (real, fake) = GAMES[name], map(tensor, PAIRS)
    before, after = (array(game.discriminator(real + shift, fake + shift)) for shift in (0.0, 0.75))
    assert (abs(before - after) < 1e-6) == game.bias_cancels
    assert not game.bias_cancels or game.reading is not GAMES["hinge"].reading


def test_the_top_samples_alone_pass_a_gradient():
    logits = tensor([[1.0], [4.0], [2.0], [3.0]])
    FORMULA.check(array(losses.top(logits, 0.5)), [[3.0], [4.0]])
    FORMULA.check(array(losses.top(logits, 0.01)), [[4.0]])
    FORMULA.check(array(losses.top(logits, 1.0)), array(logits))
    gradient = backends.input_gradient(lambda x: losses.top(x, 0.5), logits)
    FORMULA.check(array(gradient), [[0.0], [1.0], [0.0], [1.0]])


def test_a_number_falls_linearly_or_stays():
    found = [array(losses.falling(0.5, 10, tensor(step))) for step in (0.0, 4.0, 10.0, 99.0)]
    FORMULA.check(found, [0.5, 0.3, 0.0, 0.0])
    assert losses.falling(0.5, None, tensor(3.0)) == 0.5


def test_accuracy_is_the_share_of_pairs_in_order_and_ties_count_half():
    real, fake = tensor([[1.0], [2.0], [3.0], [4.0]]), tensor([[0.0], [2.0], [5.0], [1.0]])
    FORMULA.check(array(losses.pair_accuracy(real, fake)), (1 + 0.5 + 0 + 1) / 4)


def test_diversity_is_a_share_of_the_datas_variance():
    samples, data = tensor([[0.0, 1.0], [2.0, 1.0]]), tensor([[0.0, 0.0], [2.0, 4.0]])
    FORMULA.check(array(losses.diversity(samples, data)), (1 + 0) / (1 + 4))
    FORMULA.check(array(losses.diversity(tensor([[3.0]]), tensor([[1.0]]))), 0.0)


def test_the_setting_loss_names_every_game():
    assert get_args(AdversarialSettings.fields["loss"].type) == tuple(GAMES)
