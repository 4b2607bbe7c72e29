"""What makes CycleGAN what it is: two games, cycles, its own domain, and the buffer of images."""

import numpy as np
import pytest

import zoo
from tests.arrays import array, arrays, tensor
from tests.tolerances import EXACT, FORMULA
from zoo import networks
from zoo.data import as_data, unpaired
from zoo.errors import ModelError
from zoo.gans.buffer import exchanged

SETTINGS = {"shape": (8, 8, 1), "network_options": {"width": 2}}
TRANSLATOR = {"data": (256, 256, 3)}, {"other": (256, 256, 3)}


def draws(*shape, seed=0):
    return np.random.default_rng(seed).uniform(-1, 1, shape).astype("float32")


@pytest.fixture(scope="module")
def model():
    return zoo.create("cyclegan", **SETTINGS, cycle=5.0, identity=0.3, buffer_size=3)


def batch(**more):
    given = {"data": draws(2, 8, 8, 1), "other": draws(2, 8, 8, 1, seed=1), **more}
    return {name: tensor(values) for name, values in given.items()}


def error(made, real):
    return np.abs(made - real).mean()


def test_translators_minimise_both_games_both_cycles_and_both_identities(model):
    data, other = draws(2, 8, 8, 1), draws(2, 8, 8, 1, seed=1)
    forth = model.use("translate", data=data)["other"]
    back = model.use("translate_back", other=other)["data"]
    game = np.mean((model.use("discriminate_other", other=forth)["logit"] - 1) ** 2)
    game += np.mean((model.use("discriminate", data=back)["logit"] - 1) ** 2)
    cycle = error(model.use("translate_back", other=forth)["data"], data)
    cycle += error(model.use("translate", data=back)["other"], other)
    identity = error(model.use("translate", data=other)["other"], other)
    identity += error(model.use("translate_back", other=data)["data"], data)
    found = arrays(model.generator_loss(batch(), False))
    FORMULA.check(found["cycle"], cycle)
    FORMULA.check(found["identity"], identity)
    FORMULA.check(found["loss"], game + 5 * cycle + 1.5 * identity)
    there_and_back = model.use("cycle", data=data)["data"]
    FORMULA.check(there_and_back, model.use("translate_back", other=forth)["data"])


def test_discriminators_judge_what_comes_out_of_the_buffer(model):
    past = draws(3, 8, 8, 2, seed=5)
    model.buffer.assign(past)
    model.held.assign(np.array([0, 1, 1], "float32"))
    read = batch(exchange=np.array([[0.1, 0.4], [0.9, 0.9]]))
    new = array(model.generate(read, False))
    found = arrays_of(model.discriminator_loss(read, False))
    shown = np.stack([past[1], new[1]])
    logits = {
        side: (
            model.use("discriminate", data=both[..., :1])["logit"],
            model.use("discriminate_other", other=both[..., 1:])["logit"],
        )
        for side, both in (("real", array(model.real(read))), ("fake", shown))
    }
    squares = [np.mean((x - 1) ** 2) for x in logits["real"]]
    squares += [np.mean(x**2) for x in logits["fake"]]
    FORMULA.check(found["loss"], 0.25 * sum(squares))
    EXACT.check(found["next"]["buffer"], np.stack([past[0], new[0], past[2]]))
    EXACT.check(found["next"]["held"], [0, 1, 1])


def arrays_of(logs):
    return arrays({k: v for k, v in logs.items() if k != "next"}) | {"next": arrays(logs["next"])}


def test_a_sample_goes_into_the_buffer_for_the_one_at_its_place():
    buffer, held = np.array([[10.0], [20.0], [30.0], [40.0]]), np.array([1.0, 1.0, 1.0, 0.0])
    samples = np.array([[1.0], [2.0], [3.0], [4.0], [5.0]])
    # Exchanged with place 1; not; with place 1, which is taken; into the empty place; not.
    chosen = np.array([[0.2, 0.3], [0.5, 0.0], [0.1, 0.49], [0.7, 0.99], [0.8, 0.6]])
    shown, following, full = exchanged(*map(tensor, (buffer, held, samples, chosen)))
    EXACT.check(array(shown), [[20], [2], [3], [4], [5]])
    EXACT.check(array(following), [[10], [1], [30], [4]])
    EXACT.check(array(full), [1, 1, 1, 1])


def test_domains_may_have_other_channels_and_are_augmented_each_by_itself():
    more = {"augmentation": "color", "instance_noise": 0.1, "buffer_size": 0, "identity": 0.0}
    model = zoo.create("cyclegan", **SETTINGS, other_channels=3, **more)
    zeros = {name: np.zeros((2, *noise.shape)) for name, noise in model.noise.items()}
    zeros["step"] = np.zeros(())
    middle = {name: value + 0.5 for name, value in zeros.items() if "augmentation" in name}
    both = draws(2, 8, 8, 4)
    seen = array(model.view(tensor(both), batch(**zeros | middle), "real"))
    FORMULA.check(seen, both)
    saturated = {"real_augmentation": np.array([[0.5, 0.0, 0.5]] * 2)}
    grey = array(model.view(tensor(both), batch(**zeros | saturated), "real"))
    FORMULA.check(grey[..., :1], both[..., :1])
    FORMULA.check(grey[..., 1:], np.repeat(both[..., 1:].mean(-1, keepdims=True), 3, -1))
    assert model.use("translate", data=both[..., :1])["other"].shape == (2, 8, 8, 3)


@pytest.mark.once
def test_the_networks_have_as_many_weights_as_the_authors_at_256_by_256():
    """Their PyTorch code prints 11.378 and 2.765 million, with biases in the place of offsets."""
    options = {"normalization": "instance", "width": 64}
    translator = networks.decoder("cyclegan", *TRANSLATOR, down=True, blocks=9, **options)
    patch = networks.encoder("patch", {"data": (256, 256, 3)}, {"logit": 1}, depth=3, **options)
    found = [
        sum(int(np.prod(v.shape)) for v in network.trainable_variables if v.name != "gamma")
        for network in (translator, patch)
    ]
    assert found == [11_378_179, 2_764_737]


@pytest.mark.once
def test_a_map_is_reflected_at_its_edges():
    network = networks.decoder(
        "cyclegan", {"data": (8, 8, 1)}, {"other": (8, 8, 1)}, down=True, width=2, blocks=1
    )
    padded = [x.output.shape[1:] for x in network.operations if type(x).__name__ == "Pad"]
    assert padded == [(14, 14, 1), (6, 6, 4), (6, 6, 4), (14, 14, 2)]
    first = next(x for x in network.operations if type(x).__name__ == "Pad")
    row = array(first(tensor(np.arange(64).reshape(1, 8, 8, 1))))[0, 3, :, 0]
    EXACT.check(row, [3, 2, 1, *range(8), 6, 5, 4])


@pytest.mark.once
def test_what_does_not_fit_is_rejected():
    with pytest.raises(ModelError, match="cyclegan makes data of the size that it reads"):
        networks.decoder("cyclegan", {"data": (8, 8, 1)}, {"other": (4, 4, 1)}, down=True)
    with pytest.raises(ModelError, match=r"reflect 1 from each edge.*Received: \(1, 1\), 3 times"):
        networks.decoder("cyclegan", {"data": (8, 8, 1)}, {"other": (8, 8, 1)}, down=True, depth=3)
    with pytest.raises(ModelError, match="identity is of domains with the same channels"):
        zoo.create("cyclegan", **SETTINGS, other_channels=3)


@pytest.mark.once
def test_the_other_domains_channels_come_from_the_data():
    data = unpaired(as_data(draws(4, 8, 8, 1)), other=draws(3, 8, 8, 3))
    facts = zoo.describe("cyclegan").load().facts(data)
    assert (facts["other_channels"], facts["identity"]) == (3, 0.0)
