"""Curves as SVG: one chart, a line for each series."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape

WIDTH, HEIGHT = 420, 240
LEFT, RIGHT, TOP, BOTTOM = 62, 10, 26, 30
COLOURS = ("#3366cc", "#dc3912", "#109618", "#990099", "#ff9900", "#0099c6", "#8c564b", "#444444")
TICKS = 4

Series = Sequence[tuple[float, float]]
"""Points (x, y) in order; those that are no numbers are left out."""


def draw_chart(title: str, series: Mapping[str, Series]) -> str:
    """One chart as an SVG element, its lines in the order and colours of `colour_of`.

    Args:
        title: Above the chart.
        series: Name → points.
    """
    finite = {
        name: [(x, y) for x, y in points if math.isfinite(x) and math.isfinite(y)]
        for name, points in series.items()
    }
    points = [point for line in finite.values() for point in line]
    parts = [
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" role="img">',
        f"<title>{escape(title)}</title>",
        f'<text x="{LEFT}" y="16" font-weight="bold">{escape(title)}</text>',
    ]
    if points:
        (x_low, x_high), (y_low, y_high) = (_limits(axis) for axis in zip(*points, strict=True))
        across = (WIDTH - LEFT - RIGHT) / (x_high - x_low)
        up = (HEIGHT - TOP - BOTTOM) / (y_high - y_low)
        for tick in range(TICKS + 1):
            share = tick / TICKS
            x, y = LEFT + share * (WIDTH - LEFT - RIGHT), HEIGHT - BOTTOM
            level = y - share * (HEIGHT - TOP - BOTTOM)
            parts += [
                f'<path d="M{LEFT} {level:.1f}H{WIDTH - RIGHT}" stroke="#ddd"/>',
                f'<text x="{LEFT - 6}" y="{level + 4:.1f}" text-anchor="end">'
                f"{y_low + share * (y_high - y_low):.4g}</text>",
                f'<text x="{x:.1f}" y="{HEIGHT - 10}" text-anchor="middle">'
                f"{x_low + share * (x_high - x_low):.4g}</text>",
            ]
        for number, line in enumerate(finite.values()):
            drawn = " ".join(
                f"{LEFT + (x - x_low) * across:.1f},{HEIGHT - BOTTOM - (y - y_low) * up:.1f}"
                for x, y in line
            )
            style = f'fill="none" stroke="{colour_of(number)}" stroke-width="1.6"'
            parts.append(f'<polyline points="{drawn}" {style}/>')
    return "\n".join([*parts, "</svg>"])


def colour_of(number: int) -> str:
    """The colour of a series, by its number."""
    return COLOURS[number % len(COLOURS)]


def _limits(values: Sequence[float]) -> tuple[float, float]:
    """The smallest and the largest value, or a unit around the only one."""
    low, high = min(values), max(values)
    return (low, high) if high > low else (low - 0.5, high + 0.5)
