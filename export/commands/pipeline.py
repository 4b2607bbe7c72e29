"""Writes a use of a bundle as one ONNX graph, from what users have to what they want.

Such as sample, encode, decode, reconstruct, score (the error of the reconstruction), or anomaly;
zoo use BUNDLE lists them. The graph is compared with the parts in sequence
before its file appears.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from zoo.cli import sources, values
from zoo.cli.errors import UsageError

EXAMPLES = """\
examples:
  zoo pipeline bundles/vae score --out score.onnx --uint8
  zoo pipeline bundles/vae anomaly --out detector.onnx --uint8 --threshold 0.027
  zoo pipeline bundles/cgan sample --out digits.onnx --uint8 --random
  zoo pipeline bundles/vae sample --out sampler.onnx --density 10 --data digits
"""
ROWS = 10_000
"""Rows of data whose codes a density is fitted to, at most."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the bundle, what the graph does, and where it goes."""
    parser.add_argument("bundle", type=Path, metavar="BUNDLE", help="a folder that zoo export made")
    parser.add_argument("use", metavar="USE", help="one of the bundle's uses")
    parser.add_argument(
        "--out", "--to", type=Path, required=True, metavar="FILE", help="the .onnx file"
    )
    parser.add_argument("--uint8", action="store_true", help="images are bytes, in and out")
    parser.add_argument(
        "--random", action="store_true", help="the graph makes its random draws itself"
    )
    parser.add_argument(
        "--truncation", action="store_true", help="with a factor on the draws as input"
    )
    parser.add_argument(
        "--density",
        type=values.count,
        metavar="N",
        help="draw the codes that are decoded from N normal distributions, fitted to the codes "
        "of --data",
    )
    parser.add_argument(
        "--threshold",
        type=float,
        metavar="T",
        help="of a use with a score: the graph also decides whether it is above; see zoo anomaly",
    )
    parser.add_argument("--overwrite", action="store_true", help="replace the file")
    sources.add_arguments(parser, help="what a density is fitted to the codes of")


def run(options: argparse.Namespace) -> None:
    """Writes the file and prints its name."""
    import export

    if options.out.exists() and not options.overwrite:
        raise UsageError(
            f"A pipeline goes into a new file. Received: {options.out}, which exists. "
            "Accepted: another file, or --overwrite."
        )
    if (options.density is None) != (options.data is None):
        raise UsageError("--density is fitted to --data. Received: one without the other.")
    density = None
    if options.density is not None:
        density = export.fit_density(_codes(options), options.density)
    print(
        export.to_pipeline(
            options.bundle,
            options.out,
            options.use,
            uint8=options.uint8,
            random=options.random,
            truncation=options.truncation,
            density=density,
            threshold=options.threshold,
        )
    )


def _codes(options: argparse.Namespace) -> np.ndarray:
    """The codes of the training data, at most 10,000 of them, evenly spaced."""
    from export import runtime

    session: Any = runtime.load(options.bundle)
    use = session.uses.get("encode")
    if use is None:
        raise UsageError(
            f"A density is fitted to what an encoder makes. Received: {options.bundle}, "
            f"which has the uses {', '.join(session.uses)}."
        )
    source = sources.as_trained(sources.source_of(options), session.manifest)
    data, _ = sources.load(source)
    if tuple(data.shape) != session.manifest.shape:
        raise UsageError(
            f"The data have the shape {session.manifest.shape}. Received: {tuple(data.shape)}."
        )
    chosen = np.linspace(0, len(data) - 1, min(ROWS, len(data))).astype(int)
    batch = data.batch(chosen, session.manifest.value_range)
    given = {name: batch[name] for name in use.inputs if name in batch}
    return next(iter(session.use("encode", **given).values()))
