"""Every loss computes in float32, whatever narrower numbers it is given."""

import inspect

import keras
import pytest

from tests.arrays import array, tensor
from tests.tolerances import FORMULA
from zoo import losses

OTHERS = {"reparameterize", "bounded_log_variance"}
"""A latent has the type of its posterior."""
OTHERS |= {"perplexity", "sparsity", "gaussian", "inverse_multiquadratic"}
"""Indices are no numbers, and a share is no tensor."""
OTHERS |= {"maximum_mean_discrepancy", "log_normal_pairs", "decomposed_kl"}
"""One takes a kernel, and two take three tensors: they are below."""
OTHERS |= {"normal_kl_rows", "precision_weighted"}
"""Two normal distributions are four tensors."""
OTHERS |= {"class_cross_entropy", "falling", "top", "equilibrium"}
"""One takes labels: it is below. The others choose logits, weigh noise, and move a share."""

ARGUMENTS = {
    name: sum(
        parameter.default is parameter.empty
        for parameter in inspect.signature(getattr(losses, name)).parameters.values()
    )
    for name in losses.__all__
    if name not in OTHERS
}
"""Loss → number of tensors that it takes."""
ARGUMENTS["log_normal_rows"] = 2  # its mean may be left out


@pytest.mark.parametrize("name", ARGUMENTS)
def test_float16_inputs_give_the_float32_loss(name):
    # Powers of two are the same in both; 512² is more than float16 holds.
    values = [[[512.0], [0.25]], [[0.5], [-2.0]], [[0.5], [2.0]]][: ARGUMENTS[name]]
    loss = getattr(losses, name)
    found = loss(*(tensor(value, "float16") for value in values))
    assert keras.backend.standardize_dtype(found.dtype) == "float32"
    FORMULA.check(array(found), array(loss(*(tensor(value) for value in values))))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("mean_squared_error", 360_000.0),
        ("gaussian_rows", [180_000.9189385332]),
        ("log_normal_rows", [-180_000.9189385332]),
    ],
)
def test_squares_do_not_overflow_in_float16(name, expected):
    data, other = tensor([[300.0]], "float16"), tensor([[-300.0]], "float16")
    FORMULA.check(array(getattr(losses, name)(data, other)), expected)


def test_float16_latents_have_float32_distances_and_densities():
    values = [[[300.0], [0.25]], [[0.5], [-2.0]], [[0.5], [-1.0]]]
    halves, wide = ([tensor(value, dtype) for value in values] for dtype in ("float16", "float32"))
    kernel = losses.gaussian(2.0**14)
    for narrow, precise in (
        (losses.maximum_mean_discrepancy(*x[:2], kernel) for x in (halves, wide)),
        (losses.log_normal_pairs(*x) for x in (halves, wide)),
        (losses.decomposed_kl(*x)[2] for x in (halves, wide)),
    ):
        assert keras.backend.standardize_dtype(narrow.dtype) == "float32"
        FORMULA.check(array(narrow), array(precise))


@pytest.mark.parametrize("name", ["normal_kl_rows", "precision_weighted"])
def test_two_float16_distributions_are_compared_in_float32(name):
    values = [[[512.0]], [[0.25]], [[-2.0]], [[0.5]]]
    halves, wide = ([tensor(value, dtype) for value in values] for dtype in ("float16", "float32"))
    for narrow, precise in zip(
        keras.tree.flatten(getattr(losses, name)(*halves)),
        keras.tree.flatten(getattr(losses, name)(*wide)),
        strict=True,
    ):
        assert keras.backend.standardize_dtype(narrow.dtype) == "float32"
        FORMULA.check(array(narrow), array(precise))


def test_float16_logits_of_classes_have_a_float32_loss():
    labels, logits = tensor([1, 0], "int32"), [[512.0, -2.0], [0.25, 0.5]]
    found = losses.class_cross_entropy(labels, tensor(logits, "float16"))
    assert keras.backend.standardize_dtype(found.dtype) == "float32"
    FORMULA.check(array(found), array(losses.class_cross_entropy(labels, tensor(logits))))
