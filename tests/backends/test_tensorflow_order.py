"""On TensorFlow a weight is updated after everything that reads it."""

import keras
import pytest

from zoo import backends

pytestmark = pytest.mark.skipif(
    keras.config.backend() != "tensorflow", reason="the order is that of TensorFlow's graphs"
)


def test_gradients_wait_for_the_loss_and_the_logs():
    """Its optimizer of graphs loses, now and then, the order that TensorFlow itself gives them."""
    import tensorflow as tf

    weight = keras.Variable([2.0, 3.0])

    def objective():
        loss = keras.ops.sum(keras.ops.square(weight))
        return loss, {"loss": loss, "mean": keras.ops.mean(weight), "next": {"weight": weight}}

    @tf.function(autograph=False)
    def step():
        (gradient,), _ = backends.current().gradients(objective, [weight], [])
        weight.assign(weight - gradient)
        return gradient

    graph = step.get_concrete_function().graph
    (gradient,) = [x for x in graph.outputs]
    waits_for = {op.type for op in ancestors(gradient.op)}
    assert {"Sum", "Mean", "ReadVariableOp"} <= waits_for
    assigned = [op for op in graph.get_operations() if op.type == "AssignVariableOp"]
    means = [op for op in graph.get_operations() if op.type == "Mean"]
    assert assigned and means
    for op in assigned:
        assert set(means) <= ancestors(op)


def ancestors(op):
    """The operations that come before one, by data or by order."""
    found, coming = set(), [op]
    while coming:
        for before in [*(x.op for x in coming[-1].inputs), *coming.pop().control_inputs]:
            if before not in found:
                found.add(before)
                coming.append(before)
    return found
