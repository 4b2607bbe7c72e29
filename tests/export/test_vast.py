"""Inputs of the order of 1e30: judged where results are numbers, named where sums overflow."""

import keras
import numpy as np
import pytest
from keras import layers, ops

import export
from export.certification.certificate import Agreement, Deviation
from export.certification.certify import certify
from export.certification.edges import without_overflow
from export.errors import CertificateError

pytestmark = pytest.mark.once


def _saved(path, function):
    data = keras.Input((3,), name="data")
    model = keras.Model(data, {"made": function(data)})
    certificate = export.to_onnx(model, path)
    return model, certificate


def test_a_formula_that_is_wrong_for_vast_numbers_is_stopped(tmp_path):
    path = tmp_path / "model.onnx"
    _saved(path, lambda x: ops.sqrt(x * x * 1e-20) * 1e10)  # overflows at 1e30, and is |x| before
    model = keras.Model(x := keras.Input((3,), name="data"), {"made": ops.abs(x)})
    with pytest.raises(CertificateError, match="made on vast inputs"):
        certify(model, path)


def test_overflows_are_named_where_operators_may_make_them():
    known = Deviation("made", "normal", 3, 0.0, 0.0, 0.0, 0.0)
    lost = Deviation("made", "vast", 3, np.inf, np.inf, np.inf, np.inf)
    wrong = Deviation("made", "vast", 3, 1e30, 1.0, 1e5, 1e5)
    codes = Agreement("codes", "vast", 3, 9, 0, 0)
    kept, equal, notes = without_overflow((known, lost), (codes,), {"Conv", "Relu"})
    assert (kept, equal) == ((known,), ())
    assert [note.split(" overflows")[0] for note in notes] == [
        "made on vast inputs",
        "codes on vast inputs",
    ]
    assert without_overflow((known, lost), (codes,), {"Relu"}) == ((known, lost), (codes,), [])
    assert without_overflow((wrong,), (), {"Conv"}) == ((wrong,), (), [])


def test_sums_of_vast_numbers_are_judged(tmp_path):
    _, certificate = _saved(tmp_path / "model.onnx", lambda x: layers.Dense(2)(x))
    assert "vast" in {row.family for row in certificate.deviations}
    assert not [note for note in certificate.notes if "overflows" in note]
