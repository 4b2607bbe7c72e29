"""Every registered model at a size that trains in a blink; a new model needs nothing here."""

from typing import Any

from zoo.registry import describe

SHAPE = (8, 8, 1)
CLASSES = 10


def settings(name: str) -> dict[str, Any]:
    """A tiny model's settings, as its fields give them."""
    cls = describe(name).load()
    found = cls.tiny()
    if cls.fields["num_classes"].required:
        found["num_classes"] = CLASSES
    return found


def create(name: str, **changes: Any) -> Any:
    """A tiny untrained model."""
    import zoo

    return zoo.create(name, **(settings(name) | changes))
