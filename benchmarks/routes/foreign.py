"""Models that others write, beside the zoo's: Keras's applications, and common forms of models."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

FOREIGN = "foreign"
"""The name that stands for all of them."""
IMAGE = (96, 96, 3)
CLASSES = 10
APPLICATIONS = (
    "ConvNeXtTiny",
    "DenseNet121",
    "EfficientNetB0",
    "EfficientNetV2B0",
    "InceptionV3",
    "MobileNet",
    "MobileNetV2",
    "MobileNetV3Small",
    "NASNetMobile",
    "ResNet50",
    "ResNet50V2",
    "VGG16",
    "Xception",
)


def _application(name: str) -> Callable[[], Any]:
    def build() -> Any:
        import keras

        kind = getattr(keras.applications, name)
        return kind(weights=None, input_shape=IMAGE, classes=CLASSES)

    return build


def _two_inputs() -> Any:
    import keras
    from keras import layers

    left, right = keras.Input((16,), name="left"), keras.Input((16,), name="right")
    shared = layers.Dense(32, activation="gelu")
    x = layers.Concatenate()([shared(left), shared(right), layers.Multiply()([left, right])])
    return keras.Model([left, right], {"score": layers.Dense(1)(x), "class": layers.Dense(4)(x)})


def _unet() -> Any:
    import keras
    from keras import layers

    x = image = keras.Input((64, 64, 3), name="image")
    skips = []
    for width in (8, 16, 32):
        x = layers.Conv2D(width, 3, padding="same", activation="relu")(x)
        skips.append(x)
        x = layers.MaxPooling2D()(x)
    for skip in skips[::-1]:
        x = layers.Concatenate()([layers.UpSampling2D()(x), skip])
        x = layers.Conv2D(skip.shape[-1], 3, padding="same", activation="relu")(x)
    return keras.Model(image, layers.Conv2D(2, 1)(x))


def _recurrent() -> Any:
    import keras
    from keras import layers

    x = sequence = keras.Input((20, 8), name="sequence")
    x = layers.Bidirectional(layers.LSTM(16, return_sequences=True))(x)
    return keras.Model(sequence, layers.Dense(3)(layers.GRU(16)(x)))


def _masked_text() -> Any:
    import keras
    from keras import layers

    tokens = keras.Input((None,), dtype="int32", name="tokens")
    x = layers.Embedding(64, 16, mask_zero=True)(tokens)
    x = layers.LSTM(16, return_sequences=True)(x)
    return keras.Model(tokens, layers.Dense(2)(layers.GlobalAveragePooling1D()(x)))


def _transformer() -> Any:
    import keras
    from keras import layers

    x = sequence = keras.Input((24, 32), name="sequence")
    for _ in range(2):
        x = layers.Add()(
            [x, layers.MultiHeadAttention(4, 8)(*[layers.LayerNormalization()(x)] * 2)]
        )
        hidden = layers.Dense(64, activation="gelu")(layers.LayerNormalization()(x))
        x = layers.Add()([x, layers.Dense(32)(hidden)])
    return keras.Model(sequence, layers.Dense(5)(layers.GlobalAveragePooling1D()(x)))


def _augmented() -> Any:
    import keras
    from keras import layers

    image = keras.Input((32, 32, 3), name="image")
    x = layers.RandomRotation(0.1)(layers.RandomFlip()(layers.Rescaling(1 / 255)(image)))
    x = layers.SeparableConv2D(16, 3, strides=2, activation="relu")(x)
    return keras.Model(image, layers.Dense(4)(layers.GlobalMaxPooling2D()(x)))


MODELS: dict[str, Callable[[], Any]] = {
    **{name: _application(name) for name in APPLICATIONS},
    "two_inputs": _two_inputs,
    "unet": _unet,
    "recurrent": _recurrent,
    "masked_text": _masked_text,
    "transformer": _transformer,
    "augmented": _augmented,
}


def names(asked: list[str]) -> list[str]:
    """The names of models, with `foreign` replaced by all of its."""
    return [each for name in asked for each in (MODELS if name == FOREIGN else [name])]


def build(name: str) -> Any:
    """A model whose weights are the same on every backend."""
    model = MODELS[name]()
    rng = np.random.default_rng([0])
    for weight in model.weights:
        if "float" not in str(weight.dtype):
            continue
        spread = 1.0 / np.sqrt(max(int(np.prod(weight.shape[:-1])), 1))
        if len(weight.shape) < 2:  # biases, scales and statistics, of which variances are positive
            weight.assign(rng.uniform(0.5, 1.5, weight.shape))
        else:
            weight.assign(spread * rng.standard_normal(weight.shape))
    return model
