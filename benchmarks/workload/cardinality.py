"""How many values the integer inputs of parts take."""

from __future__ import annotations

from typing import Any


def of_model(model: Any) -> dict[str, dict[str, int]]:
    """Part → integer input → how many values it takes."""
    from export.certification.examples import cardinality

    return {name: cardinality(model, part) for name, part in model.parts().items()}


def of_part(part: Any) -> dict[str, int]:
    """Integer input → how many values it takes, from the layers that read it."""
    from export.certification.inputs import embedded_cardinality

    return embedded_cardinality(part)
