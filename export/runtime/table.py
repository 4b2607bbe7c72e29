"""The table of uses in `bundle.json`: read, and checked against the parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from export.errors import BundleError
from export.runtime import values
from zoo.noise import PARAMETERS, Noise
from zoo.uses import Step, Use

MAX_STEPS = 64
DTYPES = ("float32", "float16", "int32", "int64", "uint8", "bool")


@dataclass(frozen=True)
class Port:
    """A named input or output of a part, or a field of the data.

    Attributes:
        name: Its name.
        dtype: Of its values.
        shape: Of one sample, without the batch; None is any size.
        cardinality: Integers with one are indices below it: of classes, of a codebook's vectors.
        range: The bounds of the values of data; bytes are scaled to it.
    """

    name: str
    dtype: str
    shape: tuple[int | None, ...]
    cardinality: int | None = None
    range: tuple[float, float] | None = None

    @property
    def is_integer(self) -> bool:
        """Whether it holds whole numbers."""
        return "int" in self.dtype

    @property
    def is_image(self) -> bool:
        """Whether it holds images that bytes can stand for."""
        return self.range is not None and len(self.shape) == 3

    @classmethod
    def from_json(cls, value: Any) -> Port:
        """The port that JSON describes, every field checked."""
        content = values.mapping(value, "an input or output")
        if content.get("dtype") not in DTYPES:
            raise values.malformed("an input or output", value)
        shape = content.get("shape")
        if not isinstance(shape, list):
            raise values.malformed("an input's or output's shape", shape)
        known = values.sizes([1 if size is None else size for size in shape], "a shape")
        cardinality = content.get("cardinality")
        return cls(
            values.name(content.get("name"), "a name"),
            content["dtype"],
            tuple(None if size is None else k for size, k in zip(shape, known, strict=True)),
            None if cardinality is None else values.count(cardinality, "a cardinality"),
            values.limits(content.get("range"), "a range"),
        )


Ports = Mapping[str, tuple[Sequence[Port], Sequence[Port]]]
"""The inputs and the outputs of each part."""


def read_table(content: Mapping[str, Any], ports: Ports) -> dict[str, Use]:
    """The uses that JSON describes.

    Raises:
        BundleError: A use is malformed, or names a part, an input or a value that does not exist.
    """
    return {
        values.name(name, "a use's name"): _use(name, value, ports)
        for name, value in content.items()
    }


def _use(name: str, value: Any, ports: Ports) -> Use:
    content = values.mapping(value, f"the use {name!r}")
    steps = content.get("steps")
    if not isinstance(steps, list) or not 0 < len(steps) <= MAX_STEPS:
        raise values.malformed(f"the steps of {name!r}", steps)
    chain = tuple(_step(name, step, ports) for step in steps)
    gives = {
        values.name(result, f"a result of {name!r}"): values.text(made, f"a result of {name!r}")
        for result, made in values.entry(content, "gives").items()
    }
    if not gives:
        raise values.malformed(f"the results of {name!r}", gives)
    draws = {
        values.name(read, "a noise's name"): _noise(noise)
        for read, noise in values.entry(content, "draws").items()
    }
    use = Use(chain, gives, draws)
    _check_values(name, use, ports)
    _check_draws(name, use, ports)
    return use


def _step(use: str, value: Any, ports: Ports) -> Step:
    content = values.mapping(value, f"a step of {use!r}")
    part = values.text(content.get("part"), f"a part of {use!r}")
    if part not in ports:
        raise BundleError(
            f"bundle.json names an unknown part in the use {use!r}. Received: {part!r}. "
            f"Accepted: {', '.join(ports)}."
        )
    reads = values.mapping(content.get("reads"), f"the inputs of {part!r} in {use!r}")
    accepted = [port.name for port in ports[part][0]]
    if sorted(reads) != sorted(accepted):
        raise BundleError(
            f"The part {part!r} reads {', '.join(accepted)}. "
            f"Received in the use {use!r}: {', '.join(reads) or 'nothing'}."
        )
    read = {port: values.text(value, f"what {part!r} reads") for port, value in reads.items()}
    return Step(part, read, values.name(content.get("name"), f"a step's name in {use!r}"))


def _check_values(name: str, use: Use, ports: Ports) -> None:
    """Raises unless every value is an input, or made before it is read."""
    made: set[str] = set()
    inputs = {value for step in use.steps for value in step.reads.values() if "/" not in value}
    for step in use.steps:
        for port, value in step.reads.items():
            if "/" in value and value not in made:
                raise BundleError(
                    f"In the use {name!r}, {step.part}.{port} reads a value that no step before "
                    f"it makes. Received: {value!r}. Accepted: {', '.join(sorted(made)) or 'none'}."
                )
        if step.name in inputs or any(value.startswith(f"{step.name}/") for value in made):
            raise values.malformed(f"a step's name in {name!r}", step.name)
        made |= {f"{step.name}/{port.name}" for port in ports[step.part][1]}
    for result, value in use.gives.items():
        if value not in made | inputs:
            raise BundleError(
                f"The result {result!r} of the use {name!r} is a value of it. Received: "
                f"{value!r}. Accepted: {', '.join(sorted(made | inputs))}."
            )


def _check_draws(name: str, use: Use, ports: Ports) -> None:
    """Raises unless every draw fits the inputs that read it."""
    for read, noise in use.draws.items():
        readers = [
            port for part, own in use.readers(read) for port in ports[part][0] if port.name == own
        ]
        if not readers:
            raise BundleError(
                f"The use {name!r} draws an input that it does not read. Received: {read!r}. "
                f"Accepted: {', '.join(use.inputs)}."
            )
        for port in readers:
            fits = len(port.shape) == len(noise.shape) and all(
                size in (None, drawn) for size, drawn in zip(port.shape, noise.shape, strict=True)
            )
            kinds = ("int" in noise.dtype) == port.is_integer
            if not fits or not kinds or noise.size > (port.cardinality or noise.size):
                raise BundleError(
                    f"A draw has the shape and the kind of the input that reads it: {port.dtype} "
                    f"{port.shape}, cardinality {port.cardinality}. Received: {noise} for {read!r}."
                )


def _noise(value: Any) -> Noise:
    content = values.mapping(value, "a draw")
    distribution = content.get("distribution")
    known = PARAMETERS.get(distribution) if isinstance(distribution, str) else None
    if known is None or set(content) != {"distribution", "shape", *known}:
        raise values.malformed("a draw", value)
    config: dict[str, Any] = {
        "distribution": distribution,
        "shape": values.sizes(content["shape"], "a draw's shape"),
    }
    for key in known:
        given = content[key]
        config[key] = values.count(given, key) if key == "size" else values.number(given, key)
    if not config.get("low", 0.0) < config.get("high", 1.0):
        raise values.malformed("a draw", value)
    try:
        return Noise.from_config(config)
    except ValueError as error:
        raise values.malformed("a draw", value) from error
