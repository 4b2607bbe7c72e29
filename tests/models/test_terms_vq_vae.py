"""The terms of the VQ-VAE, and what its gradient passes through."""

from math import exp, log

import keras
import numpy as np
import pytest

import zoo
from tests.arrays import array, arrays, tensor
from tests.tolerances import EXACT, FORMULA
from zoo import backends, losses
from zoo.autoencoders.vq_vae import perplexity

CODES, COMMITMENT, VARIANCE = 5, 0.3, 0.5


@pytest.fixture(scope="module")
def model():
    return zoo.create(
        "vq_vae",
        shape=(4, 4, 1),
        codes=CODES,
        code_dim=2,
        width=4,
        depth=1,
        residual_width=2,
        residuals=1,
        commitment=COMMITMENT,
        data_variance=VARIANCE,
    )


@pytest.fixture
def data():
    return np.random.default_rng(0).random((3, 4, 4, 1)).astype("float32")


def chosen_vectors(model, vectors):
    table = array(model.codebook.codebook)
    return table[((vectors[..., None, :] - table) ** 2).sum(axis=-1).argmin(axis=-1)]


def test_terms_are_the_distances_to_data_and_to_the_codebook(model, data):
    vectors = array(model.to_vectors(data))
    chosen = chosen_vectors(model, vectors)
    outputs = array(model.from_vectors(tensor(chosen)))
    found = arrays(model.autoencoder_loss({"data": tensor(data)}, False))
    reconstruction = np.mean((data.astype("float64") - outputs) ** 2) / VARIANCE
    commitment = np.mean((vectors.astype("float64") - chosen) ** 2)
    FORMULA.check(found["reconstruction"], reconstruction)
    FORMULA.check(found["commitment"], commitment)
    FORMULA.check(found["loss"], reconstruction + COMMITMENT * commitment)


def test_the_decoders_gradient_passes_straight_through_to_the_encoder(model, data):
    last = model.to_vectors.get_layer("vectors")  # one weight for each channel in and out
    features = array(keras.Model(model.to_vectors.input, last.input)(data))
    vectors = array(model.to_vectors(data))
    chosen = chosen_vectors(model, vectors)
    batch = {"data": tensor(data)}

    def reconstruction(vectors):
        outputs = model.from_vectors(vectors)
        return losses.mean_squared_error(batch["data"], outputs) / VARIANCE

    def objective():
        return model.autoencoder_loss(batch, False)["loss"], {}

    through = array(backends.input_gradient(reconstruction, tensor(chosen)))
    slopes = through + COMMITMENT * 2 * (vectors - chosen) / vectors.size
    trained = [last.kernel, last.bias]
    kernel, bias = map(array, backends.current().gradients(objective, trained, [])[0])
    FORMULA.check(bias, slopes.sum(axis=(0, 1, 2)), name="bias")
    FORMULA.check(kernel[0, 0], np.tensordot(features, slopes, [(0, 1, 2)] * 2), name="kernel")
    # Both terms matter.
    assert np.abs(through.sum(axis=(0, 1, 2))).max() > 5e-4
    assert np.abs((slopes - through).sum(axis=(0, 1, 2))).max() > 5e-4


def test_training_moves_the_codebook_and_evaluation_does_not(model, data):
    before = [array(variable).copy() for variable in model.codebook.variables]
    model.autoencoder_loss({"data": tensor(data)}, False)
    for variable, own in zip(model.codebook.variables, before, strict=True):
        EXACT.check(array(variable), own)
    vectors = array(model.to_vectors(data))
    indices = array(model.codebook(tensor(vectors)))
    model.autoencoder_loss({"data": tensor(data)}, True)
    counts = 0.01 * np.bincount(indices.ravel(), minlength=CODES)
    FORMULA.check(array(model.codebook.counts), counts)
    for variable, own in zip(model.codebook.variables, before, strict=True):
        variable.assign(own)


def test_codes_are_indices_that_the_decoder_looks_up(model, data):
    vectors = array(model.to_vectors(data))
    chosen = chosen_vectors(model, vectors)
    codes = model.encode(data)
    assert codes.shape == (3, 2, 2) and codes.dtype == "int32"
    EXACT.check(array(model.codebook.codebook)[codes], chosen)
    FORMULA.check(model.decode(codes), array(model.from_vectors(tensor(chosen))))


@pytest.mark.parametrize(
    ("indices", "expected"),
    [
        ([3, 3, 3, 3], 1.0),
        ([0, 0, 1, 1], 2.0),
        ([0, 1, 2, 3], 4.0),
        ([[0, 0], [0, 2]], exp(-0.75 * log(0.75) - 0.25 * log(0.25))),
    ],
)
def test_perplexity_is_the_effective_number_of_codes(indices, expected):
    FORMULA.check(array(perplexity(tensor(indices, "int32"), 4)), expected)
