"""A model in a user's own file is measured like those of the zoo, its own use included."""

import os

import pytest

from benchmarks.errors import BenchmarkError
from benchmarks.native import USUAL
from benchmarks.options import select_models
from benchmarks.records.file import read
from benchmarks.records.schema import Failure, Timing, of_kind
from benchmarks.subjects import select
from tests.benchmarks.runs import carry_out, options

SOURCE = '''
import keras
from zoo.model import GenerativeModel
from zoo.uses import Step, Use


class Translator(GenerativeModel):
    """Data to other data; it is not trained."""

    def assemble(self):
        data = keras.Input(self.shape, name="data")
        self.translator = keras.Model({"data": data}, {"target": keras.layers.Dense(3)(data)})

    def uses(self):
        return {"translate": Use([Step("translator")], {"target": "translator/target"})}
'''
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
NATIVE = f"{os.environ['KERAS_BACKEND']}-{USUAL[os.environ['KERAS_BACKEND']]}"


def test_use_of_a_model_in_a_file_is_timed(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([ROOT, os.environ.get("PYTHONPATH", "")]))
    (tmp_path / "own_models.py").write_text(SOURCE)
    monkeypatch.chdir(tmp_path)
    models = select_models(["own_models.py:Translator"])
    subjects, _ = select([NATIVE, "onnxruntime"])
    small = {"settings": {models[0]: {"shape": (6,)}}}
    carry_out(options(subjects, models=models, **small), tmp_path / "run.jsonl")
    rows = read(tmp_path / "run.jsonl")
    assert of_kind(rows, Failure) == []
    timed = [(row.model, row.workload, row.subject) for row in of_kind(rows, Timing)]
    assert timed == [(models[0], "translate", name) for name in (NATIVE, "onnxruntime")]


@pytest.mark.once
def test_file_without_the_class_is_an_error_of_its_model(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([ROOT, os.environ.get("PYTHONPATH", "")]))
    subjects, _ = select([NATIVE])
    name = f"{tmp_path / 'absent.py'}:Translator"
    with pytest.raises(BenchmarkError, match="No model can be made. .*absent.py, not found"):
        carry_out(options(subjects, models=select_models([name])), tmp_path / "run.jsonl")
