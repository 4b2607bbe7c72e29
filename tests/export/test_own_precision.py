"""A single graph in lower precision: rewritten where asked, judged, or refused."""

import keras
import numpy as np
import onnx
import onnxruntime
import pytest

import export
from export.certification.certificate import Certificate
from export.errors import CertificateError, ExportError
from export.precision import certificate as judging
from export.precision.fidelity import Bound

HALVES = ("float16", "bfloat16")


def network(policy="float32", batch=None):
    """A convolution and a product, with weights enough to be stored in bfloat16."""
    inputs = keras.Input((8, 8, 4), batch_size=batch, name="image")
    keras.utils.set_random_seed(3)
    x = keras.layers.Conv2D(16, 3, padding="same", activation="relu", dtype=policy)(inputs)
    x = keras.layers.GlobalAveragePooling2D(dtype=policy)(x)
    return keras.Model(inputs, keras.layers.Dense(32, name="scores", dtype=policy)(x))


def images(count=16):
    return np.random.default_rng(0).random((count, 8, 8, 4)).astype("float32")


@pytest.mark.parametrize("policy", ["float32", "mixed_float16", "mixed_bfloat16"])
@pytest.mark.parametrize("precision", HALVES)
def test_a_graph_is_truly_in_half_where_asked(policy, precision, tmp_path):
    model, path = network(policy), tmp_path / "half.onnx"
    certificate = export.to_onnx(model, path, precision=precision, certify="quick")
    weights = [one for one in onnx.load(path).graph.initializer if len(one.dims) > 1]
    held = {one.data_type for one in weights}
    assert held == {getattr(onnx.TensorProto, precision.upper())}
    (kept,) = certificate.lowered.outputs
    assert kept.inputs == "normal"
    assert kept.snr >= certificate.lowered.bound.snr
    assert certificate.lowered.bytes == path.stat().st_size < certificate.bytes
    assert f"  {precision}: scores on normal inputs SNR " in certificate.summary()
    session = onnxruntime.InferenceSession(path.read_bytes())
    (scores,) = session.run(None, {"image": images()})
    expected = np.asarray(keras.ops.convert_to_numpy(network()(images())))
    assert scores.dtype == np.float32
    assert np.abs(scores - expected).max() <= 2e-2 * np.abs(expected).max()


def test_it_is_float32_where_nothing_is_asked(tmp_path):
    certificate = export.to_onnx(network("mixed_float16"), tmp_path / "m.onnx", certify="quick")
    assert certificate.lowered is None
    assert "computed in float32 instead of float16" in certificate.notes


@pytest.mark.once
def test_int8_is_calibrated_on_real_inputs(tmp_path):
    real = {"image": images()}
    certificate = export.to_onnx(network(), tmp_path / "m.onnx", precision="int8", inputs=real)
    assert (certificate.lowered.calibrated, certificate.lowered.judged) == (8, 8)
    assert certificate.lowered.outputs[0].inputs == "real"
    kinds = {node.op_type for node in onnx.load(tmp_path / "m.onnx").graph.node}
    assert "QuantizeLinear" in kinds
    with pytest.raises(ExportError, match="int8 is calibrated on real inputs. Received: 7 rows"):
        few = {"image": images(7)}
        export.to_onnx(network(), tmp_path / "few.onnx", precision="int8", inputs=few)
    assert not (tmp_path / "few.onnx").exists()


@pytest.mark.once
def test_a_loss_over_the_bound_leaves_no_file(tmp_path, monkeypatch):
    strict = Bound(psnr=300.0, ssim=1.0, snr=300.0, agreement=1.0)
    monkeypatch.setitem(judging.BOUNDS, "float16", strict)
    with pytest.raises(CertificateError, match="loses too much in float16"):
        export.to_onnx(network(), tmp_path / "m.onnx", precision="float16", certify="quick")
    assert not list(tmp_path.iterdir())


@pytest.mark.once
@pytest.mark.parametrize("batch, precision", [(2, "float16"), (None, "float8"), (None, "auto")])
def test_what_cannot_be_lowered_is_refused(batch, precision, tmp_path):
    with pytest.raises(ExportError, match="Received.*Accepted"):
        export.to_onnx(network(batch=batch), tmp_path / "m.onnx", precision=precision)
    assert not list(tmp_path.iterdir())


@pytest.mark.once
def test_the_record_is_read_as_it_was_written(tmp_path):
    certificate = export.to_onnx(
        network(), tmp_path / "m.onnx", precision="float16", certify="quick"
    )
    assert Certificate.from_json(certificate.to_json()) == certificate
