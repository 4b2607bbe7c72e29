"""Turns a run into a bundle: a folder with each part as a certified ONNX file.

Every part is compared with the native model, on real data where the run's data can be read. One
that differs by more than the tolerance fails, and leaves nothing behind.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np

from export.bundle.identity import in_float32
from export.bundle.target import check_target
from export.certification.certificate import Certificate, opinion_text
from export.certification.inputs import EXTENTS
from export.precision.fidelity import AUTO, PRECISIONS
from export.routes import ROUTES
from export.runtime.choice import Choice, Rating
from export.runtime.manifest import read_manifest
from zoo.cli import prior, sources, splits, terminal, values
from zoo.cli.opened import open_model
from zoo.errors import DataError

EXAMPLES = """\
examples:
  zoo export runs/vae --out bundles/vae
  zoo export runs/vae --out bundles/vae --overwrite --opset 17 --second-opinion
  zoo export runs/vae --out bundles/vae-int8 --precision int8
  zoo export runs/vae --out bundles/vae-fast --precision auto
  zoo export runs/vae --out bundles/vae-flow --prior flow
"""
REAL = 256
"""Rows of real data that parts are certified on, and a lower precision calibrated and judged."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the run, the bundle, and how to convert."""
    parser.add_argument("run", type=Path, metavar="RUN", help="a run folder or a .keras file")
    parser.add_argument(
        "--out", "--to", type=Path, required=True, metavar="DIR", help="the bundle's folder"
    )
    parser.add_argument(
        "--opset", type=values.opset, metavar="N", help="ONNX operator set, from 17"
    )
    parser.add_argument(
        "--route",
        choices=ROUTES,
        default="direct",
        help="what converts; all but direct need one backend (direct)",
    )
    parser.add_argument(
        "--precision",
        choices=(*PRECISIONS, AUTO),
        default="float32",
        help="of the bundle (float32); bfloat16 halves the file and computes in float32; auto "
        "measures float32 and int8 in ONNX Runtime and OpenVINO here, and keeps the fastest",
    )
    parser.add_argument(
        "--second-opinion",
        action="store_true",
        help="ask the backend's own converter too, and compare",
    )
    parser.add_argument(
        "--certify",
        choices=EXTENTS,
        default="full",
        help="how many inputs certificates compare; quick says what it left out (full)",
    )
    parser.add_argument(
        "--fixed-size",
        action="store_true",
        help="translators and upscalers read the run's height and width alone, not any",
    )
    parser.add_argument(
        "--overwrite",
        action="store_true",
        help="replace the bundle in the folder; other files there are never touched",
    )
    parser.add_argument("--json", action="store_true", help="print the certificates as JSON")
    prior.add_arguments(parser, data=False)
    sources.add_arguments(
        parser, help="what parts are certified on, and --prior fitted to; the run's own by default"
    )


def run(options: argparse.Namespace) -> None:
    """Exports and prints a row for each part."""
    check_target(options.out, overwrite=options.overwrite)
    opened = open_model(options.run, "zoo export reads a run or a .keras file")
    import export
    from zoo.training.run_folder import read_run

    model, data = _model(opened, options)
    record = read_run(options.run) if (options.run / "run.json").is_file() else None
    measuring = ", measuring candidates on this machine" if options.precision == AUTO else ""
    terminal.note(f"exporting {options.run} to {options.out}{measuring}")
    with terminal.results_only():
        folder = export.to_bundle(
            model,
            options.out,
            real_inputs=_real_inputs(model, data),
            route=options.route,
            opset=options.opset,
            precision=options.precision,
            overwrite=options.overwrite,
            run=record,
            second_opinion=options.second_opinion,
            certify=options.certify,
            any_size=not options.fixed_size,
        )
    issued, choice = certificates(folder), read_manifest(folder).choice
    if options.json:
        chosen = {} if choice is None else {"choice": choice.to_json()}
        terminal.print_json({"bundle": str(folder)} | issued | chosen)
        return
    terminal.print_table([summary(part, entry) for part, entry in issued["parts"].items()])
    if issued["precision"]:
        print()
        terminal.print_table(
            [row for part, entry in issued["precision"].items() for row in fidelity(part, entry)]
        )
    opinions = [
        f"second opinion on {part}: {opinion_text(entry['second_opinion'])}"
        for part, entry in issued["parts"].items()
        if entry["second_opinion"]
    ]
    if opinions:
        print("", *opinions, sep="\n")
    if choice is not None:
        print()
        terminal.print_table([candidate(row, choice) for row in choice.ratings])
        print("", *in_words(choice), sep="\n")
    print(f"\n{folder}")


def certificates(bundle: Path) -> dict[str, dict[str, Any]]:
    """A bundle's certificates by part: `parts` in float32, `precision` where it is a lower one."""
    return json.loads((bundle / "certificate.json").read_text())


def summary(part: str, certificate: dict[str, Any]) -> dict[str, Any]:
    """A part's certificate as a row of a table."""
    return {
        "part": part,
        "nodes": certificate["nodes"],
        "KiB": round(certificate["bytes"] / 1024),
        "inputs": certificate["inputs"],
    } | closeness(certificate)


def fidelity(part: str, certificate: dict[str, Any]) -> list[dict[str, Any]]:
    """The fidelity of a part in a lower precision, a row for each output."""
    size = round(certificate["bytes"] / 1024)
    return [{"part": part, "KiB": size} | output for output in certificate["outputs"]]


def candidate(rating: Rating, choice: Choice) -> dict[str, Any]:
    """A candidate of `--precision auto` as a row of a table."""
    return {
        "candidate": rating.candidate.described,
        "time": rating.ratio,
        "slowest use": rating.slowest,
        "": "chosen" if rating.candidate == choice.candidate else "",
    }


def in_words(choice: Choice) -> list[str]:
    """What was chosen and why, and why candidates were not measured."""
    return [
        f"chosen: {choice.candidate.described}, as {choice.reason}, on {choice.processor}",
        *(
            f"not measured: {row.candidate.described}. {row.reason}"
            for row in choice.ratings
            if row.reason is not None
        ),
    ]


def closeness(certificate: dict[str, Any]) -> dict[str, Any]:
    """How close ONNX Runtime came, in the figures of the bundle's model card."""
    issued = Certificate.from_json(certificate)
    return {"largest difference": issued.largest, "of the tolerance": issued.closeness}


def _model(opened: Any, options: argparse.Namespace) -> tuple[Any, Any]:
    """The model, with the prior that the options name, and the training data where they are read.

    A prior is fitted to the model in float32, as a bundle is made of it.
    """
    if options.prior is not None:
        train, _ = splits.splits_for(opened, options)
        return prior.fitted(in_float32(opened.about), train, options), train
    prior.check_unused(options)
    source = sources.source_of(options, opened.source)
    if "data" not in source:
        return opened.about, None
    try:
        return opened.about, sources.load(sources.as_trained(source, opened.about))[0]
    except DataError as error:
        terminal.note(f"warning: certified without real data. {error}")
        return opened.about, None


def _real_inputs(model: Any, data: Any) -> dict[str, np.ndarray] | None:
    """The first rows of the training data, scaled; None where there are none, or no use reads any.

    The uses of a GAN whose discriminator reads packs read no data.
    """
    if data is None:
        return None
    batch = data.batch(np.arange(min(REAL, len(data))), model.value_range)
    read = {value for use in model.table().values() for value in use.inputs}
    return batch if read & set(batch) else None
