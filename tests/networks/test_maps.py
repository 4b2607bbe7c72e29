"""The networks whose code is a map: pooling and residual."""

import numpy as np
import pytest

from tests.arrays import array, tensor
from tests.tolerances import FORMULA
from zoo.networks import blocks, conv_pool, vq

SHAPES = [
    ((8, 8, 1), (2, 2)),
    ((28, 28, 1), (7, 7)),
    ((9, 7, 3), (3, 2)),
    ((16, 2), (4,)),
    ((15, 3), (4,)),
]


def test_pooling_at_28_by_28_has_the_28353_weights_of_keras_example():
    encoder, decoder = conv_pool.encoder((28, 28, 1)), conv_pool.decoder((28, 28, 1))
    # 3·3·1·32 + 32, then 3·3·32·32 + 32; twice that and 3·3·32·1 + 1.
    assert encoder.count_params() == 320 + 9248
    assert decoder.count_params() == 2 * 9248 + 289
    assert encoder.count_params() + decoder.count_params() == 28_353


@pytest.mark.parametrize(("shape", "small"), SHAPES)
def test_pooling_halves_twice_and_doubles_back_to_exactly_the_shape(shape, small):
    encoder, decoder = conv_pool.encoder(shape, width=4), conv_pool.decoder(shape, width=4)
    assert (encoder.inputs[0].name, encoder.output_names) == ("data", ["code"])
    assert (decoder.inputs[0].name, decoder.output_names) == ("latent", ["data"])
    assert encoder.output_shape == decoder.input_shape == (None, *small, 4)
    assert decoder.output_shape == (None, *shape)


@pytest.mark.parametrize(("shape", "small"), SHAPES)
@pytest.mark.parametrize("residuals", [0, 1])
def test_residual_maps_halve_twice_and_double_back_to_exactly_the_shape(shape, small, residuals):
    options = {"width": 4, "residual_width": 2, "residuals": residuals}
    encoder = vq.encoder(shape, 3, **options)
    decoder = vq.decoder(3, shape, **options)
    assert encoder.output_shape == decoder.input_shape == (None, *small, 3)
    assert decoder.output_shape == (None, *shape)


@pytest.mark.parametrize("depth", [0, 1, 3])
def test_maps_take_any_depth(depth):
    small = blocks.halvings((8, 8, 1), depth)[-1]
    encoder = conv_pool.encoder((8, 8, 1), width=2, depth=depth)
    decoder = conv_pool.decoder((8, 8, 1), width=2, depth=depth)
    assert decoder.output_shape == (None, 8, 8, 1)
    assert decoder.input_shape[1:-1] == encoder.output_shape[1:-1] == small
    encoder = vq.encoder((8, 8, 1), 3, width=2, depth=depth, residuals=0)
    decoder = vq.decoder(3, (8, 8, 1), width=2, depth=depth, residuals=0)
    assert encoder.output_shape == decoder.input_shape == (None, *small, 3)
    assert decoder.output_shape == (None, 8, 8, 1)


def test_odd_sizes_are_computed_as_they_are_declared():
    encoder = conv_pool.encoder((9, 7, 3), width=2)
    decoder = conv_pool.decoder((9, 7, 3), width=2)
    made = decoder(encoder(tensor(np.ones((1, 9, 7, 3)))))
    assert tuple(made.shape) == (1, 9, 7, 3)


def test_logits_of_a_map_share_the_decoders_weights():
    decoder = conv_pool.decoder((4, 4, 1), width=2, depth=1)
    logits = blocks.logits(decoder)
    assert [id(v) for v in logits.variables] == [id(v) for v in decoder.variables]
    code = tensor(np.random.default_rng(0).normal(size=(1, 2, 2, 2)))
    values = array(logits(code)).astype("float64")
    FORMULA.check(array(decoder(code)), 1 / (1 + np.exp(-values)))
