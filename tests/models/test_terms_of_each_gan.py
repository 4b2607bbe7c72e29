"""What makes each GAN what it is, on networks small enough to work out by hand."""

from math import log, pi, sqrt

import numpy as np
import pytest

import zoo
from tests import tiny
from tests.arrays import array, arrays, softplus, tensor
from tests.tolerances import FORMULA
from zoo import layers, losses
from zoo.errors import ModelError

REAL = np.array([[1.0, 2.0], [-0.5, 0.25], [0.0, -1.0]], "float32")
LATENT = np.array([[0.5], [-1.0], [2.0]], "float32")
LABELS = np.array([0, 2, 1], "int32")
GENERATOR = np.array([[2.0, -1.0]]), np.array([0.25, 0.5])
JUDGE = np.array([[0.5], [-1.5]]), np.array([0.2])
CLASSES = np.array([[1.0, 0.0, -1.0], [0.5, 2.0, 0.0]]), np.array([0.1, 0.0, -0.3])
FAKE = LATENT @ GENERATOR[0] + GENERATOR[1]


def make(name, **settings):
    """Two features, one latent, both networks one linear layer."""
    options = {"latent_dim": 1, "value_range": None, "network_options": {"depth": 0}}
    return zoo.create(name, shape=(2,), **options | settings)


def batch(**more):
    given = {"data": tensor(REAL), "latent": tensor(LATENT)}
    return given | {name: tensor(value, value.dtype.name) for name, value in more.items()}


def log_softmax(logits):
    return logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))


def cross_entropy(labels, logits):
    return -log_softmax(logits)[np.arange(len(labels)), labels].mean()


def test_the_critics_weights_stay_clipped():
    model = tiny.create("wgan", clip=0.02)
    model.fit(tiny.data(model), steps=2, batch_size=16, verbose=0)
    weights = [np.abs(array(v)) for v in model.discriminator.trainable_variables]
    assert max(w.max() for w in weights) == np.float32(0.02)
    assert max(np.abs(array(v)).max() for v in model.generator.trainable_variables) > 0.02
    assert {type(phase.optimizer).__name__ for phase in model.phases} == {"RMSprop"}
    assert model.phases[0].repeat == 5


def test_the_discriminator_of_sngan_is_spectral_and_its_generator_is_not():
    model = zoo.create("sngan", shape=(8, 8, 1), network_options={"width": 2})
    kernels = [layer for layer in model.discriminator.layers if hasattr(layer, "kernel")]
    assert kernels and all(isinstance(layer, layers.spectral.Spectral) for layer in kernels)
    assert not any(isinstance(layer, layers.spectral.Spectral) for layer in model.generator.layers)


def test_the_relativistic_generator_compares_with_the_mean_datum():
    model = make("relativistic_gan")
    model.generator.set_weights(list(GENERATOR))
    model.discriminator.set_weights([JUDGE[0]])
    real, fake = REAL @ JUDGE[0], FAKE @ JUDGE[0]
    found = arrays(model.generator_loss(batch(), True))["loss"]
    expected = softplus(real.mean() - fake).mean() + softplus(real - fake.mean()).mean()
    FORMULA.check(found, expected)


def test_packs_stand_side_by_side_in_the_channels():
    model = make("pac_gan")
    rows = tensor(np.arange(10).reshape(5, 2))
    FORMULA.check(array(model.pack(rows)), [[0, 1, 4, 5], [2, 3, 6, 7]])
    FORMULA.check(array(model.pack(rows[:1])), [[0, 1, 0, 1]])
    model = make("pac_gan", packing=3)
    FORMULA.check(array(model.pack(rows[:2])), [[0, 1, 2, 3, 0, 1]])


def test_the_discriminator_judges_packs_and_a_penalty_takes_their_slope():
    model = make("pac_gan", penalties={"r1": 2.0})
    kernel = np.array([[0.5], [-1.5], [1.0], [2.0]])
    model.generator.set_weights(list(GENERATOR))
    model.discriminator.set_weights([kernel, np.array([0.1])])
    (real, fake) = (np.concatenate(x[:2])[None] @ kernel + 0.1 for x in (REAL, FAKE))
    r1 = 0.5 * (kernel**2).sum()
    found = arrays(model.discriminator_loss(batch(), True))
    FORMULA.check(found["r1_penalty"], r1)
    FORMULA.check(found["loss"], softplus(-real).mean() + softplus(fake).mean() + 2 * r1)
    found = arrays(model.generator_loss(batch(), True))
    FORMULA.check(found["loss"], softplus(-fake).mean())


@pytest.mark.once
def test_packs_have_no_label():
    with pytest.raises(ModelError, match="num_classes is for models.*a pack has several"):
        make("pac_gan", num_classes=3)


def test_class_cross_entropy():
    logits = np.array([[0.0, log(3.0)], [1.0, 1.0]])
    found = losses.class_cross_entropy(tensor([1, 0], "int32"), tensor(logits))
    FORMULA.check(array(found), (log(4 / 3) + log(2)) / 2)


def test_acgan_adds_the_classes_of_data_and_samples():
    model = make("acgan", num_classes=3, class_weight=0.5)
    by_label = np.array([[1.0, 2.0], [-3.0, 1.0], [0.5, -0.5]])
    model.generator.set_weights([np.concatenate([GENERATOR[0], by_label]), GENERATOR[1]])
    for name, weights in (("logit", JUDGE), ("classes", CLASSES)):
        model.discriminator.get_layer(name).set_weights(list(weights))
    assert set(model.discriminator.input) == {"data"}
    made = FAKE + by_label[LABELS]
    real, fake = (x @ JUDGE[0] + JUDGE[1] for x in (REAL, made))
    of_real, of_fake = (cross_entropy(LABELS, x @ CLASSES[0] + CLASSES[1]) for x in (REAL, made))
    found = arrays(model.discriminator_loss(batch(labels=LABELS), True))
    game = softplus(-real).mean() + softplus(fake).mean()
    FORMULA.check(found["real_class"], of_real)
    FORMULA.check(found["loss"], game + 0.5 * of_real + 0.5 * of_fake)
    found = arrays(model.generator_loss(batch(labels=LABELS), True))
    FORMULA.check(found["loss"], softplus(-fake).mean() + 0.5 * of_fake)
    FORMULA.check(model.use("classify", data=REAL)["logits"], REAL @ CLASSES[0] + CLASSES[1])


CATEGORY = np.array([2, 0, 1], "int32")
FACTORS = np.array([[0.5, -0.5], [1.0, 0.0], [-0.25, 0.75]], "float32")


def infogan(**settings):
    return make("infogan", num_categories=3, num_factors=2, **settings)


def test_the_generator_of_infogan_reads_latent_category_and_factors():
    model = infogan()
    kernel = np.arange(12.0).reshape(6, 2)
    model.generator.set_weights([kernel, GENERATOR[1]])
    given = batch(category=CATEGORY, factors=FACTORS)
    joined = np.concatenate([LATENT, np.eye(3)[CATEGORY], FACTORS], axis=1)
    FORMULA.check(array(model.generate(given, False)), joined @ kernel + GENERATOR[1])
    assert model.prior["category"].to_config()["size"] == 3
    assert (model.prior["factors"].low, model.prior["factors"].high) == (-1.0, 1.0)


def test_the_bound_on_information_is_zero_of_guesses_and_entropy_less_noise_of_knowledge():
    model = infogan()
    guess = {"category": tensor(np.zeros((3, 3))), "factors": tensor(np.zeros((3, 2)))}
    sure = {"category": tensor(100.0 * np.eye(3)[CATEGORY]), "factors": tensor(FACTORS)}
    given = batch(category=CATEGORY, factors=FACTORS)
    found = {
        name: [array(value) for _, value in model.information(heads, given).values()]
        for name, heads in (("guess", guess), ("sure", sure))
    }
    noise = log(2 * pi)  # −E log of two normal densities at their means
    FORMULA.check(found["guess"], [0.0, 2 * log(2) - noise - 0.5 * (FACTORS**2).sum(1).mean()])
    FORMULA.check(found["sure"], [log(3), 2 * log(2) - noise])


def test_both_sides_of_infogan_gain_the_information_of_the_samples():
    model = infogan(category_weight=0.5, factor_weight=0.25)
    kernel = 0.1 * np.arange(12.0).reshape(6, 2)
    model.generator.set_weights([kernel, GENERATOR[1]])
    heads = {"logit": JUDGE, "category": CLASSES, "factors": (np.eye(2), np.array([0.5, 0.0]))}
    for name, weights in heads.items():
        model.discriminator.get_layer(name).set_weights(list(weights))
    given = batch(category=CATEGORY, factors=FACTORS)
    made = np.concatenate([LATENT, np.eye(3)[CATEGORY], FACTORS], axis=1) @ kernel + GENERATOR[1]
    real, fake = (x @ JUDGE[0] + JUDGE[1] for x in (REAL, made))
    category = log(3) - cross_entropy(CATEGORY, made @ CLASSES[0] + CLASSES[1])
    squares = ((made + [0.5, 0.0] - FACTORS) ** 2).sum(axis=1).mean()
    factors = 2 * log(2) - log(2 * pi) - 0.5 * squares
    gain = 0.5 * category + 0.25 * factors
    found = arrays(model.discriminator_loss(given, True))
    FORMULA.check(found["loss"], softplus(-real).mean() + softplus(fake).mean() - gain)
    found = arrays(model.generator_loss(given, True))
    FORMULA.check(found["category_information"], category)
    FORMULA.check(found["loss"], softplus(-fake).mean() - gain)


@pytest.mark.parametrize("name", ["projection_gan", "sagan"])
def test_the_projection_adds_the_product_of_embedding_and_features(name):
    if name == "sagan":
        model = zoo.create(name, shape=(8, 8, 1), num_classes=3, network_options={"width": 8})
        assert set(model.discriminator.input) == {"data", "labels"}
        assert model.embedding.kernel.shape == (3, 16)
        return
    model = make(name, num_classes=3)
    # Of a kernel of rank 1 one power iteration finds the singular value.
    left, right = np.array([1.0, 2.0, -1.0]), np.array([3.0, 4.0])
    model.embedding._kernel.assign(np.outer(left, right))
    logit = model.discriminator.get_layer("logit")
    logit._kernel.assign(JUDGE[0])
    logit.bias.assign(JUDGE[1])
    plain = REAL @ JUDGE[0] / sqrt(0.5**2 + 1.5**2) + JUDGE[1]
    embedded = np.outer(left, right)[LABELS] / (sqrt(6) * 5)
    expected = plain + (embedded * REAL).sum(axis=1, keepdims=True)
    found = model.use("discriminate", data=REAL, labels=LABELS)["logit"]
    FORMULA.check(found, expected)


def test_sagan_attends_in_both_networks_and_has_two_time_scales():
    model = zoo.create("sagan", shape=(16, 16, 1), latent_dim=2, network_options={"width": 8})
    for network in (model.generator, model.discriminator):
        (attention,) = [x for x in network.layers if isinstance(x, layers.SelfAttention)]
        assert attention.spectral
        assert tuple(attention.input.shape[1:-1]) == (4, 4)
    assert set(model.discriminator.input) == {"data"}
    FORMULA.check([array(p.optimizer.learning_rate) for p in model.phases], [2e-3, 5e-4])
    model = zoo.create("sagan", shape=(8, 8, 1), attention=None, network_options={"width": 8})
    assert not any(isinstance(x, layers.SelfAttention) for x in model.generator.layers)


def test_r3gan_is_pairs_and_two_penalties():
    model = make("r3gan", penalties={"r1": 2.0, "r2": 3.0})
    model.generator.set_weights(list(GENERATOR))
    model.discriminator.set_weights([JUDGE[0]])
    real, fake = REAL @ JUDGE[0], FAKE @ JUDGE[0]
    slope = 0.5 * (JUDGE[0] ** 2).sum()
    found = arrays(model.discriminator_loss(batch(), True))["loss"]
    FORMULA.check(found, softplus(fake - real).mean() + 5 * slope)
    found = arrays(model.generator_loss(batch(), True))["loss"]
    FORMULA.check(found, softplus(real - fake).mean())
