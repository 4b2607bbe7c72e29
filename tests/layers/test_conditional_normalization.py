"""Conditional batch normalization against numbers worked out by hand."""

import keras
import numpy as np

from tests.arrays import array, tensor
from tests.tolerances import EXACT, FORMULA
from zoo.layers import ConditionalBatchNormalization

DATA = [[1.0, 2.0], [3.0, 6.0]]  # means 2 and 4, variances 1 and 4
LABELS = [[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
GAIN = [[9.0, 9.0], [1.0, -1.0], [0.5, 2.0]]
OFFSET = [[9.0, 9.0], [0.25, 0.0], [0.0, -3.0]]


def layer_with_weights(shape=(None, 2), **options):
    layer = ConditionalBatchNormalization(**options)
    layer.build([shape, (None, 3)])
    layer.gain.assign(np.array(GAIN))
    layer.offset.assign(np.array(OFFSET))
    return layer


def test_each_label_has_its_gain_and_offset():
    layer = layer_with_weights(epsilon=0.0, momentum=0.9)
    found = layer([tensor(DATA), tensor(LABELS)], training=True)
    FORMULA.check(array(found), [[2 * -1 + 0.25, 0], [1.5 * 1, 3 * 1 - 3]])
    FORMULA.check(array(layer.normalization.moving_mean), [0.1 * 2, 0.1 * 4])
    FORMULA.check(array(layer.normalization.moving_variance), [0.9 + 0.1 * 1, 0.9 + 0.1 * 4])


def test_inference_reads_the_moving_statistics():
    layer = layer_with_weights(epsilon=0.0)
    layer.normalization.moving_mean.assign(np.array([1.0, 2.0]))
    layer.normalization.moving_variance.assign(np.array([4.0, 1.0]))
    found = layer([tensor(DATA), tensor(LABELS)], training=False)
    FORMULA.check(array(found), [[0.25, 0.0], [1.5 * 1, 3 * 4 - 3]])


def test_a_condition_between_labels_mixes_their_gains_over_space():
    layer = layer_with_weights((None, 3, 3, 2), epsilon=0.0)
    image = np.broadcast_to(np.array([1.0, -1.0], "float32"), (1, 3, 3, 2))
    found = layer([tensor(image), tensor([[0.0, 0.5, 0.5]])], training=False)
    expected = [1.75 * 1 + 0.125, 1.5 * -1 - 1.5]
    FORMULA.check(array(found), np.broadcast_to(expected, (1, 3, 3, 2)))


def test_a_new_layer_normalizes_alike_for_every_condition():
    layer = ConditionalBatchNormalization(epsilon=0.0)
    found = layer([tensor(DATA), tensor(LABELS)], training=True)
    FORMULA.check(array(found), [[-1, -1], [1, 1]])


def test_spectral_gains_and_offsets_are_divided_by_their_largest_singular_values():
    layer = ConditionalBatchNormalization(epsilon=0.0, spectral=True, gain_initializer="ones")
    layer.build([(None, 2), (None, 3)])
    # Of rank 1, so that one power iteration finds the singular value: √(1 + 4 + 4)·√(9 + 16).
    kernel = np.outer([1.0, 2.0, -2.0], [3.0, 4.0])
    layer.gain._kernel.assign(kernel)
    layer.offset._kernel.assign(-2 * kernel)
    found = layer([tensor(DATA), tensor(LABELS)], training=True)
    gain = np.array(LABELS) @ kernel / 15
    FORMULA.check(array(found), np.array([[-1, -1], [1, 1]]) * (1 + gain) - gain)
    assert layer.get_config()["spectral"]


def test_it_computes_in_the_type_of_its_policy():
    layer = ConditionalBatchNormalization(dtype="mixed_float16")
    data = tensor([[300.0], [-300.0]], "float16")  # squares are more than float16 holds
    found = layer([data, tensor([[1.0], [1.0]])], training=True)
    assert keras.backend.standardize_dtype(found.dtype) == "float16"
    FORMULA.check(np.abs(array(found)), np.ones((2, 1)))


def test_a_saved_network_answers_alike(tmp_path):
    data, labels = keras.Input((4, 4, 2), name="data"), keras.Input((3,), name="labels")
    layer = ConditionalBatchNormalization(gain_initializer="ones", offset_initializer="normal")
    network = keras.Model({"data": data, "labels": labels}, layer([data, labels]))
    network.save(tmp_path / "network.keras")
    loaded = keras.saving.load_model(tmp_path / "network.keras")
    rng = np.random.default_rng(0)
    batch = {
        "data": rng.normal(size=(2, 4, 4, 2)).astype("float32"),
        "labels": np.array(LABELS, "float32"),
    }
    EXACT.check(array(loaded(batch)), array(network(batch)))
