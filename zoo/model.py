"""The base of every model: networks, noise, phases and parts, declared once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import keras

from zoo.construction import Construction, checked_range, checked_shape
from zoo.ema import WeightAverage
from zoo.errors import ModelError
from zoo.inference import Inference
from zoo.noise import Noise
from zoo.optimizers import OptimizerGroup, distinct, prepared_phases
from zoo.phase import Phase

PARTS = ("encoder", "decoder", "generator", "discriminator")


class GenerativeModel(Inference, keras.Model, metaclass=Construction):
    """A model that trains in phases and deploys in parts.

    A subclass's constructor makes the networks and declares, once each:

    - `noise`: the random inputs of one training batch, name → `Noise`;
    - `phases`: the updates of one training step;
    - `prior` and `sampler`: the random inputs of the part that makes data, and its name;
    - `code`: the encoder's output that the decoder reads, where there are both.

    Args:
        shape: Shape of one sample: `(features,)`, `(time, channels)` or
            `(height, width, channels)`.
        value_range: What the data are scaled to, `(0, 1)` or `(-1, 1)`; None leaves vectors
            without bounds as they are.
        num_classes: How many labels there are, for models that read labels.
        seed: Seeds the initial weights, and training unless `fit` is given another.
        ema: Decay of the exponential moving average of the weights, such as .999; sampling and
            export then use the average. None keeps no average.
        clip_norm: Bound on the norm of each phase's gradient; None for none.
        precision: `float32`, `mixed_bfloat16` or `mixed_float16` (with loss scaling).

    Raises:
        ModelError: A setting is unknown or outside its bounds.
    """

    phases: Sequence[Phase] = ()
    noise: Mapping[str, Noise] = {}
    prior: Mapping[str, Noise] = {}
    sampler: str | None = None
    code: str | None = None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        keras.saving.register_keras_serializable(package="genzoo")(cls)

    def __init__(
        self,
        shape: Sequence[int],
        *,
        value_range: Sequence[float] | None = (0.0, 1.0),
        num_classes: int | None = None,
        seed: int = 0,
        ema: float | None = None,
        clip_norm: float | None = None,
        precision: str = "float32",
    ) -> None:
        super().__init__()
        self.shape = checked_shape(shape)
        self.value_range = checked_range(value_range)
        if num_classes is not None and num_classes < 1:
            raise ModelError(f"num_classes is at least 1. Received: {num_classes}")
        if ema is not None and not 0 < ema < 1:
            raise ModelError(f"ema is a decay between 0 and 1. Received: {ema}")
        if clip_norm is not None and clip_norm <= 0:
            raise ModelError(f"clip_norm is positive. Received: {clip_norm}")
        self.num_classes = num_classes
        self.seed = seed
        self.ema = ema
        self.clip_norm = clip_norm
        self.precision = precision

    def _finish(self, settings: dict[str, Any]) -> None:
        """Builds the optimizers and starts the average of the weights."""
        object.__setattr__(self, "settings", settings)
        self.built = True
        self.steps = self.add_weight(
            shape=(), dtype="int32", initializer="zeros", trainable=False, name="steps"
        )
        self._check_noise()
        self.phases = prepared_phases(
            self.phases,
            clip_norm=self.clip_norm,
            loss_scaling=self.precision == "mixed_float16",
        )
        if self.ema is not None:
            trained = {id(v): v for phase in self.phases for v in phase.variables}
            self.average = WeightAverage(list(trained.values()), self.ema)

    def _check_noise(self) -> None:
        """Checks that phases read noises that the model has."""
        for phase in self.phases:
            if unknown := sorted(set(phase.noise or ()) - set(self.noise)):
                raise ModelError(
                    f"A phase reads the model's noises. Received: {', '.join(unknown)} in phase "
                    f"{phase.name!r}. Accepted: {', '.join(self.noise) or 'none'}."
                )

    def state(
        self, name: str, shape: Sequence[int] = (), initializer: Any = "zeros"
    ) -> keras.Variable:
        """A variable that losses read, and move by returning its next value under `"next"`.

        It is a weight of the model: saved, resumed, and the same on every backend.
        """
        return self.add_weight(
            shape=tuple(shape),
            dtype="float32",
            initializer=initializer,
            trainable=False,
            name=name,
        )

    @property
    def output_activation(self) -> str:
        """The activation whose range is `value_range`: sigmoid, tanh or linear."""
        return {(0.0, 1.0): "sigmoid", (-1.0, 1.0): "tanh", None: "linear"}[self.value_range]

    def adam(
        self, learning_rate: Any, beta_1: float = 0.9, beta_2: float = 0.999
    ) -> keras.optimizers.Optimizer:
        """Adam; the model adds clipping and, in float16, loss scaling when it is made."""
        return keras.optimizers.Adam(learning_rate, beta_1, beta_2)

    @property
    def optimizers(self) -> list[keras.optimizers.Optimizer]:
        """The optimizers of the phases, each once; Keras saves them with the model."""
        return distinct(self.phases)

    @property
    def optimizer(self) -> Any:
        """The phases' optimizers as one: setting its learning rate scales them all alike.

        This is what Keras's learning-rate callbacks read and set.
        """
        return OptimizerGroup(self.optimizers)

    @optimizer.setter
    def optimizer(self, value: Any) -> None:
        if value is not None:  # Keras's constructor sets None.
            raise ModelError("The phases own the optimizers. Set the constructor's learning rates.")

    def compile(self, *args: Any, **kwargs: Any) -> None:
        """Refuses: a model's losses and optimizers are settings of its constructor."""
        raise ModelError(
            f"{type(self).__name__} needs no compile(): its losses and optimizers are settings of "
            f"its constructor. Accepted: {', '.join(self.settings)}."
        )

    def fit(self, data: Any, **options: Any) -> keras.callbacks.History:
        """Trains the model; see `zoo.training.fit` for the options."""
        from zoo import training

        return training.fit(self, data, **options)

    def evaluate(self, data: Any, **options: Any) -> dict[str, float]:
        """Mean losses on data without training; see `zoo.training.evaluate` for the options."""
        from zoo import training

        return training.evaluate(self, data, **options)

    def parts(self) -> dict[str, keras.Model]:
        """The deployable networks by name, with named inputs and outputs."""
        return {name: getattr(self, name) for name in PARTS if hasattr(self, name)}

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Reconstructs data, or generates from a latent where there is no encoder."""
        parts = self.parts()
        if self.code is None:
            return parts["generator"](inputs, training=training)
        encoded = parts["encoder"](inputs, training=training)
        code = encoded[self.code] if isinstance(encoded, dict) else encoded
        return parts["decoder"](code, training=training)

    @contextmanager
    def averaged_weights(self) -> Iterator[None]:
        """Puts the averaged weights in place; does nothing where no average is kept."""
        if self.ema is None:
            yield
        else:
            with self.average.in_place():
                yield

    def get_config(self) -> dict[str, Any]:
        """The constructor's keywords."""
        return dict(self.settings)

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> GenerativeModel:
        """Makes a model from its constructor's keywords."""
        return cls(**config)
