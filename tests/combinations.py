"""GANs of any loss, penalty, augmentation, conditioning and network: each trains and is exported.

`python -m tests.combinations` tries 200 of them, sampled so that every two values of different
settings come together; the tests try a dozen of these.
"""

import argparse
import itertools
import json
import os
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
    "network": ("conv", "resnet", "mlp", "biggan", "r3gan", "fastgan"),
    "aid": (
        "none",
        "instance_noise",
        "top_k",
        "ema",
        "feature_matching",
        "orthogonal",
        "deviation",
        "discrimination",
    ),
}
AIDS = {
    "instance_noise": {"instance_noise": 0.1, "instance_noise_steps": 10},
    "top_k": {"top_k": 0.5},
    "ema": {"ema": 0.9},
    "feature_matching": {"feature_matching": 1.0},
    "orthogonal": {"orthogonal": 1e-2},
    "deviation": {"network_options": {"discriminator.deviation": True}},
    "discrimination": {"network_options": {"discriminator.discrimination": 3}},
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


def of_every_value(combinations: list[Combination], count: int) -> list[Combination]:
    """A few of a list: in each come as many values as possible that none before it has."""
    rest, found = list(combinations), []
    seen: set[tuple] = set()
    for _ in range(count):
        best = max(rest, key=lambda one: len(set(enumerate(one)) - seen))
        seen |= set(enumerate(best))
        rest.remove(best)
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
    parser.add_argument("--out", type=Path, help="a file of records, .jsonl; its page is beside it")
    options = parser.parse_args()
    failed: list[str] = []
    for number, one in enumerate(sampled(options.count)):
        if number < options.first:
            continue
        start = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            try:
                check(one, Path(folder))
                outcome = "ok"
            except Exception as error:
                outcome = f"FAILED: {type(error).__name__}: {error}"
                failed.append(f"{one}: {outcome}")
        print(f"{number:3} {time.monotonic() - start:5.1f} s  {one}  {outcome}", flush=True)
    print(f"{len(failed)} failed")
    if options.out is not None:
        add_record(options.out, options.count - options.first, failed)
    sys.exit(bool(failed))


def add_record(path: Path, count: int, failed: list[str]) -> None:
    """Writes the outcome on this backend in the place of an older one, and the page of all."""
    from benchmarks.records.environment import sentence
    from zoo.files import write_atomically

    backend = os.environ["KERAS_BACKEND"]
    older = path.read_text().splitlines() if path.exists() else []
    records = [one for one in map(json.loads, older) if one["backend"] != backend]
    conditions = sentence(f"python -m tests.combinations --out {path.name}")
    records.append({"backend": backend, "count": count, "failed": failed, "conditions": conditions})
    write_atomically(path, "".join(f"{json.dumps(one)}\n" for one in records))
    axes = [f"- {name}: {', '.join(map(_named, values))}" for name, values in AXES.items()]
    rows = [f"| {one['backend']} | {one['count']} | {len(one['failed'])} |" for one in records]
    wrong = [f"- {one['backend']}: {line}" for one in records for line in one["failed"]]
    lines = [
        "# Combinations of the pieces of GANs",
        "",
        "Tiny models of 8×8 images, sampled so that every two values of different settings come",
        "together: each trains three steps, keeps finite logs, moves its weights, and is exported",
        "with a certificate of every part.",
        "",
        *axes,
        "",
        "| backend | combinations | failed |",
        "|---|---|---|",
        *rows,
        "",
        *([*wrong, ""] if wrong else []),
        *dict.fromkeys(one["conditions"] for one in records),
        "",
    ]
    write_atomically(path.with_suffix(".md"), "\n".join(lines))


def _named(value: Any) -> str:
    return " + ".join(value) if isinstance(value, tuple) else str(value or "none")


if __name__ == "__main__":
    main()
