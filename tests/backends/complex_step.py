"""Derivatives in float64 NumPy: first by complex steps, exact; second by central differences."""

from collections.abc import Callable, Sequence

import numpy as np

Weights = Sequence[np.ndarray]
Network = Callable[[Weights, np.ndarray], np.ndarray]


def input_gradient(network: Network, weights: Weights, inputs: np.ndarray) -> np.ndarray:
    """Gradient of `sum(network(weights, inputs))` with respect to the inputs.

    f(x + ih) = f(x) + ihf′(x) for a tiny h: no difference of near numbers, so no rounding.
    """
    gradient = np.zeros(inputs.shape)
    for position in np.ndindex(*inputs.shape):
        shifted = inputs.astype(complex)
        shifted[position] += 1e-30j
        gradient[position] = network(weights, shifted).sum().imag / 1e-30
    return gradient


def weight_gradients(
    function: Callable[[Weights], float], weights: Weights, step: float = 1e-6
) -> list[np.ndarray]:
    """Gradients of a scalar function of weights, by central differences of float64 values."""
    weights = [np.array(weight, dtype="float64") for weight in weights]
    gradients = [np.zeros(weight.shape) for weight in weights]
    for weight, gradient in zip(weights, gradients, strict=True):
        for position in np.ndindex(*weight.shape):
            own = weight[position]
            weight[position] = own + step
            above = function(weights)
            weight[position] = own - step
            below = function(weights)
            weight[position] = own
            gradient[position] = (above - below) / (2 * step)
    return gradients


def dense(x: np.ndarray, kernel: np.ndarray, bias: np.ndarray | float = 0.0) -> np.ndarray:
    """A fully connected layer."""
    return x @ kernel + bias


def leaky_relu(x: np.ndarray, slope: float = 0.2) -> np.ndarray:
    """Leaky ReLU, by the sign of the real part."""
    return np.where(x.real > 0, x, slope * x)


def normalize(
    x: np.ndarray, axes: tuple[int, ...], gamma: np.ndarray, beta: np.ndarray, epsilon: float
) -> np.ndarray:
    """Mean 0 and variance 1 over some axes, then scaled and shifted."""
    centred = x - x.mean(axis=axes, keepdims=True)
    variance = (centred * centred).mean(axis=axes, keepdims=True)
    return centred / np.sqrt(variance + epsilon) * gamma + beta


def convolution(x: np.ndarray, kernel: np.ndarray, bias: np.ndarray | float = 0.0) -> np.ndarray:
    """A 3×3 convolution of stride 2 with "same" padding of even sizes: one row at the far edge."""
    padded = np.pad(x, ((0, 0), (0, 1), (0, 1), (0, 0)))
    rows, columns = x.shape[1] // 2, x.shape[2] // 2
    outputs = np.zeros((len(x), rows, columns, kernel.shape[-1]), dtype=x.dtype)
    for row, column in np.ndindex(rows, columns):
        window = padded[:, 2 * row : 2 * row + 3, 2 * column : 2 * column + 3]
        outputs[:, row, column] = np.tensordot(window, kernel, 3)
    return outputs + bias


def spectral_norm(kernel: np.ndarray) -> float:
    """The largest singular value of a kernel `(…, filters)` as a matrix."""
    return np.linalg.svd(kernel.reshape(-1, kernel.shape[-1]), compute_uv=False)[0]
