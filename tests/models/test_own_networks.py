"""Networks that users bring in the place of a model's own."""

import keras
import numpy as np
import pytest
from keras import layers

import zoo
from tests import tiny
from tests.arrays import array
from tests.tolerances import EXACT, FORMULA
from zoo.errors import ModelError, RunError

SHAPE = (8, 8, 1)
LATENT = 4


def functional(reads, makes, name=None):
    """A network of one hidden layer between tensors of any shape."""
    inputs = [keras.Input(shape, name=port) for port, shape in reads.items()]
    flat = [layers.Flatten()(x) for x in inputs]
    x = flat[0] if len(flat) == 1 else layers.Concatenate()(flat)
    x = layers.Dense(6, activation="relu")(x)
    outputs = {}
    for port, shape in makes.items():
        y = layers.Dense(int(np.prod(shape)))(x)
        outputs[port] = layers.Reshape(shape)(y) if len(shape) > 1 else y
    return keras.Model(inputs, outputs, name=name)


def own_encoder():
    return functional({"data": SHAPE}, {"mean": (LATENT,), "log_variance": (LATENT,)})


def own_decoder():
    return functional({"latent": (LATENT,)}, {"data": SHAPE})


def create(**networks):
    return zoo.create("vae", shape=SHAPE, latent_dim=LATENT, **networks)


def trains(model):
    before = [array(v).copy() for v in model.encoder.trainable_variables]
    history = model.fit(tiny.data(model, 32), steps=2, batch_size=16, verbose=0)
    assert all(np.isfinite(values).all() for values in history.history.values())
    after = [array(v) for v in model.encoder.trainable_variables]
    return any((a != b).any() for a, b in zip(before, after, strict=True))


def test_functional_networks_with_the_ports_names_are_used_as_they_are():
    encoder, decoder = own_encoder(), own_decoder()
    model = create(encoder=encoder, decoder=decoder)
    mine = {id(v) for v in (*encoder.variables, *decoder.variables)}
    assert {id(v) for phase in model.phases for v in phase.variables} == mine
    data = tiny.rows(model, 4)["data"]
    latent = array(encoder([data])["mean"])
    FORMULA.check(model.encode(data), latent)
    logits = array(decoder([latent])["data"]).astype("float64")
    FORMULA.check(model.decode(latent), 1 / (1 + np.exp(-logits)))
    assert trains(model)


def test_outputs_of_other_names_are_taken_in_order():
    inputs = keras.Input(SHAPE)
    x = layers.Flatten()(inputs)
    first, second = layers.Dense(LATENT)(x), layers.Dense(LATENT)(x)
    model = create(encoder=keras.Model(inputs, [first, second]))
    data = tiny.rows(model, 4)["data"]
    kernel, bias = (array(v) for v in model.encoder.weights[:2])
    FORMULA.check(model.encode(data), data.reshape(4, -1) @ kernel + bias)


def test_inputs_are_taken_by_name_in_any_order():
    """Labels come first in this network, and second in the model."""
    labels, data = keras.Input((), dtype="int32", name="labels"), keras.Input(SHAPE, name="data")
    code = layers.Embedding(3, 5)(labels)
    x = layers.Concatenate()([code, layers.Flatten()(data)])
    heads = {port: layers.Dense(LATENT)(x) for port in ("mean", "log_variance")}
    model = create(encoder=keras.Model([labels, data], heads), num_classes=3)
    assert list(model.encoder.input) == ["data", "labels"]
    given = tiny.rows(model, 4)
    codes = [model.encode(given["data"], labels=label) for label in (0, 1)]
    assert (codes[0] != codes[1]).any()
    assert trains(model)


def test_a_sequential_network_is_one_output():
    decoder = keras.Sequential([keras.Input((LATENT,)), layers.Dense(64), layers.Reshape(SHAPE)])
    assert trains(create(decoder=decoder))


def test_recurrent_networks_read_and_make_sequences():
    inputs = keras.Input((6, 2))
    x = layers.GRU(5)(inputs)
    encoder = keras.Model(inputs, [layers.Dense(LATENT)(x), layers.Dense(LATENT)(x)])
    latent = keras.Input((LATENT,))
    y = layers.GRU(5, return_sequences=True)(layers.RepeatVector(6)(latent))
    decoder = keras.Model(latent, layers.Dense(2)(y))
    networks = {"encoder": encoder, "decoder": decoder}
    model = zoo.create("vae", shape=(6, 2), latent_dim=LATENT, **networks)
    assert model.sample(3).shape == (3, 6, 2)
    assert trains(model)


def test_one_network_alone_may_be_brought():
    discriminator = functional({"data": SHAPE}, {"logit": (1,)})
    model = tiny.create("gan", discriminator=discriminator)
    assert {id(v) for v in model.phases[0].variables} == {id(v) for v in discriminator.variables}
    # Of a discriminator whose features are compared, any shape will do.
    both = functional({"data": SHAPE}, {"logit": (1,), "features": (7,)})
    assert tiny.create("vae_gan", discriminator=both).discriminator_features.output[
        "features"
    ].shape == (None, 7)


def noisy(layer):
    inputs = keras.Input(SHAPE)
    return keras.Model(
        inputs,
        {
            n: layers.Dense(LATENT)(layer(layers.Flatten()(inputs)))
            for n in ("mean", "log_variance")
        },
    )


@pytest.mark.parametrize(
    ("networks", "message"),
    [
        (
            lambda: {"encoder": functional({"data": SHAPE}, {"mean": (3,), "log_variance": (3,)})},
            r"encoder makes mean \(4,\), log_variance \(4,\).*Received: mean \(3,\)",
        ),
        (
            lambda: {"encoder": functional({"data": SHAPE}, {"mean": (LATENT,)})},
            r"encoder makes mean \(4,\), log_variance \(4,\).*Received: mean \(4,\)",
        ),
        (
            lambda: {"encoder": functional({"data": (9, 9, 1)}, {"mean": (LATENT,)})},
            r"encoder reads data \(8, 8, 1\).*Received: data \(9, 9, 1\)",
        ),
        (
            lambda: {"decoder": functional({"latent": (LATENT,), "more": (2,)}, {"data": SHAPE})},
            r"decoder_logits reads latent \(4,\).*Received: latent \(4,\), more \(2,\)",
        ),
        (
            lambda: {"decoder": keras.Sequential([layers.Dense(64)])},
            "decoder_logits is a functional Keras model. Received: Sequential",
        ),
        (lambda: {"decoder": 3}, "decoder is .*Received: 3"),
        (lambda: {"encoder": noisy(layers.Dropout(0.5))}, "Noise is an input.*dropout.*rate of 0"),
        (lambda: {"encoder": noisy(layers.GaussianNoise(1.0))}, "Noise is an input.*gaussian"),
    ],
    ids=[
        "heads",
        "missing head",
        "input",
        "more inputs",
        "not built",
        "number",
        "dropout",
        "noise",
    ],
)
def test_a_network_that_does_not_fit_is_refused_by_name(networks, message):
    with pytest.raises(ModelError, match=message):
        create(**networks())


def test_dropout_at_a_rate_of_zero_is_no_noise():
    assert create(encoder=noisy(layers.Dropout(0.0)))


def test_a_run_of_own_networks_resumes_whatever_layers_were_made_before(tmp_path):
    data = tiny.data(create(), 32)
    options = {"batch_size": 16, "verbose": 0}
    create(encoder=own_encoder()).fit(data, steps=1, run=tmp_path / "run", **options)
    layers.Dense(1), layers.Flatten()  # From here on Keras counts on.
    model = create(encoder=own_encoder())
    model.fit(data, steps=2, run=tmp_path / "run", resume=True, **options)
    assert int(array(model.steps)) == 2


def test_a_run_of_other_own_networks_is_refused_in_one_short_line(tmp_path):
    data = tiny.data(create(), 32)
    options = {"batch_size": 16, "verbose": 0, "run": tmp_path / "run"}
    create(encoder=own_encoder()).fit(data, steps=1, **options)
    for other in (noisy(layers.Dropout(0.0)), None):
        with pytest.raises(RunError, match="encoder=another Functional") as caught:
            create(encoder=other).fit(data, steps=2, resume=True, **options)
        assert len(str(caught.value)) < 500


def test_a_bundles_card_names_own_networks_in_words(tmp_path):
    from export import to_bundle

    encoder = own_encoder()
    model = create(encoder=encoder, optimizer=keras.optimizers.AdamW(1e-3))
    text = (to_bundle(model, tmp_path / "bundle") / "README.md").read_text()
    assert f"| encoder | `own network of {encoder.count_params()} weights` |" in text
    assert "| optimizer | `AdamW` |" in text
    assert "<" not in text.partition("## Settings")[2]


def test_a_model_with_own_networks_is_saved_and_loaded(tmp_path):
    model = create(encoder=own_encoder(), decoder=own_decoder(), optimizer="AdamW")
    assert trains(model)
    model.save(tmp_path / "own.keras")
    loaded = zoo.load(tmp_path / "own.keras")
    for ours, theirs in zip(model.variables, loaded.variables, strict=True):
        EXACT.check(array(theirs), array(ours), name=ours.path)
    data = tiny.rows(model, 4)["data"]
    EXACT.check(loaded.reconstruct(data), model.reconstruct(data))
    assert trains(loaded)
