"""Every model learns: a small budget on digits takes it beyond what a trivial baseline reaches.

Reconstructions are held against the mean picture, samples against pictures of independent Gaussian
pixels with the data's means and deviations. Both are judged on digits that were not trained on.
"""

import numpy as np
import pytest
from keras import ops

import zoo
from benchmarks.leaderboard.budget import sizes
from tests import tiny
from zoo.applications import hole, inpaint, translate
from zoo.data import Field, as_data, paired, unpaired
from zoo.metrics.baselines import enlarged
from zoo.networks import apply
from zoo.noise import draw_all

pytestmark = pytest.mark.once

STEPS = 300
LONGER = {
    "projection_gan": 1000,
    "bigan": 1000,
    "ali": 1000,
    "masked_autoencoder": 800,
    "stylegan2": 500,
    "cyclegan": 500,
}
"""Labels reach the first one's generator by gains alone: the class is right of 35 % after 300
steps, of 93 % after 1000. The next two learn to invert their generators by the game alone. The
fourth's error in the hole is 0.83 of the mean picture's after 300 steps, 0.61 after 800. The last
one but one's latents become styles at a hundredth of the rate; the last one's error is 0.72 of the
mean target's after 300 steps."""
WITHOUT_MARGIN = ("masked_autoencoder",)
"""The central hole takes every patch that it touches: with a margin, the whole digit."""
INVERTS = ("bigan", "ali")
"""The game minimises no error: their reconstructions are held against those of other rows."""
FASTER = 6
"""Of the default learning rates: the networks are small, and the steps are few."""
FASTEST = {"gans": 1.2e-3}
"""The rates that they are raised to at most, by kind."""
INFERRED = 0.2
"""By how much of its samples' deviation a generator in inference may depart from training."""
BETTER = 0.7
"""The share of the baseline's error, or distance, that a model has to come below."""
COMPONENTS = 8
EDGE = 0.3
"""The least step between two pixels of an edge."""
DIM = 0.3
"""The brightness of dim digits."""
BATCHES = {"biggan": 32, "cyclegan": 16, "stargan": 16}
"""Rows of a batch of those that make many passes a step; else 64."""
MARGIN = 2
SHARP = {"likelihood": "gaussian", "stddev": 0.2}
"""Reconstructions weigh more in the bound."""
AUTOENCODER = {"latent_dim": 16, "learning_rate": 6e-3, "network_options": {"width": 64}}
CODES = {"discriminator_widths": (64,), "adversarial_learning_rate": 2e-3}
HALF = {"network_options": {"width": 32}}
"""A half of the width of the rest, for those of many or large convolutions."""
PAIRS = HALF | {"latent_dim": 8, "pair_widths": (128,), "learning_rate": 1e-3}
CHANGES = {
    "masked_autoencoder": {
        "mask_ratio": 0.5,
        "width": 32,
        "depth": 2,
        "decoder_width": 32,
        "decoder_depth": 1,
    },
    # With a larger weight and few pixels of a Bernoulli, the best latent tells nothing of the data.
    "beta_vae": SHARP,
    "beta_tc_vae": SHARP,
    # Its discriminator learns at the pace of the rest.
    "factor_vae": SHARP | {"gamma": 6.0, "discriminator_learning_rate": 6e-4},
    "vamp_vae": SHARP,
    # Made for long runs, of which the divergences' growth is the most.
    "hierarchical_vae": {"warm_up": 100},
    # Made for long runs, of which the capacity's growth is the most.
    "annealed_vae": {"capacity_steps": 100, "gamma": 1.0},
    # The default weighs beside a sum over hundreds of features; these are 64.
    "info_vae": {"mmd_weight": 50.0},
    # A tenth of the units is active, which leaves one or two of 16.
    "sparse_autoencoder": {"latent_dim": 100},
    # The discriminators of codes learn at the pace of the rest.
    "adversarial_autoencoder": CODES,
    "clustering_aae": CODES,
    "semi_supervised_aae": CODES | {"latent_dim": 4, "classifier_learning_rate": 6e-3},
    "bigan": PAIRS,
    "ali": PAIRS,
    "stylegan2": {
        "network_options": {"width": 16, "widest": 32},
        "style_mixing": 0.0,
        "path_weight": 0.0,
    },
    "autoencoder_kl": HALF,
    "pix2pix": HALF,
    "projection_gan": HALF,
    "sagan": HALF,
    "vq_vae_2": {"width": 32},
    # At a width of 64, as that of the rest, they take minutes.
    "srgan": {"network_options": {"width": 16}},
    "cyclegan": {"network_options": {"width": 8}, "learning_rate": 2.5e-3},
    "fast_gan": {"network_options": {"width": 16}},
    "biggan": {"network_options": {"width": 8}},
    # A critic of the same width tells the classes late; five updates a step take minutes.
    "stargan": {
        "network_options": {"width": 8, "discriminator.width": 32},
        "discriminator_steps": 2,
        "learning_rate": 2e-3,
    },
    "began": {"latent_dim": 16, "code_dim": 16, "learning_rate": 2e-3},
    # Half of the budget is the GAN's, or the autoencoder's.
    "f_anogan": {
        "gan_steps": 150,
        "own_gan": "lsgan",
        "gan_options": {"learning_rate": 1e-3, "latent_dim": 16, "network_options": {"width": 64}},
    },
    "code_gan": {"pretraining_steps": 150, "autoencoder_options": AUTOENCODER},
    "augmented_gan": {
        "pretraining_steps": 150,
        "autoencoder_options": AUTOENCODER,
        "gan_options": {"learning_rate": 1e-3, "latent_dim": 16, "network_options": {"width": 64}},
    },
}
"""What makes a model of long runs, or of large ones, learn in a short one."""


@pytest.fixture(scope="module")
def plain():
    return zoo.load_data("digits")


@pytest.fixture(scope="module")
def digits(plain):
    """Training and test digits with a black margin, as MNIST's have, where outputs saturate."""
    return tuple(with_margin(data) for data in plain)


def with_margin(data):
    images = data.batch(np.arange(len(data)), (0.0, 1.0))
    edges = ((0, 0), (MARGIN, MARGIN), (MARGIN, MARGIN), (0, 0))
    return as_data((np.pad(images["data"], edges), images["labels"]))


def edges_and_digits(data):
    """Pairs: where digits change along either side, and the digits."""
    images = data.batch(np.arange(len(data)), (0.0, 1.0))["data"]
    slopes = (np.abs(np.diff(images, axis=axis, append=0)) for axis in (1, 2))
    edges = (np.maximum(*slopes) > EDGE).astype("float32")
    return paired(as_data(edges), target=images)


def digits_and_dim_ones(data):
    """Digits, the dim ones that they should become, and dim ones in an order of their own."""
    images = data.batch(np.arange(len(data)), (0.0, 1.0))["data"]
    dim, again = (
        Field(DIM * x, "continuous", source_range=(0.0, 1.0)) for x in (images, images[::-1])
    )
    return unpaired(as_data({"data": images, "target": dim}), other=as_data({"data": again}))


def settings(name, data):
    """Widths of sixteen times the tiny sizes, all other sizes of four times."""
    row = zoo.describe(name)
    found = sizes(row, width_factor=16, size_factor=4) | row.settings
    if "learning_rate" in row.fields():
        rate = row.fields()["learning_rate"].default
        found["learning_rate"] = min(FASTER * rate, max(rate, FASTEST.get(row.kind, 1.0)))
    return found | CHANGES.get(name, {}) | row.load().facts(data)


def trained(name, digits, **changes):
    model = zoo.create(name, **settings(name, digits[0]) | changes)
    steps, rows = LONGER.get(name, STEPS), BATCHES.get(name, 64)
    model.fit(digits[0], steps=steps, batch_size=rows, verbose=0)
    return model


def batch_of(data, model):
    return data.batch(np.arange(len(data)), model.value_range)


def share_of_the_mean_pictures_error(model, digits):
    train, held_out = (batch_of(data, model) for data in digits)
    given = {name: held_out[name] for name in model.table()["reconstruct"].inputs}
    error = np.mean((model.reconstruct(**given) - held_out["data"]) ** 2)
    return error / np.mean((train["data"].mean(axis=0) - held_out["data"]) ** 2)


def share_of_another_rows_error(model, digits):
    """How much nearer data are to their own reconstructions than to those of the rows before."""
    held_out = batch_of(digits[1], model)["data"]
    made = model.reconstruct(held_out)
    return np.mean((made - held_out) ** 2) / np.mean((np.roll(made, 1, axis=0) - held_out) ** 2)


def share_of_the_mean_pictures_error_in_a_hole(model, digits):
    train, held_out = (batch_of(data, model)["data"] for data in digits)
    mask = hole("centre", model.shape, len(held_out))
    errors = (made - held_out for made in (inpaint(model, held_out, mask), train.mean(axis=0)))
    filled, mean = (np.mean(mask * error**2) for error in errors)
    return filled / mean


def share_of_the_mean_targets_error(model, pairs):
    train, held_out = (batch_of(data, model) for data in pairs)
    made = translate(model, held_out)
    mean = train["target"].mean(axis=0)
    errors = (np.mean(np.abs(x - held_out["target"])) for x in (made, mean))
    return next(errors) / next(errors)


def share_of_the_enlarged_pictures_error(model, digits):
    held_out = batch_of(digits[1], model)["data"]
    made = model.use("restore", data=held_out)["data"]
    low = enlarged(model.use("degrade", data=held_out)["low"], held_out.shape)
    return np.mean((made - held_out) ** 2) / np.mean((low - held_out) ** 2)


def energy_distance(x, y):
    """2 E‖x − y‖ − E‖x − x′‖ − E‖y − y′‖ (Székely & Rizzo, 2004): 0 for equal distributions."""

    def mean_distance(a, b, pairs):
        squares = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1) - 2 * a @ b.T
        return np.sqrt(np.maximum(squares, 0)).sum() / pairs

    n, m = len(x), len(y)
    within = mean_distance(x, x, n * (n - 1)) + mean_distance(y, y, m * (m - 1))
    return 2 * mean_distance(x, y, n * m) - within


def share_of_the_independent_pixels_distance(samples, model, digits):
    """The energy distance to held-out data in the data's first principal components."""
    train, held_out = (batch_of(data, model)["data"] for data in digits)
    flat = train.reshape(len(train), -1).astype("float64")
    mean, deviation = flat.mean(axis=0), flat.std(axis=0)
    axes = np.linalg.svd(flat - mean, full_matrices=False)[2][:COMPONENTS]
    independent = np.random.default_rng(0).normal(mean, deviation, (len(held_out), len(mean)))

    def distance(pictures):
        pairs = (pictures.reshape(len(pictures), -1), held_out.reshape(len(held_out), -1))
        return energy_distance(*((pixels - mean) @ axes.T for pixels in pairs))

    return distance(samples) / distance(np.clip(independent, *model.value_range))


def departure_of_inference(model):
    """How far a generator's samples are from those that the moments of their own batch would make.

    In root mean squares, over the samples' deviation; 0 where there is no batch normalization.
    """
    kept = [v for v in model.generator.non_trainable_variables if v.name.startswith("moving_")]
    if not kept:
        return 0.0
    drawn = draw_all(model.prior, np.random.default_rng(0), 512)
    read = {"labels": np.arange(512) % 10, **drawn}
    for name, tensor in model.generator.input.items():  # codes, which are standardized
        if name not in read:
            read[name] = np.random.default_rng(1).normal(size=(512, *tensor.shape[1:]))
    with model.averaged_weights():
        before = [ops.convert_to_numpy(v).copy() for v in kept]
        inferred, own = (
            ops.convert_to_numpy(apply(model.generator, read, training)["data"])
            for training in (False, True)
        )
        for variable, value in zip(kept, before, strict=True):
            variable.assign(value)
    return np.sqrt(np.mean((inferred - own) ** 2)) / own.std()


@pytest.mark.parametrize("name", zoo.list_models())
def test_a_small_budget_on_digits_is_enough_to_learn(name, plain, digits):
    if not tiny.accepts(name, tiny.SHAPE):
        pytest.skip(f"{name} reads no images: test_learning_cells_and_tokens is of it")
    samples = "sample" in tiny.create(name).table()
    whole = samples or name in WITHOUT_MARGIN
    data = plain if whole else digits  # those that sample train for longer
    if "target" in tiny.create(name).reads:
        data = tuple(edges_and_digits(part) for part in digits)
    elif "other" in tiny.create(name).reads:
        data = tuple(digits_and_dim_ones(part) for part in digits)
    model = trained(name, data)
    uses = model.table()
    assert samples or {"reconstruct", "inpaint", "translate", "restore"} & set(uses)
    if name in INVERTS:
        share = share_of_another_rows_error(model, data)
        assert share < BETTER, f"reconstruction: {share:.2f} of the error of another row's"
    elif "reconstruct" in uses:
        share = share_of_the_mean_pictures_error(model, data)
        assert share < BETTER, f"reconstruction: {share:.2f} of the mean picture's error"
    if "inpaint" in uses:
        share = share_of_the_mean_pictures_error_in_a_hole(model, data)
        assert share < BETTER, f"hole: {share:.2f} of the mean picture's error"
    if "translate" in uses and "target_labels" in uses["translate"].inputs:
        accuracy = asked_class_accuracy(model, data)
        assert accuracy > 0.5, f"{accuracy:.2f} of the translations show the class asked for"
    elif "translate" in uses:
        share = share_of_the_mean_targets_error(model, data)
        assert share < BETTER, f"translation: {share:.2f} of the mean target's error"
    if "degrade" in uses:
        share = share_of_the_enlarged_pictures_error(model, data)
        assert share < BETTER, f"restoration: {share:.2f} of the enlarged picture's error"
    if samples:
        made = model.sample(len(data[1]), seed=0)
        share = share_of_the_independent_pixels_distance(made, model, data)
        assert share < BETTER, f"samples: {share:.2f} of the distance of independent pixels"
        if "generator" in model.parts():
            departure = departure_of_inference(model)
            assert departure < INFERRED, f"inference: {departure:.2f} from training"
        if "labels" in uses["sample"].inputs:
            accuracy = label_accuracy(model, data)
            assert accuracy > 0.5, f"{accuracy:.2f} of the samples show the class asked for"


def label_accuracy(model, digits):
    """How many samples are nearest to the mean picture of the class that was asked for."""
    labels = np.arange(300) % model.num_classes
    return nearest_class_accuracy(model.sample(300, labels=labels, seed=0), labels, model, digits)


def asked_class_accuracy(model, digits):
    """The same of translations of held-out data, each into the class after its own."""
    held_out = batch_of(digits[1], model)
    labels = (held_out["labels"] + 1) % model.num_classes
    made = model.use("translate", data=held_out["data"], target_labels=labels)["other"]
    return nearest_class_accuracy(made, labels, model, digits)


def nearest_class_accuracy(pictures, labels, model, digits):
    train = batch_of(digits[0], model)
    classes = range(model.num_classes)
    means = np.stack([train["data"][train["labels"] == c].mean(axis=0).ravel() for c in classes])
    flat = pictures.reshape(len(pictures), -1)
    nearest = ((flat[:, None] - means) ** 2).sum(axis=-1).argmin(axis=1)
    return np.mean(nearest == labels)


def test_a_saturating_output_is_noticed(digits, monkeypatch):
    """What kept vq_vae from learning MNIST: a sigmoid in front of a squared error."""
    from zoo.autoencoders import vq_vae

    error = vq_vae.losses.mean_squared_error

    def of_a_sigmoid(data, outputs):
        is_data = outputs.shape[-1] == 1  # the commitment term compares vectors
        return error(data, ops.sigmoid(outputs) if is_data else outputs)

    monkeypatch.setattr(vq_vae.losses, "mean_squared_error", of_a_sigmoid)
    monkeypatch.setattr(vq_vae.VQVAE, "output", "sigmoid")
    model = trained("vq_vae", digits)
    # Black pictures have about three times the error of the mean picture.
    assert share_of_the_mean_pictures_error(model, digits) > 2


def test_a_collapsed_generator_is_noticed(digits):
    """What cgan did on MNIST: one picture, even a real one, for every latent."""
    model = tiny.create("cgan", shape=digits[0].shape)
    picture = batch_of(digits[0], model)["data"][:1]
    samples = np.repeat(picture, len(digits[1]), axis=0)
    assert share_of_the_independent_pixels_distance(samples, model, digits) > 1
