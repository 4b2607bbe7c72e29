"""One model to one file: certified, or rejected with nothing left behind."""

import keras
import numpy as np
import onnx
import pytest
from keras import ops

import export
from export import routes, storage
from export.certification.native import Native
from export.direct import newest_opset
from export.errors import CertificateError, ExportError
from tests.export.conftest import small_generator
from zoo.errors import TargetError


@keras.saving.register_keras_serializable(package="tests")
class Jitter(keras.layers.Layer):
    """Adds noise in inference too, as no exported layer may."""

    def __init__(self):
        super().__init__()
        self.seed_generator = keras.random.SeedGenerator(0)

    def call(self, inputs):
        return inputs + keras.random.normal(ops.shape(inputs), seed=self.seed_generator)


def dense():
    return keras.Sequential([keras.Input((4,), name="x"), keras.layers.Dense(3, name="y")])


def test_certificate_describes_the_file(tmp_path):
    path = tmp_path / "generator.onnx"
    certificate = export.to_onnx(small_generator(), path, metadata={"paper": "none"})
    assert certificate.passed
    assert certificate.inputs >= 200
    assert certificate.bytes == path.stat().st_size
    graph = onnx.load(path)
    assert [entry.name for entry in graph.graph.input] == ["labels", "latent"]
    assert [entry.name for entry in graph.graph.output] == ["data"]
    assert certificate.nodes == len(graph.graph.node)
    properties = {entry.key: entry.value for entry in graph.metadata_props}
    assert properties["paper"] == "none"
    assert properties["weights_sha256"] == certificate.weights_sha256
    assert [file.name for file in tmp_path.iterdir()] == ["generator.onnx"]


def test_real_inputs_are_a_family_of_their_own(tmp_path):
    real = {"latent": np.ones((36, 4), "float32")}
    certificate = export.to_onnx(small_generator(), tmp_path / "g.onnx", inputs=real)
    assert {row.family for row in certificate.deviations} >= {"real", "zeros", "large"}
    counted = {row.family: row.inputs for row in certificate.deviations}
    assert counted["real"] == 36


@pytest.mark.parametrize("batch", [1, 2, 300])
def test_a_fixed_batch_is_certified_at_that_batch(tmp_path, batch):
    x = keras.Input(batch_shape=(batch, 4), name="x")
    model = keras.Model(x, keras.layers.Dense(3)(x))
    real = {"x": np.ones((2 * batch - 1, 4), "float32")}
    certificate = export.to_onnx(model, tmp_path / "fixed.onnx", inputs=real)
    assert certificate.batches == (batch,)
    assert certificate.inputs >= 200
    counted = {row.family: row.inputs for row in certificate.deviations}
    assert (counted["real"], counted["zeros"]) == (batch, batch)


def test_an_input_of_fixed_size_beside_a_batch_is_drawn_at_its_size(tmp_path):
    table, x = keras.Input(batch_shape=(2, 4), name="table"), keras.Input((4,), name="x")
    model = keras.Model([x, table], ops.matmul(x, ops.transpose(table)))
    assert export.to_onnx(model, tmp_path / "table.onnx").batches == (1, 3, 32)


def test_an_input_without_a_batch_is_refused(tmp_path):
    x = keras.Input(batch_shape=(), name="x")
    with pytest.raises(ExportError, match=r"'x' of shape \(\)"):
        export.to_onnx(keras.Model(x, x * 2), tmp_path / "scalar.onnx")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"inputs": {"x": np.full((3, 4), np.nan)}}, "must be finite.* in 'x'"),
        ({"inputs": {"x": np.ones((3, 5))}}, r"Received: float64 \(3, 5\) .*\('count', 4\)"),
        ({"inputs": {"x": np.ones(4)}}, r"Received: float64 \(4,\) for 'x'"),
        ({"inputs": {"x": np.array([["a"] * 4])}}, "shape and kind"),
        ({"inputs": {"z": np.ones((3, 4))}}, r"Received: 'z'. Accepted: \['x'\]"),
        ({"inputs": {"x": np.zeros((0, 4))}}, r"Received: float64 \(0, 4\)"),
        ({"inputs": {"x": np.full((2, 4), 1e39)}}, "must be finite.* in 'x'"),
        ({"inputs": np.ones((3, 4))}, "Received: a ndarray. Accepted: a dictionary with x"),
        ({"seed": -1}, "Received: -1"),
        ({"seed": 1.5}, "Received: 1.5"),
        ({"metadata": {"a": 1}}, "Received: 1 for 'a'"),
        ({"cardinality": {"nope": 3}}, "Received: 3 for 'nope'. Accepted: none: no input is"),
        ({"cardinality": {"x": 3}}, "Received: 3 for 'x'"),
    ],
)
def test_an_argument_that_does_not_fit_is_refused(tmp_path, monkeypatch, arguments, message):
    monkeypatch.setattr(routes, "convert", None)  # rejected before anything is converted
    with pytest.raises(ExportError, match=message):
        export.to_onnx(dense(), tmp_path / "dense.onnx", **arguments)


@pytest.mark.parametrize("count", [0, -2, 2.5])
def test_a_cardinality_that_is_no_number_of_values_is_refused(tmp_path, count):
    labels = keras.Input((), dtype="int32", name="labels")
    model = keras.Model(labels, ops.one_hot(labels, 3))
    with pytest.raises(ExportError, match="Accepted: 1 or more for labels"):
        export.to_onnx(model, tmp_path / "m.onnx", cardinality={"labels": count})


def test_an_output_named_like_an_input_is_refused(tmp_path):
    x = keras.Input((4,), name="data")
    by_key = keras.Model({"data": x}, {"data": keras.layers.Dense(4)(x)})
    for model in (by_key, keras.Model(x, x)):
        with pytest.raises(ExportError, match=r"Received: \['data'\] as both. Rename"):
            export.to_onnx(model, tmp_path / "data.onnx")


def test_integers_have_the_width_that_keras_declares(tmp_path):
    x = keras.Input((9,), name="x")
    values, places = ops.top_k(x, 3)
    model = keras.Model(x, {"values": values, "places": places})
    assert export.to_onnx(model, tmp_path / "m.onnx").passed
    types = [
        entry.type.tensor_type.elem_type for entry in onnx.load(tmp_path / "m.onnx").graph.output
    ]
    assert types == [onnx.TensorProto.INT32, onnx.TensorProto.FLOAT]


def test_a_wrong_graph_leaves_no_file(tmp_path, monkeypatch):
    right = routes.convert

    def wrong(model, **options):
        proto = right(model, **options)
        for tensor in proto.graph.initializer:
            array = onnx.numpy_helper.to_array(tensor)
            if array.dtype == np.float32:
                changed = onnx.numpy_helper.from_array(array * np.float32(1.001), tensor.name)
                tensor.CopyFrom(changed)
        return proto

    monkeypatch.setattr(routes, "convert", wrong)
    with pytest.raises(CertificateError, match="times the tolerance") as caught:
        export.to_onnx(dense(), tmp_path / "dense.onnx")
    assert not caught.value.certificate.passed
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "dense.onnx").write_text("before")
    with pytest.raises(CertificateError):
        export.to_onnx(dense(), tmp_path / "dense.onnx")
    assert (tmp_path / "dense.onnx").read_text() == "before"


def test_weights_that_are_not_finite_are_refused(tmp_path):
    model = dense()
    kernel, bias = model.get_weights()
    kernel[1, 1] = np.nan
    model.set_weights([kernel, bias])
    with pytest.raises(ExportError, match="kernel.* with 1 NaN or infinite"):
        export.to_onnx(model, tmp_path / "dense.onnx")
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_built_graph_is_refused(tmp_path):
    class Subclassed(keras.Model):
        def call(self, inputs):
            return inputs

    for model, message in (
        (keras.Sequential([keras.layers.Dense(2)]), "must be built"),
        (Subclassed(), "subclassed model"),
        (np.zeros(3), "Received: ndarray"),
    ):
        with pytest.raises(ExportError, match=message):
            export.to_onnx(model, tmp_path / "model.onnx")
    assert list(tmp_path.iterdir()) == []


def test_random_state_in_inference_is_refused(tmp_path):
    model = keras.Sequential([keras.Input((4,), name="x"), Jitter()])
    with pytest.raises(ExportError):
        export.to_onnx(model, tmp_path / "jitter.onnx")
    assert list(tmp_path.iterdir()) == []


def test_a_seed_that_moves_in_inference_is_named():
    native = Native(keras.Sequential([keras.Input((4,), name="x"), Jitter()]))
    with pytest.raises(ExportError, match="which changes '.*seed_generator_state'"):
        native.check_pure({"x": np.zeros((1, 4), "float32")})
    Native(dense()).check_pure({"x": np.zeros((1, 4), "float32")})


def test_dropout_of_a_recurrent_layer_is_none_in_inference(tmp_path):
    x = keras.Input((4, 3), name="x")
    model = keras.Model(x, keras.layers.GRU(2, dropout=0.5, recurrent_dropout=0.5)(x))
    assert export.to_onnx(model, tmp_path / "gru.onnx").passed


@pytest.mark.parametrize("opset", [16, 99, "17", 17.5])
def test_unknown_opset_is_refused(tmp_path, opset):
    with pytest.raises(ExportError, match="An opset must be a number from 17 to"):
        export.to_onnx(dense(), tmp_path / "dense.onnx", opset=opset)


@pytest.mark.parametrize("opset", [17, newest_opset()])
def test_oldest_and_newest_opset_are_certified(tmp_path, opset):
    assert export.to_onnx(dense(), tmp_path / "dense.onnx", opset=opset).opset == opset


def test_folder_that_cannot_be_written_is_one_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(TargetError, match="Cannot write"):
        export.to_onnx(dense(), tmp_path / "file" / "dense.onnx")


def test_weights_too_large_for_one_file_lie_beside_it(tmp_path, monkeypatch):
    monkeypatch.setattr(storage, "SINGLE_FILE", 0)
    model = keras.Sequential([keras.Input((64,), name="x"), keras.layers.Dense(64, name="y")])
    assert export.to_onnx(model, tmp_path / "dense.onnx").passed
    assert sorted(file.name for file in tmp_path.iterdir()) == ["dense.onnx", "dense.onnx.data"]
