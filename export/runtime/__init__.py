"""Bundles in use with NumPy and ONNX Runtime alone: no Keras, no ONNX, no training code.

session = export.runtime.load("bundle")
images = session.generate(16, seed=0)
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from export.runtime.session import Session

__all__ = ["Session", "load"]


def load(
    folder: str | Path, *, providers: Sequence[str] | None = None, threads: int | None = None
) -> Session:
    """Opens a bundle; what it says is checked, and nothing in it is executed but its graphs.

    Args:
        folder: The bundle's folder.
        providers: ONNX Runtime execution providers to try in order, such as `["cuda", "cpu"]`;
            by default those of CUDA, OpenVINO and CPU that are there.
        threads: Threads of one operator; ONNX Runtime's choice by default.

    Raises:
        BundleError: the folder is no bundle, or was changed, or is unsafe to open.
        ValueError: a provider that this ONNX Runtime does not have.
    """
    return Session(folder, providers=providers, threads=threads)
