"""Bytes → score → heat map → decision as one graph, and how decisions agree."""

import numpy as np
import onnxruntime
import pytest

import export
from export import runtime
from export.errors import ExportError
from export.pipelines import compare_decisions
from tests.export.conftest import real_batch
from tests.tolerances import CERTIFICATE


def test_a_graph_decides_from_bytes(bundles, models, tmp_path):
    data = np.rint(real_batch(models["vae"], 40)["data"] * 255).astype("uint8")
    expected = runtime.load(bundles["vae"]).use("anomaly", data=data)
    threshold = float(np.median(expected["score"]))
    path = export.to_pipeline(
        bundles["vae"], tmp_path / "a.onnx", "anomaly", uint8=True, threshold=threshold
    )
    session = onnxruntime.InferenceSession(path)
    assert session.get_modelmeta().custom_metadata_map["threshold"] == repr(threshold)
    score, heat, decision = session.run(["score", "heat", "decision"], {"data": data})
    CERTIFICATE.check(score, expected["score"])
    CERTIFICATE.check(heat, expected["heat"])
    assert heat.shape == (40, 8, 8, 1) and decision.dtype == np.bool_
    np.testing.assert_array_equal(decision, score > np.float32(threshold))
    assert 0 < decision.sum() < 40


def test_a_score_that_is_no_number_is_an_anomaly(bundles, tmp_path):
    path = export.to_pipeline(bundles["vae"], tmp_path / "a.onnx", "anomaly", threshold=1e6)
    session = onnxruntime.InferenceSession(path)
    (read,) = session.get_inputs()
    data = np.zeros((2, *read.shape[1:]), "float32")
    data[1] = np.nan
    score, decision = session.run(["score", "decision"], {read.name: data})
    assert np.isnan(score[1])
    np.testing.assert_array_equal(decision, [False, True])


def test_a_threshold_needs_a_score(bundles, tmp_path):
    with pytest.raises(ExportError, match="a use with the result 'score'"):
        export.to_pipeline(bundles["vae"], tmp_path / "a.onnx", "encode", threshold=1.0)
    with pytest.raises(ExportError, match="finite"):
        export.to_pipeline(bundles["vae"], tmp_path / "a.onnx", "score", threshold=np.nan)


def test_decisions_may_differ_within_the_band_alone():
    scores = np.array([0.5, 0.99995, 1.00005, 2.0], "float32")
    found = compare_decisions(scores, scores[[0, 2, 1, 3]], 1.0)
    assert (found.rows, found.flagged, found.within) == (4, 2, 2)
    assert (found.differing, found.outside) == (2, 0)
    found = compare_decisions(scores, np.array([1.5, 0.99995, 1.00005, 2.0], "float32"), 1.0)
    assert (found.differing, found.outside, found.largest) == (1, 1, 1.0)
