"""Every registered model at a size that trains in a blink; a new model needs nothing here."""

from typing import Any

from zoo.registry import describe

SHAPE = (8, 8, 1)
CLASSES = 10
SIZES: dict[str, Any] = {
    "latent_dim": 4,
    "width": 4,
    "codes": 16,
    "code_dim": 4,
    "residual_width": 4,
    "residuals": 1,
    "depth": 1,
    "network_options": {"width": 4},
}


def settings(name: str) -> dict[str, Any]:
    """A tiny model's settings: those of the sizes above that its class accepts."""
    from zoo.construction import accepted_settings

    accepted = accepted_settings(describe(name).load())
    found = {key: value for key, value in SIZES.items() if key in accepted}
    if accepted["num_classes"].default is accepted["num_classes"].empty:
        found["num_classes"] = CLASSES
    return {"shape": SHAPE} | found


def create(name: str, **changes: Any) -> Any:
    """A tiny untrained model."""
    import zoo

    return zoo.create(name, **(settings(name) | changes))
