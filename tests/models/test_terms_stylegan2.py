"""What makes StyleGAN2 what it is: styles, their mixing, and the penalty on path lengths."""

import keras
import numpy as np
import pytest

import zoo
from tests import tiny
from tests.arrays import array, tensor
from tests.tolerances import EXACT, FORMULA
from zoo.errors import ModelError
from zoo.gans.stylegan2 import path_lengths


def draws(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


@pytest.fixture(scope="module")
def model():
    return tiny.create("stylegan2", path_decay=0.25)


@pytest.fixture(scope="module")
def conditional():
    return tiny.create("stylegan2", num_classes=3, path_weight=0.0, style_mixing=0.0, ema=None)


def test_path_lengths_are_means_over_layers():
    slopes = np.array([[[3.0, 4.0], [0.0, 1.0]], [[0.0, 0.0], [1.0, 1.0]]])
    FORMULA.check(array(path_lengths(tensor(slopes))), [np.sqrt(13), 1.0])


def test_the_penalty_is_the_squared_distance_of_path_lengths_from_their_mean(model):
    """Of a linear synthesis the slope by a style is the image's product with the kernel."""
    count, units = model.mapping.output["styles"].shape[1:]
    styles = keras.Input((count, units), name="styles")
    dense = keras.layers.Dense(64, use_bias=False)
    image = keras.layers.Reshape((8, 8, 1))(dense(keras.layers.Flatten()(styles)))
    own, model.synthesis = model.synthesis, keras.Model({"styles": styles}, {"data": image})
    path = draws(3, 8, 8, 1)
    given = {"latent": draws(3, units), "other_latent": draws(3, units), "psi": np.ones(3)}
    batch = {name: tensor(x) for name, x in given.items()}
    batch |= {"mixing": tensor(np.full((3, 2), 0.5)), "path": tensor(path)}
    model.path_length.assign(0.5)
    try:
        logs = model.path_loss(batch, False)
    finally:
        model.synthesis = own
    slopes = path.reshape(3, 64) / 8 @ array(dense.kernel).T
    lengths = np.sqrt((slopes**2).sum(axis=1) / count)
    mean = 0.5 + 0.25 * (lengths.mean() - 0.5)
    FORMULA.check(array(logs.pop("next")["path_length"]), mean)
    FORMULA.check(array(logs["loss"]), 2 * 4 * np.mean((lengths - mean) ** 2))
    FORMULA.check(array(logs["length"]), lengths.mean())


def test_some_rows_have_the_style_of_a_second_latent_from_some_layer_on(model):
    given = {"latent": draws(3, 4), "other_latent": draws(3, 4, seed=1), "psi": np.ones(3)}
    mixing = np.array([[0.95, 0.0], [0.1, 0.0], [0.1, 0.99]])
    batch = {name: tensor(x) for name, x in (given | {"mixing": mixing}).items()}
    found = array(model.styles(batch, False))
    first, second = (
        array(model.mapping({"latent": batch[name], "psi": batch["psi"]})["styles"])
        for name in ("latent", "other_latent")
    )
    assert found.shape == (3, 4, 4)
    EXACT.check(found[0], first[0])
    EXACT.check(found[1], np.concatenate([first[1, :1], second[1, 1:]]))
    EXACT.check(found[2], np.concatenate([first[2, :3], second[2, 3:]]))


def test_samples_are_truncated_in_the_space_of_styles(model):
    mean = draws(4)
    truncation = next(layer for layer in model.mapping.layers if "truncation" in layer.name)
    truncation.moving_mean.assign(mean)
    latent, psi = draws(2, 4), np.array([0.0, 0.5])
    read = {"latent": tensor(latent), "psi": tensor(psi)}
    own = {"latent": tensor(latent), "psi": tensor(np.ones(2))}
    found, whole = (array(model.mapping(x)["styles"])[:, 0] for x in (read, own))
    FORMULA.check(found, [mean, 0.5 * (mean + whole[1])])
    noise = draws(3, *model.prior["noise"].shape)
    made = model.use("sample", count=3, noise=noise, truncation=0.25)["data"]
    latent = model.prior["latent"].draw(np.random.default_rng([0]), 3)
    given = {"latent": latent, "psi": np.full(3, 0.25, "float32"), "noise": noise}
    FORMULA.check(made, model.use("sample", **given)["data"])


def test_the_label_chooses_a_logit_and_shapes_the_style(conditional):
    judge = conditional.discriminator
    logit = next(layer for layer in judge.layers if layer.name == "logit")
    kernel, _ = logit.get_weights()
    logit.set_weights([np.zeros_like(kernel), np.array([1.0, 2.0, 3.0])])
    found = conditional.use("discriminate", data=draws(2, 8, 8, 1), labels=np.array([2, 0]))
    FORMULA.check(found["logit"], [[3.0], [1.0]])
    read = {"latent": tensor(draws(1, 4)), "psi": tensor(np.ones(1))}
    styles = [
        array(conditional.mapping(read | {"labels": tensor([i], "int32")})["styles"])
        for i in range(2)
    ]
    assert np.abs(styles[0] - styles[1]).max() > 1e-4


def test_lazy_optimizers_have_the_rates_and_momenta_of_all_their_updates(model, conditional):
    judge, penalty, maker, path = (phase.optimizer for phase in model.phases)
    assert judge is penalty and maker is path
    FORMULA.check(array(judge.learning_rate), 2e-3 * 16 / 17)
    FORMULA.check([judge.beta_1, judge.beta_2], [0.0, 0.99 ** (16 / 17)])
    FORMULA.check(array(maker.learning_rate), 2e-3 * 4 / 5)
    assert [phase.name for phase in conditional.phases] == ["discriminator", "penalty", "generator"]
    FORMULA.check(array(conditional.phases[2].optimizer.learning_rate), 2e-3)


@pytest.mark.once
def test_the_generator_is_of_styles():
    with pytest.raises(ModelError, match="the generator reads styles.*network='conv'"):
        zoo.create("stylegan2", shape=(8, 8, 1), network="conv")
