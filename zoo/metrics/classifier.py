"""A small classifier of images, whose last hidden layer is a space to compare images in."""

from __future__ import annotations

import math
from typing import Any

import keras
from keras import layers, ops

from zoo.errors import DataError
from zoo.layers import BatchNormalization
from zoo.model import GenerativeModel, Rate
from zoo.networks import apply
from zoo.phase import Batch, Logs, Phase
from zoo.precision import precise, precise_dtype
from zoo.settings import setting
from zoo.uses import Step, Use

EPOCHS = {True: 20, False: 4}
"""Passes over data, of which there are few or not."""
FEW_ROWS = 10_000
RATE = 2e-3
DECAYED = 0.01
"""The share of the learning rate at the end of a cosine."""

MOMENTUM = 0.9
"""Of the statistics of batch normalization: the data are few, and so are the steps."""


class FeatureClassifier(GenerativeModel):
    """Convolutions of 3×3 in pairs, the second one halving the image; minimises cross-entropy.

    The part `classifier` gives `features`, which are not negative, and `logits`.
    """

    accepts = ("image",)

    classes: int = setting("Number of classes.", at_least=2, tiny=10)
    width: int = setting(
        "Channels of the first pair; each pair has twice as many.", default=16, at_least=1, tiny=4
    )
    depth: int = setting("Pairs of convolutions.", default=2, at_least=1)
    feature_dim: int = setting("Number of features.", default=64, at_least=1, tiny=8)
    learning_rate: Rate = setting("Of Adam.", default=RATE, above=0)

    @classmethod
    def facts(cls, data: Any) -> dict[str, Any]:
        """The settings that data decide: shape and number of classes."""
        if data.num_classes is None:
            raise DataError("A classifier learns from labels. Received: data without labels.")
        return {"shape": tuple(data.shape), "classes": data.num_classes}

    def assemble(self) -> None:
        data = keras.Input(self.shape, name="data")
        x = data
        for level in range(self.depth):
            for strides in (1, 2):
                channels = self.width * 2**level
                x = layers.Conv2D(channels, 3, strides, padding="same", use_bias=False)(x)
                x = layers.ReLU()(BatchNormalization(momentum=MOMENTUM)(x))
        features = layers.Dense(self.feature_dim, "relu")(layers.Flatten()(x))
        outputs = {
            "features": layers.Activation("linear", dtype=precise_dtype())(features),
            "logits": layers.Dense(self.classes, dtype=precise_dtype())(features),
        }
        self.classifier = keras.Model({"data": data}, outputs, name="classifier")
        optimizer = keras.optimizers.Adam(self.learning_rate)
        self.phases = [Phase(self.classifier_loss, [self.classifier], optimizer)]

    def uses(self) -> dict[str, Use]:
        """The use `classify`."""
        gives = {name: f"classifier/{name}" for name in ("logits", "features")}
        return {"classify": Use([Step("classifier")], gives)}

    def classifier_loss(self, batch: Batch, training: bool) -> Logs:
        """Cross-entropy in nats, and the share of right answers."""
        logits = apply(self.classifier, batch, training)["logits"]
        asked = ops.one_hot(batch["labels"], self.classes, dtype=logits.dtype)
        rows = ops.logsumexp(logits, axis=-1) - ops.sum(asked * logits, axis=-1)
        right = ops.equal(ops.argmax(logits, axis=-1), ops.argmax(asked, axis=-1))
        return {"loss": ops.mean(rows), "accuracy": ops.mean(precise(right))}


def train_classifier(
    data: Any,
    *,
    epochs: int | None = None,
    batch_size: int = 64,
    seed: int = 0,
    verbose: int = 0,
    **settings: Any,
) -> FeatureClassifier:
    """Trains a classifier; the same seed gives the same one on every backend, to rounding.

    Args:
        data: Images with labels, as `load_data` gives them.
        epochs: Passes over the data; by default 20 of fewer than 10,000 rows, else 4.
        batch_size: Rows of an update.
        seed: Of the initial weights and the order of the data.
        verbose: As of `fit`.
        settings: Of `FeatureClassifier`, such as `width`.

    Raises:
        DataError: The data have no labels.
        ModelError: The data are no images.
    """
    epochs = epochs or EPOCHS[len(data) < FEW_ROWS]
    steps = epochs * math.ceil(len(data) / batch_size)
    chosen = {
        "learning_rate": keras.optimizers.schedules.CosineDecay(RATE, steps, alpha=DECAYED)
    } | settings
    model = FeatureClassifier(**FeatureClassifier.facts(data), seed=seed, **chosen)
    model.fit(data, epochs=epochs, batch_size=batch_size, verbose=verbose)
    return model
