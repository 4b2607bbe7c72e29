"""Importance weighted autoencoders on binarised MNIST: bounds of more samples, and active units.

`python -m benchmarks.papers.iwae --data mnist.npz --out iwae.jsonl`

Burda et al., 2015, arXiv:1509.00519, table 1, one stochastic layer: 784-200-200-50 with tanh,
pixels drawn anew for each batch, −log p by 5,000 samples 86.76 for the VAE, 85.54 with 5 samples
and 84.78 with 50; 19, 22 and 25 active units. The paper trains 3,280 epochs with batches of 20;
here 300 with batches of 100, the rate falling in the same stages: 10^(−i/7) of 1e-3 for 3^i epochs
each, of which the first six fill 364, are scaled to the length. Adam with ε of 1e-4. Test pixels
are drawn once.
"""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np

from benchmarks.papers.bars import Bar, Limit, difference, measure
from benchmarks.papers.likelihood import Drawn, binarised, grey, negative_log_likelihood
from benchmarks.papers.schedule import Case, Schedule, main
from zoo.metrics import active_units

BATCH = 100
EPOCHS = 300
STAGES = 6
PAPER_EPOCHS = sum(3**stage for stage in range(8))
ABOUT = """\
−log p of MNIST's test images, their pixels drawn once, in nats, as `benchmarks/papers/iwae.py`
says: the VAE is the control."""


def of_draws(count: int) -> Callable[[dict[str, np.ndarray], Schedule], dict[str, float]]:
    """A case: the VAE, or the bound of so many samples."""

    def run(arrays: dict[str, np.ndarray], schedule: Schedule) -> dict[str, float]:
        import zoo

        model = zoo.create(
            "vae" if count == 1 else "iwae",
            shape=(784,),
            latent_dim=50,
            network="mlp",
            network_options={"width": [200, 200], "activation": "tanh"},
            likelihood="bernoulli",
            optimizer=keras.optimizers.Adam(rates(schedule, len(arrays["train"])), epsilon=1e-4),
            seed=schedule.seed,
            **({} if count == 1 else {"num_draws": count}),
        )
        schedule.fit(model, Drawn(arrays["train"], BATCH, schedule.seed))
        test = binarised(arrays["test"], np.random.default_rng([0]))
        return {
            "nll": negative_log_likelihood(model, test, draws=schedule.draws),
            "active_units": active_units(model.encode(test)),
        }

    return run


def rates(schedule: Schedule, rows: int) -> keras.optimizers.schedules.LearningRateSchedule:
    """The paper's stages, scaled to the length."""
    ends = np.cumsum([3**stage for stage in range(STAGES)])
    steps = [round(end / ends[-1] * schedule.length * (rows // BATCH)) for end in ends[:-1]]
    return keras.optimizers.schedules.PiecewiseConstantDecay(
        steps, [1e-3 * 10 ** (-stage / 7) for stage in range(STAGES)]
    )


CASES = {
    "vae": Case(of_draws(1), EPOCHS, 3, "86.76, 19 active units"),
    "iwae_5": Case(of_draws(5), EPOCHS, 3, "85.54, 22 active units"),
    "iwae_50": Case(of_draws(50), EPOCHS, 3, "84.78, 25 active units"),
}


def _bar(case: str, before: str, *limits: Limit) -> Bar:
    count = case.removeprefix("iwae_")
    return Bar(
        f"MNIST drawn anew, importance weighted autoencoder of {count} samples: −log p in nats, "
        "and active units",
        f"{CASES[case].published}; {before} {CASES[before].published}",
        "Burda et al., 2015, [arXiv:1509.00519](https://arxiv.org/abs/1509.00519)",
        {
            "−log p": measure(case, "nll"),
            "active units": measure(case, "active_units"),
            "gain": difference(measure(before, "nll"), measure(case, "nll")),
            "more units": difference(
                measure(case, "active_units"), measure(before, "active_units")
            ),
        },
        {
            f"{before}'s −log p": measure(before, "nll"),
            f"{before}'s active units": measure(before, "active_units"),
        },
        (*limits, Limit("more units", above=0)),
        inputs="--data mnist.npz",
        length=PAPER_EPOCHS,
        draws=5000,
        differs=f"batches of {BATCH}, not 20; the stages of the learning rate scaled to the length",
    )


BARS = (
    _bar("iwae_5", "vae", Limit("gain", at_least=0.7)),
    _bar("iwae_50", "iwae_5"),
)

if __name__ == "__main__":
    main("benchmarks.papers.iwae", "IWAE on binarised MNIST", ABOUT, CASES, grey, doc=__doc__)
