"""What the code of an autoencoder buys a conditional GAN: `python -m benchmarks.studies.code_gan`.

`cgan` and `code_gan` on digits with the same networks, steps and seeds.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import numpy as np

from benchmarks.studies import arms
from benchmarks.studies.judging import Judge

STEPS = 3000
PRETRAINING = 1000
WIDTH = 16
SAMPLES = 1000
ARMS: list[arms.Arm] = [
    {"model": "cgan", "discriminator": "", "match": 0.0},
    {"model": "code_gan", "discriminator": "none", "match": 0.0},
    {"model": "code_gan", "discriminator": "none", "match": 1.0},
    {"model": "code_gan", "discriminator": "projection", "match": 0.0},
    {"model": "code_gan", "discriminator": "projection", "match": 1.0},
]
CONDITIONS = f"""scikit-learn's digits, 1,500 for training, measured against the other 297; \
batch 64, networks of width {WIDTH}, Adam 5e-4, latent 32. `cgan` trains {STEPS} steps; \
`code_gan` {PRETRAINING} steps of a `vae` with a code of 16 and {STEPS - PRETRAINING} of the \
GAN. {SAMPLES} samples, labels in turn. *distance*: Fréchet, 16 principal components; \
*coverage*: of held-out digits; *accuracy*: of the label asked for, by a classifier; *vary*: \
squared error of samples from the codes of held-out digits, to these. Mean ± deviation over \
seeds; *seconds* on one core."""
READING = "__READING__"


@cache
def judge() -> Judge:
    """The judge of all arms."""
    return Judge()


def train(arm: arms.Arm, seed: int, quick: bool) -> Mapping[str, float]:
    """Trains one arm and judges its samples."""
    import zoo

    share = 10 if quick else 1
    settings = {
        "shape": (8, 8, 1),
        "num_classes": 10,
        "latent_dim": 32,
        "learning_rate": 5e-4,
        "seed": seed,
        "network_options": {"width": WIDTH},
    }
    if arm["model"] == "code_gan":
        settings |= {
            "condition": arm["discriminator"],
            "match": arm["match"],
            "pretraining_steps": PRETRAINING // share,
            "autoencoder_options": {"latent_dim": 16, "network_options": {"width": WIDTH}},
        }
    model = zoo.create(arm["model"], **settings)
    model.fit(zoo.load_data("digits")[0], steps=STEPS // share, batch_size=64, verbose=0)
    labels = np.arange(SAMPLES) % 10
    samples = 0.5 * (model.sample(SAMPLES, labels=labels, seed=seed) + 1)
    found = judge().measure(samples, labels)
    if arm["model"] == "code_gan":
        images, classes = judge().test
        varied = model.use("vary", data=2 * images - 1, labels=classes, seed=seed)["data"]
        found["vary"] = float(np.mean((0.5 * (varied + 1) - images) ** 2))
    return found


def main() -> int:
    """Runs the study."""
    return arms.run(
        "code_gan",
        ARMS,
        train,
        title="A conditional GAN with and without the code of an autoencoder",
        conditions=CONDITIONS,
        reading=READING,
        about=str(__doc__),
    )


if __name__ == "__main__":
    raise SystemExit(main())
