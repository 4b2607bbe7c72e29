"""The certificate's arithmetic, on predictors made by hand."""

import json

import numpy as np
import pytest

from export.certification.certificate import Certificate
from export.certification.compare import compare
from export.certification.inputs import Probe, probes
from export.errors import CertificateError, ExportError
from export.signature import Signature, TensorSpec

VECTOR = Signature(
    (TensorSpec("x", "float32", (None, 4)),), (TensorSpec("y", "float32", (None, 4)),)
)


def deviation(truth, answer, family="normal"):
    truth, answer = np.asarray(truth, "float32"), np.asarray(answer, "float32")
    batch = Probe(family, {"x": np.zeros((1, 1), "float32")})
    rows, _ = compare(lambda _: {"y": truth}, lambda _: {"y": answer}, [batch])
    return rows[0]


def test_tolerance_is_absolute_for_small_values_and_relative_for_large_ones():
    assert deviation([0.0, 0.5], [0.9e-5, 0.5]).passed
    assert not deviation([0.0, 0.5], [1.1e-5, 0.5]).passed
    assert deviation([1000.0, 0.0], [1000.0, 0.9e-2]).passed
    assert not deviation([1000.0, 0.0], [1000.12, 0.0]).passed


def test_infinite_values_must_be_equal_and_nan_must_be_nan():
    assert deviation([np.inf, np.nan, 1.0], [np.inf, np.nan, 1.0]).passed
    assert not deviation([np.inf, 1.0], [1.0, 1.0]).passed
    assert not deviation([1.0], [np.nan]).passed
    assert not deviation([np.nan], [1.0]).passed


def test_shapes_and_types_must_be_equal():
    with pytest.raises(CertificateError, match=r"float32 \(2,\)"):
        deviation([1.0, 2.0], [1.0])


def agreement(threshold, inputs):
    """Compares `x > 0` with a graph whose threshold is elsewhere."""
    batch = Probe("normal", {"x": np.asarray(inputs, "float32")})
    _, rows = compare(
        lambda feed: {"y": (feed["x"] > 0).astype("int32")},
        lambda feed: {"y": (feed["x"] > threshold).astype("int32")},
        [batch],
    )
    return rows[0]


def test_integer_outputs_must_be_equal():
    assert agreement(0.0, [-1.0, 1.0]).passed
    row = agreement(0.5, [-1.0, 0.25, 1.0])
    assert not row.passed
    assert (row.equal, row.ties) == (2, 0)


def test_a_code_that_float32_rounding_decides_is_a_tie():
    row = agreement(1e-6, [-1.0, 5e-7, 1.0])
    assert row.passed
    assert (row.equal, row.ties) == (2, 1)


def test_large_inputs_may_differ_as_much_as_rounding_moves_the_native_model():
    values = np.array([[1e3, 1e-5]], "float32")

    def saturating(feed):
        return {"y": np.tanh(feed["x"])}

    def exported(feed):
        return {"y": np.tanh(feed["x"] + np.float32(1e-4))}

    def row(family):
        return compare(saturating, exported, [Probe(family, {"x": values})])[0][0]

    assert row("large").used > 1
    assert row("large").passed
    assert not row("normal").passed


def test_zeros_may_differ_as_much_as_rounding_near_them_moves_the_native_model():
    def row(weight):
        zeros, sensitive = np.zeros((1, 2), "float32"), np.float32([1.0, weight])
        return compare(
            lambda feed: {"y": np.tanh(feed["x"] * sensitive)},
            lambda feed: {"y": np.tanh((feed["x"] + np.float32([0, 3e-6])) * sensitive)},
            [Probe("zeros", {"x": zeros})],
        )[0][0]

    assert row(30.0).used > 1
    assert row(30.0).passed
    assert not row(10000.0).passed  # nearer to 1 % than to rounding: wrong, whatever the model


def test_every_part_sees_at_least_200_inputs_of_batches_1_3_and_32():
    batches = list(probes(VECTOR, seed=0, cardinality={}))
    assert sum(batch.count for batch in batches) >= 200
    assert {batch.count for batch in batches} == {1, 3, 32}
    assert {batch.family for batch in batches} == {"normal", "uniform", "large", "zeros"}


def test_the_same_seed_draws_the_same_inputs():
    one, two, other = (
        next(iter(probes(VECTOR, seed=seed, cardinality={}))).inputs["x"] for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(one, two)
    assert not np.array_equal(one, other)


def test_integer_inputs_stay_in_their_range():
    labels = Signature((TensorSpec("labels", "int32", (None,)),), VECTOR.outputs)
    drawn = np.concatenate(
        [batch.inputs["labels"] for batch in probes(labels, seed=0, cardinality={"labels": 3})]
    )
    assert set(drawn) == {0, 1, 2}
    with pytest.raises(ExportError, match=r"cardinality=\{'labels': N\}"):
        next(probes(labels, seed=0, cardinality={}))


def test_real_inputs_are_named_like_the_model_s():
    batches = probes(VECTOR, seed=0, cardinality={}, real={"z": np.zeros((4, 4))})
    with pytest.raises(ExportError, match=r"Received: 'z'. Accepted: \['x'\]"):
        list(batches)


def certificate(**changes):
    rows = compare(
        lambda feed: {"y": feed["x"]},
        lambda feed: {"y": feed["x"]},
        list(probes(VECTOR, seed=0, cardinality={})),
    )
    values = {
        "name": "identity",
        "route": "direct",
        "opset": 21,
        "backend": "jax",
        "deviations": rows[0],
        "agreements": rows[1],
        "inputs": 208,
        "batches": (1, 3, 32),
        "seed": 0,
        "nodes": 1,
        "transposes": 0,
        "bytes": 100,
        "file_sha256": "0" * 64,
        "weights_sha256": "1" * 64,
        "seconds": {"convert": 0.1},
        "versions": {"onnxruntime": "1.31.1"},
    }
    return Certificate(**values | changes)


def test_certificate_survives_json():
    before = certificate(second_opinion={"route": None, "converts": False, "reason": "none"})
    assert Certificate.from_json(json.dumps(before.to_json())) == before
    assert before.to_json()["passed"] is True


def test_what_is_no_certificate_is_refused():
    with pytest.raises(ExportError, match="could not be read"):
        Certificate.from_json({"name": "x"})
    with pytest.raises(ExportError, match="could not be read"):
        Certificate.from_json("[1]")


def test_summary_names_what_was_compared():
    text = certificate().summary()
    assert "identity: passed on 208 inputs" in text
    assert "ONNX Runtime 1.31.1 against jax" in text
