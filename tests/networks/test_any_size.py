"""Translators and upscalers of any height and width."""

import numpy as np
import pytest

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


def part_of(name, shape):
    part, result, options = NETWORKS[name]
    model = zoo.create(name, shape=shape, network_options=options, seed=0)
    return model.parts()[part], result


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_of_any_size_is_the_one_of_each_size(name):
    # 9 and 10 are rounded up on the way down, and cropped on the way up.
    small, result = part_of(name, (9, 10, 1) if name == "pix2pix" else (16, 16, 1))
    large, _ = part_of(name, (16, 24, 1))
    large.set_weights(small.get_weights())
    free = of_any_size(small)
    assert free.output[result].shape == (None, None, None, 1)
    ((port, read),) = large.input.items()
    drawn = np.random.default_rng(0).normal(size=(2, *read.shape[1:]))
    data = {port: tensor(drawn)}
    FORWARD.check(array(free(data)[result]), array(large(data)[result]))
    for ours, theirs in zip(free.weights, small.weights, strict=True):
        assert ours is theirs


def test_translators_with_and_without_shortcuts_are_certified(tmp_path):
    for name in ("cyclegan", "pix2pix"):
        free = of_any_size(part_of(name, (8, 8, 1))[0])
        certificate = export.to_onnx(free, tmp_path / f"{name}.onnx", certify="quick")
        assert certificate.route == "direct"


def test_networks_of_one_size_are_refused():
    model = zoo.create("vae", shape=(8, 8, 1), latent_dim=2, network_options={"width": 4})
    with pytest.raises(ModelError, match="a Flatten"):
        of_any_size(model.encoder)
    with pytest.raises(ModelError, match="no map"):
        of_any_size(zoo.create("vae", shape=(5,), value_range=None, latent_dim=2).encoder)
