"""Commands are found, explained and refused in one line, without importing a backend."""

import json
import os
import subprocess
import sys

import pytest

from zoo.cli import COMMANDS
from zoo.registry import TABLE

pytestmark = pytest.mark.once


def test_list_and_help_import_neither_keras_nor_numpy():
    script = """
import sys
from zoo.cli import main
codes = main(["list"]), main(["list", "--json"]), main(["--help"])
heavy = {"keras", "numpy", "jax", "torch", "tensorflow", "onnx"} & set(sys.modules)
sys.exit(f"{codes} {heavy}" if any(codes) or heavy else 0)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_python_m_zoo_is_the_command():
    done = subprocess.run(
        [sys.executable, "-m", "zoo", "list", "zzz"], capture_output=True, text=True
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("zoo: error: No model matches 'zzz'. Accepted: ")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(zoo, command):
    code, out, err = zoo(command, "--help")
    assert (code, err) == (0, "")
    assert "examples:\n  zoo" in out or command in ("bench", "doctor")
    assert f"usage: zoo {command}" in out


def test_help_and_version_go_to_stdout(zoo):
    code, out, err = zoo("--help")
    assert (code, err) == (0, "")
    assert all(command in out for command in COMMANDS)
    assert zoo("--version").out.startswith("genzoo ")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["trian"], "Unknown command 'trian'. Did you mean 'train'?"),
        ([], "the following arguments are required: COMMAND. See: zoo --help"),
        (["train", "vea", "--data", "digits"], "Unknown model 'vea'. Did you mean 'vae'?"),
        (["describe", "gam"], "Unknown model 'gam'. Did you mean 'gan'?"),
        (["list", "nothing"], "No model matches 'nothing'."),
        (["train", "vae", "--epochs", "x"], "'x' is not a whole number from 1"),
        (["train", "vae", "--epochs", "0"], "'0' is not a whole number from 1"),
        (["train", "vae", "--seed", "-1"], "'-1' is not a whole number from 0"),
        (["train", "vae", "--epochs", "1", "--steps", "1"], "not allowed with"),
        (["train", "vae", "--resume", "--overwrite"], "not allowed with"),
        (["train", "vae", "--image-size", "big"], "a size is 64 or 64x48, not 'big'"),
        (["train", "vae", "--keys", "a=b"], "'a=b' is not KEY=ARRAY"),
        (["train", "vae"], "--data is needed."),
        (["train"], "A model's name is needed."),
        (["train", "vae", "--nonsense"], "unrecognized arguments: --nonsense"),
        (["export", "runs/vae"], "the following arguments are required: --out"),
    ],
)
def test_wrong_use_is_one_line_and_exit_code_2(zoo, tmp_path, monkeypatch, words, message):
    monkeypatch.chdir(tmp_path)
    code, out, err = zoo(*words)
    assert (code, out) == (2, "")
    assert message in err
    assert err.startswith("zoo: error: ") and err.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_debug_shows_the_traceback_before_the_line(zoo):
    for words in (["--debug", "describe", "gam"], ["describe", "gam", "--debug"]):
        code, _, err = zoo(*words)
        assert code == 2
        assert err.startswith("Traceback") and "zoo: error: Unknown model" in err


def test_list_shows_every_model_or_those_that_match(zoo):
    assert all(name in zoo("list").out for name in TABLE)
    rows = json.loads(zoo("list", "vae", "--json").out)
    assert [row["name"] for row in rows] == [name for name in TABLE if "vae" in name]
    assert all(row["paper"] and row["summary"] for row in rows)


def test_a_reader_that_stops_reading_is_no_error():
    process = subprocess.Popen(
        [sys.executable, "-m", "zoo", "list"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )
    process.stdout.close()
    with process.stderr as stderr:
        assert stderr.read() == b""
    assert process.wait() == 1
