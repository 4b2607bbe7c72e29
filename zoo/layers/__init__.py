"""Layers that Keras lacks, or whose second derivatives are wrong on a backend."""

from typing import Any

import keras
from keras import initializers, ops

from zoo.errors import ModelError


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


class LeakyReLU(keras.layers.LeakyReLU):
    """max(x, slope·x), whose derivative at 0 is the slope on every backend.

    Keras's own has 1 there on JAX and the slope elsewhere; a generator whose units are all dead for
    a latent makes data that are exactly 0. The arguments are Keras's.
    """

    export_as = keras.layers.LeakyReLU

    def call(self, inputs: Any) -> Any:
        """Applies it to each element."""
        return ops.where(inputs > 0, inputs, self.negative_slope * inputs)


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


class Codebook(keras.layers.Layer):
    """A table of vectors that data choose the nearest of; it learns by moving averages.

    Calling it gives the indices of the nearest vectors: float `(…, dim)` → int32 `(…)`.

    Source: van den Oord et al., 2017, arXiv:1711.00937, appendix A.1.

    Args:
        size: How many vectors.
        dim: Their length.
        decay: Of the moving averages of counts and sums.
        epsilon: Laplace smoothing of the counts, in vectors.
        codebook_initializer: Draws the first vectors.
    """

    def __init__(
        self,
        size: int,
        dim: int,
        *,
        decay: float = 0.99,
        epsilon: float = 1e-5,
        codebook_initializer: Any = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.size = size
        self.dim = dim
        self.decay = decay
        self.epsilon = epsilon
        uniform = initializers.RandomUniform(-(3.0**0.5) / size**0.5, 3.0**0.5 / size**0.5)
        self.codebook_initializer = codebook_initializer or uniform
        self.codebook = self.add_weight(
            shape=(size, dim),
            initializer=self.codebook_initializer,
            trainable=False,
            name="codebook",
            dtype="float32",
        )
        self.counts = self.add_weight(
            shape=(size,), initializer="zeros", trainable=False, name="counts", dtype="float32"
        )
        self.sums = self.add_weight(
            shape=(size, dim), initializer="zeros", trainable=False, name="sums", dtype="float32"
        )
        self.built = True

    def call(self, vectors: Any) -> Any:
        """Indices of the nearest vectors, by Euclidean distance: `(…, dim)` → int32 `(…)`."""
        table = ops.convert_to_tensor(self.codebook)
        flat = ops.reshape(ops.cast(vectors, "float32"), (-1, self.dim))
        # |v − c|² without |v|², which is the same for every c.
        distances = ops.sum(ops.square(table), axis=1) - 2 * ops.matmul(flat, ops.transpose(table))
        nearest = ops.cast(ops.argmin(distances, axis=-1), "int32")
        return ops.reshape(nearest, (-1, *vectors.shape[1:-1]))

    def lookup(self, indices: Any) -> Any:
        """The vectors at some indices: int `(…)` → float32 `(…, dim)`."""
        return ops.take(ops.convert_to_tensor(self.codebook), indices, axis=0)

    def update(self, vectors: Any, indices: Any) -> None:
        """Moves each vector towards the mean of the data that chose it.

        The averages start from zero and are corrected for it by their ratio, so the first update
        sets every chosen vector to the mean of its data.

        Args:
            vectors: Float `(…, dim)`.
            indices: What `call` gave for them.
        """
        flat = ops.stop_gradient(ops.reshape(ops.cast(vectors, "float32"), (-1, self.dim)))
        chosen = ops.one_hot(ops.reshape(indices, (-1,)), self.size, dtype="float32")
        counts = self.decay * self.counts.value + (1 - self.decay) * ops.sum(chosen, axis=0)
        batch_sums = ops.matmul(ops.transpose(chosen), flat)
        sums = self.decay * self.sums.value + (1 - self.decay) * batch_sums
        total = ops.sum(counts)
        smoothed = (counts + self.epsilon) / (total + self.size * self.epsilon) * total
        # A vector that no datum has chosen keeps its place.
        moved = ops.where(counts[:, None] > 0, sums / smoothed[:, None], self.codebook.value)
        self.counts.assign(counts)
        self.sums.assign(sums)
        self.codebook.assign(moved)


class Lookup(keras.layers.Layer):
    """The vectors of a codebook at some indices: int `(…)` → float32 `(…, dim)`."""

    def __init__(self, codebook: Codebook, **options: Any) -> None:
        super().__init__(**options)
        self.codebook = codebook
        self.built = True

    def call(self, indices: Any) -> Any:
        """Looks the indices up."""
        return self.codebook.lookup(indices)
