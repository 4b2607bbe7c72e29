"""Penalties, noise and other pieces of GANs on networks whose gradients are known."""

import keras
import numpy as np
import pytest
from keras import layers, ops

import export
import zoo
from tests import tiny
from tests.arrays import array, arrays, softplus, tensor
from tests.tolerances import FORMULA, FORWARD
from zoo import augmentation, backends, networks
from zoo.errors import ModelError
from zoo.losses.penalties import PENALTIES
from zoo.networks import apply

REAL = np.array([[1.0, 2.0], [-0.5, 0.25], [0.0, -1.0]], "float32")
LATENT = np.array([[0.5], [-1.0], [2.0]], "float32")
MIX = np.array([[0.25], [0.5], [0.75]], "float32")
PERTURBATION = np.array([[0.1, 0.9], [0.5, 0.0], [1.0, 0.2]], "float32")
GENERATOR = np.array([[2.0, -1.0]]), np.array([0.25, 0.5])
FAKE = LATENT @ GENERATOR[0] + GENERATOR[1]
KERNEL = np.array([[0.5], [-1.5]])
JUDGES = ["conv", "resnet", "mlp", "biggan", "fastgan", "r3gan"]
"""Networks of discriminators that may compare the rows of a batch."""


def squares():
    """The discriminator Σ kᵢ xᵢ², whose slope is 2 k∘x."""
    data = keras.Input((2,), name="data")
    return keras.Model(data, layers.Dense(1, use_bias=False)(ops.square(data)))


def make(name="gan", **settings):
    options = {"latent_dim": 1, "value_range": None, "network_options": {"depth": 0}}
    model = zoo.create(name, shape=(2,), discriminator=squares(), **options | settings)
    model.generator.set_weights(list(GENERATOR))
    model.discriminator.set_weights([KERNEL])
    return model


def batch(**more):
    return {
        "data": tensor(REAL),
        "latent": tensor(LATENT),
        "mix": tensor(MIX),
        "perturbation": tensor(PERTURBATION),
        **{name: tensor(value) for name, value in more.items()},
    }


def norms(points):
    return np.linalg.norm(2 * KERNEL[:, 0] * points, axis=1)


BETWEEN = MIX * REAL + (1 - MIX) * FAKE
EXPECTED = {
    "r1": 0.5 * np.mean(norms(REAL) ** 2),
    "r2": 0.5 * np.mean(norms(FAKE) ** 2),
    "zero_centred": np.mean(norms(BETWEEN) ** 2),
    "gradient": np.mean((norms(BETWEEN) - 1) ** 2),
    "dragan": np.mean((norms(REAL + MIX * 0.5 * REAL.std() * PERTURBATION) - 1) ** 2),
}


@pytest.mark.parametrize("name", PENALTIES)
def test_penalties_of_a_known_slope(name):
    model = make(penalties={name: 3.0})
    plain = arrays(make().discriminator_loss(batch(), True))["loss"]
    found = arrays(model.discriminator_loss(batch(), True))
    FORMULA.check(found[f"{name}_penalty"], EXPECTED[name])
    FORMULA.check(found["loss"], plain + 3 * EXPECTED[name])
    assert set(model.noise) == {"latent", *PENALTIES[name].noise}


def test_penalties_add_up_and_those_of_weight_zero_are_left_out():
    found = arrays(
        make(penalties={"r1": 2.0, "r2": 0.5, "dragan": 0}).discriminator_loss(batch(), True)
    )
    plain = arrays(make().discriminator_loss(batch(), True))["loss"]
    FORMULA.check(found["loss"], plain + 2 * EXPECTED["r1"] + 0.5 * EXPECTED["r2"])
    assert "dragan_penalty" not in found


def test_lazy_penalties_have_a_phase_of_their_own():
    model = make(penalties={"r1": 3.0}, penalty_interval=4)
    judge, penalty, _ = model.phases
    assert penalty.optimizer is judge.optimizer and penalty.variables == judge.variables
    assert [step for step in range(9) if penalty.when(step)] == [0, 4, 8]
    assert "r1_penalty" not in model.discriminator_loss(batch(), True)

    def objective():
        logs = model.penalty_loss(batch(), True)
        return logs["loss"], logs

    (slope,), logs = backends.current().gradients(objective, judge.variables, [])
    FORMULA.check(array(logs["loss"]), 4 * 3 * EXPECTED["r1"])
    # ½ mean Σ (2 kᵢ xᵢ)², by kᵢ.
    FORMULA.check(array(slope)[:, 0], 12 * 4 * KERNEL[:, 0] * np.mean(REAL**2, axis=0))


def test_smoothing_and_top_k_are_settings():
    real, fake = REAL**2 @ KERNEL, FAKE**2 @ KERNEL
    found = arrays(make(label_smoothing=0.1).discriminator_loss(batch(), True))
    expected = softplus(-real).mean() + 0.1 * real.mean() + softplus(fake).mean()
    FORMULA.check(found["loss"], expected)
    found = arrays(make(top_k=0.6).generator_loss(batch(), True))
    FORMULA.check(found["loss"], softplus(-np.sort(fake[:, 0])[-2:]).mean())


def test_features_of_samples_match_those_of_data_in_the_mean():
    data = keras.Input((2,), name="data")
    features = 2.0 * data
    logit = layers.Dense(1, use_bias=False)(ops.square(data))
    judge = keras.Model(data, {"logit": logit, "features": features})
    model = zoo.create(
        "gan",
        shape=(2,),
        discriminator=judge,
        latent_dim=1,
        value_range=None,
        network_options={"depth": 0},
        feature_matching=0.5,
    )
    model.generator.set_weights(list(GENERATOR))
    model.discriminator.set_weights([KERNEL])
    found = arrays(model.generator_loss(batch(), True))
    distance = (4 * (REAL.mean(axis=0) - FAKE.mean(axis=0)) ** 2).sum()
    FORMULA.check(found["feature_distance"], distance)
    FORMULA.check(found["loss"], softplus(-(FAKE**2 @ KERNEL)).mean() + 0.5 * distance)


@pytest.mark.once
def test_features_are_of_discriminators_that_tell_them():
    model = zoo.create("dcgan", shape=(8, 8, 1), width=2, feature_matching=1.0)
    assert set(model.discriminator.output) == {"logit", "features"}
    with pytest.raises(ModelError, match="feature_matching is of discriminators"):
        zoo.create("cyclegan", shape=(8, 8, 1), feature_matching=1.0)


@pytest.mark.once
@pytest.mark.parametrize("labels", [{}, {"num_classes": 3}], ids=["plain", "of labels"])
@pytest.mark.parametrize("name", ["projection_gan", "stylegan2", "fast_gan"])
def test_discriminators_of_labels_and_maps_tell_their_features(name, labels):
    if name == "projection_gan" and not labels:
        name = "sagan"  # whose labels are optional
    model = tiny.create(name, feature_matching=1.0, **labels)
    history = model.fit(tiny.data(model), steps=1, batch_size=8, verbose=0).history
    (distance,) = history["generator_feature_distance"]
    assert distance > 0


@pytest.mark.once
@pytest.mark.parametrize("network", JUDGES)
def test_a_discriminator_may_see_how_much_a_batch_differs(network):
    options = {"width": 4, "discriminator.deviation": True}
    model = zoo.create(
        "dcgan", shape=(8, 8, 1), latent_dim=4, network=network, network_options=options
    )
    kinds = [type(layer).__name__ for layer in model.discriminator.layers]
    assert kinds.count("MinibatchDeviation") == 1
    assert "MinibatchDeviation" not in [type(layer).__name__ for layer in model.generator.layers]


@pytest.mark.parametrize("network", JUDGES)
@pytest.mark.parametrize("option", [{}, {"deviation": True}, {"discrimination": 2}], ids=str)
def test_a_logit_depends_on_the_other_rows_where_a_discriminator_compares_them(network, option):
    rows = np.random.default_rng(0).uniform(-1, 1, (4, 8, 8, 1)).astype("float32")
    alike = np.repeat(rows[:1], 4, axis=0)
    judge = networks.encoder(network, {"data": (8, 8, 1)}, {"logit": 1}, width=4, **option)
    first, other = (array(apply(judge, {"data": tensor(x)})["logit"])[0] for x in (rows, alike))
    if option:
        assert abs(first - other) > 1e-4
    else:
        FORWARD.check(first, other)


@pytest.mark.once
@pytest.mark.parametrize("network", JUDGES)
def test_a_discriminator_may_compare_the_rows_of_a_batch(network, tmp_path):
    options = tiny.settings("dcgan")["network_options"] | {"discriminator.discrimination": 3}
    if network == "mlp":
        options |= {"width": [4]}
    model = zoo.create(
        "dcgan", shape=(8, 8, 1), latent_dim=4, network=network, network_options=options
    )
    kinds = [type(layer).__name__ for layer in model.discriminator.layers]
    assert kinds.count("MinibatchDiscrimination") == 1
    assert "MinibatchDiscrimination" not in [type(x).__name__ for x in model.generator.layers]
    model.fit(tiny.data(model), steps=2, batch_size=8, verbose=0)
    assert export.to_onnx(model.discriminator, tmp_path / "discriminator.onnx").passed
    with pytest.raises(ModelError, match="discrimination is a whole number from 0. Received: -1"):
        zoo.create(
            "dcgan",
            shape=(8, 8, 1),
            network=network,
            network_options=options | {"discriminator.discrimination": -1},
        )


def test_instance_noise_falls_with_the_steps():
    model = make(instance_noise=0.5, instance_noise_steps=10)
    assert model.noise["real_instance_noise"].shape == (2,)
    given = batch(step=4.0, real_instance_noise=PERTURBATION, fake_instance_noise=-PERTURBATION)
    seen = [array(model.view(tensor(REAL), given, side)) for side in ("real", "fake")]
    FORMULA.check(seen[0], REAL + 0.3 * PERTURBATION)
    FORMULA.check(seen[1], REAL - 0.3 * PERTURBATION)


def test_the_log_tells_accuracy_and_diversity():
    real, fake = REAL**2 @ KERNEL, FAKE**2 @ KERNEL
    found = arrays(make().discriminator_loss(batch(), True))
    FORMULA.check(found["accuracy"], np.mean(real > fake))
    found = arrays(make().generator_loss(batch(), True))
    FORMULA.check(found["diversity"], FAKE.var(axis=0).mean() / REAL.var(axis=0).mean())


def test_the_two_sides_are_augmented_by_draws_of_their_own():
    model = zoo.create("dcgan", shape=(8, 8, 1), latent_dim=2, width=2, augmentation="diffaugment")
    rng = np.random.default_rng(0)
    data = tensor(rng.uniform(-1, 1, (4, 8, 8, 1)).astype("float32"))
    sides = ("real_augmentation", "fake_augmentation")
    given = {name: tensor(model.noise[name].draw(rng, 4)) for name in sides}
    for side in ("real", "fake"):
        expected = augmentation.augment("diffaugment", data, given[f"{side}_augmentation"])
        FORMULA.check(array(model.view(data, given, side)), array(expected))


@pytest.mark.parametrize("loss", ["wasserstein", "relativistic"])
def test_a_bias_that_cancels_is_left_out(loss):
    model = zoo.create("dcgan", shape=(8, 8, 1), latent_dim=2, width=2, loss=loss)
    assert not model.discriminator.get_layer("logit").use_bias


@pytest.mark.parametrize("penalties", [{}, {"r1": 1.0}, {"r1": 0.0}], ids=str)
def test_a_penalty_takes_the_place_of_batch_normalization(penalties):
    model = zoo.create("dcgan", shape=(16, 16, 1), width=2, penalties=penalties)
    kinds = {type(layer).__name__ for layer in model.discriminator.layers}
    expected = "GroupNormalization" if penalties.get("r1") else "BatchNormalization"
    assert kinds & {"BatchNormalization", "GroupNormalization"} == {expected}


@pytest.mark.once
@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"penalties": {"r3": 1.0}}, "a penalty is one of r1, r2, .*Received: penalties="),
        ({"penalties": {"r1": -1.0}}, "weight is at least 0. Received: penalties="),
        ({"penalties": {"r1": "10"}}, "weight is at least 0. Received: penalties="),
        ({"augmentation": "flips"}, "augmentation is one of .*Did you mean 'flip'"),
        ({"augmentation": "flip"}, "of images and sequences. Received: augmentation='flip', shape"),
        ({"label_smoothing": 0.1, "loss": "hinge"}, "label_smoothing is of the losses"),
        ({"top_k": 0.5, "loss": "relativistic"}, "top_k is of losses that judge each sample"),
        ({"loss": "hing"}, "loss is 'non_saturating' or .*Received: 'hing'"),
    ],
    ids=str,
)
def test_pieces_that_do_not_go_together_are_refused(settings, message):
    with pytest.raises(ModelError, match=message):
        zoo.create("gan", shape=(2,), **settings)
