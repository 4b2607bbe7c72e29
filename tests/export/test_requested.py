"""Models that are called on an input signature, computed in float32, or refused in one line."""

import keras
import numpy as np
import onnx
import pytest
from keras import layers, ops

import export
from export.errors import ExportError, ExportTargetError
from zoo.errors import TargetError


@keras.saving.register_keras_serializable("tests")
class Subclassed(keras.Model):
    """A model of a user's own, with two inputs."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.dense = layers.Dense(3)

    def call(self, inputs, training=False):
        return {"y": self.dense(inputs["a"]) + ops.sum(inputs["b"], axis=1)}


def dense(**kwargs):
    return keras.Sequential([keras.Input((4,), name="x"), layers.Dense(3, name="y", **kwargs)])


def test_a_subclassed_model_is_called_on_its_signature(tmp_path):
    path = tmp_path / "model.onnx"
    spec = {"a": (None, 4), "b": keras.InputSpec(dtype="float32", shape=(None, None, 3))}
    assert export.to_onnx(Subclassed(), path, input_signature=spec).passed
    graph = onnx.load(path).graph
    assert [entry.name for entry in graph.input] == ["a", "b"]
    assert [entry.name for entry in graph.output] == ["y"]


def test_a_signature_builds_names_and_fixes_sizes(tmp_path):
    unbuilt = keras.Sequential([layers.Dense(2, name="y")])
    signature = [keras.Input(batch_shape=(5, 4), name="given")]
    certificate = export.to_onnx(unbuilt, tmp_path / "a.onnx", input_signature=signature[0])
    entry = onnx.load(tmp_path / "a.onnx").graph.input[0]
    assert (certificate.batches, entry.name) == ((5,), "given")
    fixed = keras.Input((None, 3), name="x")
    model = keras.Model(fixed, layers.Conv1D(2, 3, name="y")(fixed))
    export.to_onnx(model, tmp_path / "b.onnx", input_signature=(None, 8, 3))
    graph = onnx.load(tmp_path / "b.onnx").graph
    assert [d.dim_value for d in graph.input[0].type.tensor_type.shape.dim] == [0, 8, 3]
    assert (graph.input[0].name, graph.output[0].name) == ("x", "y")


def test_a_signature_that_does_not_fit_is_one_error(tmp_path):
    with pytest.raises(ExportError, match="must take its input signature"):
        export.to_onnx(dense(), tmp_path / "a.onnx", input_signature=(None, 2, 9, 7))
    with pytest.raises(ExportError, match="must hold shapes"):
        export.to_onnx(dense(), tmp_path / "a.onnx", input_signature="shape")


@pytest.mark.filterwarnings("ignore:.*requested dtype float64")  # by JAX
@pytest.mark.parametrize("dtype", ["mixed_float16", "mixed_bfloat16", "float16", "float64"])
def test_other_precisions_are_exported_in_float32_and_the_certificate_says_so(dtype, tmp_path):
    certificate = export.to_onnx(dense(dtype=dtype), tmp_path / "a.onnx", certify="quick")
    lower = dtype.removeprefix("mixed_")
    assert f"computed in float32 instead of {lower}" in certificate.notes
    assert f"instead of {lower}" in certificate.summary()


def test_everything_raised_is_an_export_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ExportTargetError) as caught:
        export.to_onnx(dense(), tmp_path / "file" / "a.onnx", certify="quick")
    assert isinstance(caught.value, TargetError)
    with pytest.raises(ExportError, match="route, version.keras"):
        record = {"route": "mine", "version.keras": "1"}
        export.to_onnx(dense(), tmp_path / "a.onnx", metadata=record)
    with pytest.raises(ExportError, match="Received: 'none'. Accepted: full, quick"):
        export.to_onnx(dense(), tmp_path / "a.onnx", certify="none")


def test_a_native_model_that_does_not_run_is_an_export_error(tmp_path):
    x = keras.Input((None, 3), name="x")
    model = keras.Model(x, layers.Reshape((7, 3))(x))
    with pytest.raises(ExportError):
        export.to_onnx(model, tmp_path / "a.onnx")


def test_a_quick_certificate_says_what_it_left_out(tmp_path):
    quick = export.to_onnx(dense(), tmp_path / "a.onnx", certify="quick")
    full = export.to_onnx(dense(), tmp_path / "a.onnx")
    assert quick.inputs < full.inputs
    assert any(note.startswith("quick: without") for note in quick.notes)
    assert {row.family for row in full.deviations} > {row.family for row in quick.deviations}


def test_a_difference_is_said_with_the_layer_where_it_begins(tmp_path, monkeypatch):
    from export.direct import registry

    original = registry.OPERATIONS["Tanh"]

    def wrong(call, x):
        return call.emit_stored(
            "Add", call.wrap(original(call, x), x.shape, x.dtype), np.array(1, np.float32)
        )

    x = keras.Input((4,), name="x")
    y = layers.Activation("tanh", name="odd")(layers.Dense(3, name="right")(x))
    model = keras.Model(x, layers.Dense(2, name="last")(y))
    monkeypatch.setitem(registry.OPERATIONS, "Tanh", wrong)
    with pytest.raises(export.CertificateError, match="odd differs by 1"):
        export.to_onnx(model, tmp_path / "a.onnx")


def test_differences_by_design_are_named(tmp_path):
    x = keras.Input((6, 6, 2), name="x")
    certificate = export.to_onnx(keras.Model(x, layers.MaxPooling2D()(x)), tmp_path / "a.onnx")
    assert certificate.passed
    assert all("MaxPool" in note for note in certificate.notes)
