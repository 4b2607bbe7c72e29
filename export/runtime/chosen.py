"""The engine that a session computes in: by name, by providers, or as the bundle chose."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from export.machine import instructions, processor
from export.runtime import openvino
from export.runtime.choice import ENGINES, Candidate, Choice
from export.runtime.engine import ENGINE_PROVIDERS, choose_providers
from export.runtime.manifest import Manifest

AUTO = "auto"
NAMES = (AUTO, *ENGINES)
NO_CHOICE = (
    "was not measured in several engines, as zoo export --precision auto does: ONNX Runtime "
    "computes it."
)


class Resolved(NamedTuple):
    """The providers and the precision of computations, and what has to be said of them."""

    providers: Sequence[str] | None
    inference_precision: str
    warning: str | None = None


def resolve(
    folder: Path,
    manifest: Manifest,
    *,
    engine: str | None,
    providers: Sequence[str] | None,
    inference_precision: str,
) -> Resolved:
    """What a bundle's graphs are opened with; see `export.runtime.load`.

    Raises:
        ValueError: The engine is unknown, or another option contradicts it.
    """
    if engine is None:
        return Resolved(providers, inference_precision)
    if engine not in NAMES:
        raise ValueError(f"An engine must be one of {', '.join(NAMES)}. Received: {engine!r}.")
    if providers is not None:
        raise ValueError(
            f"Providers are of no named engine. Received: engine={engine!r} and "
            f"providers={providers!r}. Accepted: one of them."
        )
    if engine != AUTO:
        return Resolved(ENGINE_PROVIDERS[engine], inference_precision)
    if inference_precision != "float32":
        raise ValueError(
            "With engine='auto', the bundle chooses the inference precision. "
            f"Received: inference_precision={inference_precision!r}. "
            "Accepted: engine='openvino' beside it."
        )
    if manifest.choice is None:
        return Resolved(None, "float32", f"{folder} {NO_CHOICE}")
    return _as_chosen(folder, manifest.choice)


def _as_chosen(folder: Path, choice: Choice) -> Resolved:
    chosen = choice.candidate
    lines = []
    if missing := chosen.engine == "openvino" and not openvino.installed():
        lines.append(
            f"{folder} runs fastest in OpenVINO, which is not installed here: ONNX Runtime "
            f"computes it{_how_slow(choice)}. Install: {openvino.INSTALL}"
        )
    if other := _other_machine(choice):
        lines.append(f"{folder} was measured on {other}: another engine may be faster here.")
    warning = " ".join(lines) or None
    if missing:
        return Resolved(None, "float32", warning)
    return Resolved(ENGINE_PROVIDERS[chosen.engine], chosen.inference_precision, warning)


def _how_slow(choice: Choice) -> str:
    """The measured time of the same files in ONNX Runtime, where that is more than float32's."""
    found = choice.rating(Candidate(choice.candidate.precision, "onnxruntime"))
    if found is None or found.ratio is None or found.ratio <= 1:
        return ""
    return f", in {found.ratio:.2f} times the time of float32 where it was measured"


def _other_machine(choice: Choice) -> str | None:
    """The machine that a choice was made on, in words; None where it is like this one."""
    here = processor() or "unknown", tuple(instructions()), choose_providers()[0][0]
    if (choice.processor, choice.instructions, choice.provider) == here:
        return None
    there = f"{choice.processor} ({', '.join(choice.instructions) or 'no vector instructions'})"
    if choice.provider != here[2]:
        there += f" with {choice.provider}"
    return f"{there}, not on {here[0]} ({', '.join(here[1]) or 'no vector instructions'})"
