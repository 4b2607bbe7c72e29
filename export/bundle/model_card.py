"""The model card: `README.md` of a bundle."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from export.bundle.card_usage import parts, usage, uses
from export.certification.certificate import Certificate, opinion_text
from export.precision.record import PrecisionCertificate
from export.runtime.choice import BASELINE, Choice
from export.runtime.manifest import Manifest


def card(
    manifest: Manifest,
    certificates: Mapping[str, Certificate],
    lowered: Mapping[str, PrecisionCertificate],
    run: Mapping[str, Any] | None = None,
    *,
    samples: str | None = None,
) -> str:
    """Writes a model card in Markdown.

    Args:
        manifest: The description of the bundle.
        certificates: Certificates by part.
        lowered: Certificates of lower precision by part, where the bundle is in one.
        run: The content of the run's `run.json`, for the section on training.
        samples: The name of the file of samples, where there is one.
    """
    sections = [
        f"# {manifest.model}\n\n{manifest.paper}\n\n{_overview(manifest)}",
        _samples(samples) if samples else "",
        f"## Use\n\n{usage(manifest)}",
        f"## Uses\n\n{uses(manifest)}",
        f"## Parts\n\n{parts(manifest)}",
        f"## Certificate\n\n{_certificate(certificates)}",
        f"## Precision\n\n{_precision(lowered)}" if lowered else "",
        f"## Choice\n\n{_choice(manifest.choice)}" if manifest.choice else "",
        f"## Training\n\n{_training(run)}" if run else "",
        f"## Settings\n\n{_settings(manifest)}",
    ]
    return "\n\n".join(section for section in sections if section) + "\n"


def _samples(name: str) -> str:
    return f"{'!' if name.endswith('.png') else ''}[samples]({name})"


def _overview(manifest: Manifest) -> str:
    shape = " × ".join(map(str, manifest.shape))
    kind = "tokens, int32" if "vocabulary" in manifest.settings else "float32, channels last"
    text = f"Samples are {shape} {kind}"
    if manifest.value_range:
        text += ", values from {:g} to {:g}".format(*manifest.value_range)
    if manifest.class_names and manifest.num_classes:
        text += f", classes {', '.join(manifest.class_names)}"
    elif manifest.num_classes:
        text += f", {manifest.num_classes} classes"
    if manifest.precision == "bfloat16":
        return text + ". Weights are rounded to bfloat16, arithmetic is float32."
    return text + f". Weights and arithmetic are {manifest.precision}."


def _certificate(certificates: Mapping[str, Certificate]) -> str:
    rows = [
        "| part | inputs | largest difference | of the tolerance | nodes | transposes |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for name, entry in certificates.items():
        largest = "" if entry.largest is None else f"{entry.largest:.4g}"
        rows.append(
            f"| {name} | {entry.inputs} | {largest} | {entry.closeness} "
            f"| {entry.nodes} | {entry.transposes} |"
        )
    one = next(iter(certificates.values()))
    absolute, relative = one.tolerance["absolute"], one.tolerance["relative"]
    return (
        f"In float32: ONNX Runtime {one.versions.get('onnxruntime', '')} with all its "
        f"optimizations against Keras on {one.backend}, opset {one.opset}, route `{one.route}`. "
        f"Tolerance: |difference| ≤ {absolute:g}·max(1, max|y|) + {relative:g}·|y|, and where a "
        "difference is larger, plus what rounding the inputs by 2⁻¹⁸ changes in Keras's own "
        "outputs, of large inputs and of models as sensitive to others.\n\n"
        + "\n".join(rows)
        + _opinions(certificates)
        + "\n\n`certificate.json` holds every row. `zoo verify` compares the bundle anew; "
        "`sha256sum --check SHA256SUMS` shows whether a file was changed since it was written "
        "(not by whom it was written)."
    )


def _opinions(certificates: Mapping[str, Certificate]) -> str:
    rows = [
        f"- {name}: {opinion_text(entry.second_opinion)}"
        for name, entry in certificates.items()
        if entry.second_opinion
    ]
    if not rows:
        return ""
    return "\n\nSecond opinion, of the backend's own converter:\n\n" + "\n".join(rows)


def _precision(lowered: Mapping[str, PrecisionCertificate]) -> str:
    rows = [
        "| part | output | kept | size | of float32 | time | of float32 |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name, entry in lowered.items():
        smaller = entry.bytes / entry.float32_bytes
        faster = entry.milliseconds / entry.float32_milliseconds
        for output in entry.outputs:
            rows.append(
                f"| {name} | {output.described} | {output.kept} | {entry.bytes} bytes "
                f"| {smaller:.0%} | {entry.milliseconds:.3g} ms | {faster:.0%} |"
            )
    text = (
        "Beside the certified float32 graphs, on inputs that did not calibrate. Times are of one "
        "processor's ONNX Runtime, where the bundle was made: the least of rounds that take turns."
    )
    if any(entry.precision == "bfloat16" for entry in lowered.values()):
        text += (
            " Weights are stored rounded to bfloat16 and cast to float32 as the file is opened: "
            "it is smaller, not faster. Products are in bfloat16 only where OpenVINO is asked for "
            'that, `load(".", providers=["openvino"], inference_precision="bfloat16")`, and the '
            "processor has units for it."
        )
    return text + "\n\n" + "\n".join(rows)


def _choice(choice: Choice) -> str:
    batches = " and ".join(map(str, choice.batches))
    plural = "s" if choice.threads > 1 else ""
    engines = ", ".join(f"{name} {number}" for name, number in choice.versions.items())
    rows = ["| candidate | time | slowest use | |", "| --- | --- | --- | --- |"]
    for row in choice.ratings:
        note = "chosen" if row.candidate == choice.candidate else row.reason or ""
        times = ["" if t is None else f"{t:.2f}" for t in (row.ratio, row.slowest)]
        rows.append(f"| {row.candidate.described} | {' | '.join(times)} | {_cell(note)} |")
    return (
        f"{choice.candidate.described[0].upper()}{choice.candidate.described[1:]}: "
        f"{choice.reason}. Measured where the bundle was exported, on {choice.processor} "
        f"({', '.join(choice.instructions) or 'no vector instructions'}), {choice.threads} "
        f"processor{plural}, {engines}: times beside {BASELINE.described}, the geometric mean "
        f"over the uses with batches of {batches}. Each candidate's outputs passed in its own "
        'engine. `export.runtime.load(".", engine="auto")` opens the bundle in the chosen one, and '
        "in ONNX Runtime where that is not installed.\n\n" + "\n".join(rows)
    )


def _cell(text: str) -> str:
    """A text that may stand in a table."""
    return " ".join(text.replace("|", "\\|").split())


def _training(run: Mapping[str, Any]) -> str:
    lines = []
    for section in ("data", "training"):
        values = run.get(section)
        if isinstance(values, Mapping):
            listed = ", ".join(
                f"{key} {value}" for key, value in values.items() if _is_short(value)
            )
            lines.append(f"- {section.capitalize()}: {listed}")
    for key in ("seed", "backend", "device"):
        if run.get(key) is not None:
            lines.append(f"- {key.capitalize()}: {run[key]}")
    return "\n".join(lines)


def _is_short(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return 0 < len(value) <= 8
    return isinstance(value, str | int | float) and value != ""


def _settings(manifest: Manifest) -> str:
    rows = ["| setting | value |", "| --- | --- |"]
    rows += [f"| {name} | `{value}` |" for name, value in manifest.settings.items()]
    return "\n".join(rows)
