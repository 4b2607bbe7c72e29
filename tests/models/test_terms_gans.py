"""The GANs' terms on networks small enough to work out by hand."""

from math import log

import keras
import numpy as np
import pytest

import zoo
from tests.arrays import array, arrays, sigmoid, softplus, tensor
from tests.tolerances import FORMULA
from zoo import backends
from zoo.errors import ModelError

REAL = np.array([[1.0, 2.0], [-0.5, 0.25], [0.0, -1.0]], "float32")
LATENT = np.array([[0.5], [-1.0], [2.0]], "float32")
MIX = np.array([[0.25], [0.5], [0.75]], "float32")
LABELS = np.array([0, 2, 1], "int32")
GENERATOR = np.array([[2.0, -1.0]]), np.array([0.25, 0.5])
JUDGE = np.array([[0.5], [-1.5]]), np.array([0.2])
FAKE = LATENT @ GENERATOR[0] + GENERATOR[1]


def make(name, **settings):
    """Two features, one latent, both networks one linear layer."""
    options = {"latent_dim": 1, "value_range": None, "network_options": {"depth": 0}}
    model = zoo.create(name, shape=(2,), **options | settings)
    if model.num_classes is None:
        model.generator.set_weights(list(GENERATOR))
        model.discriminator.set_weights(list(JUDGE)[: len(model.discriminator.weights)])
    return model


def batch():
    return {"data": tensor(REAL), "latent": tensor(LATENT), "mix": tensor(MIX)}


def judge(data):
    return data @ JUDGE[0] + JUDGE[1]


def test_discriminator_tells_real_from_generated():
    found = arrays(make("gan").discriminator_loss(batch(), True))
    real, fake = judge(REAL), judge(FAKE)
    FORMULA.check(found["loss"], softplus(-real).mean() + softplus(fake).mean())
    FORMULA.check(found["real"], sigmoid(real).mean())
    FORMULA.check(found["fake"], sigmoid(fake).mean())


@pytest.mark.parametrize(
    ("loss", "value", "slope"),
    [
        ("non_saturating", lambda logits: softplus(-logits), lambda logits: -sigmoid(-logits)),
        ("minimax", lambda logits: -softplus(logits), lambda logits: -sigmoid(logits)),
    ],
)
def test_generator_loss_and_its_gradient(loss, value, slope):
    model = make("gan", loss=loss)
    logits = judge(FAKE)

    def objective():
        logs = model.generator_loss(batch(), True)
        return logs["loss"], logs

    found, logs = backends.current().gradients(objective, model.generator.trainable_variables, [])
    by_data = slope(logits) @ JUDGE[0].T / len(LATENT)
    FORMULA.check(array(logs["loss"]), value(logits).mean())
    FORMULA.check(array(found[0]), LATENT.T @ by_data, name="kernel")
    FORMULA.check(array(found[1]), by_data.sum(axis=0), name="bias")


def test_generated_data_are_in_the_range_of_the_model():
    model = make("gan", value_range=(-1, 1))
    latent = model.prior["latent"].draw(np.random.default_rng([3]), 4)
    FORMULA.check(model.sample(4, seed=3), np.tanh(latent @ GENERATOR[0] + GENERATOR[1]))


def test_a_linear_critics_slope_is_its_weight_vector():
    found = arrays(make("wgan_gp").discriminator_loss(batch(), True))
    distance = (REAL @ JUDGE[0]).mean() - (FAKE @ JUDGE[0]).mean()
    penalty = (np.hypot(0.5, 1.5) - 1) ** 2
    FORMULA.check(found["distance"], distance)
    FORMULA.check(found["gradient_penalty"], penalty)
    FORMULA.check(found["loss"], 10 * penalty - distance)


def test_the_critics_generator_maximises_its_score():
    found = arrays(make("wgan_gp").generator_loss(batch(), True))
    FORMULA.check(found["loss"], -(FAKE @ JUDGE[0]).mean())


def test_the_slope_is_taken_between_real_and_generated_data():
    options = {"depth": 1, "width": 3, "activation": "tanh", "normalization": None}
    model = zoo.create(
        "wgan_gp", shape=(2,), latent_dim=1, value_range=None, network_options=options
    )
    kernel, bias, last = (array(v).astype("float64") for v in model.discriminator.weights)
    fake = array(model.generator({"latent": tensor(LATENT)})["data"])

    def penalty(mix):
        between = mix * REAL + (1 - mix) * fake
        slope = (1 - np.tanh(between @ kernel + bias) ** 2) * last.T @ kernel.T
        return np.mean((np.linalg.norm(slope, axis=1) - 1) ** 2)

    found = arrays(model.discriminator_loss(batch(), True))["gradient_penalty"]
    FORMULA.check(found, penalty(MIX))
    others = [penalty(mix) for mix in (0.0, 1.0, 1 - MIX)]
    assert min(abs(found - other) for other in others) > 1e-3


@pytest.mark.parametrize("shape", [(2,), (16, 2), (8, 8, 1)])
def test_one_number_mixes_a_whole_sample(shape):
    model = zoo.create(
        "wgan_gp", shape=shape, latent_dim=1, network_options={"width": 2, "depth": 1}
    )
    mix = model.noise["mix"].draw(np.random.default_rng(0), 1000)
    assert mix.shape == (1000, *(1 for _ in shape))
    assert 0 <= mix.min() < 0.01 and 0.99 < mix.max() < 1


def test_conditional_logits_add_the_labels_weight():
    model = make("cgan", num_classes=3)
    kernel = np.array([[0.5], [-1.5], [10.0], [20.0], [30.0]])
    model.discriminator.set_weights([kernel, np.array([0.2])])
    labels = {"labels": tensor(LABELS, "int32")}
    logits = model.discriminate(tensor(REAL), labels, False, "real")["logit"]
    FORMULA.check(array(logits), judge(REAL) + np.array([[10.0], [30.0], [20.0]]))


def test_conditional_generator_adds_the_labels_weights():
    model = make("cgan", num_classes=3)
    by_label = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    model.generator.set_weights([np.concatenate([GENERATOR[0], by_label]), GENERATOR[1]])
    inputs = {"latent": tensor(LATENT), "labels": tensor(LABELS, "int32")}
    FORMULA.check(array(model.generate(inputs, False)), FAKE + by_label[LABELS])


def test_conditional_losses_give_both_networks_the_same_labels():
    model = make("cgan", num_classes=3)
    by_label = np.array([[1.0, 2.0], [-3.0, 1.0], [0.5, -0.5]])
    offsets = np.array([[1.0], [-1.0], [2.0]])
    model.generator.set_weights([np.concatenate([GENERATOR[0], by_label]), GENERATOR[1]])
    model.discriminator.set_weights([np.concatenate([JUDGE[0], offsets]), JUDGE[1]])
    labelled = batch() | {"labels": tensor(LABELS, "int32")}
    real = judge(REAL) + offsets[LABELS]
    fake = judge(FAKE + by_label[LABELS]) + offsets[LABELS]
    found = arrays(model.discriminator_loss(labelled, True))
    FORMULA.check(found["loss"], softplus(-real).mean() + softplus(fake).mean())
    found = arrays(model.generator_loss(labelled, True))
    FORMULA.check(found["loss"], softplus(-fake).mean())


def test_an_untrained_judge_of_zeros_loses_two_log_two():
    model = make("gan")
    model.discriminator.set_weights([np.zeros((2, 1)), np.zeros(1)])
    FORMULA.check(arrays(model.discriminator_loss(batch(), True))["loss"], 2 * log(2))


def test_dcgan_has_the_papers_latent_weights_and_slopes():
    model = zoo.create("dcgan", shape=(16, 16, 1), latent_dim=8, width=16)
    assert model.prior["latent"].to_config() == {
        "distribution": "uniform",
        "shape": [8],
        "low": -1.0,
        "high": 1.0,
    }
    for network in (model.generator, model.discriminator):
        for weight in network.trainable_variables:
            if weight.path.endswith("kernel"):
                assert 0.015 < array(weight).std() < 0.025, weight.path
    slopes = {
        layer.negative_slope
        for layer in model.discriminator.layers
        if isinstance(layer, keras.layers.LeakyReLU)
    }
    assert slopes == {0.2}


def test_images_take_the_labels_as_one_hot_planes():
    model = zoo.create(
        "cgan", shape=(8, 8, 1), latent_dim=2, num_classes=3, network_options={"width": 2}
    )
    with_labels = [t for t in first_inputs(model.discriminator) if t.shape[-1] == 1 + 3]
    assert with_labels, "no layer reads one plane for each class beside the image's"
    joined = keras.Model(model.discriminator.input, with_labels[0])
    images = np.random.default_rng(0).random((2, 8, 8, 1)).astype("float32")
    found = array(joined({"data": tensor(images), "labels": tensor([2, 0], "int32")}))
    expected = np.zeros((2, 8, 8, 3))
    expected[0, ..., 2] = expected[1, ..., 0] = 1
    FORMULA.check(found, np.concatenate([images, expected], axis=-1))


def first_inputs(network):
    """What the layers with a kernel read."""
    return [layer.input for layer in network.layers if hasattr(layer, "kernel")]


def normalizations(network):
    kinds = (keras.layers.BatchNormalization, keras.layers.GroupNormalization)
    return {type(layer).__name__ for layer in network.layers if isinstance(layer, kinds)}


@pytest.mark.parametrize(
    ("shape", "expected"), [((16, 16, 1), {"BatchNormalization"}), ((5,), set())]
)
def test_a_convolutional_cgan_has_batch_normalization(shape, expected):
    """Without it the generator collapses on MNIST."""
    options = {"latent_dim": 2, "num_classes": 3, "network_options": {"width": 2}}
    model = zoo.create("cgan", shape=shape, **options)
    assert normalizations(model.generator) == normalizations(model.discriminator) == expected


def test_a_critic_with_batch_normalization_is_refused():
    """The penalty takes the slope of each sample by itself."""
    make = {"shape": (8, 8, 1), "latent_dim": 2}
    for options in ({"normalization": "batch"}, {"discriminator.normalization": "batch"}):
        with pytest.raises(ModelError, match="critic.*generator.normalization"):
            zoo.create("wgan_gp", **make, network_options=options)
    options = {"generator.normalization": "batch", "width": 2}
    model = zoo.create("wgan_gp", **make, network_options=options)
    assert "BatchNormalization" not in normalizations(model.discriminator)


def test_the_discriminator_takes_its_own_learning_rate_and_number_of_steps():
    model = make("gan", learning_rate=1e-3, discriminator_learning_rate=2e-3, discriminator_steps=4)
    judge, generator = model.phases
    FORMULA.check([array(p.optimizer.learning_rate) for p in model.phases], [2e-3, 1e-3])
    assert (judge.repeat, generator.repeat) == (4, 1)
    assert [phase.name for phase in model.phases] == ["discriminator", "generator"]


def test_both_adams_have_the_papers_moments():
    for name, beta_1, beta_2 in (("dcgan", 0.5, 0.999), ("wgan_gp", 0.0, 0.9)):
        settings = {"latent_dim": 2, "network_options": {"width": 2}}
        model = zoo.create(name, shape=(8, 8, 1), **settings)
        for phase in model.phases:
            assert (phase.optimizer.beta_1, phase.optimizer.beta_2) == (beta_1, beta_2), name
