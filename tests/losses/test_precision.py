"""Every loss computes in float32, whatever narrower numbers it is given."""

import keras
import pytest

from tests.arrays import array, tensor
from tests.tolerances import FORMULA
from zoo import losses

ARGUMENTS = {
    "bernoulli_rows": 2,
    "binary_cross_entropy": 2,
    "gaussian_rows": 2,
    "l1": 1,
    "l2": 1,
    "log_normal_rows": 2,
    "mean_squared_error": 2,
    "minimax_generator": 1,
    "non_saturating_generator": 1,
    "standard_discriminator": 2,
    "standard_normal_kl_rows": 2,
    "unit_norm": 1,
    "wasserstein_critic": 2,
    "wasserstein_generator": 1,
}
NO_LOSSES = {"draw_normal", "perplexity"}
"""A latent has the type of the posterior that it is drawn from; indices are no numbers."""


def test_every_loss_is_listed_here():
    assert sorted({*ARGUMENTS, *NO_LOSSES}) == sorted(losses.__all__)


@pytest.mark.parametrize("name", ARGUMENTS)
def test_float16_inputs_give_the_float32_loss(name):
    # Powers of two are the same in both; 512² is more than float16 holds.
    values = [[[512.0], [0.25]], [[0.5], [-2.0]]][: ARGUMENTS[name]]
    loss = getattr(losses, name)
    found = loss(*(tensor(value, "float16") for value in values))
    assert keras.backend.standardize_dtype(found.dtype) == "float32"
    FORMULA.check(array(found), array(loss(*(tensor(value) for value in values))))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("mean_squared_error", 360_000.0),
        ("gaussian_rows", [180_000.9189385332]),
        ("log_normal_rows", [-180_000.9189385332]),
    ],
)
def test_squares_do_not_overflow_in_float16(name, expected):
    data, other = tensor([[300.0]], "float16"), tensor([[-300.0]], "float16")
    FORMULA.check(array(getattr(losses, name)(data, other)), expected)
