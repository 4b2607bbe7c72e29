"""What the exporter asks of a model, made of plain Keras networks, with uses of its own."""

from contextlib import contextmanager

import keras
import numpy as np

from tests.export.conftest import SHAPE, small_generator
from zoo.noise import bernoulli, categorical, in_turn, uniform
from zoo.uses import Step, Use


class Standing:
    """A generator and nothing else."""

    shape = SHAPE
    value_range = (0.0, 1.0)
    num_classes = 3
    settings = {"latent_dim": 4}
    reads = {}
    paper = "No paper (2026)"

    def __init__(self):
        self.networks = {"generator": small_generator()}
        self.averaged = False

    def uses(self):
        draws = {"latent": uniform(4, low=-2.0, high=3.0), "labels": in_turn(3)}
        return {"sample": Use([Step("generator")], {"data": "generator/data"}, draws)}

    def parts(self):
        return self.networks

    def table(self):
        ports = {name: list(network.input) for name, network in self.networks.items()}
        return {name: use.resolved(ports) for name, use in self.uses().items()}

    @contextmanager
    def averaged_weights(self):
        self.averaged = True
        yield


class Translator(Standing):
    """Data and a label → `target`, through a map of integer tokens; it draws a mask to inpaint."""

    reads = {"target": SHAPE}

    def __init__(self):
        super().__init__()
        keras.utils.set_random_seed(0)
        self.networks = {"reader": reader(), "writer": writer(), "masked": masked()}

    def uses(self):
        to_tokens = {"tokens": "reader/tokens"}
        again = [
            Step("reader"),
            Step("writer", to_tokens),
            Step("reader", {"data": "writer/target"}, name="second"),
            Step("writer", {"tokens": "second/tokens"}, name="again"),
        ]
        return {
            "translate": Use(again[:2], {"target": "writer/target"}),
            "cycle": Use(again, {"target": "writer/target", "again": "again/target"}),
            "inpaint": Use(
                [Step("masked")],
                {"data": "masked/filled", "mask": "mask", "copy": "masked/filled"},
                {"mask": bernoulli(0.25, *SHAPE)},
            ),
            "dream": Use(
                [Step("writer")],
                {"target": "writer/target", "read": "tokens"},
                {"labels": in_turn(3), "tokens": categorical(5, 4, 4)},
            ),
            "paint": Use([Step("writer")], {"target": "writer/target"}),
        }

    def call(self, part, feed):
        """A part's outputs as arrays."""
        outputs = self.networks[part](feed, training=False)
        return {name: keras.ops.convert_to_numpy(array) for name, array in outputs.items()}


def reader():
    data = keras.Input(SHAPE, name="data")
    x = keras.layers.Conv2D(5, 2, 2)(data)
    tokens = keras.ops.cast(keras.ops.argmax(x, axis=-1), "int32")
    return keras.Model({"data": data}, {"tokens": tokens, "scores": x}, name="reader")


def writer():
    tokens = keras.Input((4, 4), dtype="int32", name="tokens")
    labels = keras.Input((), dtype="int32", name="labels")
    x = keras.layers.Embedding(5, 3)(tokens)
    style = keras.layers.Reshape((1, 1, 3))(keras.layers.Embedding(3, 3)(labels))
    x = keras.layers.Conv2DTranspose(1, 2, 2, activation="sigmoid")(x + style)
    return keras.Model({"tokens": tokens, "labels": labels}, {"target": x}, name="writer")


def masked():
    data, mask = keras.Input(SHAPE, name="data"), keras.Input(SHAPE, name="mask")
    filled = keras.layers.Conv2D(1, 3, padding="same", activation="sigmoid")(data * mask)
    return keras.Model({"data": data, "mask": mask}, {"filled": filled}, name="masked")


def fields(count=40):
    """A batch of the data's fields."""
    rng = np.random.default_rng(0)
    images = rng.random((2, count, *SHAPE), dtype=np.float32)
    labels = (np.arange(count) % 3).astype("int32")
    return {"data": images[0], "target": images[1], "labels": labels}
