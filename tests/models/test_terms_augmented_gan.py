"""AugmentedGAN: perturbed codes, what the inner GAN reads, and data augmented offline."""

import keras
import numpy as np
import pytest

import zoo
from tests import tiny
from tests.arrays import array, tensor
from tests.tolerances import EXACT, FORMULA, FORWARD
from zoo.applications.augmentation import augment
from zoo.errors import ModelError, UseError
from zoo.hybrids.perturbation import noise_of, perturbed

CODES = np.array([[0.0, 0.0], [1.0, 0.0], [4.0, 0.0], [6.0, 3.0]], "float32")
DATA = np.random.default_rng(0).uniform(-1, 1, (32, 8, 8, 1)).astype("float32")


def both(drawn, kind, strength, labels=None):
    """The perturbed codes in NumPy, which those of the backend agree with."""
    drawn = np.asarray(drawn, "float32")
    found = perturbed(CODES, drawn, kind, strength, labels=labels, xp=np)
    given = None if labels is None else tensor(labels, "int32")
    ours = perturbed(tensor(CODES), tensor(drawn), kind, strength, labels=given, xp=keras.ops)
    FORMULA.check(array(ours), found)
    return found


def test_noise_is_measured_in_deviations_of_the_batch():
    drawn = np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 0.0], [-2.0, 1.0]])
    FORMULA.check(both(drawn, "noise", 0.5), CODES + 0.5 * CODES.std(axis=0) * drawn)


def test_interpolation_goes_towards_the_nearest_other_code():
    share = np.array([1.0, 0.5, 1.0, 0.0])
    expected = [[0.5, 0], [0.75, 0], [2.5, 0], [6, 3]]  # half of the way at most
    FORMULA.check(both(share, "interpolation", 0.5), [[0.5, 0], [0.75, 0], [4 - 1.5, 0], [6, 3]])
    assert expected[2][0] == 2.5


def test_neighbours_are_of_the_same_class_and_a_code_without_one_stays():
    share = np.ones(4)
    found = both(share, "interpolation", 1.0, labels=np.array([0, 1, 0, 2]))
    FORMULA.check(found, [[4, 0], [1, 0], [0, 0], [6, 3]])


def test_masking_puts_the_mean_in_the_place_of_entries():
    drawn = np.array([[0.1, 0.9], [0.3, 0.1], [0.29, 0.31], [0.9, 0.9]])
    mean = CODES.mean(axis=0)
    expected = np.where(drawn < 0.3, mean, CODES)
    FORMULA.check(both(drawn, "masking", 0.3), expected)


@pytest.mark.parametrize("kind", ["noise", "interpolation", "masking"])
def test_strength_0_leaves_maps_of_codes_as_they_are(kind):
    codes = np.random.default_rng(1).normal(size=(5, 2, 2, 3)).astype("float32")
    drawn = noise_of(kind, (2, 2, 3)).draw(np.random.default_rng(2), 5)
    EXACT.check(perturbed(codes, drawn, kind, 0.0, xp=np), codes)


def autoencoder():
    model = tiny.create("vae")
    model.fit((DATA + 1) / 2, steps=3, batch_size=16, verbose=0)
    return model


def test_without_augmentation_it_is_the_gan_itself():
    options = {"latent_dim": 4, "width": 4}
    changes = {"gan": "dcgan", "gan_options": options, "ratio": 0.0}
    around = tiny.create("augmented_gan", autoencoder=autoencoder(), **changes)
    alone = zoo.create("dcgan", shape=(8, 8, 1), **options)
    for model in (around, alone):
        model.fit(DATA, steps=3, batch_size=16, verbose=0)
    for ours, theirs in zip(around.inner.weights, alone.weights, strict=True):
        if not ours.path.endswith("steps"):
            FORWARD.check(array(ours), array(theirs), name=ours.path)
    EXACT.check(around.sample(4, seed=1), around.inner.sample(4, seed=1))


def test_chosen_rows_are_decodings_of_perturbed_codes_and_the_others_stay():
    model = tiny.create(
        "augmented_gan", autoencoder=autoencoder(), perturbation="masking", strength=0.5
    )
    chosen = (np.arange(32) % 3 == 0).astype("float32")
    drawn = model.noise["perturbation_drawn"].draw(np.random.default_rng(3), 32)
    batch = {"data": tensor(DATA), "augmented": tensor(chosen), "perturbation_drawn": tensor(drawn)}
    found = array(model.augmented(batch, True)["data"])
    EXACT.check(found[chosen == 0], DATA[chosen == 0])
    codes = model.autoencoder.encode((DATA + 1) / 2)
    moved = perturbed(codes, drawn, "masking", 0.5, xp=np)
    expected = 2 * model.autoencoder.decode(moved) - 1
    FORWARD.check(found[chosen == 1], expected[chosen == 1])
    assert model.augmented(batch, False) is batch  # losses are evaluated on real data


@pytest.mark.parametrize("gan", ["wgan_gp", "cgan", "vae_gan"])
def test_it_works_around_other_models(gan):
    classes = {"num_classes": 3} if gan == "cgan" else {}
    options = {"latent_dim": 4, "network_options": {"width": 4}}
    model = tiny.create(
        "augmented_gan", gan=gan, gan_options=options, pretraining_steps=1, **classes
    )
    given = (DATA, np.arange(32) % 3) if classes else DATA
    history = model.fit(given, steps=3, batch_size=16, verbose=0).history
    assert model.sample(3).shape == (3, 8, 8, 1)
    assert {name for name in history if name.endswith("_loss")} >= {
        f"{p.name}_loss" for p in model.phases
    }


def test_settings_that_do_not_go_together_are_refused():
    with pytest.raises(ModelError, match="strength of interpolation and masking is at most 1"):
        tiny.create("augmented_gan", strength=1.5)
    assert tiny.create("augmented_gan", perturbation="noise", strength=1.5)


def test_augmenting_offline_gives_decodings_with_the_labels_of_their_rows():
    model = autoencoder()
    labels = (np.arange(32) % 2).astype("int32")
    fields = {"data": (DATA + 1) / 2, "labels": labels}
    made = augment(model, fields, 80, strength=0.0, seed=4)
    assert made["data"].shape == (80, 8, 8, 1) and np.bincount(made["labels"]).sum() == 80
    # Without a perturbation they are reconstructions, each row in turn.
    rebuilt = model.reconstruct(fields["data"])
    distances = np.abs(made["data"][:, None] - rebuilt[None]).reshape(80, 32, -1).max(axis=-1)
    rows = distances.argmin(axis=1)
    assert distances.min(axis=1).max() < 1e-5
    assert (labels[rows] == made["labels"]).all()
    assert sorted(np.bincount(rows, minlength=32).tolist()) == [2] * 16 + [3] * 16
    moved = augment(model, fields, 80, strength=1.0, seed=4)
    assert (moved["labels"] == made["labels"]).all() and (moved["data"] != made["data"]).any()


def test_models_without_continuous_codes_do_not_augment():
    gan, quantized = tiny.create("dcgan"), tiny.create("vq_vae")
    with pytest.raises(UseError, match="needs the use 'encode'"):
        augment(gan, {"data": DATA}, 4)
    with pytest.raises(UseError, match="Continuous codes"):
        augment(quantized, {"data": DATA}, 4)
    with pytest.raises(UseError, match="whole number of rows from 1"):
        augment(quantized, {"data": DATA}, 0)
