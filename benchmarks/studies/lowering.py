"""Convolutions to twice the size, plain and as four of the small map, in ONNX Runtime.

`python -m benchmarks.studies.lowering`.
Layers on both sides of the rules of `export.direct.passes.phases`, and generators that the rules
touch. The two forms take turns, round by round, on one thread; a figure is the plain form's time
over that of the four convolutions, the median over the rounds.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from benchmarks.measure.statistics import geometric_mean
from benchmarks.records.environment import sentence
from benchmarks.records.pages import show
from export.timing import in_turn

BATCHES = (1, 16)
SIZES = (4, 8, 16)
SECONDS = 0.03


class Layer(NamedTuple):
    """A layer to twice the size: an enlargement and a convolution, or a transposed convolution."""

    kind: str
    inputs: int
    outputs: int
    window: int


LAYERS = (
    Layer("enlarged", 32, 32, 3),
    Layer("enlarged", 64, 16, 3),
    Layer("enlarged", 64, 64, 3),
    Layer("enlarged", 128, 64, 3),
    Layer("enlarged", 256, 256, 3),
    Layer("transposed", 64, 64, 4),
    Layer("transposed", 256, 256, 4),
    Layer("transposed", 256, 256, 3),
    Layer("transposed", 64, 64, 5),
    Layer("transposed", 128, 128, 5),
    Layer("transposed", 256, 256, 5),
)
GENERATORS: Mapping[str, Mapping[str, Any]] = {
    "wgan_gp": {"network": "resnet", "network_options": {"width": 128}},
    "sngan": {"network": "resnet", "network_options": {"width": 64}},
    "biggan": {"network_options": {"width": 64}, "num_classes": 10},
    "dcgan": {"network_options": {"width": 128}},
    "fast_gan": {"network_options": {"width": 64}},
}
"""Settings of generators of 32×32×3 pictures."""


def layer_network(layer: Layer) -> Any:
    """A layer as a network of maps of any size."""
    import keras
    from keras import layers

    image = keras.Input((None, None, layer.inputs), name="map")
    if layer.kind == "enlarged":
        x = layers.UpSampling2D()(image)
        x = layers.Conv2D(layer.outputs, layer.window, padding="same", activation="relu")(x)
    else:
        made = layers.Conv2DTranspose(
            layer.outputs, layer.window, 2, padding="same", activation="relu"
        )
        x = made(image)
    return keras.Model(image, x)


@contextmanager
def rules(enlarged: Any, transposed: Any) -> Iterator[None]:
    """Other rules than the exporter's, for a while."""
    from export.direct.passes import phases

    own = phases.ENLARGED, phases.TRANSPOSED
    phases.ENLARGED, phases.TRANSPOSED = enlarged, transposed
    try:
        yield
    finally:
        phases.ENLARGED, phases.TRANSPOSED = own


def converted(network: Any, split: Any) -> Callable[[Any], Any]:
    """The graph whose layers of these rules are split, as a function of a mapping of arrays.

    Raises:
        ValueError: There are rules, and no layer is split.
    """
    from export.direct import convert
    from export.runtime.engine import open_session

    with rules(*split):
        proto = convert(network)
    if any(split) and not any(node.op_type == "DepthToSpace" for node in proto.graph.node):
        raise ValueError(f"The rules split a layer of the graph. Received: {network.name!r}")
    session = open_session(proto.SerializeToString(), providers=["cpu"], threads=1)
    return lambda feed: session.run(None, feed)


def ratio(network: Any, split_by: Any, feed: Mapping[str, np.ndarray], rounds: int) -> float:
    """The plain form's time over that of the four convolutions; both make the same."""
    plain, split = converted(network, ((), ())), converted(network, split_by)
    for one, two in zip(plain(feed), split(feed), strict=True):
        np.testing.assert_allclose(two, one, rtol=1e-3, atol=1e-4 * max(1, np.abs(one).max()))
    timed = in_turn([lambda: plain(feed), lambda: split(feed)], SECONDS)
    times = np.array([[side.median for side in next(timed)] for _ in range(rounds)])
    return float(np.median(times[:, 0] / times[:, 1]))


def is_taken(layer: Layer) -> bool:
    """Whether the exporter's rules split a layer."""
    from export.direct.passes import phases

    held = phases.ENLARGED if layer.kind == "enlarged" else phases.TRANSPOSED
    return phases.are_met(held, layer.window, layer.inputs, layer.outputs)


def measure_layers(rounds: int) -> tuple[list[str], list[float]]:
    """The rows of a table, and the ratios of the layers that the rules split."""
    from export.direct.passes.phases import Rule

    rng = np.random.default_rng(0)
    lines, taken = [], []
    for layer in LAYERS:
        network, every = layer_network(layer), (Rule(layer.window, 1, 1),)
        ratios = [
            ratio(
                network,
                (every, every),
                {"map": draw(rng, batch, size, size, layer.inputs)},
                rounds,
            )
            for size in SIZES
            for batch in BATCHES
        ]
        cells = " | ".join(f"{value:.2f}" for value in ratios)
        kind = f"{layer.kind} | {layer.inputs} | {layer.outputs} | {layer.window}"
        lines.append(f"| {kind} | {'yes' if is_taken(layer) else 'no'} | {cells} |")
        taken += ratios if is_taken(layer) else []
    return lines, taken


def measure_generators(rounds: int) -> tuple[list[str], list[float]]:
    """The same of whole generators."""
    import zoo
    from export.direct.passes import phases

    held = phases.ENLARGED, phases.TRANSPOSED
    rng = np.random.default_rng(0)
    lines, taken = [], []
    for name, settings in GENERATORS.items():
        model = zoo.create(name, shape=(32, 32, 3), **settings)
        network, ratios = model.parts()["generator"], []
        for batch in BATCHES:
            feed = {
                port: rng.integers(0, 10, (batch, *symbol.shape[1:])).astype("int32")
                if "int" in str(symbol.dtype)
                else draw(rng, batch, *symbol.shape[1:])
                for port, symbol in network.input.items()
            }
            ratios.append(ratio(network, held, feed, rounds))
        told = ", ".join(f"{key}={value}" for key, value in settings.items())
        lines.append(f"| {name} | {told} | " + " | ".join(f"{r:.2f}" for r in ratios) + " |")
        taken += ratios
    return lines, taken


def draw(rng: np.random.Generator, *shape: int) -> np.ndarray:
    """Standard normal float32 numbers."""
    return rng.normal(size=shape).astype("float32")


def page(rounds: int) -> str:
    """The Markdown page of both tables."""
    layers, of_layers = measure_layers(rounds)
    generators, of_generators = measure_generators(rounds)
    sides = " | ".join(f"{size}×{size}, batch {batch}" for size in SIZES for batch in BATCHES)
    batches = " | ".join(f"batch {batch}" for batch in BATCHES)
    return (
        "# Convolutions to twice the size\n\n"
        f"{sentence('python -m benchmarks.studies.lowering')}\n\n"
        "ONNX Runtime, one thread. Figures are the time of the plain form over that of four "
        f"convolutions of the small map, the median over {rounds} rounds in turn: above 1, the "
        "four are faster. *Split*: whether the exporter's rules "
        "(`export/direct/passes/phases.py`) write a layer so; sizes are of the small map. Of the "
        f"split layers the geometric mean is {geometric_mean(of_layers).value:.2f} and the least "
        f"{min(of_layers):.2f}; of the generators {geometric_mean(of_generators).value:.2f} and "
        f"{min(of_generators):.2f}.\n\n"
        f"| layer | channels | filters | window | split | {sides} |\n"
        f"|---|---|---|---|---|{'---|' * len(SIZES) * len(BATCHES)}\n"
        + "\n".join(layers)
        + f"\n\n| generator, 32×32×3 | settings | {batches} |\n|---|---|{'---|' * len(BATCHES)}\n"
        + "\n".join(generators)
        + "\n"
    )


def main() -> int:
    """Measures everything and prints the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9, help="of each shape (9)")
    parser.add_argument("--out", type=Path, help="a file for the page")
    options = parser.parse_args()
    text = page(options.rounds)
    show(text, options.out)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
