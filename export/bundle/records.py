"""The files of a bundle beside its graphs: reference, certificates, picture and card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from export.bundle import model_card
from export.bundle.parts import PartExport
from export.bundle.reference import REFERENCE
from export.bundle.samples import save_samples
from export.bundle.sealing import write_json
from export.runtime.manifest import Manifest

CERTIFICATES = "certificate.json"
CARD = "README.md"
SAMPLES = "samples.png"


def write_records(
    stage: Path,
    manifest: Manifest,
    parts: Sequence[PartExport],
    run: Mapping[str, Any] | None,
    *,
    samples: bool,
) -> None:
    """Writes reference, certificates, a picture of samples where one can be drawn, and the card.

    Args:
        stage: The folder of the parts' files.
        manifest: The description of the bundle.
        parts: The exported parts.
        run: The content of the run's `run.json`.
        samples: Whether a picture is drawn.
    """
    certificates = {entry.name: entry.certificate for entry in parts}
    lowered = {entry.name: entry.lowered for entry in parts if entry.lowered is not None}
    kept = {key: array for entry in parts for key, array in entry.reference.items()}
    np.savez(stage / REFERENCE, **kept)  # type: ignore[arg-type]
    write_json(
        stage / CERTIFICATES,
        {
            "parts": {name: entry.to_json() for name, entry in certificates.items()},
            "precision": {name: entry.to_json() for name, entry in lowered.items()},
        },
    )
    drawn = samples and save_samples(
        stage / SAMPLES, stage, manifest.uses, manifest.value_range, manifest.settings
    )
    shown = drawn.name if drawn else None
    text = model_card.card(manifest, certificates, lowered, run, samples=shown)
    (stage / CARD).write_text(text, encoding="utf-8")
