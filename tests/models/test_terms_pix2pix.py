"""What makes pix2pix what it is: pairs judged together, the error's weight, shortcuts, dropout."""

import numpy as np
import pytest

import zoo
from tests.arrays import array, arrays, softplus, tensor
from tests.tolerances import FORMULA
from zoo import networks
from zoo.data import as_data, paired
from zoo.errors import ModelError
from zoo.networks import apply

SETTINGS = {"shape": (8, 8, 1), "network_options": {"width": 2}}


def draws(*shape, seed=0):
    return np.random.default_rng(seed).uniform(-1, 1, shape).astype("float32")


@pytest.fixture(scope="module")
def model():
    return zoo.create("pix2pix", **SETTINGS, target_channels=3, reconstruction=10.0)


def batch(model):
    masks = {name: np.ones((2, *noise.shape)) for name, noise in model.noise.items()}
    given = {"data": draws(2, 8, 8, 1), "target": draws(2, 8, 8, 3, seed=1), **masks}
    return {name: tensor(values) for name, values in given.items()}


def test_the_loss_is_that_of_patches_of_pairs_and_the_absolute_error(model):
    read = batch(model)
    made = array(model.generate(read, False))
    assert made.shape == (2, 8, 8, 3)
    targets = {"fake": made, "real": draws(2, 8, 8, 3, seed=1)}
    logits = {
        side: model.use("discriminate", data=draws(2, 8, 8, 1), target=target)["logit"]
        for side, target in targets.items()
    }
    assert logits["fake"].shape == (2, 4, 4, 1)
    error = np.abs(made - targets["real"]).mean()
    found = arrays(model.generator_loss(read, False))
    FORMULA.check(found["reconstruction"], error)
    FORMULA.check(found["loss"], softplus(-logits["fake"]).mean() + 10 * error)
    found = arrays(model.discriminator_loss(read, False))
    expected = softplus(-logits["real"]).mean() + softplus(logits["fake"]).mean()
    FORMULA.check(found["loss"], expected)
    FORMULA.check(model.use("translate", data=draws(2, 8, 8, 1))["target"], made)


def test_the_discriminator_reads_the_data_beside_the_target(model):
    target = draws(2, 8, 8, 3)
    logits = [
        model.use("discriminate", data=draws(2, 8, 8, 1, seed=seed), target=target)["logit"]
        for seed in (1, 2)
    ]
    assert np.abs(logits[0] - logits[1]).max() > 1e-3


def test_units_of_the_way_up_are_dropped_in_training_alone():
    model = zoo.create("pix2pix", shape=(16, 16, 1), network_options={"width": 2})
    (mask,) = model.noise
    assert model.noise[mask].probability == 0.5 and model.noise[mask].shape == (8, 8, 2)
    assert list(model.translator.input) == ["data"]
    data = {"data": tensor(draws(2, 16, 16, 1))}
    dropped, kept = (
        array(
            apply(model.translator, data | {mask: tensor(value * np.ones((2, 8, 8, 2)))}, True)[
                "target"
            ]
        )
        for value in (0.0, 1.0)
    )
    assert np.abs(dropped - kept).max() > 1e-3


@pytest.mark.once
def test_maps_of_the_way_down_are_joined_to_those_of_the_way_up():
    network = networks.decoder(
        "unet", {"data": (28, 28, 1)}, {"target": (28, 28, 1)}, down=True, width=2
    )
    joined = [layer for layer in network.layers if type(layer).__name__ == "Concatenate"]
    assert [layer.output.shape[1:] for layer in joined] == [(7, 7, 8), (14, 14, 4)]


@pytest.mark.once
def test_the_networks_have_as_many_weights_as_the_authors_at_256_by_256():
    """Their PyTorch code prints 54.414 and 2.769 million."""
    shape, options = (256, 256, 3), {"normalization": "batch", "width": 64}
    reads = {"data": shape}
    unet = networks.decoder("unet", reads, {"target": shape}, down=True, depth=8, **options)
    patch = networks.encoder("patch", {"data": (256, 256, 6)}, {"logit": 1}, depth=3, **options)
    found = [
        sum(int(np.prod(v.shape)) for v in network.trainable_variables) for network in (unet, patch)
    ]
    assert found == [54_413_955, 2_768_705]


@pytest.mark.once
def test_what_does_not_fit_is_rejected():
    with pytest.raises(ModelError, match="unet makes data of the size that it reads"):
        networks.decoder("unet", {"data": (8, 8, 1)}, {"target": (4, 4, 1)}, down=True)
    with pytest.raises(ModelError, match="one of mlp, conv, .*Received: 'unet'"):
        networks.encoder("unet", {"data": (8, 8, 1)}, {"logit": 1})
    with pytest.raises(ModelError, match="for targets with the data's channels"):
        more = {"augmentation": "flip", "instance_noise": 0.1, "target_channels": 3}
        zoo.create("pix2pix", **SETTINGS, **more)


@pytest.mark.once
def test_the_targets_channels_come_from_the_data():
    data = paired(as_data(draws(4, 8, 8, 1)), target=draws(4, 8, 8, 3))
    assert zoo.describe("pix2pix").load().facts(data)["target_channels"] == 3
