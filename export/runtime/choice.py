"""The engine that a bundle was measured to run fastest in: its entry `choice` in `bundle.json`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from export.runtime import files, values
from export.runtime.openvino import HINTS

ENGINES = {"onnxruntime": "ONNX Runtime", "openvino": "OpenVINO"}
"""The engines by name, and as their makers write them."""

FILES = ("float32", "int8")
"""The precisions of the files of candidates."""


@dataclass(frozen=True)
class Candidate:
    """Files of a precision in an engine.

    Attributes:
        precision: Of the files: `float32` or `int8`.
        engine: One of `ENGINES`.
        inference_precision: Of the computations on float32 files; see `export.runtime.load`.
    """

    precision: str
    engine: str
    inference_precision: str = "float32"

    @property
    def described(self) -> str:
        """The candidate in words: `int8 in OpenVINO`."""
        if self.inference_precision != "float32":
            return f"{self.inference_precision} inference of {self.precision} in {self.named}"
        return f"{self.precision} in {self.named}"

    @property
    def named(self) -> str:
        """The engine as its makers write it."""
        return ENGINES[self.engine]


BASELINE = Candidate("float32", "onnxruntime")


@dataclass(frozen=True)
class Rating:
    """The measured times of a candidate, or the reason why it is none.

    Attributes:
        candidate: The candidate.
        ratio: The geometric mean of `ratios`; None where the candidate was not measured.
        ratios: A use's name → its time beside that of float32 in ONNX Runtime, at each of the
            batch sizes of the choice.
        kept: A part's name → how close to float32 it came in the candidate's engine, in words.
        reason: Why it was not measured.
    """

    candidate: Candidate
    ratio: float | None = None
    ratios: dict[str, tuple[float, ...]] = field(default_factory=dict)
    kept: dict[str, str] = field(default_factory=dict)
    reason: str | None = None

    @property
    def slowest(self) -> float | None:
        """The largest ratio of all uses and batch sizes; None where none was measured."""
        return max((value for row in self.ratios.values() for value in row), default=None)

    def to_json(self) -> dict[str, Any]:
        """The rating in JSON terms, the candidate's fields beside the others."""
        content = asdict(self)
        return content.pop("candidate") | content


@dataclass(frozen=True)
class Choice:
    """What a bundle was measured to run fastest in, where, and beside what.

    Attributes:
        candidate: The chosen one: the precision of the bundle's files, the engine, and the
            precision of its computations.
        processor: The processor that the candidates were measured on, in its system's words.
        instructions: Its instruction sets among those that matter for matrix products.
        provider: ONNX Runtime's first execution provider there.
        threads: How many processors the measuring process had.
        versions: Of the engines.
        batches: The numbers of rows that the uses were measured at.
        margin: The share of the time of float32 in ONNX Runtime that had to be saved at least.
        ratings: Of every candidate, that of float32 in ONNX Runtime first.
    """

    candidate: Candidate
    processor: str
    instructions: tuple[str, ...]
    provider: str
    threads: int
    versions: dict[str, str]
    batches: tuple[int, ...]
    margin: float
    ratings: tuple[Rating, ...]

    def rating(self, candidate: Candidate) -> Rating | None:
        """The rating of a candidate; None where it is not among them."""
        return next((row for row in self.ratings if row.candidate == candidate), None)

    @property
    def reason(self) -> str:
        """Why the candidate was chosen, in words."""
        if self.candidate == BASELINE:
            measured = sum(row.ratio is not None for row in self.ratings) - 1
            if not measured:
                return "no other candidate could be measured"
            return f"no other candidate takes {self.margin:.0%} less time"
        found = self.rating(self.candidate)
        ratio = found.ratio if found and found.ratio else 1.0
        return f"it takes {ratio:.2f} of the time of {BASELINE.described}"

    def to_json(self) -> dict[str, Any]:
        """The entry of `bundle.json`."""
        content = asdict(self) | {"ratings": [row.to_json() for row in self.ratings]}
        del content["candidate"]["precision"]  # which `bundle.json` has beside it
        return content.pop("candidate") | content


def read_choice(value: Any, precision: str) -> Choice | None:
    """The choice that JSON describes, every field checked; None where a bundle has none.

    Args:
        value: The entry of `bundle.json`.
        precision: Of the bundle's files.

    Raises:
        BundleError: A field is malformed, or the chosen candidate is not a measured one.
    """
    if value is None:
        return None
    content = values.mapping(value, "choice")
    rows = content.get("ratings")
    if not isinstance(rows, list) or not 0 < len(rows) <= files.MAX_FILES:
        raise values.malformed("the ratings of the choice", rows)
    batches = values.sizes(content.get("batches"), "the batches of the choice")
    ratings = tuple(_rating(row, len(batches)) for row in rows)
    candidate = _candidate({**content, "precision": precision})
    measured = [row.candidate for row in ratings if row.ratio is not None]
    if len({row.candidate for row in ratings}) != len(ratings) or candidate not in measured:
        raise values.malformed("the choice, which must be measured", candidate.described)
    return Choice(
        candidate=candidate,
        processor=values.text(content.get("processor"), "the processor of the choice"),
        instructions=values.names(content.get("instructions"), "instructions"),
        provider=values.text(content.get("provider"), "the provider of the choice"),
        threads=values.count(content.get("threads"), "the threads of the choice"),
        versions=_texts(content, "versions"),
        batches=batches,
        margin=values.number(content.get("margin"), "the margin of the choice"),
        ratings=ratings,
    )


def _candidate(content: Mapping[str, Any]) -> Candidate:
    found = (content.get("precision"), content.get("engine"), content.get("inference_precision"))
    precision, engine, inference = found
    known = (
        precision in FILES
        and isinstance(engine, str)
        and engine in ENGINES
        and isinstance(inference, str)
        and inference in HINTS
    )
    if not known or (inference != "float32" and (engine, precision) != ("openvino", "float32")):
        raise values.malformed("the candidate of a choice", found)
    return Candidate(str(precision), str(engine), str(inference))


def _rating(value: Any, batches: int) -> Rating:
    content = values.mapping(value, "a rating")
    ratio, reason = content.get("ratio"), content.get("reason")
    if (ratio is None) == (reason is None):
        raise values.malformed("a rating, which has a ratio or a reason", value)
    ratios = {
        name: tuple(_ratio(number) for number in row) if isinstance(row, list | tuple) else ()
        for name, row in values.entry(content, "ratios").items()
    }
    if any(len(row) != batches for row in ratios.values()):
        raise values.malformed("the ratios of a rating", content["ratios"])
    return Rating(
        candidate=_candidate(content),
        ratio=None if ratio is None else _ratio(ratio),
        ratios=ratios,
        kept=_texts(content, "kept"),
        reason=None if reason is None else values.text(reason, "the reason of a rating"),
    )


def _ratio(value: Any) -> float:
    if values.number(value, "a ratio") <= 0:
        raise values.malformed("a ratio", value)
    return float(value)


def _texts(content: Mapping[str, Any], key: str) -> dict[str, str]:
    return {name: values.text(text, key) for name, text in values.entry(content, key).items()}
