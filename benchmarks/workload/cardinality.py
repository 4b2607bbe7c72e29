"""How many values the integer inputs of parts take."""

from __future__ import annotations

from typing import Any


def of_model(model: Any) -> dict[str, dict[str, int]]:
    """Part → integer input → how many values it takes."""
    from export.certification.cardinality import cardinality, of_inputs

    parts = model.parts()
    return {name: of_inputs(parts[name], limits) for name, limits in cardinality(model).items()}


def of_part(part: Any) -> dict[str, int]:
    """Integer input → how many values it takes, from the layers that read it."""
    from export.certification.cardinality import embedded

    return embedded(part)
