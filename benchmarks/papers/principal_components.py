"""The first autoencoders beside principal components, at equal code size.

`python -m benchmarks.papers.principal_components --data digits --out components-digits.jsonl`

Baldi & Hornik, 1989, Neural Networks 2: no linear autoencoder has a smaller squared error on its
training data than principal components, which are its only minimum. Hinton & Salakhutdinov, 2006,
Science 313: a deep one does better. `linear` has no activations, `shallow` the ReLU and sigmoid of
the registry; `deep` is data-256-64-code, `narrow` data-64-code, which on MNIST is
784-64-32-64-784. Codes are of 32 numbers, of 8 where data have 64. Adam, batches of 128, squared
error, on which principal components are fitted as well.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.papers.bars import Bar, Limit, measure
from benchmarks.papers.schedule import Case, Schedule, main
from zoo.data import load_data
from zoo.metrics.baselines import principal_components_error

BATCH = 128
ABOUT = """\
Mean squared error of rows that are data in (0, 1), as
`benchmarks/papers/principal_components.py` says: *ratio* is the error of test rows over that of
as many principal components of the training rows."""


def of_model(name: str, **settings: Any) -> Callable[[Any, Schedule], dict[str, float]]:
    """A case: an autoencoder, and the principal components of its code's size."""

    def run(arrays: dict[str, np.ndarray], schedule: Schedule) -> dict[str, float]:
        import zoo

        train, test = arrays["train"], arrays["test"]
        (features,) = train.shape[1:]
        code = 32 if features > 64 else 8
        model = zoo.create(
            name,
            shape=(features,),
            latent_dim=code,
            loss="mean_squared_error",
            seed=schedule.seed,
            **settings,
        )
        schedule.fit(model, train, unit="steps", batch_size=BATCH)
        error = float(np.mean(np.square(model.reconstruct(test) - test)))
        components = principal_components_error(train, test, code)
        return {
            "code": code,
            "error": error,
            "principal_components": components,
            "ratio": error / components,
        }

    return run


def vectors(path: Path) -> dict[str, np.ndarray]:
    """Rows of both splits, in (0, 1)."""
    train, test = load_data(str(path))
    if test is None:
        raise SystemExit(f"The data have a test split. Received: {path}.")
    return {
        name: split.batch(np.arange(len(split)), (0.0, 1.0))["data"].reshape(len(split), -1)
        for name, split in {"train": train, "test": test}.items()
    }


STEPS = 20_000
CASES = {
    "linear": Case(
        of_model(
            "shallow_autoencoder",
            activation="linear",
            value_range=None,
            standardize_vectors=False,
        ),
        STEPS,
        100,
        "1",
        "steps",
    ),
    "shallow": Case(of_model("shallow_autoencoder"), STEPS, 100, "", "steps"),
    "narrow": Case(of_model("deep_autoencoder", widths=(64,)), STEPS, 100, "", "steps"),
    "deep": Case(of_model("deep_autoencoder", widths=(256, 64)), STEPS, 100, "below 1", "steps"),
}


def _bar(data: str, what: str) -> Bar:
    return Bar(
        f"{what}: error over that of principal components of the code's size",
        f"linear {CASES['linear'].published}, deep {CASES['deep'].published}",
        "Baldi & Hornik, 1989, [Neural Networks 2](https://doi.org/10.1016/0893-6080(89)90014-2); "
        "Hinton & Salakhutdinov, 2006, [Science 313](https://doi.org/10.1126/science.1127647)",
        {name: measure(name, "ratio") for name in ("linear", "narrow", "deep")},
        {"error of principal components": measure("deep", "principal_components")},
        (Limit("deep", below=1.0),),
        inputs=f"--data {data}",
        records=f"principal_components-{Path(data).stem}",
    )


BARS = (
    _bar("mnist.npz", "MNIST, autoencoders with codes of 32 of 784"),
    _bar("digits", "8×8 digits, autoencoders with codes of 8 of 64"),
)

if __name__ == "__main__":
    main(
        "benchmarks.papers.principal_components",
        "Autoencoders beside principal components",
        ABOUT,
        CASES,
        vectors,
        doc=__doc__,
    )
