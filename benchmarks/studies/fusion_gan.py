"""One trunk for encoder and discriminator against two networks of the same size together.

`python -m benchmarks.studies.fusion_gan`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import numpy as np

from benchmarks.studies import arms
from benchmarks.studies.judging import Judge

STEPS = 3000
RATE = 5e-4
SAMPLES = 1000
SHARED, SEPARATE = 24, 22
"""Widths of the networks: those of two trunks are smaller, so that the weights are as many."""
ARMS: list[arms.Arm] = [
    {"model": "fusion_gan", "trunks": "shared", "reconstruction": 10.0, "latent_distance": 1.0},
    {"model": "fusion_gan", "trunks": "separate", "reconstruction": 10.0, "latent_distance": 1.0},
    {"model": "fusion_gan", "trunks": "shared", "reconstruction": 10.0, "latent_distance": 0.0},
    {"model": "fusion_gan", "trunks": "shared", "reconstruction": 0.0, "latent_distance": 0.0},
    {"model": "vae_gan", "trunks": "separate"},
]
CONDITIONS = f"""scikit-learn's digits, 1,500 for training, measured against the other 297; \
{STEPS} steps of batch 64, Adam 5e-4, latent 16. Shared trunks have width {SHARED}, separate \
networks {SEPARATE}; *weights*: trainable, in thousands (widths are whole numbers). *distance*: \
Fréchet, 16 principal components, of {SAMPLES} samples; *coverage*: of held-out digits; \
*reconstruction error*: squared, of held-out digits, in (0, 1); *codes*: the accuracy on \
held-out digits of a linear classifier of the codes. Mean ± deviation over seeds; *seconds* on \
one core."""
READING = """One trunk does what two networks of the same size together do: \
reconstructions, codes, distance and coverage are as good, within the seeds' deviation. What \
helps is the autoencoder's loss, not the shared trunk: without it the same networks are a plain \
GAN, whose samples are nearly half as far again from the digits, and whose codes tell less. \
Without the latents' distance more of the held-out digits are covered, and reconstructions are \
nearly twice as far off. `vae_gan` covers the most, with more weights, and reconstructs five \
times worse: nothing but samples brings this model's latents and the codes of data together."""


@cache
def judge() -> Judge:
    """The judge of all arms."""
    return Judge()


def train(arm: arms.Arm, seed: int, quick: bool) -> Mapping[str, float]:
    """Trains one arm and judges its samples, its reconstructions and its codes."""
    from sklearn.linear_model import LogisticRegression

    import zoo

    width = SHARED if arm["trunks"] == "shared" else SEPARATE
    settings = {"shape": (8, 8, 1), "latent_dim": 16, "seed": seed, "learning_rate": RATE}
    settings |= {"network_options": {"width": width}}
    if arm["model"] == "fusion_gan":
        settings |= {name: arm[name] for name in ("reconstruction", "latent_distance")}
        settings["shared"] = arm["trunks"] == "shared"
    model = zoo.create(arm["model"], **settings)
    steps = STEPS // (10 if quick else 1)
    model.fit(zoo.load_data("digits")[0], steps=steps, batch_size=64, verbose=0)
    found = judge().measure(0.5 * (model.sample(SAMPLES, seed=seed) + 1))
    images, classes = judge().test
    rebuilt = 0.5 * (model.reconstruct(2 * images - 1) + 1)
    found["reconstruction error"] = float(np.mean((rebuilt - images) ** 2))
    linear = LogisticRegression(max_iter=2000)
    linear.fit(model.encode(2 * judge().train[0] - 1), judge().train[1])
    found["codes"] = linear.score(model.encode(2 * images - 1), classes)
    unique = {id(v): v for phase in model.phases for v in phase.variables}
    found["weights"] = sum(int(np.prod(v.shape)) for v in unique.values()) / 1000
    return found


def main() -> int:
    """Runs the study."""
    return arms.run(
        "fusion_gan",
        ARMS,
        train,
        title="One trunk for encoder and discriminator, against two networks",
        conditions=CONDITIONS,
        reading=READING,
        about=str(__doc__),
    )


if __name__ == "__main__":
    raise SystemExit(main())
