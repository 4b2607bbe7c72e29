"""Convolutions to twice the size, written as four of the small map."""

import keras
import numpy as np
import pytest
from keras import layers

from export.direct import convert
from export.direct.passes import phases
from export.direct.passes.phases import Rule
from tests.export.direct.agreement import check, count, run_onnx
from tests.tolerances import EXACT


def drawn(*shape):
    return np.random.default_rng(0).normal(size=shape).astype("float32")


def whole(model):
    """The model with small whole numbers as weights: its sums have no rounding."""
    rng = np.random.default_rng(1)
    for weight in model.weights:
        weight.assign(rng.integers(-2, 3, weight.shape))
    return model


def enlarged(inputs, outputs, window, sizes=(4, 3)):
    image = keras.Input((*sizes, inputs), name="data")
    x = layers.UpSampling2D()(image)
    return keras.Model(image, layers.Conv2D(outputs, window, padding="same")(x))


def transposed(inputs, outputs, window, sizes=(4, 3)):
    image = keras.Input((*sizes, inputs), name="data")
    return keras.Model(image, layers.Conv2DTranspose(outputs, window, 2, padding="same")(image))


MADE = {"enlarged": enlarged, "transposed": transposed}


@pytest.mark.parametrize("window", [2, 3, 4, 5, 6, 7])
@pytest.mark.parametrize("kind", MADE)
def test_four_convolutions_are_the_one_to_twice_the_size(kind, window, monkeypatch):
    model = whole(MADE[kind](3, 2, window))
    data = np.random.default_rng(2).integers(-3, 4, (2, 4, 3, 3)).astype("float32")
    rules = (Rule(window, 1, 1),)
    monkeypatch.setattr(phases, "ENLARGED", ())
    monkeypatch.setattr(phases, "TRANSPOSED", ())
    plain = convert(model)
    monkeypatch.setattr(phases, "ENLARGED", rules)
    monkeypatch.setattr(phases, "TRANSPOSED", rules)
    proto = check(model, data)
    is_split = kind == "transposed" or window % 2  # an even window does not lie evenly
    assert count(proto, "DepthToSpace") == bool(is_split)
    assert count(proto, "Resize") == (kind == "enlarged" and not is_split)
    (found,), (expected,) = (run_onnx(made, {"data": data}) for made in (proto, plain))
    EXACT.check(found, expected)


TAKEN = [
    ("enlarged", 64, 32, 3),
    ("transposed", 256, 256, 5),
]
LEFT = [
    ("enlarged", 63, 64, 3),
    ("enlarged", 64, 31, 3),
    ("enlarged", 64, 64, 5),
    ("transposed", 256, 256, 4),
    ("transposed", 256, 256, 3),
    ("transposed", 256, 255, 5),
]


@pytest.mark.once
@pytest.mark.parametrize(("kind", "inputs", "outputs", "window"), TAKEN)
def test_wide_layers_are_split(kind, inputs, outputs, window):
    model = MADE[kind](inputs, outputs, window, sizes=(None, None))
    proto = check(model, drawn(2, 3, 5, inputs))
    assert count(proto, "Conv") == 4
    assert count(proto, "Resize") == count(proto, "ConvTranspose") == 0


@pytest.mark.once
@pytest.mark.parametrize(("kind", "inputs", "outputs", "window"), LEFT)
def test_other_layers_stay(kind, inputs, outputs, window):
    assert count(convert(MADE[kind](inputs, outputs, window)), "DepthToSpace") == 0


def _with(kind, **options):
    image = keras.Input((4, 4, 64), name="data")
    if kind == "transposed":
        made = layers.Conv2DTranspose(64, 5, **options)(image)
        return keras.Model(image, made)
    size, options = options.pop("size", 2), {"padding": "same"} | options
    interpolation = options.pop("interpolation", "nearest")
    x = layers.UpSampling2D(size, interpolation=interpolation)(image)
    outputs = {"made": layers.Conv2D(64, 3, **options)(x)}
    if options.get("name") == "read_twice":
        outputs["large"] = x
    return keras.Model(image, outputs)


@pytest.mark.once
@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("enlarged", {"size": 3}),
        ("enlarged", {"interpolation": "bilinear"}),
        ("enlarged", {"padding": "valid"}),
        ("enlarged", {"strides": 2}),
        ("enlarged", {"dilation_rate": 2}),
        ("enlarged", {"groups": 2}),
        ("enlarged", {"name": "read_twice"}),
        ("transposed", {"strides": 1}),
        ("transposed", {"strides": 2}),
        ("transposed", {"strides": 2, "padding": "same", "output_padding": 0}),
    ],
    ids=str,
)
def test_what_the_form_does_not_compute_stays(kind, options, monkeypatch):
    monkeypatch.setattr(phases, "ENLARGED", (Rule(3, 1, 1),))
    monkeypatch.setattr(phases, "TRANSPOSED", (Rule(5, 1, 1),))
    proto = check(_with(kind, **options), drawn(2, 4, 4, 64))
    assert count(proto, "DepthToSpace") == 0


def test_a_bias_and_an_activation_stay_behind_the_convolutions(monkeypatch):
    monkeypatch.setattr(phases, "ENLARGED", (Rule(3, 1, 1),))
    image = keras.Input((4, 3, 2), name="data")
    x = layers.Conv2D(3, 3, padding="same", use_bias=False)(layers.UpSampling2D()(image))
    x = layers.ReLU()(layers.BatchNormalization()(x))
    x = layers.Conv2D(2, 3, padding="same", activation="tanh")(layers.UpSampling2D()(x))
    proto = check(keras.Model(image, x), drawn(2, 4, 3, 2))
    assert count(proto, "DepthToSpace") == 2
    assert count(proto, "Relu") == count(proto, "Tanh") == 1
