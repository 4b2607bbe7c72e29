"""How likely the right class is."""

from typing import Any

from keras import ops

from zoo.precision import precise, precise_dtype


def class_cross_entropy(labels: Any, logits: Any) -> Any:
    """−log softmax(logits) at the labels, mean over the batch, in nats.

    Args:
        labels: Integers `(batch,)`.
        logits: `(batch, classes)`.
    """
    logits = precise(logits)
    chosen = ops.one_hot(labels, logits.shape[-1], dtype=precise_dtype())
    return ops.mean(ops.logsumexp(logits, axis=-1) - ops.sum(chosen * logits, axis=-1))
