"""Normalization layers with right second derivatives on every backend."""

from typing import Any

import keras
from keras import ops

from zoo.errors import ModelError
from zoo.precision import precise


@keras.saving.register_keras_serializable("genzoo")
class LayerNormalization(keras.layers.LayerNormalization):
    """Layer normalization with right second derivatives on every backend.

    `ops.moments` stops the gradient at the mean on TensorFlow, so a gradient of a gradient through
    Keras's own normalization is wrong there.

    Source: Ba et al., 2016, arXiv:1607.06450. The arguments are Keras's but `rms_scaling`.
    """

    export_as = keras.layers.LayerNormalization

    def __init__(self, **options: Any) -> None:
        _check_unset(options, "rms_scaling")
        super().__init__(**options)

    def call(self, inputs: Any) -> Any:
        """Normalizes each row over the layer's axes, by default the last."""
        axes = tuple(axis % len(inputs.shape) for axis in self.axis)
        centred, _, variance = _moments(precise(inputs), axes)
        outputs = _scaled(self, centred * ops.rsqrt(variance + self.epsilon), axes)
        return ops.cast(outputs, inputs.dtype)


@keras.saving.register_keras_serializable("genzoo")
class BatchNormalization(keras.layers.BatchNormalization):
    """Batch normalization with right second derivatives on every backend.

    Source: Ioffe & Szegedy, 2015, arXiv:1502.03167. The arguments are Keras's but `renorm` and
    `synchronized`; masks are not supported.
    """

    export_as = keras.layers.BatchNormalization

    def __init__(self, **options: Any) -> None:
        _check_unset(options, "renorm", "synchronized")
        super().__init__(**options)

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """Normalizes each channel by the batch's moments in training, else by the moving ones."""
        if not (training and self.trainable):
            return super().call(inputs, training=False)
        channels = self.axis % len(inputs.shape)
        axes = tuple(axis for axis in range(len(inputs.shape)) if axis != channels)
        centred, mean, variance = _moments(precise(inputs), axes)
        for moving, value in ((self.moving_mean, mean), (self.moving_variance, variance)):
            kept = moving.value * self.momentum
            batch = ops.stop_gradient(ops.squeeze(value, axis=axes))
            moving.assign(kept + batch * (1 - self.momentum))
        outputs = _scaled(self, centred * ops.rsqrt(variance + self.epsilon), (channels,))
        return ops.cast(outputs, inputs.dtype)


@keras.saving.register_keras_serializable("genzoo")
class GroupNormalization(keras.layers.GroupNormalization):
    """Group normalization with right second derivatives on every backend.

    Normalizes each sample over space and the channels of a group, with a gain and an offset for
    each channel. With groups=1 this is the "layer normalization" of the authors' code of WGAN-GP
    (Gulrajani et al., 2017, arXiv:1704.00028).

    Source: Wu & He, 2018, arXiv:1803.08494. The arguments are Keras's.
    """

    export_as = keras.layers.GroupNormalization

    def call(self, inputs: Any) -> Any:
        """Normalizes `(batch, …, channels)`, each sample and group by itself."""
        channels = self.axis % len(inputs.shape)
        shape = (-1, *ops.shape(inputs)[1:])
        split = (self.groups, shape[channels] // self.groups)
        grouped = (*shape[:channels], *split, *shape[channels + 1 :])
        x = ops.reshape(precise(inputs), grouped)
        axes = tuple(axis for axis in range(1, len(grouped)) if axis != channels)
        # Of a constant map exactly 0 is left. The rounding of its mean would be divided by √ε.
        first = tuple(slice(1) if axis in axes else slice(None) for axis in range(len(grouped)))
        x = x - ops.stop_gradient(x[first])
        # One float32 sum over a large map of nearly equal numbers, as XLA takes it, is off by as
        # much as the sum has terms; sums of sums are not.
        mean = _mean_by_axis(x, axes)
        centred = x - mean
        variance = _mean_by_axis(ops.square(centred), axes)
        normal = ops.reshape(centred * ops.rsqrt(variance + self.epsilon), shape)
        return ops.cast(_scaled(self, normal, (channels,)), inputs.dtype)


@keras.saving.register_keras_serializable("genzoo")
class InstanceNormalization(GroupNormalization):
    """Instance normalization: each channel of each sample by itself, over space.

    Source: Ulyanov et al., 2016, arXiv:1607.08022. The arguments are those of group normalization
    but `groups`.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(groups=-1, **options)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        config = super().get_config()
        del config["groups"]
        return config


def _check_unset(options: dict[str, Any], *unsupported: str) -> None:
    """Raises an error for arguments of Keras's layer that ours would ignore."""
    for name in unsupported:
        if options.get(name):
            raise ModelError(f"{name} is not supported. Received: {name}={options[name]}")


def _moments(inputs: Any, axes: tuple[int, ...]) -> tuple[Any, Any, Any]:
    """Inputs less their mean, their mean and their variance, all with the dimensions of inputs."""
    mean = ops.mean(inputs, axis=axes, keepdims=True)
    centred = inputs - mean
    return centred, mean, ops.mean(ops.square(centred), axis=axes, keepdims=True)


def _mean_by_axis(x: Any, axes: tuple[int, ...]) -> Any:
    """The mean over axes one after the other, with the dimensions of the input."""
    for axis in axes:
        x = ops.mean(x, axis=axis, keepdims=True)
    return x


def _scaled(layer: keras.Layer, normal: Any, axes: tuple[int, ...]) -> Any:
    """`normal·gamma + beta`, where the layer has them, along the axes of these weights."""
    shape = [size if axis in axes else 1 for axis, size in enumerate(normal.shape)]
    if layer.scale:
        normal = normal * ops.reshape(precise(layer.gamma), shape)
    if layer.center:
        normal = normal + ops.reshape(precise(layer.beta), shape)
    return normal
