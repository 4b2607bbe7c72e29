"""The two levels of VQ-VAE-2: what each reads, and what a code holds."""

import numpy as np
import pytest

import zoo
from tests.arrays import array, arrays, tensor
from tests.tolerances import EXACT, FORMULA
from zoo.networks import apply

SMALL = {"width": 4, "residual_width": 2, "num_residual_blocks": 1}
SIZE, COMMITMENT, VARIANCE = 5, 0.3, 0.5


@pytest.fixture(scope="module")
def model():
    return zoo.create(
        "vq_vae_2",
        shape=(8, 8, 1),
        codebook_size=SIZE,
        codebook_dim=3,
        commitment=COMMITMENT,
        data_variance=VARIANCE,
        **SMALL,
    )


@pytest.fixture
def data():
    return np.random.default_rng(0).random((3, 8, 8, 1)).astype("float32")


def nearest(quantizer, vectors):
    table = array(quantizer.codebook)
    indices = ((vectors[..., None, :] - table) ** 2).sum(axis=-1).argmin(axis=-1)
    return indices, table[indices]


def levels(model, data):
    """Vectors, indices and quantized vectors of both levels, network by network."""
    found = apply(model.to_map, {"data": tensor(data)})["map"]
    top = array(apply(model.to_top, {"map": found})["vectors"])
    top_indices, top_chosen = nearest(model.top, top)
    above = apply(model.from_top, {"latent": tensor(top_chosen)})["map"]
    bottom = array(apply(model.to_bottom, {"map": found, "above": above})["vectors"])
    return (top, top_indices, top_chosen), (bottom, *nearest(model.bottom, bottom))


def test_a_code_is_the_indices_of_the_top_and_then_of_the_bottom(model, data):
    (_, top, _), (_, bottom, _) = levels(model, data)
    assert top.shape == (3, 2, 2) and bottom.shape == (3, 4, 4)
    codes = model.encode(data)
    assert codes.dtype == "int32"
    EXACT.check(codes, np.concatenate([top.reshape(3, -1), bottom.reshape(3, -1)], axis=1))


def test_terms_are_the_distances_to_data_and_to_both_codebooks(model, data):
    (top, _, top_chosen), (bottom, _, bottom_chosen) = levels(model, data)
    larger = array(apply(model.upsample, {"latent": tensor(top_chosen)})["map"])
    vectors = np.concatenate([larger, bottom_chosen], axis=-1)
    outputs = array(apply(model.from_vectors, {"latent": tensor(vectors)})["data"])
    found = arrays(model.autoencoder_loss({"data": tensor(data)}, False))
    reconstruction = np.mean((data.astype("float64") - outputs) ** 2) / VARIANCE
    FORMULA.check(found["reconstruction"], reconstruction)
    commitment = np.mean((top - top_chosen) ** 2) + np.mean((bottom - bottom_chosen) ** 2)
    FORMULA.check(found["loss"], reconstruction + COMMITMENT * commitment)
    FORMULA.check(model.decode(model.encode(data)), np.clip(outputs, 0, 1))


def test_the_decoder_reads_both_levels(model, data):
    codes = model.encode(data)
    for position in (0, 4):  # the first index of the top, and of the bottom
        changed = codes.copy()
        changed[:, position] = (codes[:, position] + 1) % SIZE
        assert (model.decode(changed) != model.decode(codes)).any()


@pytest.mark.once
@pytest.mark.parametrize(
    ("size", "bottom"), [(4, 4), (7, 4), (8, 4), (15, 4), (17, 5), (28, 7), (32, 8), (64, 16)]
)
def test_the_bottom_is_a_quarter_of_the_data_or_at_least_four(size, bottom):
    model = zoo.create("vq_vae_2", shape=(size, 3), **SMALL)
    assert model.to_map.output["map"].shape[1] == bottom


@pytest.mark.parametrize("quantizer", ["finite_scalar", "residual", "sim"])
def test_other_quantizers_have_two_levels_as_well(quantizer, data):
    options = {"codebook_size": 8, "codebook_dim": 3, "residual_depth": 2, **SMALL}
    model = zoo.create("vq_vae_2", shape=(8, 8, 1), quantizer=quantizer, **options)
    per_vector = 2 if quantizer == "residual" else 1
    codes = model.encode(data)
    assert codes.shape == (3, 20 * per_vector)
    assert np.isfinite(model.decode(codes)).all()
    history = model.fit(data, steps=1, batch_size=3, verbose=0).history
    assert np.isfinite(history["loss"]).all()
