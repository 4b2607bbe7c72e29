"""Stacked MNIST: triples, classes and their divergence by hand, and the authors' networks."""

import math

import numpy as np
import pytest

from benchmarks.papers import stacked_mnist
from benchmarks.papers.schedule import Schedule
from zoo.errors import DataError
from zoo.metrics.features import Extracted

pytestmark = pytest.mark.once


class Brightness:
    """A classifier whose digit is the brightness of an image, 0 to 9 ninths."""

    name = "brightness"

    def extract(self, data):
        assert data.shape[1:] == (16, 16, 1)
        means = data.mean(axis=(1, 2, 3))
        digits = np.clip(np.rint(9 * means), 0, 9).astype(int)
        return Extracted(means[:, None], np.eye(10)[digits])


def _flat(*digits):
    """Images of a constant brightness, `(count, 16, 16)` in bytes."""
    return np.stack([np.full((16, 16), round(255 * digit / 9), "uint8") for digit in digits])


def test_channels_are_the_digits_of_a_class():
    images = np.stack([_flat(1, 0, 9), _flat(2, 0, 9), _flat(3, 7, 9)], axis=-1) / 255
    np.testing.assert_array_equal(stacked_mnist.classes(images, Brightness()), [123, 7, 999])


def test_classes_are_counted_and_held_against_equal_shares():
    found = stacked_mnist.judge(np.array([123, 123, 7, 999]))
    assert found["modes"] == 3
    expected = 0.5 * math.log(500) + 2 * 0.25 * math.log(250)
    assert found["divergence"] == pytest.approx(expected)
    whole = stacked_mnist.judge(np.repeat(np.arange(1000), 3))
    assert whole == {"modes": 1000, "divergence": pytest.approx(0, abs=1e-12)}


def test_triples_are_rows_of_the_digits_and_stay_bytes():
    digits = _flat(*range(10))
    found = stacked_mnist.triples(digits, 2000, seed=1)
    assert (found.shape, found.dtype) == ((2000, 16, 16, 3), np.uint8)
    assert np.all(found == found[:, :1, :1])
    numbers = stacked_mnist.classes(found / 255, Brightness())
    # 2,000 draws leave out a class of 1,000 with the chance e⁻²: four deviations of their count.
    missing = 1000 - len(np.unique(numbers))
    assert missing == pytest.approx(1000 * math.exp(-2), abs=4 * math.sqrt(1000 * math.exp(-2)))
    np.testing.assert_array_equal(found, stacked_mnist.triples(digits, 2000, seed=1))
    assert not np.array_equal(found, stacked_mnist.triples(digits, 2000, seed=2))


def test_a_classifier_that_errs_is_refused():
    images = _flat(*range(10)).repeat(10, axis=0)
    labels = np.arange(10).repeat(10)
    assert stacked_mnist.require_accuracy(Brightness(), images, labels) == 1.0
    labels[0] = 5
    assert stacked_mnist.require_accuracy(Brightness(), images, labels) == 0.99
    labels[1] = 5
    with pytest.raises(DataError, match=r"is 0\.99 or more\. Received: 0\.9800 of brightness"):
        stacked_mnist.require_accuracy(Brightness(), images, labels)


def test_features_without_logits_are_refused():
    class Pixels(Brightness):
        def extract(self, data):
            return Extracted(data.reshape(len(data), -1), None)

    with pytest.raises(DataError, match=r"logits of ten digits\. Received: brightness, without"):
        stacked_mnist.classes(np.zeros((2, 16, 16, 3)), Pixels())


def test_networks_are_those_of_the_authors_program():
    model = stacked_mnist.pac_2((28, 28, 3), 64, seed=0)
    repeats = {phase.name: phase.repeat for phase in model.phases}
    assert repeats == {"discriminator": 1, "generator": 2}
    assert model.discriminator.input_shape == (None, 28, 28, 6)

    # Kernels and biases of the convolutions, and scale and offset of each normalization.
    generator = [100 * 2048, 25 * (512 * 256 + 256 * 128 + 128 * 64 + 64 * 3) + 3]
    assert _trained(model.generator) == sum(generator) + 2 * (512 + 256 + 128 + 64)
    discriminator = [25 * (6 * 64 + 64 * 128 + 128 * 256 + 256 * 512) + 64, 4 * 512 + 1]
    assert _trained(model.discriminator) == sum(discriminator) + 2 * (128 + 256 + 512)
    noise = model.prior["latent"]
    assert (noise.distribution, noise.low, noise.high, noise.shape) == ("uniform", -1, 1, (100,))
    assert (model.value_range, model.output_activation) == ((0.0, 1.0), "tanh")


def _trained(network):
    return sum(math.prod(weight.shape) for weight in network.trainable_weights)


@pytest.mark.parametrize("game", ["pac_2", "relativistic"])
def test_a_case_trains_and_is_judged_beside_real_triples(game, monkeypatch, tmp_path):
    for name, value in {"TRIPLES": 64, "SAMPLES": 50, "BATCH": 4, "QUICK_WIDTH": 2}.items():
        monkeypatch.setattr(stacked_mnist, name, value)
    arrays = {"digits": _flat(*range(10)), "classifier": Brightness(), "accuracy": 0.995}
    schedule = Schedule(2, 100, quick=True, folder=tmp_path / "run")
    found = stacked_mnist.CASES[game].run(arrays, schedule)
    assert found["classifier_accuracy"] == 99.5
    assert 1 <= found["modes"] <= 50 and 1 <= found["data_modes"] <= 50
    # No more than log 1000, of one class; no less than that of 50 samples in classes of their own.
    for name in ("divergence", "data_divergence"):
        assert math.log(20) - 1e-9 <= found[name] <= math.log(1000) + 1e-9
    assert stacked_mnist.CASES[game].run(arrays, schedule) == found  # from its checkpoint
