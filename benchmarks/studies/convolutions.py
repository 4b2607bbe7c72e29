"""JAX's convolutions and their gradients on a processor.

`python -m benchmarks.studies.convolutions`.
Three forms of each: what JAX derives from `lax`, the zoo's own, and one product of matrices over
the patches. They take turns, round by round; a figure is the median of the per-round ratios to the
first.
"""

import argparse
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.records.environment import sentence
from benchmarks.records.pages import show
from export.timing import in_turn

BATCH = 64
KINDS = ("convolution", "transposed")
FORMS = ("lax", "own", "patches")
PARTS = ("result", "input's gradient", "window's gradient")
# Size of the larger map, channels there, filters, window, stride: layers of the zoo's networks.
LAYERS = (
    (28, 1, 32, 4, 2),
    (14, 32, 64, 4, 2),
    (32, 3, 64, 5, 2),
    (16, 64, 128, 5, 2),
    (8, 128, 256, 5, 2),
    (8, 128, 128, 3, 1),
    (32, 128, 3, 3, 1),
    (2, 128, 128, 3, 1),
)


def functions(kind: str, layer: tuple[int, ...]) -> dict[str, dict[str, Callable[[], Any]]]:
    """Part → form → a compiled call that waits for its result."""
    import jax
    import jax.numpy as jnp
    from jax import lax

    from zoo.backends.jax import convolution as own

    size, channels, filters, window, stride = layer
    small = -(-size // stride)
    total = max((small - 1) * stride + window - size, 0)
    strides, padding = (stride, stride), ((total // 2, total - total // 2),) * 2
    layout = ("NHWC", "HWIO", "NHWC")

    def plain(x: Any, w: Any) -> Any:
        return lax.conv_general_dilated(x, w, strides, padding, dimension_numbers=layout)

    def plain_transposed(y: Any, w: Any) -> Any:
        low = window - 1 - padding[0][0]
        high = size + padding[0][0] - (small - 1) * stride - 1
        turned = w[::-1, ::-1].swapaxes(2, 3)
        return lax.conv_general_dilated(
            y, turned, (1, 1), ((low, high),) * 2, strides, dimension_numbers=layout
        )

    def patches(x: Any, w: Any) -> Any:
        padded = jnp.pad(x, ((0, 0), *padding, (0, 0)))
        span = (small - 1) * stride + 1
        taps = [
            padded[:, i : i + span : stride, j : j + span : stride]
            for i in range(window)
            for j in range(window)
        ]
        return jnp.concatenate(taps, -1) @ w.reshape(-1, filters)

    def patches_transposed(y: Any, w: Any) -> Any:
        shape = jax.ShapeDtypeStruct((BATCH, size, size, channels), jnp.float32)
        return jax.linear_transpose(lambda x: patches(x, w), shape)(y)[0]

    def own_transposed(y: Any, w: Any) -> Any:
        return own.spread(y, w, strides, padding, (size, size))

    forms = {
        "convolution": (plain, lambda x, w: own.convolve(x, w, strides, padding), patches),
        "transposed": (plain_transposed, own_transposed, patches_transposed),
    }[kind]
    rng = np.random.default_rng(0)
    draw = lambda *shape: jnp.asarray(rng.normal(size=shape), "float32")  # noqa: E731
    maps = draw(BATCH, size, size, channels), draw(BATCH, small, small, filters)
    x, gradient = maps if kind == "convolution" else maps[::-1]
    w = draw(window, window, channels, filters)
    found: dict[str, dict[str, Callable[[], Any]]] = {part: {} for part in PARTS}
    for name, form in zip(FORMS, forms, strict=True):
        calls = (
            jax.jit(lambda x, w, g, f=form: f(x, w)),
            jax.jit(lambda x, w, g, f=form: jax.vjp(lambda x: f(x, w), x)[1](g)[0]),
            jax.jit(lambda x, w, g, f=form: jax.vjp(lambda w: f(x, w), w)[1](g)[0]),
        )
        for part, call in zip(PARTS, calls, strict=True):
            found[part][name] = partial(lambda call: call(x, w, gradient).block_until_ready(), call)
    return found


def measure(kind: str, layer: tuple[int, ...], rounds: int) -> list[str]:
    """The table's rows of one layer: milliseconds of `lax`, and the others' ratios to it."""
    size, channels, filters, window, stride = layer
    lines = []
    for part, forms in functions(kind, layer).items():
        values = [np.asarray(call()) for call in forms.values()]
        for value in values[1:]:
            np.testing.assert_allclose(value, values[0], rtol=1e-3, atol=1e-3 * np.ptp(values[0]))
        timed = in_turn([*forms.values()], 0.03)
        times = np.array([[side.median for side in next(timed)] for _ in range(rounds)])
        ratios = np.median(times / times[:, :1], axis=0)
        lines.append(
            f"| {kind} | {size}×{size} | {channels} | {filters} | {window}×{window}, {stride} "
            f"| {part} | {times[:, 0].min() * 1e3:.2f} | {ratios[1]:.2f} | {ratios[2]:.2f} |"
        )
    return lines


def main() -> int:
    """Measures every layer and prints a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7, help="per layer and gradient (7)")
    parser.add_argument("--out", type=Path, help="a file for the table")
    options = parser.parse_args()
    os.environ |= {"JAX_PLATFORMS": "cpu", "JAX_DEFAULT_MATMUL_PRECISION": "highest"}
    rows = [row for k in KINDS for layer in LAYERS for row in measure(k, layer, options.rounds)]
    text = (
        "# Convolutions on JAX\n\n"
        f"{sentence('python -m benchmarks.studies.convolutions')}\n\n"
        f"Batches of {BATCH}, float32, `same` padding. Milliseconds of `lax`'s form, its fastest "
        "round; then the median over the rounds of the other forms' times as multiples of it: "
        "the zoo's own (`zoo.backends.jax.convolution`), and one product of matrices over the "
        "patches. A layer's larger map is named, which is a transposed convolution's result.\n\n"
        "| layer | map | channels | filters | window, stride | what | lax, ms | own | patches |\n"
        "|---|---|---|---|---|---|---|---|---|\n" + "\n".join(rows) + "\n"
    )
    show(text, options.out)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
