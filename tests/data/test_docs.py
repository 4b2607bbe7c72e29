"""The Python blocks of docs/data.md run, one after the other."""

import re
from pathlib import Path

import keras
import pytest

PAGE = Path(__file__).parents[2] / "docs" / "data.md"
BACKENDS = {"import torch": "torch", "import tensorflow": "tensorflow"}


@pytest.mark.filterwarnings("ignore:.*super.*PyDataset:UserWarning")
def test_every_block_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert len(blocks) >= 9
    names = {"__name__": "docs"}
    for block in blocks:
        backend = next((b for start, b in BACKENDS.items() if start in block), None)
        if backend is None or backend == keras.config.backend():
            exec(compile(block, str(PAGE), "exec"), names)
    assert (tmp_path / "made.csv").read_text().startswith("age,city\n31,Rome\n")
