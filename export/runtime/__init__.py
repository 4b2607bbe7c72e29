"""Bundles in use with NumPy and ONNX Runtime alone: no Keras, no ONNX, no training code.

OpenVINO computes them instead where its package is installed and asked for.

session = export.runtime.load("bundle")
images = session.sample(16, seed=0)
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from export.runtime.session import Session

__all__ = ["Session", "load"]


def load(
    folder: str | Path,
    *,
    engine: str | None = None,
    providers: Sequence[str] | None = None,
    threads: int | None = None,
    inference_precision: str = "float32",
) -> Session:
    """Opens a bundle; what it says is checked, and nothing in it is executed but its graphs.

    Args:
        folder: The bundle's folder.
        engine: `auto`: what the bundle was measured to run fastest in, where it was
            (`zoo export --precision auto`) and that is installed, else ONNX Runtime; a warning
            says where that is so, and where the bundle was measured on another processor. Or
            `onnxruntime` or `openvino`, in the place of providers. By default the providers.
        providers: ONNX Runtime execution providers to try in order, such as `["cuda", "cpu"]`;
            those that are not there are passed over. By default those of CUDA, OpenVINO and CPU
            that are there. `"openvino"` is the package openvino where it is installed and comes
            first of those that are there: it computes on the processor, without ONNX Runtime.
        threads: Threads of one operator, 1 to 1024; the engine's choice by default.
        inference_precision: `float32`, or with `["openvino"]` also `bfloat16`: products and
            activations are rounded to it where the processor has units for that. The bundle's
            certificate is of float32 inference.

    Raises:
        BundleError: The folder is no bundle, or was changed, or is unsafe to open.
        ValueError: No such engine, no provider that is there, an inference precision that it does
            not have, or no such number of threads.
    """
    return Session(
        folder,
        engine=engine,
        providers=providers,
        threads=threads,
        inference_precision=inference_precision,
    )
