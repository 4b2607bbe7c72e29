"""The base of every model: settings in; networks, noise, phases and uses out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, dataclass_transform

import keras
import numpy as np

from zoo import backends, networks
from zoo.data import Standardization
from zoo.data.facts import sample_rate
from zoo.errors import ModelError
from zoo.layers.initialization import numpy_weights
from zoo.model.average import WeightAverage, followed_by_average
from zoo.model.building import Building
from zoo.model.inference import Inference
from zoo.model.optimizers import OptimizerGroup, distinct, prepare
from zoo.model.parts import destandardize, standardize
from zoo.model.settings import CommonSettings, NetworkSettings, Rate
from zoo.model.stored import Stored
from zoo.model.use_table import UseTable
from zoo.noise import Noise
from zoo.phase import Phase, check_declared
from zoo.precision import precise_dtype
from zoo.settings import setting
from zoo.uses import run

if TYPE_CHECKING:
    from zoo.data import Data

__all__ = ["GenerativeModel", "NetworkSettings", "Rate"]

KINDS = {1: "vector", 2: "sequence", 3: "image"}


@dataclass_transform(kw_only_default=True, field_specifiers=(setting,))
class GenerativeModel(CommonSettings, Building, UseTable, Inference, Stored, keras.Model):
    """A model that trains in phases and is used through chains of parts.

    A subclass declares its settings, and networks that users may bring, as fields, and makes in
    `assemble` out of them, once each:

    - its networks, functional models with named inputs and outputs;
    - `noise`: the random inputs of one training batch, name → `Noise`;
    - `prior`: the random inputs of the part that samples;
    - `phases`: the updates of one training step.

    Attributes:
        accepts: The kinds of data that the model takes: vector, sequence, image.
        reads: Fields of the data beside `data` and `labels` that the losses read, and their shapes.
        code: The encoder's output that the decoder reads as its latent.
        pictured: The uses of data whose results are drawn while a model without samples trains.
        output: The activation of networks that make data: one of Keras's, `range` for the one whose
            range is `value_range`, or `clip` for a linear output that the part cuts to the range.
        remedy: The advice where a loss diverges.

    Raises:
        ModelError: A setting is unknown or outside its bounds.
    """

    accepts: Sequence[str] = tuple(KINDS.values())
    reads: Mapping[str, tuple[int, ...]] = {}
    code = "code"
    pictured: Sequence[str] = ("reconstruct",)
    output = "range"
    remedy = "Try a lower learning_rate, or clip_norm."
    noise: Mapping[str, Noise] = {}
    prior: Mapping[str, Noise] = {}
    phases: Sequence[Phase] = ()

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        module = cls.__module__
        package = "genzoo" if module.partition(".")[0] == "zoo" else module
        keras.saving.register_keras_serializable(package=package)(cls)

    def __init__(self, **settings: Any) -> None:
        super().__init__()
        backends.prepare()
        self.settings = self.settled(settings)
        own_rates = [name for name in settings if name.endswith("learning_rate")]
        changed = [n for n in own_rates if self.settings[n] != self.fields[n].default]
        self.require(
            not changed or not isinstance(self.settings["optimizer"], keras.optimizers.Optimizer),
            "a Keras optimizer brings its own learning rate",
            optimizer=type(self.settings["optimizer"]).__name__,
            **{name: self.settings[name] for name in changed},
        )
        self._masks: dict[str, Noise] = {}
        self._check_common()
        before = keras.config.dtype_policy()
        keras.config.set_dtype_policy(self._policy())
        try:
            with numpy_weights(self.seed):
                self.assemble()
            if self.standardizes:
                self.standardize = standardize(*self.shape)
                self.destandardize = destandardize(*self.shape)
        finally:
            keras.config.set_dtype_policy(before)
        self._finish()

    def _policy(self) -> str:
        """The policy of the layers; Keras's `floatx` of float64 makes float32 models wider."""
        return precise_dtype() if self.precision == "float32" else self.precision

    def beside(self, batch: Mapping[str, Any]) -> dict[str, Any]:
        """The arrays that a picture of a batch of data needs beside its fields, by name."""
        return {}

    def assemble(self) -> None:
        """Makes the networks, the noise and the phases out of the settings."""
        raise NotImplementedError(f"{type(self).__name__} defines assemble().")

    def _check_common(self) -> None:
        kind = KINDS.get(len(self.shape))
        self.require(
            kind is not None,
            "shape is (features,), (time, channels) or (height, width, channels)",
            shape=self.shape,
        )
        self.require(
            kind in self.accepts,
            f"the data are of the kind {' or '.join(self.accepts)}",
            shape=self.shape,
        )
        self.require(
            self.value_range in ((0.0, 1.0), (-1.0, 1.0), None),
            "value_range is (0, 1), (-1, 1) or None",
            value_range=self.value_range,
        )

    def _finish(self) -> None:
        """Prepares the optimizers and starts the average of the weights."""
        self.noise = {**self.noise, **self._masks}
        check_declared(type(self).__name__, self.phases, self.noise, self.reads)
        self.phases = prepare(
            self.phases,
            own=self.settings["optimizer"],
            clip_norm=self.clip_norm,
            precision=self.precision,
        )
        self.check_uses()
        reading = any("labels" in part.input for part in self.parts().values())
        self.require(
            self.num_classes is None or reading,
            "num_classes is for models whose networks read labels, and none does",
            num_classes=self.num_classes,
        )
        self.steps = self.state("steps", dtype="int32")
        self.built = True
        if self.ema is not None:
            followed = {id(v): v for phase in self.phases for v in followed_by_average(phase)}
            self.average = WeightAverage(list(followed.values()), self.ema)

    @classmethod
    def facts(cls, data: Data) -> dict[str, Any]:
        """The settings that data decide: shape, classes, and whether there are bounds."""
        found: dict[str, Any] = {"shape": tuple(data.shape)}
        if cls.fields["num_classes"].required:
            if data.num_classes is None:
                raise ModelError(f"{cls.__name__} reads labels. Received: data without labels.")
            found["num_classes"] = data.num_classes
        if len(data.shape) == 1 and data.source_range is None:
            found["value_range"] = None  # Measurements, which have no bounds.
        if (rate := sample_rate(data)) is not None:
            found |= {"sample_rate": rate, "value_range": (-1.0, 1.0)}  # Silence is 0.
        return found

    @property
    def first_step(self) -> int:
        """The step at which a first stage has ended; 0 where there is none."""
        return 0

    @property
    def standardizes(self) -> bool:
        """Whether the data are vectors without bounds, which are standardized."""
        return self.standardize_vectors and self.value_range is None and len(self.shape) == 1

    @property
    def standardization(self) -> Standardization | None:
        """The standardization of the data in training; None where they stay as they are."""
        if not self.standardizes:
            return None
        layer = self.standardize.get_layer("standardization")
        return Standardization(*map(keras.ops.convert_to_numpy, (layer.mean, layer.stddev)))

    def adapt(self, data: Any) -> None:
        """Takes from the training data what the model keeps of them, before its first step."""
        if not self.standardizes or int(keras.ops.convert_to_numpy(self.steps)):
            return
        found = Standardization.fit(data)
        for part in (self.standardize, self.destandardize):
            layer = part.get_layer("standardization")
            layer.mean.assign(found.mean.astype("float32"))
            layer.stddev.assign(found.stddev.astype("float32"))

    def row_weights(self, data: Data) -> np.ndarray | None:
        """How often training draws each row, in proportion; None for passes over all of them."""
        return None

    def require(self, holds: bool, rule: str, **received: Any) -> None:
        """Raises where settings do not go together.

        Args:
            holds: Whether they do.
            rule: The condition in words.
            received: The settings concerned.

        Raises:
            ModelError: They do not.
        """
        if not holds:
            values = ", ".join(f"{name}={value!r}" for name, value in received.items())
            raise ModelError(f"{type(self).__name__}: {rule}. Received: {values}")

    @property
    def optimizers(self) -> list[keras.optimizers.Optimizer]:
        """The optimizers of the phases, each once; Keras saves them with the model."""
        return distinct(self.phases)

    @property
    def optimizer(self) -> Any:
        """The phases' optimizers as one, for Keras's callbacks; see `OptimizerGroup`."""
        return OptimizerGroup(self.optimizers)

    @optimizer.setter
    def optimizer(self, value: Any) -> None:
        if value is not None:  # Keras's constructor sets None.
            raise ModelError("The phases own the optimizers. Accepted: the setting optimizer.")

    def compile(self, *args: Any, **kwargs: Any) -> None:
        """Raises: a model's losses and optimizers are settings."""
        raise ModelError(
            f"{type(self).__name__} needs no compile(): its losses and optimizers are settings. "
            f"Accepted: {', '.join(self.settings)}."
        )

    def fit(self, data: Any, *args: Any, **options: Any) -> keras.callbacks.History:
        """Trains the model; see `zoo.training.fit` for the options."""
        from zoo import training

        return training.fit(self, data, *args, **options)

    def evaluate(self, data: Any, **options: Any) -> dict[str, float]:
        """Mean losses on data without training; see `zoo.training.evaluate` for the options."""
        from zoo import training

        return training.evaluate(self, data, **options)

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Follows the model's first use of data, `reconstruct` where there is one, or samples.

        Args:
            inputs: The use's inputs by name; a tensor alone is the first one.
            training: Whether layers are in training mode.
        """
        table = self.table()
        name = next((n for n in ("reconstruct", "sample") if n in table), next(iter(table)))
        given = inputs if isinstance(inputs, Mapping) else {table[name].inputs[0]: inputs}
        results = run(
            table[name],
            lambda part, values: networks.apply(getattr(self, part), values, training),
            given,
        )
        return next(iter(results.values()))

    @contextmanager
    def averaged_weights(self) -> Iterator[None]:
        """Puts the averaged weights in place; does nothing where no average is kept."""
        if self.ema is None:
            yield
        else:
            with self.average.in_place():
                yield
