"""What `network` and `network_options` choose."""

import numpy as np
import pytest
from keras import layers

import zoo
from tests import tiny
from tests.arrays import array, tensor
from tests.tolerances import FORMULA
from zoo.errors import ModelError
from zoo.networks import apply

VECTORS = {"shape": (6,), "latent_dim": 2, "value_range": None}


def units(network):
    return [layer.units for layer in network.layers if isinstance(layer, layers.Dense)]


def test_one_width_doubles_from_the_code_to_the_data():
    model = zoo.create("gan", **VECTORS, network_options={"width": 3, "depth": 3})
    assert units(model.generator) == [3, 6, 12, 6]
    assert units(model.discriminator) == [12, 6, 3, 1]


def test_several_widths_name_every_layer_from_the_data_on():
    model = zoo.create("gan", **VECTORS, network_options={"width": [5, 4, 7]})
    assert units(model.discriminator) == [5, 4, 7, 1]
    assert units(model.generator) == [7, 4, 5, 6]


def test_several_widths_of_a_convolutional_network_set_its_depth():
    options = {"shape": (8, 8, 1), "latent_dim": 2, "network_options": {"width": [3, 5]}}
    model = zoo.create("dcgan", **options)
    filters = [x.filters for x in model.discriminator.layers if isinstance(x, layers.Conv2D)]
    assert filters == [3, 5]
    with pytest.raises(ModelError, match="depth is their number.*Accepted: depth=2"):
        zoo.create("dcgan", **{**options, "network_options": {"width": [3, 5], "depth": 1}})


def test_an_option_with_a_networks_name_is_that_networks_alone():
    options = {"width": 3, "depth": 1, "discriminator.width": 5, "generator.activation": "tanh"}
    model = zoo.create("gan", **VECTORS, network_options=options)
    assert units(model.generator) == [3, 6] and units(model.discriminator) == [5, 1]
    names = [
        layer.activation.__name__
        for layer in model.generator.layers
        if hasattr(layer, "activation") and not isinstance(layer, layers.Dense)
    ]
    assert names == ["tanh", "linear"]


def test_the_users_options_come_after_the_classs():
    model = zoo.create(
        "wgan_gp", **VECTORS, network_options={"width": 3, "discriminator.normalization": None}
    )
    kinds = {type(layer).__name__ for layer in model.discriminator.layers}
    assert not any("Normalization" in kind for kind in kinds)
    assert "BatchNormalization" in {type(layer).__name__ for layer in model.generator.layers}


def test_maxout_takes_the_largest_of_each_group():
    options = {"discriminator.activation": "maxout-5", "width": 3, "depth": 1}
    model = zoo.create("gan", **VECTORS, network_options=options)
    assert units(model.discriminator) == [3 * 5, 1] and units(model.generator) == [3, 6]
    data = np.random.default_rng(0).normal(size=(4, 6)).astype("float32")
    kernel, bias, last, offset = (array(v).astype("float64") for v in model.discriminator.weights)
    largest = (data @ kernel + bias).reshape(4, 3, 5).max(axis=-1)
    found = apply(model.discriminator, {"data": tensor(data)})["logit"]
    FORMULA.check(array(found), largest @ last + offset)


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("vae", {"network": "transformer"}, "network is one of mlp, conv, .*'transformer'"),
        ("vae", {"network": "cov"}, "Did you mean 'conv'"),
        ("vae", {"shape": (8,), "network": "conv"}, "need the network 'mlp'"),
        ("vae", {"network_options": {"widht": 4}}, "no option 'widht'. Did you mean 'width'"),
        ("vae", {"network_options": {"encodr.width": 4}}, "'encodr' is no network of this model"),
        ("vae", {"network_options": {"encoder.widht": 4}}, "encoder has no option 'widht'"),
        ("vae", {"network_options": {"name": "x"}}, "'name' is no option"),
        ("vae", {"network_options": {"num_classes": 3}}, "'num_classes' is no option"),
        ("vae", {"network_options": {"condition": None}}, "'condition' is no option"),
        ("vae", {"network_options": {"encoder.own": None}}, "'own' is no option"),
        ("vae", {"network_options": {"output": "tanh"}}, "no option 'output'. .*Accepted: width"),
        ("vae", {"network_options": {"width": 0}}, "width is a whole number from 1.*Received: 0"),
        ("vae", {"network_options": {"width": [4, 0]}}, "width is a whole number from 1"),
        ("vae", {"network_options": {"depth": 9}}, "depth is how often.*Accepted: 0 to 3"),
        ("vae", {"network_options": {"normalization": "groop"}}, "normalization is one of .*groop"),
        ("vae", {"network_options": None}, "network_options is dict. Received: None"),
        ("dcgan", {"network_options": {"widht": 4}}, "no option 'widht'"),
        ("dcgan", {"shape": (8,)}, r"kind sequence or image. Received: shape=\(8,\)"),
        ("vq_vae", {"network_options": {}}, "VQVAE has no setting 'network_options'"),
        ("vae", {"network": "conv_pool", "network_options": {"width": [4, 8]}}, "has one width"),
        ("vae", {"network_options": {"heads": 4}}, "no option 'heads'.*Accepted: width"),
        ("vae", {"network_options": {"reads": 4}}, "no option 'reads'"),
        ("vae", {"network_options": {"features": True}}, "'features' is no option of a network"),
        (
            "vae",
            {"network_options": {"activation": "maxout-0"}},
            "maxout-K with K from 1.*'maxout-0'",
        ),
        (
            "vae",
            {"network_options": {"activation": "rellu"}},
            "Received: 'rellu'. Did you mean 'relu'",
        ),
        (
            "vae",
            {"network_options": {"activation": 3}},
            "activation is one of Keras's.*Received: 3",
        ),
        ("vae", {"network_options": {"width": None}}, "width is a whole number.*Received: None"),
        ("vae", {"network_options": {"width": "4"}}, "width is a whole number.*Received: '4'"),
        ("vae", {"network_options": {"kernel": 0}}, "kernel is a whole number from 1. Received: 0"),
        ("vae", {"network_options": {"depth": "2"}}, "depth is a whole number.*Received: '2'"),
        ("vae", {"network_options": {"dropout": "a"}}, "dropout is a share.*Received: 'a'"),
        (
            "vae",
            {"network_options": {"kernel_initializer": "he_norml"}},
            "kernel_initializer is one of Keras's.*Received: 'he_norml'",
        ),
    ],
)
def test_a_bad_choice_is_refused(name, settings, message):
    with pytest.raises(ModelError, match=message):
        tiny.create(name, **settings)
