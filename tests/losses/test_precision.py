"""Every loss computes in float32, whatever it is given."""

import keras
import pytest

from tests.arrays import array, tensor
from tests.tolerances import FORMULA
from zoo import losses

ARGUMENTS = {
    "bernoulli": 2,
    "binary_cross_entropy": 2,
    "gaussian": 2,
    "l1": 1,
    "l2": 1,
    "mean_squared_error": 2,
    "minimax_generator": 1,
    "non_saturating_generator": 1,
    "standard_discriminator": 2,
    "standard_normal_divergence": 2,
    "unit_norm": 1,
    "wasserstein_critic": 2,
    "wasserstein_generator": 1,
}


def test_every_loss_is_listed_here():
    assert sorted(ARGUMENTS) == losses.__all__


@pytest.mark.parametrize("name", ARGUMENTS)
def test_float16_inputs_give_the_float32_loss(name):
    # Powers of two are the same in both; 512² is more than float16 holds.
    values = [[[512.0], [0.25]], [[0.5], [-2.0]]][: ARGUMENTS[name]]
    loss = getattr(losses, name)
    found = loss(*(tensor(value, "float16") for value in values))
    assert keras.backend.standardize_dtype(found.dtype) == "float32"
    FORMULA.check(array(found), array(loss(*(tensor(value) for value in values))))


@pytest.mark.parametrize("name", ["mean_squared_error", "gaussian"])
def test_squares_do_not_overflow_in_float16(name):
    data, other = tensor([[300.0]], "float16"), tensor([[-300.0]], "float16")
    expected = {"mean_squared_error": 360_000.0, "gaussian": 180_000.9189385332}[name]
    FORMULA.check(array(getattr(losses, name)(data, other)), expected)
