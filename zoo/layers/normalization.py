"""Normalization layers with right second derivatives on every backend."""

from typing import Any

import keras
from keras import ops

from zoo.errors import ModelError


@keras.saving.register_keras_serializable("genzoo")
class LayerNormalization(keras.layers.LayerNormalization):
    """Layer normalization with right second derivatives on every backend.

    `ops.moments` stops the gradient at the mean on TensorFlow, so a gradient of a gradient through
    Keras's own normalization is wrong there.

    Source: Ba et al., 2016, arXiv:1607.06450. The arguments are Keras's but `rms_scaling`.
    """

    export_as = keras.layers.LayerNormalization

    def __init__(self, **options: Any) -> None:
        _refuse(options, "rms_scaling")
        super().__init__(**options)

    def call(self, inputs: Any) -> Any:
        """Normalizes each row over the layer's axes, by default the last."""
        axes = tuple(axis % len(inputs.shape) for axis in self.axis)
        centred, _, variance = _moments(ops.cast(inputs, "float32"), axes)
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
        _refuse(options, "renorm", "synchronized")
        super().__init__(**options)

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """Normalizes each channel by the batch's moments in training, else by the moving ones."""
        if not (training and self.trainable):
            return super().call(inputs, training=False)
        channels = self.axis % len(inputs.shape)
        axes = tuple(axis for axis in range(len(inputs.shape)) if axis != channels)
        centred, mean, variance = _moments(ops.cast(inputs, "float32"), axes)
        for moving, value in ((self.moving_mean, mean), (self.moving_variance, variance)):
            kept = moving.value * self.momentum
            batch = ops.stop_gradient(ops.squeeze(value, axis=axes))
            moving.assign(kept + batch * (1 - self.momentum))
        outputs = _scaled(self, centred * ops.rsqrt(variance + self.epsilon), (channels,))
        return ops.cast(outputs, inputs.dtype)


def _refuse(options: dict[str, Any], *unsupported: str) -> None:
    """Refuses arguments of Keras's layer that ours would ignore."""
    for name in unsupported:
        if options.get(name):
            raise ModelError(f"{name} is not supported. Received: {name}={options[name]}")


def _moments(inputs: Any, axes: tuple[int, ...]) -> tuple[Any, Any, Any]:
    """Inputs less their mean, their mean and their variance, all with the dimensions of inputs."""
    mean = ops.mean(inputs, axis=axes, keepdims=True)
    centred = inputs - mean
    return centred, mean, ops.mean(ops.square(centred), axis=axes, keepdims=True)


def _scaled(layer: keras.Layer, normal: Any, axes: tuple[int, ...]) -> Any:
    """`normal·gamma + beta`, where the layer has them, along the axes of these weights."""
    shape = [size if axis in axes else 1 for axis, size in enumerate(normal.shape)]
    if layer.scale:
        normal = normal * ops.reshape(ops.cast(layer.gamma, "float32"), shape)
    if layer.center:
        normal = normal + ops.reshape(ops.cast(layer.beta, "float32"), shape)
    return normal
