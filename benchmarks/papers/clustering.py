"""Clusters of MNIST by an adversarial autoencoder's category.

`python -m benchmarks.papers.clustering 16_clusters --data mnist.npz --out clustering.jsonl`

Makhzani et al., 2015, arXiv:1511.05644, section 6 and table 3: encoder, decoder and discriminators
of two layers of 3000 units, a category of 16 or 30 values beside a style of five. For each cluster
the class of the test image of the highest probability is that of the whole cluster; published are
errors of 9.55 % (16 clusters) and 4.10 % (30). The paper trains by gradient descent with momentum,
for longer; here Adam trains for 100 epochs of batches of 100, and the encoder normalizes batches.
Accuracy by each cluster's most frequent class stands beside it, and as control k-means of as many
clusters of the pixels.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.papers.bars import Bar, Limit, measure
from benchmarks.papers.schedule import Case, Schedule, main
from zoo.data import load_data

UNITS, STYLE, BATCH, EPOCHS = 3000, 5, 100, 100
ABOUT = """\
Accuracy in percent of the test images' clusters, each of which has the class of its likeliest
image (`likeliest`) or its most frequent class (`frequent`), as `benchmarks/papers/clustering.py`
says; `empty`: clusters without an image; beside them those of k-means of the pixels."""


def create(clusters: int, seed: int) -> Any:
    """The model, with networks of the paper's size."""
    import zoo

    return zoo.create(
        "clustering_aae",
        shape=(28, 28, 1),
        num_categories=clusters,
        latent_dim=STYLE,
        network="mlp",
        network_options={"width": [UNITS, UNITS], "encoder.normalization": "batch"},
        discriminator_widths=(UNITS, UNITS),
        seed=seed,
    )


def accuracies(clusters: np.ndarray, scores: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    """Accuracies of clusters that have one class each.

    Args:
        clusters: Of each row `(count,)`.
        scores: How surely a row is of its cluster `(count,)`; the highest names the class.
        labels: The classes `(count,)`.
    """
    right = {"likeliest": 0, "frequent": 0}
    for cluster in np.unique(clusters):
        rows = clusters == cluster
        own = labels[rows]
        right["likeliest"] += int(np.sum(own == own[scores[rows].argmax()]))
        right["frequent"] += int(np.bincount(own).max())
    return {name: 100 * count / len(labels) for name, count in right.items()}


def run(clusters: int, arrays: dict[str, Any], schedule: Schedule) -> dict[str, float]:
    """The trained model on the test images, and k-means of the pixels."""
    from sklearn.cluster import KMeans

    train, test = arrays["train"], arrays["test"]
    model = create(clusters, schedule.seed)
    schedule.fit(model, train, batch_size=BATCH)
    asked = test.batch(np.arange(len(test)), model.value_range)["data"]
    found = model.use("cluster", data=asked)
    result = accuracies(found["cluster"], found["probability"].max(axis=1), test.labels)
    result["empty"] = float(clusters - len(np.unique(found["cluster"])))
    known = train.batch(np.arange(len(train)), model.value_range)["data"]
    means = KMeans(clusters, n_init=1, random_state=schedule.seed)
    means.fit(known.reshape(len(known), -1))
    distances = means.transform(asked.reshape(len(asked), -1))
    control = accuracies(distances.argmin(axis=1), -distances.min(axis=1), test.labels)
    return result | {f"k_means_{name}": value for name, value in control.items()}


def images(path: Path) -> dict[str, Any]:
    """MNIST's two splits, as `Data`."""
    return dict(zip(("train", "test"), load_data(str(path)), strict=True))


CASES = {
    "16_clusters": Case(partial(run, 16), EPOCHS, 1, "90.45"),
    "30_clusters": Case(partial(run, 30), EPOCHS, 1, "95.90"),
}


def _bar(case: str, *limits: Limit) -> Bar:
    return Bar(
        f"MNIST, {case.partition('_')[0]} clusters by an adversarial autoencoder: accuracy by each "
        "cluster's likeliest image, percent",
        CASES[case].published,
        "Makhzani et al., 2015, [arXiv:1511.05644](https://arxiv.org/abs/1511.05644)",
        {"accuracy": measure(case, "likeliest")},
        {"k-means of the pixels": measure(case, "k_means_likeliest")},
        limits,
        inputs="--data mnist.npz",
        differs="Adam; the paper trains by gradient descent with momentum, for longer",
    )


BARS = (_bar("16_clusters", Limit("accuracy", at_least=85.0)), _bar("30_clusters"))

if __name__ == "__main__":
    main(
        "benchmarks.papers.clustering",
        "Clusters of an adversarial autoencoder",
        ABOUT,
        CASES,
        images,
        doc=__doc__,
    )
