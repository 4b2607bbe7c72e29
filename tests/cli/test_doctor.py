"""The doctor names what is there, and the command for what is not."""

import json
import sys

import pytest

from zoo import backends
from zoo.cli import packages


def test_doctor_names_the_backend_and_its_device(zoo):
    code, out, _ = zoo("doctor", "--json")
    findings = json.loads(out)
    assert code == 0
    assert findings["backend"] == backends.choose()
    assert findings["device"]
    commands = {row["package"]: row["install"] for row in findings["packages"]}
    assert commands["openvino"] == "pip install 'genzoo[openvino]'"
    assert {row["route"] for row in findings["converters"]} == {
        "direct",
        "tf2onnx",
        "torch",
        "jax2onnx",
    }


def test_doctor_says_how_to_install_what_is_missing(zoo, monkeypatch):
    present = packages.find_spec
    monkeypatch.setattr(
        packages, "find_spec", lambda name: None if name == "tf2onnx" else present(name)
    )
    code, out, _ = zoo("doctor")
    assert code == 0
    assert "pip install 'genzoo[routes]'" in out
    assert "needs tf2onnx" in out


@pytest.mark.once
@pytest.mark.parametrize(
    ("missing", "extra"),
    [(["onnxruntime"], "runtime"), (["onnxruntime", "onnx"], "export")],
)
def test_one_command_installs_all_that_exporting_takes(monkeypatch, missing, extra):
    present = packages.find_spec
    monkeypatch.setattr(
        packages, "find_spec", lambda name: None if name in missing else present(name)
    )
    assert packages.install_command("onnxruntime") == f"pip install 'genzoo[{extra}]'"


@pytest.mark.once
def test_doctor_fails_where_no_backend_is(zoo, monkeypatch):
    monkeypatch.delitem(sys.modules, "keras", raising=False)
    monkeypatch.delenv("KERAS_BACKEND")
    monkeypatch.setattr(backends, "find_spec", lambda name: None)
    code, out, err = zoo("doctor")
    assert code == 1
    assert "backend" in out
    assert "No backend is installed." in err
