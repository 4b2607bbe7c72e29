"""How many modes of a ring and of a grid of Gaussians a GAN's samples hit.

`python -m benchmarks.papers.modes ring_gan grid_r3gan … --out modes.jsonl`

Lin et al., 2017, arXiv:1712.04086, section 4.1 and table 1, after Srivastava et al., 2017,
arXiv:1705.07761: 100,000 points of eight Gaussians of deviation 0.01 on the unit circle, or of 25
of deviation 0.05 at −4, −2, … 4; generators of four layers of 400 units with batch normalization
and ReLU, of two latents; discriminators of three layers of 200 maxout units of five pieces; weights
N(0, 0.02²), Adam 1e-4 with β₁ 0.8, batches of 100 (packs), 400 epochs. Of 2,500 samples those
within three deviations of a mode are of quality, and a mode with one of them is hit. Published,
means of ten runs: a GAN hits 6.3 of 8 and 17.3 of 25, a discriminator of packs of two 7.9, of four
24.8. The control is the data themselves. The networks train in turn; those of PacGAN's authors are
updated at once. Other games stand beside on the same networks, batches and length, with settings of
their own: `wgan_gp` (Adam of β₁ 0, β₂ 0.9, a penalty of 10), `wgan_gp_light`, whose penalty of 0.1
is that of the authors' program for such data (github.com/igul222/improved_wgan_training,
gan_toy.py: faster, or else more updates of the critic), and `r3gan` (Huang et al., 2025,
arXiv:2501.05441: the same Adam of 5e-4, averaged weights) beside its loss without the penalties
(`relativistic`) and with R1 alone (`r1`). No result of theirs on rings and grids is known here.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.papers.bars import Bar, Limit, measure
from benchmarks.papers.schedule import Case, Schedule, main

POINTS, SAMPLES, BATCH, PIECES = 100_000, 2500, 100, 5
FULL = 400 * POINTS // BATCH
ABOUT = """\
Modes hit by 2,500 samples, the share of them within three deviations of a mode, and the reverse
divergence of the modes nearest to them from equal shares, in nats, as `benchmarks/papers/modes.py`
says; beside them those of as many points of the data."""

GAMES: dict[str, tuple[str, dict[str, Any]]] = {
    "gan": ("gan", {}),
    "pac_2": ("pac_gan", {"packing": 2}),
    "pac_4": ("pac_gan", {"packing": 4}),
    "wgan_gp": ("wgan_gp", {"beta_1": 0.0, "beta_2": 0.9}),
    "r3gan": ("r3gan", {"beta_1": 0.0, "beta_2": 0.9, "learning_rate": 5e-4, "ema": 0.995}),
}
GAMES["wgan_gp_light"] = ("wgan_gp", GAMES["wgan_gp"][1] | {"penalties": {"gradient": 0.1}})
GAMES["relativistic"] = ("r3gan", GAMES["r3gan"][1] | {"penalties": {}})
GAMES["r1"] = ("r3gan", GAMES["r3gan"][1] | {"penalties": {"r1": 1.0}})
PUBLISHED = {"ring_gan": "6.3", "ring_pac_2": "7.9", "grid_gan": "17.3", "grid_pac_4": "24.8"}


def modes(place: str) -> tuple[np.ndarray, float]:
    """The centres of the Gaussians, and their deviation."""
    if place == "ring":
        angles = 2 * np.pi * np.arange(8) / 8
        return np.stack([np.cos(angles), np.sin(angles)], axis=1), 0.01
    grid = np.arange(-4.0, 5.0, 2.0)
    return np.array([(x, y) for x in grid for y in grid]), 0.05


def draw(place: str, count: int, seed: int) -> np.ndarray:
    """Points of the data: float32 `(count, 2)`."""
    centres, deviation = modes(place)
    rng = np.random.default_rng(seed)
    chosen = centres[rng.integers(len(centres), size=count)]
    points: np.ndarray = chosen + deviation * rng.standard_normal((count, 2))
    return points.astype("float32")


def judge(points: np.ndarray, place: str) -> dict[str, float]:
    """Modes hit, quality, and the divergence of the shares of modes from equal ones."""
    centres, deviation = modes(place)
    distances = np.linalg.norm(points[:, None] - centres, axis=-1)
    nearest, near = distances.argmin(axis=1), distances.min(axis=1) <= 3 * deviation
    shares = np.bincount(nearest, minlength=len(centres)) / len(points)
    held = shares[shares > 0]
    return {
        "modes": float(len(np.unique(nearest[near]))),
        "quality": 100 * float(near.mean()),
        "divergence": float(np.sum(held * np.log(held * len(centres)))),
    }


def networks(packs: int, seed: int) -> dict[str, Any]:
    """Generator and discriminator of the authors' program."""
    import keras
    from keras import layers, ops

    seeds = iter(range(100 * seed, 100 * seed + 100))

    def dense(units: int, bias: bool = True) -> Any:
        initializer = keras.initializers.RandomNormal(stddev=0.02, seed=next(seeds))
        return layers.Dense(units, use_bias=bias, kernel_initializer=initializer)

    x = latent = keras.Input((2,), name="latent")
    for _ in range(4):
        x = layers.ReLU()(layers.BatchNormalization(momentum=0.95)(dense(400, bias=False)(x)))
    y = read = keras.Input((2 * packs,), name="packed" if packs > 1 else "data")
    for _ in range(3):
        y = ops.max(layers.Reshape((200, PIECES))(dense(200 * PIECES)(y)), axis=-1)
    return {
        "generator": keras.Model(latent, dense(2)(x)),
        "discriminator": keras.Model(read, dense(1)(y)),
    }


def run(place: str, game: str, arrays: None, schedule: Schedule) -> dict[str, float]:
    """The trained generator's samples, and as control as many points of the data."""
    import zoo

    name, settings = GAMES[game]
    packs = settings.get("packing", 1)
    model = zoo.create(
        name,
        shape=(2,),
        value_range=None,
        standardize_vectors=False,
        latent_dim=2,
        seed=schedule.seed,
        **{"learning_rate": 1e-4, "beta_1": 0.8, "beta_2": 0.999} | settings,
        **networks(packs, schedule.seed),
    )
    data = draw(place, POINTS, schedule.seed)
    schedule.fit(model, data, unit="steps", batch_size=packs * BATCH)
    found = judge(model.sample(SAMPLES, seed=schedule.seed), place)
    control = judge(draw(place, SAMPLES, POINTS + schedule.seed), place)
    return found | {f"data_{name}": value for name, value in control.items()}


CASES = {
    f"{place}_{game}": Case(
        partial(run, place, game), FULL, 3000, PUBLISHED.get(f"{place}_{game}", ""), "steps"
    )
    for place in ("ring", "grid")
    for game in GAMES
}


def _bar(
    place: str,
    game: str,
    published: str,
    source: str,
    limit: Limit,
    *beside: str,
    differs: str,
) -> Bar:
    found = f"{place}_{game}"
    return Bar(
        f"{len(modes(place)[0])} Gaussians of a {place}, {game}: modes hit by 2,500 samples, and "
        "their quality in percent",
        published,
        source,
        {name: measure(found, name) for name in ("modes", "quality")},
        {f"{other} modes": measure(f"{place}_{other}", "modes") for other in beside}
        | {f"data's {name}": measure(found, f"data_{name}") for name in ("modes", "quality")},
        (limit,),
        seeds=5,
        differs=differs,
    )


def _packed_bar(place: str, game: str, least: float) -> Bar:
    published = f"{PUBLISHED[f'{place}_{game}']}; a GAN {PUBLISHED[f'{place}_gan']}"
    source = "Lin et al., 2017, [arXiv:1712.04086](https://arxiv.org/abs/1712.04086)"
    return _bar(
        place,
        game,
        published,
        source,
        Limit("modes", at_least=least),
        "gan",
        differs="the networks are updated in turn, the authors' at once",
    )


def _modern_bar(place: str) -> Bar:
    return _bar(
        place,
        "r3gan",
        "1,000 of 1,000 modes of stacked MNIST; no result on rings and grids is known here",
        "Huang et al., 2025, [arXiv:2501.05441](https://arxiv.org/abs/2501.05441)",
        Limit("modes", at_least=len(modes(place)[0]), every=True),
        "gan",
        "wgan_gp",
        "pac_2",
        "pac_4",
        differs="networks, batches and length are PacGAN's",
    )


BARS = (
    _packed_bar("ring", "pac_2", 7.6),
    _packed_bar("grid", "pac_4", 24.0),
    _modern_bar("ring"),
    _modern_bar("grid"),
)


def nothing(path: Path | None) -> None:
    """The data are drawn, and not read."""


if __name__ == "__main__":
    main(
        "benchmarks.papers.modes",
        "Modes of a ring and of a grid",
        ABOUT,
        CASES,
        nothing,
        doc=__doc__,
        reads=False,
    )
