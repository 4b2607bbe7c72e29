"""GANs of any loss, penalty, augmentation, conditioning and network: each trains and is exported.

`python -m tests.combinations` tries 200 of them, sampled so that every two values of different
settings come together; the tests try the first dozen.
"""

import argparse
import itertools
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from zoo.losses.adversarial import GAMES

COUNT = 200
CANDIDATES = 64
AXES: dict[str, tuple[Any, ...]] = {
    "model": ("dcgan", "cgan", "acgan", "projection_gan", "infogan", "pac_gan"),
    "loss": tuple(GAMES),
    "penalties": ("none", "r1", "r2", "zero_centred", "gradient", "dragan", "r1, r2", "lazy r1"),
    "augmentation": (
        None,
        "diffaugment",
        "ada",
        "flip",
        ("crop", "color"),
        ("translation", "cutout"),
    ),
    "network": ("conv", "resnet", "mlp"),
    "aid": (
        "none",
        "instance_noise",
        "top_k",
        "ema",
        "feature_matching",
        "orthogonal",
        "deviation",
    ),
}
AIDS = {
    "instance_noise": {"instance_noise": 0.1, "instance_noise_steps": 10},
    "top_k": {"top_k": 0.5},
    "ema": {"ema": 0.9},
    "feature_matching": {"feature_matching": 1.0},
    "orthogonal": {"orthogonal": 1e-2},
    "deviation": {"network_options": {"discriminator.deviation": True}},
}
Combination = tuple[Any, ...]


def sampled(count: int, seed: int = 2) -> list[Combination]:
    """The first combinations of a list in which new pairs of values come first."""
    rng = np.random.default_rng(seed)
    found: list[Combination] = []
    covered: set[tuple] = set()
    while len(found) < count:
        drawn = [_draw(rng) for _ in range(CANDIDATES)]
        drawn = [one for one in drawn if _goes_together(one) and one not in found]
        best = max(drawn, key=lambda one: len(_pairs(one) - covered))
        covered |= _pairs(best)
        found.append(best)
    return found


def uncovered(combinations: list[Combination]) -> set[tuple]:
    """The pairs of values that go together and do not come in a list."""
    possible = (one for one in itertools.product(*AXES.values()) if _goes_together(one))
    every = set(itertools.chain.from_iterable(map(_pairs, possible)))
    return every - set(itertools.chain.from_iterable(map(_pairs, combinations)))


def _draw(rng: np.random.Generator) -> Combination:
    return tuple(values[rng.integers(len(values))] for values in AXES.values())


def _pairs(one: Combination) -> set[tuple]:
    return set(itertools.combinations(enumerate(one), 2))


def _goes_together(one: Combination) -> bool:
    """A share of the samples cannot be compared with all of the data."""
    chosen = dict(zip(AXES, one, strict=True))
    return chosen["aid"] != "top_k" or not chosen["loss"].startswith("relativistic")


def create(one: Combination) -> Any:
    """The tiny untrained model of a combination."""
    from tests import tiny

    chosen = dict(zip(AXES, one, strict=True))
    aid = dict(AIDS.get(chosen["aid"], {}))
    if "network_options" in aid:
        aid["network_options"] = (
            tiny.settings(chosen["model"])["network_options"] | aid["network_options"]
        )
    names = [n for n in chosen["penalties"].removeprefix("lazy ").split(", ") if n != "none"]
    return tiny.create(
        chosen["model"],
        loss=chosen["loss"],
        penalties=dict.fromkeys(names, 1.0),
        penalty_interval=2 if chosen["penalties"].startswith("lazy") else 1,
        augmentation=chosen["augmentation"],
        network=chosen["network"],
        **aid,
    )


def check(one: Combination, folder: Path) -> None:
    """Trains the model of a combination for a few steps, and exports it.

    Raises:
        AssertionError: A loss is not finite, no weight moves, or a part is not certified.
    """
    import export
    from tests import tiny

    model = create(one)
    before = model.get_weights()
    history = model.fit(tiny.data(model), steps=3, batch_size=16, verbose=0).history
    for name, values in history.items():
        lazy = name.startswith("penalty_") and model.penalty_interval > 1
        ran = [v for v in values if not (lazy and np.isnan(v))]  # NaN: an epoch without any
        assert ran, f"{name} is {values}"
        assert np.isfinite(ran).all(), f"{name} is {values}"
    moved = zip(before, model.get_weights(), strict=True)
    assert any((old != new).any() for old, new in moved), "no weight moved"
    bundle = export.to_bundle(model, folder / "bundle", samples=False)
    parts = json.loads((bundle / "certificate.json").read_text())["parts"]
    assert "generator" in parts
    assert all(entry["passed"] for entry in parts.values()), parts


def main() -> None:
    """Tries the combinations and names those that fail."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=COUNT)
    parser.add_argument("--first", type=int, default=0, help="number of the first one")
    options = parser.parse_args()
    failed = 0
    for number, one in enumerate(sampled(options.count)):
        if number < options.first:
            continue
        start = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            try:
                check(one, Path(folder))
                outcome = "ok"
            except Exception as error:
                failed += 1
                outcome = f"FAILED: {type(error).__name__}: {error}"
        print(f"{number:3} {time.monotonic() - start:5.1f} s  {one}  {outcome}", flush=True)
    print(f"{failed} failed")
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
