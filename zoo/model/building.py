"""The tools of a model's `assemble`: networks, states, and trained models."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import keras

from zoo import networks
from zoo.noise import Noise, bernoulli
from zoo.settings import Setting, is_network

if TYPE_CHECKING:
    from zoo.model import GenerativeModel


RESERVED = ("num_classes", "own", "name", "features", "down", "condition", "trace")
"""Arguments of a network beside the options of its family."""


class Building:
    """Makes networks out of settings; a base of `GenerativeModel`."""

    shape: Any
    value_range: Any
    num_classes: Any
    settings: Mapping[str, Any]
    fields: Mapping[str, Setting]
    output: str
    family_defaults: Mapping[str, Mapping[str, Mapping[str, Any]]] = {}
    """The options that the class chooses where a family is named: family → network name → option →
    value."""
    _masks: dict[str, Noise]
    require: Callable[..., None]
    add_weight: Callable[..., Any]

    def encoder_of(
        self,
        name: str = "encoder",
        reads: Mapping[str, tuple[int, ...]] | None = None,
        *,
        features: bool = False,
        labels: bool = True,
        **heads: int | None,
    ) -> keras.Model:
        """A network from data to linear outputs; the user's own where one is given.

        Args:
            name: Of the network, and of its setting where users may bring it.
            reads: Input name → shape; by default `data`.
            features: Whether the trunk's output is an output as well.
            labels: Whether it reads the labels that the model's networks read.
            heads: Output name → units; None for what the trunk itself makes.
        """
        reads = reads or {"data": self.shape}
        family, options = self._network_choices(name, name)
        options["num_classes"] = options["num_classes"] if labels else None
        return self._noted(
            networks.encoder(family, reads, heads, features=features, **options), options
        )

    def decoder_of(
        self,
        name: str = "decoder",
        reads: Mapping[str, tuple[int, ...]] | None = None,
        *,
        latent: int | Sequence[int] | None = None,
        makes: str = "data",
        shape: Sequence[int] | None = None,
        labels: bool = True,
        across: bool = False,
    ) -> tuple[keras.Model, keras.Model]:
        """A network that makes data, with its output activation, and the same without it.

        Args:
            name: Of the network, and of its setting where users may bring it.
            reads: Input name → shape of vectors that it reads together, in the place of `latent`.
            latent: Length, or shape, of the latent that it reads; None where it reads data.
            makes: Name of the output.
            shape: Of the output; by default that of the data.
            labels: Whether it reads the labels that the model's networks read.
            across: Whether `reads` are data, not vectors.
        """
        sizes = (latent,) if isinstance(latent, int) else latent
        down = across or (reads is None and sizes is None)
        if reads is None:
            reads = {"data": self.shape} if sizes is None else {"latent": tuple(sizes)}
        family, options = self._network_choices(name, f"{name}_logits")
        options["num_classes"] = options["num_classes"] if labels else None
        made = {makes: tuple(shape or self.shape)}
        logits = networks.decoder(family, reads, made, down=down, **options)
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
        family = self.settings.get("network") or options.get("network")
        options.pop("network", None)
        options |= {**self.family_defaults.get(family or "", {}).get(name, {}), **shared, **own}
        fixed = {"num_classes": self.num_classes, "own": self.settings.get(name), "name": title}
        for key in RESERVED:
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
