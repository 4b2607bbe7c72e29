"""Translators and upscalers of any height and width."""

import keras
import numpy as np
import pytest
from keras import layers

import export
import zoo
from tests.arrays import array, tensor
from tests.tolerances import FORWARD
from zoo.errors import ModelError
from zoo.networks.any_size import of_any_size

NETWORKS = {
    "cyclegan": ("translator", "other", {"width": 4, "translator.blocks": 1}),
    "pix2pix": ("translator", "target", {"width": 4, "translator.depth": 2}),
    "srgan": ("upscaler", "data", {"width": 4, "upscaler.blocks": 1}),
}
# 9 and 10 are rounded up on the way down, and cropped on the way up; larger sizes of the same
# remainders are so as well.
OWN = {"cyclegan": (9, 10), "pix2pix": (9, 10), "srgan": (16, 16)}
ALIKE = {"cyclegan": (17, 14), "pix2pix": (17, 22), "srgan": (18, 30)}


def part_of(name, sizes):
    part, result, options = NETWORKS[name]
    model = zoo.create(name, shape=(*sizes, 1), network_options=options, seed=0)
    return model.parts()[part], result


def called(network, data):
    ((port, _),) = network.input.items()
    return next(iter(network({port: tensor(data)}).values()))


def drawn(*sizes, count=2):
    return np.random.default_rng(0).normal(size=(count, *sizes, 1)).astype("float32")


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_of_any_size_is_the_one_of_each_size(name):
    small, result = part_of(name, OWN[name])
    large, _ = part_of(name, ALIKE[name])
    large.set_weights(small.get_weights())
    free = of_any_size(small)
    assert free.output[result].shape == (None, None, None, 1)
    for network in (small, large):
        ((_, read),) = network.input.items()
        data = drawn(*read.shape[1:-1])
        FORWARD.check(array(called(free, data)), array(called(network, data)))
    for ours, theirs in zip(free.weights, small.weights, strict=True):
        assert ours is theirs


@pytest.mark.parametrize(
    ("name", "sizes", "held"),
    [
        ("cyclegan", (14, 16), (17, 18)),
        ("cyclegan", (3, 1), (5, 6)),  # whose quarters, 2, are large enough to be reflected by 1
        ("pix2pix", (12, 23), (13, 26)),
        ("pix2pix", (3, 1), (5, 2)),
    ],
)
def test_maps_of_other_sizes_are_reflected_and_what_is_made_is_cropped(name, sizes, held):
    free, data = of_any_size(part_of(name, OWN[name])[0]), drawn(*sizes)
    far = [(0, n - size) for n, size in zip(held, sizes, strict=True)]
    padded = np.pad(data, [(0, 0), *far, (0, 0)], mode="symmetric")
    expected = array(called(free, padded))
    FORWARD.check(array(called(free, data)), expected[:, : sizes[0], : sizes[1]])


def test_a_network_with_strides_of_any_kind_is_taken():
    data = keras.Input((12, 12, 1), name="data")
    x = layers.MaxPooling2D(3)(layers.Conv2D(2, 3, padding="same")(data))
    x = layers.UpSampling2D(6)(layers.AveragePooling2D(2)(x))
    x = layers.Conv2DTranspose(1, 3, strides=2, padding="same")(x)
    free = of_any_size(keras.Model({"data": data}, {"large": x}))
    assert array(called(free, drawn(13, 5))).shape == (2, 26, 10, 1)


def test_translators_with_and_without_shortcuts_are_certified(tmp_path):
    for name in ("cyclegan", "pix2pix"):
        free = of_any_size(part_of(name, (8, 8))[0])
        certificate = export.to_onnx(free, tmp_path / f"{name}.onnx", certify="quick")
        assert certificate.route == "direct"
        assert any("16×19×1, 21×25×1" in note for note in certificate.notes)


def test_networks_of_one_size_are_refused():
    model = zoo.create("vae", shape=(8, 8, 1), latent_dim=2, network_options={"width": 4})
    with pytest.raises(ModelError, match="a Flatten"):
        of_any_size(model.encoder)
    with pytest.raises(ModelError, match="no map"):
        of_any_size(zoo.create("vae", shape=(5,), value_range=None, latent_dim=2).encoder)


def test_networks_that_make_no_multiple_of_a_size_are_refused():
    with pytest.raises(ModelError, match=r"'data' of \(9, 9\) made of \(5, 5\)"):
        of_any_size(part_of("srgan", (9, 9))[0])
    data = keras.Input((8, 8, 1), name="data")
    for x in (layers.AveragePooling2D(2)(data), data[:, 1:]):
        with pytest.raises(ModelError, match="'made' of"):
            of_any_size(keras.Model({"data": data}, {"made": x}))
    # Of even sizes alone what is cut to every second row and doubled is of the same size.
    x = layers.UpSampling2D(2)(data[:, ::2, ::2])
    with pytest.raises(ModelError, match="of any size"):
        of_any_size(keras.Model({"data": data}, {"made": x}))
    x = layers.Add()([data, keras.ops.ones((1, 8, 8, 1))])
    with pytest.raises(ModelError, match="an error for maps of"):
        of_any_size(keras.Model({"data": data}, {"made": x}))


class Positions(layers.Layer):
    """Adds a learned map, which has the size of the input that it was built for."""

    def build(self, input_shape):
        self.table = self.add_weight(shape=input_shape[1:])

    def call(self, inputs):
        return inputs + self.table


def test_layers_of_ones_own_that_hold_a_size_are_refused():
    data = keras.Input((8, 8, 1), name="data")
    with pytest.raises(ModelError, match="an error for maps of"):
        of_any_size(keras.Model({"data": data}, {"made": Positions()(data)}))


def test_a_network_without_strides_is_given_as_much_as_it_reflects():
    data = keras.Input((8, 8, 1), name="data")
    x = keras.ops.pad(data, [(0, 0), (2, 2), (2, 2), (0, 0)], mode="reflect")
    free = of_any_size(keras.Model({"data": data}, {"made": layers.Conv2D(1, 5)(x)}))
    data = drawn(1, 4)
    padded = np.pad(data, [(0, 0), (0, 2), (0, 0), (0, 0)], mode="symmetric")
    FORWARD.check(array(called(free, data)), array(called(free, padded))[:, :1])
