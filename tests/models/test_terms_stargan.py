"""What makes StarGAN what it is: one translator for all classes, cycles, a critic of classes."""

import keras
import numpy as np
import pytest

import zoo
from tests.arrays import array, arrays, tensor
from tests.tolerances import EXACT, FORMULA
from zoo import networks
from zoo.applications import translate
from zoo.backends import input_gradient
from zoo.errors import UseError

SETTINGS = {"shape": (8, 8, 1), "num_classes": 3, "network_options": {"width": 2}}
LABELS, ASKED = np.array([0, 2], "int32"), np.array([1, 0], "int32")


def draws(*shape, seed=0):
    return np.random.default_rng(seed).uniform(-1, 1, shape).astype("float32")


@pytest.fixture(scope="module")
def model():
    return zoo.create("stargan", **SETTINGS, cycle=5.0, class_weight=0.5)


def batch(data):
    found = {"data": tensor(data), "mix": tensor(np.full((2, 1, 1, 1), 0.25))}
    given = {"labels": LABELS, "target_labels": ASKED}
    return found | {name: tensor(values, "int32") for name, values in given.items()}


def cross_entropy(labels, logits):
    likely = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    return -likely[np.arange(len(labels)), labels].mean()


def judged(model, data):
    """The critic's logits, and those of the classes."""
    logits = model.use("discriminate", data=data)["logit"]
    return logits, model.use("classify", data=data)["logits"]


def test_the_translator_minimises_its_game_the_class_asked_for_and_the_way_back(model):
    data = draws(2, 8, 8, 1)
    there = model.use("translate", data=data, target_labels=ASKED)["other"]
    back = model.use("translate", data=there, target_labels=LABELS)["other"]
    cycle_of = model.use("cycle", data=data, labels=LABELS, target_labels=ASKED)
    FORMULA.check(cycle_of["data"], back)
    logits, classes = judged(model, there)
    found = arrays(model.generator_loss(batch(data), False))
    asked, cycle = cross_entropy(ASKED, classes), np.abs(back - data).mean()
    FORMULA.check(found["fake_class"], asked)
    FORMULA.check(found["cycle"], cycle)
    FORMULA.check(found["loss"], -logits.mean() + 0.5 * asked + 5 * cycle)


def test_the_critic_learns_the_classes_of_data_alone_and_has_a_slope_of_one(model):
    data = draws(2, 8, 8, 1)
    made = model.use("translate", data=data, target_labels=ASKED)["other"]
    (real, classes), (fake, _) = judged(model, data), judged(model, made)
    found = arrays(model.discriminator_loss(batch(data), False))
    own = cross_entropy(LABELS, classes)
    point = tensor(0.25 * data + 0.75 * made)
    slope = array(input_gradient(lambda x: model.discriminator({"data": x})["logit"], point))
    penalty = np.mean((np.sqrt((slope**2).sum(axis=(1, 2, 3))) - 1) ** 2)
    FORMULA.check(found["real_class"], own)
    FORMULA.check(found["gradient_penalty"], penalty)
    FORMULA.check(found["loss"], fake.mean() - real.mean() + 0.5 * own + 10 * penalty)
    assert "fake_class" not in found


def test_the_label_is_a_plane_beside_the_data(model):
    first = next(x for x in model.translator.layers if isinstance(x, keras.layers.Conv2D))
    read = keras.Model(model.translator.input, first.input)
    data = draws(2, 8, 8, 1)
    found = array(read({"data": tensor(data), "labels": tensor(ASKED, "int32")}))
    planes = np.broadcast_to(np.eye(3)[ASKED][:, None, None], (2, 8, 8, 3))
    EXACT.check(found, np.concatenate([data, planes], axis=-1))


def test_classes_are_asked_for_by_the_call_or_in_turn(model):
    data = draws(4, 8, 8, 1)
    in_turn = translate(model, data)
    EXACT.check(in_turn, model.use("translate", data=data, target_labels=[0, 1, 2, 0])["other"])
    EXACT.check(translate(model, data, label=2)[2], in_turn[2])
    # The data's own classes are not those asked for.
    EXACT.check(translate(model, {"data": data, "labels": np.full(4, 2, "int32")}), in_turn)
    with pytest.raises(UseError, match="The use 'translate' reads no class. Received: label=1"):
        translate(zoo.create("pix2pix", **SETTINGS | {"num_classes": None}), data, label=1)


@pytest.mark.once
def test_the_networks_have_as_many_weights_as_the_authors_at_128_by_128():
    """Of five classes; their translator's last convolution has no biases, ours has three."""
    reads, makes = {"data": (128, 128, 3)}, {"other": (128, 128, 3)}
    own = {"kernel_initializer": "zeros", "width": 64}
    translator = networks.decoder("stargan", reads, makes, down=True, num_classes=5, **own)
    assert count(translator) == 8_430_528 + 3
    # The critic doubles its width at each halving: 44,762,048 at the width 64, by the same sum.
    assert weights_of_the_critic(64) == 44_762_048
    model = zoo.create(
        "stargan",
        shape=(128, 128, 3),
        num_classes=5,
        network_options={
            "kernel_initializer": "zeros",
            "translator.width": 1,
            "discriminator.width": 8,
            "discriminator.depth": 6,
        },
    )
    assert count(model.discriminator) == weights_of_the_critic(8)


def weights_of_the_critic(width):
    """Six halvings by kernels of 4, of 3 for the logits, and of 2 for five classes."""
    widths = [width << level for level in range(6)]
    pairs = zip([3, *widths[:-1]], widths, strict=True)
    total = sum(16 * before * after + after for before, after in pairs)
    return total + 9 * widths[-1] + 4 * widths[-1] * 5


def count(network):
    return sum(int(np.prod(v.shape)) for v in network.trainable_variables)


@pytest.mark.once
def test_nothing_is_reflected_and_the_slope_below_zero_is_the_papers():
    model = zoo.create("stargan", **SETTINGS)
    assert not any(type(x).__name__ == "Pad" for x in model.translator.operations)
    found = [x for x in model.discriminator.layers if "leaky" in x.name]
    assert found and all(x.negative_slope == 0.01 for x in found)
