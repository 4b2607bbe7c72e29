"""The terms of the VQ-VAE, and what its gradient passes through."""

import keras
import numpy as np
import pytest

import zoo
from tests.arrays import array, arrays, tensor
from tests.tolerances import EXACT, FORMULA
from zoo import backends, losses
from zoo.data import as_data
from zoo.errors import ModelError
from zoo.networks import apply

SIZE, COMMITMENT, VARIANCE = 5, 0.3, 0.5
SMALL = {"width": 4, "depth": 1, "residual_width": 2, "num_residual_blocks": 1}


@pytest.fixture(scope="module")
def model():
    return zoo.create(
        "vq_vae",
        shape=(4, 4, 1),
        codebook_size=SIZE,
        codebook_dim=2,
        **SMALL,
        commitment=COMMITMENT,
        data_variance=VARIANCE,
    )


@pytest.fixture
def data():
    return np.random.default_rng(0).random((3, 4, 4, 1)).astype("float32")


def encoded(model, data):
    return array(apply(model.to_vectors, {"data": tensor(data)})["vectors"])


def decoded(model, vectors):
    return array(apply(model.from_vectors, {"latent": tensor(vectors)})["data"])


def chosen_vectors(model, vectors):
    table = array(model.codebook.codebook)
    return table[((vectors[..., None, :] - table) ** 2).sum(axis=-1).argmin(axis=-1)]


def test_terms_are_the_distances_to_data_and_to_the_codebook(model, data):
    vectors = encoded(model, data)
    chosen = chosen_vectors(model, vectors)
    outputs = decoded(model, chosen)
    found = arrays(model.autoencoder_loss({"data": tensor(data)}, False))
    reconstruction = np.mean((data.astype("float64") - outputs) ** 2) / VARIANCE
    commitment = np.mean((vectors.astype("float64") - chosen) ** 2)
    FORMULA.check(found["reconstruction"], reconstruction)
    FORMULA.check(found["commitment"], commitment)
    FORMULA.check(found["loss"], reconstruction + COMMITMENT * commitment)


def test_the_decoders_gradient_passes_straight_through_to_the_encoder(model, data):
    last = model.to_vectors.get_layer("vectors")  # one weight for each channel in and out
    features = array(keras.Model(model.to_vectors.input, last.input)({"data": data}))
    vectors = encoded(model, data)
    chosen = chosen_vectors(model, vectors)
    batch = {"data": tensor(data)}

    def reconstruction(vectors):
        outputs = apply(model.from_vectors, {"latent": vectors})["data"]
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
    vectors = encoded(model, data)
    indices = array(model.codebook(tensor(vectors)))
    model.autoencoder_loss({"data": tensor(data)}, True)
    counts = 0.01 * np.bincount(indices.ravel(), minlength=SIZE)
    FORMULA.check(array(model.codebook.counts), counts)
    for variable, own in zip(model.codebook.variables, before, strict=True):
        variable.assign(own)


def test_codes_are_indices_that_the_decoder_looks_up(model, data):
    vectors = encoded(model, data)
    chosen = chosen_vectors(model, vectors)
    codes = model.encode(data)
    assert codes.shape == (3, 2, 2) and codes.dtype == "int32"
    EXACT.check(array(model.codebook.codebook)[codes], chosen)
    FORMULA.check(model.decode(codes), np.clip(decoded(model, chosen), 0, 1))


def test_the_decoder_is_linear_in_training_and_clipped_in_use(model, data):
    """A sigmoid in front of a squared error saturates: such a model never learned MNIST."""
    outputs = [layer for layer in model.from_vectors.layers if hasattr(layer, "kernel")][-1]
    before = outputs.get_weights()
    outputs.set_weights([50 * before[0], before[1] + 0.5])
    made = decoded(model, chosen_vectors(model, encoded(model, data)))
    assert made.min() < 0 and made.max() > 1
    loss = arrays(model.autoencoder_loss({"data": tensor(data)}, False))["reconstruction"]
    FORMULA.check(loss, np.mean((data.astype("float64") - made) ** 2) / VARIANCE)
    EXACT.check(model.reconstruct(data), np.clip(made, 0, 1).astype("float32"))
    outputs.set_weights(before)


def test_the_datas_variance_is_a_fact_of_the_data():
    images = np.random.default_rng(0).random((50, 4, 4, 1)).astype("float32")
    found = type_of("vq_vae").facts(as_data(images))
    FORMULA.check(found["data_variance"], images.astype("float64").var())
    doubled = as_data((2 * images - 1).astype("float32"))
    FORMULA.check(type_of("vq_vae").facts(doubled)["data_variance"], images.var())


def type_of(name):
    return zoo.describe(name).load()


def test_both_networks_read_labels_where_there_are_classes():
    model = zoo.create("vq_vae", shape=(4, 4, 1), num_classes=3, **SMALL)
    assert set(model.encoder.input) == {"data", "labels"}
    assert set(model.decoder.input) == {"latent", "labels"}
    images = np.full((3, 4, 4, 1), 0.5, "float32")
    one, other = (model.reconstruct(images, labels=label) for label in (0, 2))
    assert (one != other).any()
    history = model.fit((images, [0, 1, 2]), steps=1, batch_size=3, verbose=0)
    assert np.isfinite(history.history["loss"]).all()


@pytest.mark.parametrize("quantizer", ["cosine", "sim", "residual", "finite_scalar", "lookup_free"])
def test_every_quantizer_trains_codes_that_its_decoder_reads(quantizer, data):
    options = {"codebook_size": 8, "codebook_dim": 3, "levels": (3, 4), **SMALL}
    model = zoo.create(
        "vq_vae", shape=(4, 4, 1), quantizer=quantizer, learning_rate=0.01, **options
    )
    losses = model.fit(data, steps=30, batch_size=3, verbose=0).history["loss"]
    assert np.isfinite(losses).all()
    codes = model.encode(data)
    depth = (model.residual_depth,) if quantizer == "residual" else ()
    assert codes.shape == (3, 2, 2, *depth) and codes.dtype == "int32"
    assert 0 <= codes.min() <= codes.max() < model.codebook.size
    EXACT.check(model.decode(codes), model.reconstruct(data))
    before = zoo.create("vq_vae", shape=(4, 4, 1), quantizer=quantizer, **options)
    error, first = (np.mean((m.reconstruct(data) - data) ** 2) for m in (model, before))
    assert error < first


def test_a_lookup_free_code_has_a_power_of_two_values():
    with pytest.raises(ModelError, match="a power of two. Received: codebook_size=6"):
        zoo.create("vq_vae", shape=(4, 4, 1), quantizer="lookup_free", codebook_size=6)


@pytest.mark.once
@pytest.mark.parametrize("revive_below", [0.1, None])
def test_reviving_dead_vectors_keeps_a_large_codebook_in_use(revive_below):
    """At its default size the codebook fell to one or two vectors on 8×8 digits."""
    train, _ = zoo.load_data("digits")
    facts = type_of("vq_vae").facts(train)
    model = zoo.create("vq_vae", **facts, width=16, revive_below=revive_below)
    history = model.fit(train, steps=250, batch_size=64, verbose=0).history
    used = len(np.unique(model.encode(train.batch(np.arange(500), (0, 1))["data"])))
    assert used > 50 if revive_below else used < 10, (used, history["perplexity"][-1])
