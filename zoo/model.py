"""The base of every model: settings in; networks, noise, phases and uses out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, dataclass_transform

import keras

from zoo import backends, networks
from zoo.data import Standardization
from zoo.ema import WeightAverage
from zoo.errors import ModelError
from zoo.inference import Inference
from zoo.initialization import numpy_weights
from zoo.noise import Noise, bernoulli, in_turn, uniform
from zoo.optimizers import OptimizerGroup, distinct, prepare, stored
from zoo.parts import between, destandardize, squared_error, standardize
from zoo.phase import Phase
from zoo.precision import precise_dtype
from zoo.settings import FORMAT, Settings, is_network, setting
from zoo.uses import Step, Use

if TYPE_CHECKING:
    from zoo.data import Data

Rate = float | keras.optimizers.schedules.LearningRateSchedule
"""A learning rate: a number, or a schedule of Keras."""
KINDS = {1: "vector", 2: "sequence", 3: "image"}


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


@dataclass_transform(kw_only_default=True, field_specifiers=(setting,))
class GenerativeModel(CommonSettings, Inference, keras.Model):
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

    Raises:
        ModelError: A setting is unknown or outside its bounds.
    """

    accepts: Sequence[str] = tuple(KINDS.values())
    reads: Mapping[str, tuple[int, ...]] = {}
    code = "code"
    pictured: Sequence[str] = ("reconstruct",)
    output = "range"
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
        for phase in self.phases:
            self.require(
                set(phase.noise or ()) <= set(self.noise),
                f"phase {phase.name!r} reads noises of the model: {', '.join(self.noise)}",
                noise=phase.noise,
            )
        self.phases = prepare(
            self.phases,
            own=self.settings["optimizer"],
            clip_norm=self.clip_norm,
            precision=self.precision,
        )
        reading = any("labels" in part.input for part in self.parts().values())
        self.require(
            self.num_classes is None or reading,
            "num_classes is for models whose networks read labels, and none does",
            num_classes=self.num_classes,
        )
        self.steps = self.state("steps", dtype="int32")
        self.built = True
        if self.ema is not None:
            trained = {id(v): v for phase in self.phases for v in phase.variables}
            self.average = WeightAverage(list(trained.values()), self.ema)

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
        return found

    def encoder_of(
        self,
        name: str = "encoder",
        reads: Mapping[str, tuple[int, ...]] | None = None,
        *,
        features: bool = False,
        **heads: int | None,
    ) -> keras.Model:
        """A network from data to linear outputs; the user's own where one is given.

        Args:
            name: Of the network, and of its setting where users may bring it.
            reads: Input name → shape; by default `data`.
            features: Whether the trunk's output is an output as well.
            heads: Output name → units; None for what the trunk itself makes.
        """
        reads = reads or {"data": self.shape}
        family, options = self._network_choices(name, name)
        return self._noted(
            networks.encoder(family, reads, heads, features=features, **options), options
        )

    def decoder_of(
        self,
        name: str = "decoder",
        *,
        latent: int | Sequence[int] | None = None,
        makes: str = "data",
        shape: Sequence[int] | None = None,
    ) -> tuple[keras.Model, keras.Model]:
        """A network that makes data, with its output activation, and the same without it.

        Args:
            name: Of the network, and of its setting where users may bring it.
            latent: Length, or shape, of the latent that it reads; None where it reads data.
            makes: Name of the output.
            shape: Of the output; by default that of the data.
        """
        sizes = (latent,) if isinstance(latent, int) else latent
        reads = {"data": self.shape} if sizes is None else {"latent": tuple(sizes)}
        family, options = self._network_choices(name, f"{name}_logits")
        logits = networks.decoder(
            family, reads, {makes: tuple(shape or self.shape)}, down=sizes is None, **options
        )
        self._noted(logits, options)
        return networks.activated(logits, self.output_activation, self.value_range), logits

    def _noted(self, network: keras.Model, options: Mapping[str, Any]) -> keras.Model:
        """Notes the masks that a network reads in training, which are noise of the model."""
        share = 1 - options.get("dropout", 0.0)
        drawn = {name: bernoulli(share, *s) for name, s in networks.masks(network).items()}
        self._masks = {**self._masks, **drawn}
        return network

    def _network_choices(self, name: str, title: str) -> tuple[str | None, dict[str, Any]]:
        """The family of a network, and its options: the class's, then the user's."""
        options = dict(self.network_defaults.get(name, {}))
        chosen = self.settings.get("network_options", {})
        self._check_network_options(chosen)
        shared = {key: value for key, value in chosen.items() if "." not in key}
        own = {
            key[len(name) + 1 :]: value
            for key, value in chosen.items()
            if key.startswith(f"{name}.")
        }
        family = options.pop("network", None)
        options |= shared | own
        family = self.settings.get("network") or family
        fixed = {"num_classes": self.num_classes, "own": self.settings.get(name), "name": title}
        for key in ("num_classes", "own", "name", "condition"):
            self.require(
                key not in options, f"{key!r} is no option of a network", network_options=chosen
            )
        return family, options | fixed

    def _check_network_options(self, chosen: Mapping[str, Any]) -> None:
        own = (name for name, field in self.fields.items() if is_network(field))
        known = {*self.network_defaults, *own}
        for key in chosen:
            part, dot, _ = key.rpartition(".")
            self.require(
                not dot or part in known,
                f"{part!r} is no network of this model",
                network_options=chosen,
            )

    @property
    def network_defaults(self) -> Mapping[str, Mapping[str, Any]]:
        """The options that the class chooses: network name → option → value."""
        return {}

    @property
    def output_activation(self) -> str:
        """The activation of networks that make data; see `networks.activated`."""
        if self.output == "range":
            return {(0.0, 1.0): "sigmoid", (-1.0, 1.0): "tanh", None: "linear"}[self.value_range]
        return self.output

    def frozen(self, name: str) -> GenerativeModel | None:
        """The trained model that the setting `name` holds, not trained any further.

        Its averaged weights, where it keeps an average, are put in place. They are saved with this
        model; the settings describe its architecture.
        """
        model = self.settings[name]
        if model is None:
            return None
        with model.averaged_weights():
            weights = model.get_weights()
        model.set_weights(weights)
        model.trainable = False
        return model

    def state(self, name: str, shape: Sequence[int] = (), **options: Any) -> keras.Variable:
        """A variable, 0 at first, that losses read and move by returning its `"next"` value."""
        return self.add_weight(
            shape=tuple(shape), name=name, trainable=False, **({"initializer": "zeros"} | options)
        )

    @property
    def standardizes(self) -> bool:
        """Whether the data are vectors without bounds, which are standardized."""
        return self.standardize_vectors and self.value_range is None and len(self.shape) == 1

    @property
    def standardization(self) -> Standardization | None:
        """What training applies to the data; None where they stay as they are."""
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

    def require(self, holds: bool, rule: str, **received: Any) -> None:
        """Raises where settings do not go together.

        Args:
            holds: Whether they do.
            rule: What should hold.
            received: The settings concerned.

        Raises:
            ModelError: They do not.
        """
        if not holds:
            values = ", ".join(f"{name}={value!r}" for name, value in received.items())
            raise ModelError(f"{type(self).__name__}: {rule}. Received: {values}")

    def uses(self) -> dict[str, Use]:
        """What the model is for: name → chain of parts; a subclass adds its own."""
        table: dict[str, Use] = {}
        decoder = next((n for n in ("decoder", "generator") if hasattr(self, n)), None)
        maker = next((n for n in ("generator", "decoder") if hasattr(self, n)), None)
        if maker is not None and self.prior:
            labels = {} if self.num_classes is None else {"labels": in_turn(self.num_classes)}
            draws = {**self.prior, **labels}
            table["sample"] = Use([Step(maker)], {"data": f"{maker}/data"}, draws)
        if decoder is not None and "latent" in getattr(self, decoder).input:
            table["decode"] = Use([Step(decoder, {"latent": "code"})], {"data": f"{decoder}/data"})
        if hasattr(self, "encoder"):
            table["encode"] = Use([Step("encoder")], {"code": f"encoder/{self.code}"})
        if {"encode", "decode"} <= set(table):
            table |= self._round_trips(str(decoder))
        if hasattr(self, "discriminator"):
            table["discriminate"] = Use([Step("discriminator")], {"logit": "discriminator/logit"})
        return table

    def _round_trips(self, decoder: str) -> dict[str, Use]:
        """What an encoder and a decoder do together."""
        code = f"encoder/{self.code}"
        made = f"{decoder}/data"
        through = [Step("encoder"), Step(decoder, {"latent": code})]
        compare = Step("squared_error", {"other": made})
        table = {
            "reconstruct": Use(through, {"reconstruction": made}),
            "score": Use([*through, compare], {"score": "squared_error/error"}),
        }
        if self.encoder.output[self.code].dtype.startswith("float"):
            steps = [
                Step("encoder"),
                Step("encoder", {"data": "other"}, name="second"),
                Step("between", {"first": code, "second": f"second/{self.code}"}),
                Step(decoder, {"latent": "between/code"}),
            ]
            table["interpolate"] = Use(steps, {"data": made}, {"share": uniform()})
        return table

    @cached_property
    def between(self) -> keras.Model:
        """A part without weights: mixes two codes."""
        return between(tuple(self.encoder.output[self.code].shape[1:]))

    @cached_property
    def squared_error(self) -> keras.Model:
        """A part without weights: compares two data."""
        return squared_error(self.shape)

    def table(self) -> dict[str, Use]:
        """The uses with every read written out."""
        uses = self.uses()
        parts = {name for use in uses.values() for name in use.parts}
        ports = {name: list(getattr(self, name).input) for name in parts}
        table = {name: use.resolved(ports) for name, use in uses.items()}
        if self.standardizes:
            table = {name: use.standardized(("data", "other")) for name, use in table.items()}
        return table

    def parts(self) -> dict[str, keras.Model]:
        """The networks that the uses name: what is exported."""
        names = dict.fromkeys(name for use in self.table().values() for name in use.parts)
        return {name: getattr(self, name) for name in names}

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
        from zoo.uses import run

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

    def get_config(self) -> dict[str, Any]:
        """The settings in JSON terms; networks, optimizers and schedules as Keras stores them."""
        return {"format": FORMAT} | {name: _stored(v) for name, v in self.settings.items()}

    @classmethod
    def from_config(cls, config: Mapping[str, Any], custom_objects: Any = None) -> GenerativeModel:
        """Makes a model from `get_config`, also as JSON gives it back.

        Raises:
            ModelError: The configuration is another version's.
        """
        settings = dict(config)
        if settings.pop("format", 1) != FORMAT:
            raise ModelError(
                f"A model's configuration has format {FORMAT}. Received: "
                f"{config.get('format', 1)}, of another version of genzoo, whose networks differ. "
                "Accepted: a model trained anew."
            )
        load = keras.saving.deserialize_keras_object
        return cls(
            **{
                name: load(value, custom_objects) if _is_keras_config(value) else value
                for name, value in settings.items()
            }
        )


def _stored(value: Any) -> Any:
    """A setting in JSON terms."""
    if isinstance(value, keras.optimizers.Optimizer):
        return stored(value)
    return keras.saving.serialize_keras_object(value) if hasattr(value, "get_config") else value


def _is_keras_config(value: Any) -> bool:
    return isinstance(value, dict) and "class_name" in value
