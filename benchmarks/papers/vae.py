"""The likelihood of a variational autoencoder on statically binarised MNIST.

`python -m benchmarks.papers.vae --data mnist_static_binarized.npz --out vae.jsonl`

pythae's reproduction (Chadebec et al., 2022, arXiv:2206.08309, appendix): 784-400-40-400-784 with
ReLU, batches of 100, 500 epochs of 50,000 images, Adam of rate 1e-4, times 10^-0.2 at epochs 200
and 350, the weights of the lowest loss on 10,000 images that are held out. −log p of the 10,000
test images by 200 importance samples is 89.78 ± 0.01; 89.9 in Salimans et al., 2014. Independent
pixels at their training means are the control.
"""

from __future__ import annotations

import keras
import numpy as np

from benchmarks.papers.bars import Bar, Limit, measure
from benchmarks.papers.likelihood import Best, negative_log_likelihood, static
from benchmarks.papers.schedule import Case, Schedule, main
from zoo import metrics

BATCH = 100
ABOUT = """\
−log p of statically binarised MNIST's test images, in nats, as `benchmarks/papers/vae.py` says.
*bound* is the evidence lower bound there, *pixels* the cross-entropy of independent pixels at the
training images' means."""


def vae(arrays: dict[str, np.ndarray], schedule: Schedule) -> dict[str, float]:
    """−log p, the bound, and the control."""
    import zoo

    steps = len(arrays["train"]) // BATCH
    rates = [1e-4 * 10 ** (-0.2 * drops) for drops in range(3)]
    ends = [steps * schedule.scaled(epoch) for epoch in (200, 350)]
    model = zoo.create(
        "vae",
        shape=(784,),
        latent_dim=40,
        network="mlp",
        network_options={"width": [400]},
        likelihood="bernoulli",
        learning_rate=keras.optimizers.schedules.PiecewiseConstantDecay(ends, rates),
        seed=schedule.seed,
    )
    return judged(model, arrays, schedule)


def judged(
    model: keras.Model, arrays: dict[str, np.ndarray], schedule: Schedule
) -> dict[str, float]:
    """Trains, takes the weights that were best on the validation images, and judges them."""
    with schedule.kept() as folder:
        best = Best(folder / "best.weights.h5")
        schedule.fit(
            model,
            arrays["train"],
            batch_size=BATCH,
            validation_data=arrays["valid"],
            validation_batch_size=1000,
            callbacks=[best],
        )
        model.load_weights(best.path)
    test, train = arrays["test"], arrays["train"]
    mean = np.broadcast_to(train.mean(axis=0, keepdims=True), test.shape)
    return {
        "nll": negative_log_likelihood(model, test, draws=schedule.draws),
        "bound": model.evaluate(test, batch_size=1000)["loss"],
        "pixels": metrics.cross_entropy(test, mean),
    }


CASES = {"vae": Case(vae, 500, 5, "89.78 ± 0.01 (200 samples)")}

BARS = (
    Bar(
        "MNIST static, variational autoencoder of 784-400-40: −log p in nats",
        CASES["vae"].published,
        "pythae: Chadebec et al., 2022, [arXiv:2206.08309](https://arxiv.org/abs/2206.08309)",
        {"−log p": measure("vae", "nll")},
        {"independent pixels": measure("vae", "pixels")},
        (Limit("−log p", at_most=90.8),),
        inputs="--data mnist_static_binarized.npz",
        draws=200,
    ),
)

if __name__ == "__main__":
    main("benchmarks.papers.vae", "VAE on binarised MNIST", ABOUT, CASES, static, doc=__doc__)
