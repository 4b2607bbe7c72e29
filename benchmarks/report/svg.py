"""SVG pictures: elements, logarithmic scales, ticks. Colours come from the page's CSS."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree import ElementTree

NAMESPACE = "http://www.w3.org/2000/svg"


class Picture:
    """An SVG of a given size in pixels, which scales with its container.

    Args:
        width: Of the coordinate system.
        height: Of the coordinate system.
        label: The text alternative.
    """

    def __init__(self, width: float, height: float, label: str) -> None:
        self.width = width
        self.height = height
        self.root = ElementTree.Element(
            "svg", xmlns=NAMESPACE, viewBox=f"0 0 {width:g} {height:g}", role="img"
        )
        self.root.set("aria-label", label)

    def line(self, points: Sequence[tuple[float, float]], kind: str) -> None:
        """Draws a line through points, styled by a class."""
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        self._add("polyline", kind, points=path)

    def dot(self, x: float, y: float, kind: str, tip: str, radius: float = 4) -> None:
        """Draws a dot with a tooltip."""
        self._add("circle", kind, tip, cx=f"{x:.1f}", cy=f"{y:.1f}", r=f"{radius:g}")

    def bar(self, x: float, y: float, width: float, height: float, kind: str, tip: str) -> None:
        """Draws a bar with a tooltip."""
        size = {"width": f"{max(width, 0.5):.1f}", "height": f"{height:.1f}"}
        self._add("rect", kind, tip, x=f"{x:.1f}", y=f"{y:.1f}", rx="2", **size)

    def text(self, x: float, y: float, content: str, kind: str = "", anchor: str = "start") -> None:
        """Writes text whose anchor is at a point."""
        element = self._add("text", kind, x=f"{x:.1f}", y=f"{y:.1f}")
        element.set("text-anchor", anchor)
        element.text = content

    def __str__(self) -> str:
        return ElementTree.tostring(self.root, encoding="unicode")

    def _add(self, tag: str, kind: str, tip: str = "", **attributes: str) -> ElementTree.Element:
        element = ElementTree.SubElement(self.root, tag, attributes)
        if kind:
            element.set("class", kind)
        if tip:
            ElementTree.SubElement(element, "title").text = tip
        return element


@dataclass(frozen=True)
class LogScale:
    """Positive values to pixels, logarithmically."""

    low: float
    high: float
    start: float
    end: float

    @classmethod
    def over(cls, values: Sequence[float], start: float, end: float) -> LogScale:
        """A scale that holds the values with some room on either side."""
        low, high = min(values) / 1.15, max(values) * 1.15
        return cls(low, high, start, end)

    def __call__(self, value: float) -> float:
        share = math.log(value / self.low) / math.log(self.high / self.low)
        return self.start + share * (self.end - self.start)

    def ticks(self, most: int = 6) -> list[float]:
        """Round numbers within the scale: 1, 2, 5 … where few decades are shown, else powers."""
        exponents = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
        for steps in ((1, 2, 5), (1, 3), (1,)):
            found = [step * 10.0**e for e in exponents for step in steps]
            found = [tick for tick in found if self.low <= tick <= self.high]
            if len(found) <= most:
                return found
        return found[:: math.ceil(len(found) / most)]
