"""JAX: steps are pure functions under `jit`; the state stays on the device and is donated.

On CPUs, importing it installs faster forms of some of Keras's functions: `keras_functions`.
"""

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np

from zoo.backends.jax import keras_functions

keras_functions.install()


def gradients(
    objective: Callable[[], tuple[Any, dict]],
    trained: Sequence[keras.Variable],
    others: Sequence[keras.Variable],
) -> tuple[list, dict]:
    """Gradients of `objective()[0]` with respect to `trained`, and `objective()[1]`.

    None for a variable that the objective does not depend on. What the objective assigns to
    `others` (statistics, codebooks) is carried out afterwards.
    """
    before = [variable.value for variable in others]
    reached: set[int] = set()

    def pure(values: list) -> tuple[Any, tuple[dict, list]]:
        values = [_marked(value, index, reached) for index, value in enumerate(values)]
        pairs = [*zip(trained, values, strict=True), *zip(others, before, strict=True)]
        with keras.StatelessScope(pairs) as scope:
            loss, logs = objective()
        return loss, (logs, [scope.get_current_value(variable) for variable in others])

    grads, (logs, after) = jax.grad(pure, has_aux=True)([v.value for v in trained])
    for variable, old, new in zip(others, before, after, strict=True):
        if new is not old:
            variable.assign(new)
    found = [grad if index in reached else None for index, grad in enumerate(grads)]
    return found, logs


def _marked(value: Any, index: int, reached: set[int]) -> Any:
    """The value itself, noting its index once a gradient comes back to it.

    JAX's gradient of what a function does not depend on is zeros; the note tells these from zeros
    that were computed. It is taken while JAX traces and leaves no operation in the program.
    """

    def backward(_: None, gradient: Any) -> tuple[Any]:
        reached.add(index)
        return (gradient,)

    identity = jax.custom_vjp(lambda x: x)
    identity.defvjp(lambda x: (x, None), backward)
    return identity(value)


def apply(
    optimizer: keras.optimizers.Optimizer, grads: list, trained: Sequence[keras.Variable]
) -> None:
    """Lets the optimizer update the variables; others that it was built on stay as they are."""
    built_on = optimizer._trainable_variables
    given = {id(variable): grad for variable, grad in zip(trained, grads, strict=True)}
    with warnings.catch_warnings():
        # Keras warns of the frozen variables, which have no gradient.
        warnings.filterwarnings("ignore", "Gradients do not exist", UserWarning)
        values, slots = optimizer.stateless_apply(
            [v.value for v in optimizer.variables],
            [given.get(id(variable)) for variable in built_on],
            [v.value for v in built_on],
        )
    for variable, value in zip(built_on, values, strict=True):
        if id(variable) in given:
            variable.assign(value)
    for variable, value in zip(optimizer.variables, slots, strict=True):
        variable.assign(value)


def input_gradient(function: Callable[[Any], Any], inputs: Any) -> Any:
    """Gradient of `sum(function(inputs))` with respect to `inputs`, itself differentiable."""

    def total(x: Any) -> Any:
        outputs = function(x)
        return jnp.sum(outputs, dtype=jnp.promote_types(outputs.dtype, jnp.float32))

    return jax.grad(total)(inputs)


def compile_step(
    step: Callable[[Any], Any], variables: Sequence[keras.Variable], *, updates: bool
) -> Callable[[Any], Any]:
    """Compiles `step(batches)`, which reads and assigns `variables`.

    The variables hold the new values after each call; their old buffers are reused by the next
    one, so an update neither allocates weights nor leaves the device.
    """

    def pure(values: list, batches: Any) -> tuple[list, Any]:
        with keras.StatelessScope(list(zip(variables, values, strict=True))) as scope:
            logs = step(batches)
        return [scope.get_current_value(variable) for variable in variables], logs

    compiled = jax.jit(pure, donate_argnums=(0,) if updates else ())

    def run(batches: Any) -> Any:
        held = [variable.value for variable in variables]
        values, logs = compiled(_apart(held) if updates else held, batches)
        if updates:
            for variable, value in zip(variables, values, strict=True):
                variable.assign(value)
        return logs

    return run


def _apart(values: list) -> list:
    """The values, of which one that two variables hold is copied: it could be donated once only.

    Keras's callbacks, such as `SwapEMAWeights`, assign one variable to another.
    """
    if len({id(value) for value in values}) == len(values):
        return values
    seen: set[int] = set()
    apart = []
    for value in values:
        apart.append(value.copy() if id(value) in seen else value)
        seen.add(id(value))
    return apart


def place(array: np.ndarray) -> Any:
    """Puts an array on the device; where several share a batch, this is where it is split."""
    return jax.device_put(array)


def average_gradients(grads: list) -> list:
    """Averages gradients over the devices that share a batch; one device keeps its own."""
    return grads


def pin_float32() -> None:
    """Makes float32 products full float32 (no TF32, no bfloat16 passes)."""
    jax.config.update("jax_default_matmul_precision", "highest")


def device() -> str:
    """The device that computes, as JAX names it."""
    found = jax.devices()[0]
    return f"{found.platform}:{found.device_kind}"
