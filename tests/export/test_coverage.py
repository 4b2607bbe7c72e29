"""Every layer and every operation of the installed Keras converts, is refused, or is no graph's."""

import keras
import numpy as np
import pytest

from export.direct import convert, registry
from tests.export import coverage
from tests.export.direct.agreement import arrays_of, assert_same, run_onnx


def test_every_function_of_keras_has_its_place():
    cased = {case.function for case in registry.cases()}
    places = {name: coverage.standing(name, cased) for name in coverage.functions()}
    assert [name for name, place in places.items() if place is None] == []
    assert sum(place[0] == "converts" for place in places.values()) >= 290


def test_every_layer_of_keras_has_its_place():
    assert coverage.unlisted_layers() == []


def test_the_page_is_as_it_would_be_made_now():
    assert coverage.PAGE.read_text(encoding="utf-8") == coverage.page()


GROUPS = {
    str(shape): [name for name, case in coverage.LAYERS.items() if case[0] == shape]
    for shape, _ in coverage.LAYERS.values()
}


@pytest.mark.filterwarnings("ignore:.*requested dtype int64")  # by Keras's MixUp on JAX
@pytest.mark.parametrize("shape", GROUPS)
def test_layers_agree_with_keras(shape):
    """Layers of one input shape are one model, with an output for each."""
    names = GROUPS[shape]
    inputs = [keras.Input(x.shape[1:], dtype=x.dtype) for x in coverage.layer(names[0]).inputs]
    given = inputs if len(inputs) > 1 else inputs[0]
    model = keras.Model(inputs, {name: coverage.layer(name)(given) for name in names})
    rng = np.random.default_rng(0)
    arrays = [
        rng.integers(0, 9, (2, *x.shape[1:])).astype(x.dtype)
        if "int" in x.dtype
        else rng.uniform(0, 1, (2, *x.shape[1:])).astype("float32")
        for x in inputs
    ]
    found = run_onnx(convert(model), dict(zip([x.name for x in inputs], arrays, strict=True)))
    expected = model(arrays if len(arrays) > 1 else arrays[0], training=False)
    for name, ours in zip(sorted(names), found, strict=True):
        assert_same([ours], arrays_of(expected[name]), name=name)
