"""The settings that models have in common."""

from __future__ import annotations

from typing import Literal

import keras

from zoo.settings import Settings, setting

Rate = float | keras.optimizers.schedules.LearningRateSchedule
"""A learning rate: a number, or a schedule of Keras."""


class CommonSettings(Settings):
    """The settings of every model."""

    shape: tuple[int, ...] = setting(
        "Shape of one sample: (features,), (time, channels) or (height, width, channels).",
        at_least=1,
        tiny=(8, 8, 1),
    )
    value_range: tuple[float, float] | None = setting(
        "What data are scaled to, (0, 1) or (-1, 1); None for vectors without bounds.",
        default=(0.0, 1.0),
    )
    num_classes: int | None = setting(
        "Number of classes, for networks that read labels.", default=None, at_least=1
    )
    sample_rate: int | None = setting(
        "Of sounds: samples in a second, to which files are resampled; None for other data.",
        default=None,
        at_least=1,
    )
    standardize_vectors: bool = setting(
        "Whether vectors without bounds are standardized; uses take and give them in their units.",
        default=True,
    )
    optimizer: str | keras.optimizers.Optimizer | None = setting(
        "Of every phase: a Keras optimizer, which brings its own learning rate, or its name; None "
        "for the model's own.",
        default=None,
    )
    ema: float | None = setting(
        "Decay of the moving average of the weights that sampling and export use.",
        default=None,
        above=0,
        below=1,
    )
    clip_norm: float | None = setting(
        "Bound on the norm of each phase's gradient.", default=None, above=0
    )
    precision: Literal["float32", "mixed_bfloat16", "mixed_float16"] = setting(
        "Of the computations.", default="float32"
    )
    seed: int = setting("Seed of the initial weights, and of training.", default=0, at_least=0)


class NetworkSettings(Settings):
    """The settings of models whose networks a family makes."""

    network: str | None = setting(
        "Family of the networks; by default mlp for vectors, conv for all else.", default=None
    )
    network_options: dict = setting(
        "Options of the family, such as width; PART.OPTION is one network's alone.",
        default={},
        tiny={"width": 4},
    )
