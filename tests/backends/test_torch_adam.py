"""PyTorch's fused Adam on Keras's state."""

import keras
import numpy as np
import pytest

from tests.arrays import array, tensor
from tests.tolerances import FORMULA
from zoo import backends

pytestmark = pytest.mark.skipif(
    keras.config.backend() != "torch", reason="the fused Adam is PyTorch's"
)


def weights():
    rng = np.random.default_rng(0)
    return [keras.Variable(rng.normal(size=shape).astype("float32")) for shape in ((3, 4), (5,))]


def built(variables, **options):
    optimizer = keras.optimizers.Adam(0.01, 0.5, 0.99, **options)
    optimizer.build(variables)
    return optimizer


def test_updates_and_state_are_those_of_keras():
    rng = np.random.default_rng(1)
    ours, theirs = weights(), weights()
    fused, plain = built(ours), built(theirs)
    for rate in (0.01, 0.01, 0.003):
        fused.learning_rate = plain.learning_rate = rate
        # Some gradients are as small as epsilon, where its place in the formula shows.
        gradients = [rng.normal(size=v.shape) * 10.0 ** rng.integers(-8, 1) for v in ours]
        backends.current().apply(fused, [tensor(g) for g in gradients], ours)
        plain.apply([tensor(g) for g in gradients], theirs)
    assert int(fused.iterations) == 3
    pairs = zip([*ours, *fused.variables], [*theirs, *plain.variables], strict=True)
    for found, expected in pairs:
        FORMULA.check(array(found), array(expected), name=expected.path)


def test_a_transposed_gradient_updates_the_right_weights():
    variable = keras.Variable(np.zeros((2, 3), "float32"))
    gradient = np.array([[1.0, -1.0, 1.0], [-1.0, -1.0, 1.0]])
    backends.current().apply(
        built([variable]), [tensor(np.ascontiguousarray(gradient.T)).T], [variable]
    )
    FORMULA.check(array(variable), -0.01 * gradient)


def test_an_adam_with_extras_is_applied_by_keras():
    from zoo.backends.torch import adam

    variables = weights()
    assert adam.fits(built(variables), variables)
    for options in (
        {"amsgrad": True},
        {"clipnorm": 1.0},
        {"clipvalue": 1.0},
        {"global_clipnorm": 1.0},
        {"weight_decay": 0.1},
        {"use_ema": True},
        {"loss_scale_factor": 2.0},
        {"gradient_accumulation_steps": 2},
    ):
        assert not adam.fits(built(variables, **options), variables), options
    assert not adam.fits(built(variables), variables[:1])
    rmsprop = keras.optimizers.RMSprop()
    rmsprop.build(variables)
    assert not adam.fits(rmsprop, variables)
