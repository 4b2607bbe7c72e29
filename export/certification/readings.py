"""The inputs of each part while the uses of a model run on real data, or on draws."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from export.certification.inputs import BATCHES
from export.errors import ExportError
from zoo.uses import Call, Use, complete_inputs, run

ROWS = sum(BATCHES)  # as many real inputs as the certificate takes
DRAWN = 64
MIN_JUDGED = 8  # fewer real inputs than these calibrate and judge nothing

DRAW, CHOICE, DATA = range(3)
"""The origin of a value: draws alone, data in the place of draws (labels), or data."""

Arrays = dict[str, np.ndarray]


@dataclass
class Readings:
    """The inputs of parts, by part.

    Attributes:
        data: Inputs that depend on data.
        choices: Inputs of the parts that read draws and such data as could be drawn, as labels.
        draws: Inputs of the parts that uses feed with draws alone.
    """

    data: dict[str, Arrays] = field(default_factory=dict)
    choices: dict[str, Arrays] = field(default_factory=dict)
    draws: dict[str, Arrays] = field(default_factory=dict)

    def real(self, part: str) -> Arrays:
        """The real inputs of a part's certificate; none where no data reach it."""
        return self.data.get(part) or self.choices.get(part) or {}

    def typical(self, part: str) -> dict[str, Arrays]:
        """Inputs as they are in use, by family: `real` ones, and draws of the `prior`.

        A decoder is used on both: codes of data lie closer together than draws of the prior.

        Raises:
            ExportError: Neither reaches the part.
        """
        real, drawn = self.data.get(part), self.draws.get(part)
        families = {"real": real} if real and len(next(iter(real.values()))) >= MIN_JUDGED else {}
        families |= {"prior": drawn} if drawn else {}
        if not families:
            raise ExportError(
                "A lower precision is judged on real inputs. Received: none that reach the part "
                f"{part!r}. Accepted: real_inputs with {MIN_JUDGED} rows or more of every field "
                "that the uses read."
            )
        return families


def read(
    table: Mapping[str, Use], call: Call, data: Mapping[str, Any] | None, *, draws: bool
) -> Readings:
    """Runs uses until every part that data or draws can reach has read some.

    Args:
        table: The resolved uses.
        call: Calls a part on arrays.
        data: One batch of the data's fields; None for draws alone.
        draws: Whether the uses that need no data run too.
    """
    found = Readings()
    if data:
        fields = {name: np.asarray(values)[:ROWS] for name, values in data.items()}
        _read_data(found, table, call, fields)
    if draws:
        rows = min((len(values) for values in (data or {}).values()), default=0)
        count = min(rows, ROWS) if rows >= MIN_JUDGED else DRAWN
        for name, use in table.items():
            if set(use.inputs) <= set(use.draws) and not set(use.parts) <= set(found.draws):
                given = complete_inputs(name, use, {}, count=count)
                for part, arrays in _recorded(use, call, given):
                    found.draws.setdefault(part, arrays)
    return found


def inputs_of_uses(
    table: Mapping[str, Use], found: Readings, data: Mapping[str, Any] | None, count: int
) -> dict[str, Arrays]:
    """The inputs of every use that data or draws reach: use → input → `count` rows.

    Rows come in turn, anew where they are fewer. Codes that nothing encodes are those drawn for
    the same part in another use.

    Args:
        table: The resolved uses.
        found: What the parts read on the data.
        data: One batch of the data's fields; None for draws alone.
        count: How many rows.
    """
    fields = {name: np.asarray(values) for name, values in (data or {}).items()}
    known = Readings({**found.draws, **found.choices, **found.data})
    reached = {}
    for name, use in table.items():
        given = _available(use, fields, known)
        if given is None and not set(use.inputs) <= set(use.draws):
            continue
        rows = {key: _rows(array, count) for key, array in (given or {}).items()}
        reached[name] = complete_inputs(name, use, rows, count=count)
    return reached


def _rows(array: np.ndarray, count: int) -> np.ndarray:
    return array[np.arange(count) % len(array)]


def _read_data(
    found: Readings, table: Mapping[str, Use], call: Call, fields: Mapping[str, np.ndarray]
) -> None:
    """Runs the uses that data reach; one may wait for what another hands to the same input."""
    pending = dict(table)
    ready = True
    while ready:
        ready = False
        for name, use in list(pending.items()):
            given = _available(use, fields, found)
            if given is None:
                continue
            del pending[name]
            ready = True
            origins = _origins(use, given)
            if not any(_is_new(found, part, origin) for part, origin in origins):
                continue
            rows = min(len(array) for array in given.values())
            whole = complete_inputs(name, use, {k: a[:rows] for k, a in given.items()})
            for (part, origin), (_, arrays) in zip(
                origins, _recorded(use, call, whole), strict=True
            ):
                if origin != DRAW:
                    (found.data if origin == DATA else found.choices).setdefault(part, arrays)


def _is_new(found: Readings, part: str, origin: int) -> bool:
    """Whether nothing as real is known of what a part reads."""
    if origin == DATA:
        return part not in found.data
    return origin == CHOICE and part not in found.data and part not in found.choices


def _available(use: Use, fields: Mapping[str, np.ndarray], found: Readings) -> Arrays | None:
    """The inputs of a use that data give; None where one is neither given nor drawn.

    An input that is no field of the data is what the same part has read in another use, with its
    rows moved on by one, as it is mostly a second datum or a code.
    """
    given: Arrays = {}
    for value in use.inputs:
        if value in fields:
            given[value] = fields[value]
        elif value not in use.draws:
            stored = (found.data.get(part, {}).get(port) for part, port in use.readers(value))
            array = next((array for array in stored if array is not None), None)
            if array is None:
                return None
            given[value] = np.roll(array, 1, axis=0)
    return given or None


def _origins(use: Use, given: Mapping[str, np.ndarray]) -> list[tuple[str, int]]:
    """The origin of each step of a use, in order: part, and the strongest of its inputs."""
    known = {
        value: (CHOICE if value in use.draws else DATA) if value in given else DRAW
        for value in use.inputs
    }
    found = []
    for step in use.steps:
        origin = max(
            known[value.partition("/")[0] if "/" in value else value]
            for value in step.reads.values()
        )
        known[step.name] = origin
        found.append((step.part, origin))
    return found


def _recorded(use: Use, call: Call, inputs: Mapping[str, Any]) -> Iterator[tuple[str, Arrays]]:
    """The inputs of each step of a use, in order: part, arrays by port.

    In the certificate's batches, whose shapes a compiling backend meets anyway.
    """
    count = len(next(iter(inputs.values())))
    ends = [int(end) for end in np.cumsum(BATCHES) if end < count] + [count]
    pieces: list[list[Arrays]] = [[] for _ in use.steps]
    for start, end in zip([0, *ends], ends, strict=False):
        reads = iter(pieces)

        def recording(part: str, feed: Arrays, reads: Iterator[list[Arrays]] = reads) -> Any:
            next(reads).append({port: np.asarray(array) for port, array in feed.items()})
            return call(part, feed)

        run(use, recording, {name: array[start:end] for name, array in inputs.items()})
    for step, batches in zip(use.steps, pieces, strict=True):
        yield (
            step.part,
            {port: np.concatenate([batch[port] for batch in batches]) for port in batches[0]},
        )
