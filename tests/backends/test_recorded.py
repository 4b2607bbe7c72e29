"""PyTorch's recorded graphs compute what eager PyTorch does, to the same bits."""

import warnings

import keras
import numpy as np
import pytest
from keras import ops

import zoo
from tests import tiny
from tests.turns import in_turn
from zoo import backends
from zoo.errors import BackendError
from zoo.model import GenerativeModel, NetworkSettings
from zoo.networks import apply
from zoo.phase import Phase

if keras.backend.backend() != "torch":
    pytest.skip("graphs are recorded on PyTorch alone", allow_module_level=True)

import torch

from zoo.backends.torch import recorded
from zoo.backends.torch.recorded import Recorded

EVERY_PHASE = {
    "stylegan2": {"penalty_interval": 1, "path_interval": 1},
    "srgan": {"pretraining_steps": 4},
}
"""Model → settings by which each of its phases runs often enough in ten steps."""


@pytest.fixture(autouse=True)
def early(monkeypatch):
    """Records at the third call, and makes every message an error."""
    monkeypatch.setattr(recorded, "WARM_UP", 2)
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        yield


def trained(monkeypatch, way, make, count=40, **options):
    """A model after some steps, short last batches among them, that ran in the given way."""
    monkeypatch.setenv(recorded.VARIABLE, way)
    model = make()
    model.fit(tiny.data(model, count), steps=10, batch_size=16, verbose=0, **options)
    return model


def graphs(model):
    """How many graphs of each phase were recorded."""
    return [len(function._graphs) for function in model._stepper._gradients]


def check_same(monkeypatch, make, **options):
    eager, ours = (trained(monkeypatch, way, make, **options) for way in ("eager", "recorded"))
    assert all(count > 0 for count in graphs(ours))
    for variable, expected, found in zip(
        eager.weights, eager.get_weights(), ours.get_weights(), strict=True
    ):
        np.testing.assert_array_equal(found, expected, err_msg=variable.path)
    return ours


@pytest.mark.parametrize("name", in_turn(zoo.list_models()))
def test_every_model_trains_to_the_same_bits(name, monkeypatch):
    changes = EVERY_PHASE.get(name, {})
    # Whole batches: a short one is recorded once more, which the tests below look at.
    model = check_same(monkeypatch, lambda: tiny.create(name, **changes), count=32)
    rows = tiny.rows(model, 3)
    for use in {"sample", "reconstruct", "discriminate"} & set(model.table()):
        given = {key: rows[key] for key in model.table()[use].inputs if key in rows}
        if "latent" in model.table()[use].inputs and use == "discriminate":  # of pairs
            given["latent"] = model.prior["latent"].draw(np.random.default_rng(0), 3)
        eager, *_, ours = [model.use(use, count=3, seed=1, **given) for _ in range(4)]
        for result, values in ours.items():
            np.testing.assert_array_equal(values, eager[result], err_msg=f"{use} {result}")


@pytest.mark.parametrize(
    "settings",
    [
        {"ema": 0.9},
        {"optimizer": keras.optimizers.AdamW(1e-3, weight_decay=0.1)},
        {"learning_rate": keras.optimizers.schedules.CosineDecay(1e-2, 10)},
        {"precision": "mixed_bfloat16"},
    ],
    ids=lambda settings: next(iter(settings)),
)
def test_what_surrounds_the_gradients_is_as_before(settings, monkeypatch):
    check_same(monkeypatch, lambda: tiny.create("vae", **settings))


def test_several_steps_a_call_are_as_one(monkeypatch):
    check_same(monkeypatch, lambda: tiny.create("gan"), steps_per_call=2)


def test_freezing_records_anew(monkeypatch):
    def make():
        model = tiny.create("vae")
        model.fit(tiny.data(model, 48), steps=4, batch_size=16, verbose=0)
        model.encoder.trainable = False
        return model

    check_same(monkeypatch, make)


class Undecided(NetworkSettings, GenerativeModel):
    """A loss that branches on a value."""

    def assemble(self):
        self.encoder = self.encoder_of(code=2)
        self.phases = [Phase(self.branching, [self.encoder], keras.optimizers.SGD(0.1))]

    def branching(self, batch, training):
        loss = ops.mean(ops.square(apply(self.encoder, batch, training)["code"]))
        return {"loss": 2 * loss if float(ops.stop_gradient(loss)) > 0 else loss}


def test_a_branch_on_a_value_stays_eager_and_is_named():
    model = Undecided(shape=(8, 8, 1), network="mlp", network_options={"width": 4})
    data = tiny.data(tiny.create("vae"), 32)
    with pytest.warns(UserWarning, match="runs phase 'branching' eagerly, not recorded: .*value"):
        model.fit(data, steps=4, batch_size=16, verbose=0)
    assert graphs(model) == [0]


def test_weights_of_others_stay_eager():
    outside = keras.Variable(np.ones(3, "float32"))
    function = Recorded(lambda inputs: inputs * outside.value, [], "a product")
    inputs = torch.ones(3)
    with pytest.warns(UserWarning, match="reads weights that are not the model's"):
        for _ in range(3):
            function(inputs)
    outside.assign([1.0, 2.0, 3.0])
    assert function(inputs).tolist() == [1.0, 2.0, 3.0]


def test_state_is_read_and_assigned_at_every_call():
    count = keras.Variable(np.zeros((), "float32"), trainable=False)

    def add(inputs):
        count.assign(count.value + 1.0)
        return {"sum": inputs + count.value, "nothing": None, "constant": 7}

    function = Recorded(add, [count], "a sum")
    found = [function(torch.zeros(2)) for _ in range(6)]
    assert [float(row["sum"][0]) for row in found] == [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
    assert float(count) == 6.0
    assert len(function._graphs) == 1
    assert {(row["nothing"], row["constant"]) for row in found} == {(None, 7)}
    count.assign(10.0)
    assert float(function(torch.zeros(2))["sum"][0]) == 11.0


def test_each_shape_has_its_graph_up_to_a_number(monkeypatch):
    monkeypatch.setattr(recorded, "MOST", 2)
    function = Recorded(lambda inputs: inputs.sum(), [], "a sum")
    for size in (1, 2, 3):
        for _ in range(4):
            assert float(function(torch.ones(size))) == size
    assert len(function._graphs) == 2


def test_wrong_graphs_are_not_used():
    calls = []

    def moody(inputs):
        calls.append(1)
        return inputs * len(calls)

    function = Recorded(moody, [], "a product")
    with pytest.warns(UserWarning, match="the recorded results differ from the eager ones"):
        found = [float(function(torch.ones(()))) for _ in range(5)]
    assert found == [1.0, 2.0, 4.0, 5.0, 6.0]


def test_one_hot_is_that_of_pytorch():
    classes = torch.tensor([[2, 0], [1, 2]])
    expected = torch.nn.functional.one_hot(classes, 4)
    found = recorded.one_hot(classes, 4)
    assert found.dtype == expected.dtype and torch.equal(found, expected)


def test_an_unknown_way_is_named(monkeypatch):
    monkeypatch.setenv(recorded.VARIABLE, "fast")
    with pytest.raises(BackendError, match="Received: 'fast'. Accepted: recorded, eager, compiled"):
        backends.differentiate(lambda batch: (batch, {}), [], [])


def test_values_without_a_number_are_compared_too():
    from zoo.backends.torch.recorded import close

    odd = torch.tensor([torch.nan, torch.inf, 1.0])
    assert close(odd, odd.clone(), 1e-6)
    assert close(odd * torch.tensor([1.0, 1.0, 1.0 + 1e-7]), odd, 1e-6)
    assert not close(torch.tensor([torch.nan, -torch.inf, 1.0]), odd, 1e-6)
    assert not close(torch.tensor([torch.nan, torch.inf, 1.1]), odd, 1e-6)
    assert close(torch.full((2,), torch.nan), torch.full((2,), torch.nan), 1e-6)
