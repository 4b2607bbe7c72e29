"""Every registered model at a size that trains in a blink; a new model needs nothing here."""

from typing import Any

from zoo.registry import describe

SHAPE = (8, 8, 1)
CLASSES = 10


def settings(name: str) -> dict[str, Any]:
    """A tiny model's settings: those that its class states, and classes where it needs some."""
    row = describe(name)
    cls = row.load()
    classes = {"num_classes": CLASSES} if cls.fields["num_classes"].required else {}
    return {**row.settings, **cls.tiny(), "shape": SHAPE, **classes}


def create(name: str, **changes: Any) -> Any:
    """A tiny untrained model."""
    import zoo

    return zoo.create(name, **(settings(name) | changes))
