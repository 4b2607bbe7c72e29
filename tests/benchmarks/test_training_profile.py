"""Training steps by operator, on each backend."""

import os
from dataclasses import replace
from pathlib import Path

import keras
import pytest

from benchmarks import subjects
from benchmarks.__main__ import main
from benchmarks.commands.profile import table
from benchmarks.profilers import BETWEEN, Event, Spent, hlo, own_times
from benchmarks.subjects.keras import Keras
from benchmarks.workload.setup import prepare
from benchmarks.workload.workdir import Workdir
from tests.benchmarks.runs import fake

ROOT = Path(__file__).resolve().parents[2]
BACKEND = keras.config.backend()
MODE = {"jax": "jit", "torch": "eager", "tensorflow": "function"}[BACKEND]
GRADIENT = {
    "jax": "convolution",
    "torch": "aten::convolution_backward",
    "tensorflow": "Conv2DBackpropFilter",
}[BACKEND]
"""An operator of the step of a model with convolutions, or a part of its name."""

HLO = """HloModule jit_pure, is_scheduled=true

%region_0.1 (a: f32[], b: f32[]) -> f32[] {
  ROOT %add.2 = f32[] add(%a, %b), metadata={op_name="reduce_sum"}
}

%fused (p.0: f32[4,4], p.1: f32[4,4]) -> f32[] {
  %p.0 = f32[4,4]{1,0} parameter(0)
  %dot.0 = f32[4,4]{1,0} dot(%p.0, %p.1), lhs_contracting_dims={1}
  ROOT %sum.0 = f32[] reduce(%dot.0, %zero), dimensions={0,1}, to_apply=%region_0.1
}

%moved (p.2: f32[4,4]) -> f32[4,4] {
  %p.2 = f32[4,4]{1,0} parameter(0)
  ROOT %copy.2 = f32[4,4]{0,1} copy(%p.2)
}

%added (p.3: f32[4,4]) -> (f32[4,4], f32[4,4]) {
  %p.3 = f32[4,4]{1,0} parameter(0)
  %add.3 = f32[4,4]{1,0} add(%p.3, %p.3)
  ROOT %tuple.3 = (f32[4,4]{1,0}, f32[4,4]{1,0}) tuple(%add.3, %p.3)
}

ENTRY %main.4 (x.1: f32[4,4], w.1: f32[4,4]) -> (f32[], f32[4,4]) {
  %fusion.7 = f32[] fusion(%x.1, %w.1), kind=kCustom, calls=%fused, metadata={op_name="sum"}
  %copy_fusion = f32[4,4]{0,1} fusion(%x.1), kind=kLoop, calls=%moved
  %add_fusion.1 = (f32[4,4]{1,0}, f32[4,4]{1,0}) fusion(%x.1), kind=kLoop, calls=%added
  %convolution.5 = f32[1,4,4,2]{3,2,1,0} convolution(%x.1, %w.1), window={size=3x3}
  %custom.6 = (f32[4]{0}, u8[16]{0}) custom-call(%x.1), custom_call_target="TopK"
}
"""


@pytest.mark.once
def test_time_of_an_operator_is_without_those_that_it_calls():
    one = [
        Event("inner", 1.5, 0.25),
        Event("outer", 1.0, 2.0),
        Event("middle", 1.25, 1.0),
        Event("inner", 3.0, 0.5),
    ]
    found = own_times([one, [Event("inner", 1.0, 4.0)], []])
    assert found == {
        "outer": Spent(1, 1.0),
        "middle": Spent(1, 0.75),
        "inner": Spent(3, 4.75),
    }


@pytest.mark.once
def test_instructions_are_named_by_what_they_compute():
    found = hlo.operators(HLO)
    assert found["fusion.7"] == "fusion (dot, reduce)"
    assert found["copy_fusion"] == "fusion (moves)"
    assert found["add_fusion.1"] == "fusion (elementwise)"
    assert found["convolution.5"] == "convolution"
    assert found["custom.6"] == "custom-call TopK"


@pytest.mark.once
def test_module_of_a_phase_is_the_one_whose_instructions_ran():
    first = {"dot.1": "dot", "add.1": "add", "add.2": "add"}
    second = {"dot.1": "dot", "fusion.1": "fusion (reduce)"}
    assert hlo.best_match(frozenset({"dot.1", "fusion.1"}), [first, second]) is second
    assert hlo.best_match(frozenset({"dot.1", "add.2"}), [first, second]) is first
    assert hlo.best_match(frozenset({"dot.1"}), []) == {}


@pytest.mark.parametrize("model", ["vae", "dcgan"])
def test_operators_of_a_training_step(tmp_path, model):
    settings = {"shape": (8, 8, 1), "network_options": {"width": 4}, "latent_dim": 4}
    prepare(Workdir(tmp_path), model, settings, ["train_step"])
    task = {"folder": str(tmp_path), "model": model, "workload": "train_step", "batch": 2}
    found = Keras(MODE).profile_training(task=task, calls=2)
    operators = found["operators"]
    assert any(GRADIENT in name for name in operators)
    if BACKEND == "jax":  # Every instruction has been found in the text of its module.
        assert not [name for name in operators if name[-1].isdigit()]
    assert min(seconds for _, seconds in operators.values()) >= 0
    assert sum(seconds for _, seconds in operators.values()) >= 0.999 * found["profiled"] > 0
    assert list(operators.values()) == sorted(operators.values(), key=lambda spent: -spent[1])
    assert all(calls > 0 for calls, _ in operators.values())
    assert operators.get(BETWEEN, (1.0, 0.0))[0] == 1.0
    assert found["step"] > 0
    assert found["untold"]


@pytest.mark.once
def test_table_puts_the_rest_in_one_row():
    operators = {"Conv": (6.0, 6e-3), "Mul": (3.0, 3e-3), "Add": (2.5, 0.5e-3), "Sub": (1, 0.5e-3)}
    found = {"step": 8e-3, "profiled": 1e-2, "operators": operators, "untold": "Fusions."}
    made = table("vae, jax-jit, batch 8", found, top=2)
    assert made.title == "vae, jax-jit, batch 8: 8.00 ms, under the profiler 10.0 ms"
    assert made.rows == [
        ["Conv", "6", "6.00 ms", "60.0%"],
        ["Mul", "3", "3.00 ms", "30.0%"],
        ["2 others", "3.5", "1.00 ms", "10.0%"],
    ]
    assert len(table("", found).rows) == 4
    assert made.note.endswith("Fusions.")


@pytest.fixture
def fakes(monkeypatch):
    """A subject that trains, one that does not, and one that is not installed."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
    absent = subjects.on_backend("nowhere", name="torch-recorded", trains=True)
    able = replace(fake("jax-jit", "Trained"), trains=True)
    monkeypatch.setattr(subjects, "SUBJECTS", [able, absent, fake("jax-export")])


@pytest.mark.once
def test_command_prints_and_writes_the_tables_and_says_what_failed(fakes, tmp_path, capsys):
    path = tmp_path / "profile.md"
    words = ["profile", "vae", "gan", "--batch", "3", "--top", "2", "--out", str(path)]
    words += ["--threads", "1", "--subjects", "jax-jit", "torch-recorded"]
    for _ in range(2):
        assert main(words) == 1
        said = capsys.readouterr()
        assert "vae, jax-jit, batch 3: 10.0 ms, under the profiler 20.0 ms" in said.out
        assert "3 others" in said.out
        assert "Nothing is fused." in said.out
        assert "skipped: torch-recorded. Not installed: nowhere." in said.err
        assert "failed: gan, jax-jit, batch 3: ValueError: no gradient" in said.err
    written = path.read_text()
    assert "| op0 | 3 | 5.00 ms | 33.3% |" in written
    assert "Failed: gan, jax-jit, batch 3: ValueError: no gradient" in written
    assert "`zoo bench profile vae gan --batch 3" in written


@pytest.mark.once
@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["vea"], "Did you mean 'vae'"),
        (["vae", "--subjects", "jax-export"], "Received: jax-export. Accepted: jax-jit"),
        (["vae", "--subjects", "torch-recorded"], "Not installed: nowhere"),
        (["vae", "--batch", "0"], "batch must be at least 1. Received: 0"),
        (["vae", "--calls", "0"], "calls must be at least 1. Received: 0"),
        (["vae", "--top", "-1"], "top must be at least 0. Received: -1"),
        (["vae", "--out", "profile.txt"], "Tables are written as Markdown. Received: profile.txt"),
    ],
)
def test_wrong_request_is_an_error_of_one_line(fakes, words, message, capsys):
    subject = [] if "--subjects" in words else ["--subjects", "jax-jit"]
    assert main(["profile", *words, *subject]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


@pytest.mark.once
def test_text_that_is_no_profile_is_not_replaced(fakes, tmp_path, capsys):
    path = tmp_path / "README.md"
    path.write_text("# Mine\n")
    assert main(["profile", "vae", "--subjects", "jax-jit", "--out", str(path)]) == 2
    assert "Only a profile may be replaced" in capsys.readouterr().err
    assert path.read_text() == "# Mine\n"
