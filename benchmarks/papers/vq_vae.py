"""VQ-VAE on CIFAR-10: the error and the perplexity of the authors' example.

`python -m benchmarks.papers.vq_vae --data cifar10.npz --out vq_vae.jsonl`

Sonnet's example of van den Oord et al., 2017, arXiv:1711.00937: 128 channels, 2 residual blocks of
32, 512 vectors of 64 with moving averages of decay 0.99, commitment 0.25, Adam 3e-4, batches of 32.
Its squared error over the variance of the data, and its perplexity, are 0.105 and 72 after 1,000
steps, 0.081 and 154 after 2,000, 0.056 and 326 after 10,000, each of the training batches before.
Here both are of test images, the perplexity that of batches of 32. The error of the
best constant over the variance is 1, by definition, on the training images.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.papers.bars import Bar, Limit, Measure, measure
from benchmarks.papers.schedule import Case, Schedule, main

BATCH = 32
ABOUT = """\
Squared error over the variance of the data, and perplexity in batches of 32, of test images of
CIFAR-10, as `benchmarks/papers/vq_vae.py` says."""


def images(path: Path) -> dict[str, np.ndarray]:
    """CIFAR-10's two splits, or parts of them, `(count, 32, 32, 3)` in (-1, 1)."""
    with np.load(path) as file:
        return {name: file[f"x_{name}"].astype("float32") / 127.5 - 1 for name in ("train", "test")}


def vq_vae(arrays: dict[str, np.ndarray], schedule: Schedule) -> dict[str, float]:
    """Error and perplexity on the test images, and how many images there are to train on."""
    import zoo

    train, test = arrays["train"], arrays["test"]
    model = zoo.create(
        "vq_vae",
        shape=train.shape[1:],
        value_range=(-1.0, 1.0),
        data_variance=float(train.var()),
        revive_below=None,
        seed=schedule.seed,
    )
    schedule.fit(model, train, unit="steps", batch_size=BATCH)
    whole = test[: len(test) // BATCH * BATCH]
    error = np.mean(np.square(model.reconstruct(whole) - whole)) / train.var()
    logs = model.evaluate(whole, batch_size=BATCH)
    return {
        "error_over_variance": float(error),
        "perplexity": logs["perplexity"],
        "train_images": len(train),
    }


CASES = {
    "after_1000": Case(vq_vae, 1000, 50, "0.105, 72", "steps"),
    "after_2000": Case(vq_vae, 2000, 50, "0.081, 154", "steps"),
    "after_10000": Case(vq_vae, 10_000, 50, "0.056, 326", "steps"),
}


def _bar(case: str, *limits: Limit) -> Bar:
    return Bar(
        "CIFAR-10, VQ-VAE: squared error over variance, and perplexity",
        f"{CASES[case].published} after {CASES[case].full:,} steps",
        "Sonnet's example of van den Oord et al., 2017, "
        "[arXiv:1711.00937](https://arxiv.org/abs/1711.00937)",
        {
            "error": measure(case, "error_over_variance"),
            "perplexity": measure(case, "perplexity"),
        },
        {"error of a constant, by definition": Measure((case,), lambda _: 1.0)},
        limits,
        inputs="--data cifar10.npz",
        differs="trained on as many images as the linked page gives, not on 50,000; numbers of "
        "test images, where the published ones are of training batches",
    )


BARS = (
    _bar("after_1000"),
    _bar("after_2000", Limit("error", at_most=0.09)),
    _bar("after_10000", Limit("error", at_most=0.06), Limit("perplexity", at_least=250)),
)

if __name__ == "__main__":
    main("benchmarks.papers.vq_vae", "VQ-VAE on CIFAR-10", ABOUT, CASES, images, doc=__doc__)
