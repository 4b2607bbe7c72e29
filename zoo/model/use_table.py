"""The table of a model's uses: those that its networks allow, and the parts that they need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import keras

from zoo.errors import ModelError
from zoo.model.parts import between, squared_error
from zoo.networks.any_size import of_any_size
from zoo.noise import Noise, in_turn, uniform
from zoo.uses import Step, Use


class UseTable:
    """Derives the common uses from the networks; a base of `GenerativeModel`."""

    shape: Any
    num_classes: Any
    code: str
    prior: Mapping[str, Noise]
    encoder: Any
    any_size: Sequence[str] = ()
    """The parts that see a part of a map at a time: translators and upscalers."""

    def uses(self) -> dict[str, Use]:
        """The uses of the model: name → chain of parts; a subclass adds its own."""
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
        """The uses of an encoder and a decoder together."""
        code = f"encoder/{self.code}"
        made = f"{decoder}/data"
        through = [Step("encoder"), Step(decoder, {"latent": code})]
        compare = Step("squared_error", {"other": made})
        table = {
            "reconstruct": Use(through, {"reconstruction": made}),
            "score": Use([*through, compare], {"score": "squared_error/error"}),
            "anomaly": Use(
                [*through, compare],
                {"score": "squared_error/error", "heat": "squared_error/map"},
            ),
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

    @property
    def standardizes(self) -> bool:
        """Whether the data are vectors without bounds, which are standardized."""
        return False

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

    def parts_of_any_size(self) -> dict[str, keras.Model]:
        """The parts of `any_size` for maps of any size, with the layers of `parts()`.

        Each gives what its part gives at the part's own size; see `of_any_size`. There are none
        where one of them holds its size, as a network of the user's own may.
        """
        if "_parts_of_any_size" not in vars(self):  # not an attribute: its layers are the model's
            vars(self)["_parts_of_any_size"] = self._made_for_any_size()
        return dict(vars(self)["_parts_of_any_size"])

    def _made_for_any_size(self) -> dict[str, keras.Model]:
        try:
            return {name: of_any_size(getattr(self, name)) for name in self.any_size}
        except ModelError:
            return {}

    def check_uses(self) -> None:
        """Checks that every use names parts, values and results that there are.

        Raises:
            ModelError: One does not.
        """
        own = type(self).__name__
        for name, use in self.uses().items():
            made: set[str] = set()
            for step in use.steps:
                part = getattr(self, step.part, None)
                if not isinstance(part, keras.Model) or not isinstance(part.output, dict):
                    raise ModelError(
                        f"{own}: a part is a functional Keras model with named outputs. "
                        f"Received in the use {name!r}: {step.part!r}"
                    )
                unknown = [port for port in step.reads if port not in part.input]
                unknown += [v for v in step.reads.values() if "/" in v and v not in made]
                if unknown:
                    raise ModelError(
                        f"{own}: a step reads inputs of its part and values made before it. "
                        f"Received in the use {name!r}: {unknown[0]!r}. Accepted: inputs "
                        f"{', '.join(part.input)}; values {', '.join(sorted(made)) or 'none'}."
                    )
                made |= {f"{step.name}/{output}" for output in part.output}
            for value in use.gives.values():
                if value not in made and value not in use.inputs:
                    raise ModelError(
                        f"{own}: the use {name!r} gives values that its parts make. "
                        f"Received: {value!r}. Accepted: {', '.join(sorted(made))}."
                    )
