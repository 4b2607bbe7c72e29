"""The quick comparison in one process, on a model of one layer."""

import json

import pytest

from benchmarks.errors import BenchmarkError, WrongOutput
from benchmarks.measure.latency import MIN_ROUNDS, compare
from tests.benchmarks.graphs import dense_model, save_dense_graph


@pytest.fixture(scope="module")
def model():
    return dense_model()


def bundle(folder, model, **options):
    save_dense_graph(model, folder / "encoder.onnx", **options)
    (folder / "bundle.json").write_text(
        json.dumps({"parts": {"encoder": {"file": "encoder.onnx"}}})
    )
    return folder


def test_each_part_and_batch_is_a_row_with_both_sides(model, tmp_path):
    rows = compare({"encoder": model}, bundle(tmp_path, model), batches=(1, 3), seconds=0.1)
    assert [(row.part, row.batch) for row in rows] == [("encoder", 1), ("encoder", 3)]
    for row in rows:
        assert row.native.rounds == row.onnxruntime.rounds >= MIN_ROUNDS
        assert 0 < row.native.best <= row.native.median
        assert row.speedup.low <= row.speedup.value <= row.speedup.high


def test_wrong_bundle_is_not_timed(model, tmp_path):
    with pytest.raises(WrongOutput, match="'code' is .* times the tolerance away"):
        compare({"encoder": model}, bundle(tmp_path, model, offset=0.01), seconds=60.0)


def test_part_that_the_bundle_lacks_is_named(model, tmp_path):
    with pytest.raises(BenchmarkError, match="holds the parts encoder. Received: 'decoder'"):
        compare({"decoder": model}, bundle(tmp_path, model))


def test_folder_that_is_no_bundle_is_an_error(model, tmp_path):
    with pytest.raises(BenchmarkError, match="is not a bundle"):
        compare({"encoder": model}, tmp_path)
