"""The loop: options that every model has."""

import json
from dataclasses import replace

import keras
import numpy as np
import pytest

import zoo
from tests import tiny
from tests.parity import apart
from tests.tolerances import EXACT, FORMULA, PARITY
from tests.training import small
from zoo.errors import DivergenceError, ModelError, UseError
from zoo.model.optimizers import prepare


@pytest.fixture(scope="module")
def digits():
    return zoo.load_data("digits")


def weights(model):
    return [keras.ops.convert_to_numpy(v).copy() for v in model.variables]


def final(history):
    return {name: logs[-1] for name, logs in history.history.items()}


def test_fit_returns_a_keras_history_with_validation(digits):
    train, test = digits
    model = tiny.create("shallow_autoencoder")
    history = model.fit(train, epochs=2, validation_data=test, verbose=0)
    assert isinstance(history, keras.callbacks.History)
    assert history.epoch == [0, 1]
    assert set(history.history) == {"loss", "reconstruction", "val_loss", "val_reconstruction"}
    expected = model.evaluate(test)
    assert history.history["val_loss"][-1] == pytest.approx(expected["loss"], rel=1e-6)


def test_several_steps_in_one_call_give_the_same_run(digits):
    # Two phases, one of them repeated; few steps, since rounding grows with each.
    one, several = (tiny.create("gan", discriminator_steps=2) for _ in range(2))
    options = {"steps": 4, "batch_size": 8, "verbose": 0}
    expected = one.fit(digits[0], **options)
    found = several.fit(digits[0], **options, steps_per_call=3)
    for name, value in final(found).items():
        assert apart(value, final(expected)[name]) <= PARITY.relative, name


def test_training_further_goes_on_where_it_stopped(digits):
    straight, split = tiny.create("shallow_autoencoder"), tiny.create("shallow_autoencoder")
    straight.fit(digits[0], epochs=2, verbose=0)
    split.fit(digits[0], epochs=1, verbose=0)
    split.fit(digits[0], epochs=2, initial_epoch=1, verbose=0)
    for a, b in zip(weights(straight), weights(split), strict=True):
        EXACT.check(b, a)


def test_the_average_of_the_weights_is_what_sampling_uses(digits):
    model = tiny.create("vae", ema=0.5)
    followed = model.average.followed.variables
    expected = [keras.ops.convert_to_numpy(v).copy() for v in followed]
    for update in range(3):
        model.fit(digits[0], steps=1, verbose=0)
        decay = min(0.5, (1 + update) / (10 + update))
        live = [keras.ops.convert_to_numpy(v).copy() for v in followed]
        expected = [decay * e + (1 - decay) * w for e, w in zip(expected, live, strict=True)]
        for average, value in zip(model.average.averages, expected, strict=True):
            FORMULA.check(keras.ops.convert_to_numpy(average), value)
    averaged = model.sample(3)
    with model.averaged_weights():
        EXACT.check(decoded(model), averaged)
    assert (decoded(model) != averaged).any()
    for variable, value in zip(followed, live, strict=True):
        EXACT.check(keras.ops.convert_to_numpy(variable), value)


def test_statistics_of_batch_normalization_are_averaged_with_the_weights(digits):
    """The last weights' statistics are those of other activations than averaged weights make."""
    model = tiny.create("lsgan", ema=0.5)
    kept = [v for v in model.generator.non_trainable_variables if v.name.startswith("moving_")]
    assert kept
    first = [keras.ops.convert_to_numpy(v).copy() for v in kept]
    model.fit(digits[0], steps=1, batch_size=8, verbose=0)
    live = [keras.ops.convert_to_numpy(v).copy() for v in kept]
    with model.averaged_weights():
        for variable, before, after in zip(kept, first, live, strict=True):
            FORMULA.check(keras.ops.convert_to_numpy(variable), 0.1 * before + 0.9 * after)
    for variable, value in zip(kept, live, strict=True):
        EXACT.check(keras.ops.convert_to_numpy(variable), value)


def test_evaluation_says_which_weights_it_judges():
    model = small.Plain(ema=0.5)
    model.fit(small.data(), steps=3, batch_size=16, verbose=0)
    own, averaged = model.evaluate(small.data()), model.evaluate(small.data(), averaged=True)
    assert own != averaged
    with model.averaged_weights():
        assert model.evaluate(small.data()) == averaged


def decoded(model):
    latents = np.random.default_rng([0]).standard_normal((3, 4), dtype=np.float32)
    return model.decoder.predict({"latent": latents}, verbose=0)["data"]


def test_the_average_survives_saving(digits, tmp_path):
    model = tiny.create("vae", ema=0.9)
    model.fit(digits[0], steps=3, verbose=0)
    model.save(tmp_path / "m.keras")
    loaded = zoo.load(tmp_path / "m.keras")
    EXACT.check(loaded.sample(3), model.sample(3))


def test_clipping_bounds_the_norm_of_the_gradient(digits):
    free = tiny.create("vae", learning_rate=1.0)
    clipped = tiny.create("vae", learning_rate=1.0, clip_norm=1e-3)
    for model in (free, clipped):
        [phase] = model.phases
        plain = replace(phase, optimizer=keras.optimizers.SGD(1.0))
        model.phases = prepare([plain], own=None, clip_norm=model.clip_norm, precision="float32")
    moved = {}
    for name, model in {"free": free, "clipped": clipped}.items():
        before = weights(model.decoder) + weights(model.encoder)
        model.fit(digits[0], steps=1, batch_size=8, verbose=0)
        after = weights(model.decoder) + weights(model.encoder)
        steps = [a - b for a, b in zip(after, before, strict=True)]
        moved[name] = float(np.sqrt(sum((step.astype("float64") ** 2).sum() for step in steps)))
    assert moved["free"] > 1.0
    assert moved["clipped"] == pytest.approx(1e-3, rel=1e-2)


@pytest.mark.parametrize("precision", ["mixed_bfloat16", "mixed_float16"])
@pytest.mark.parametrize("name", ["vae", "dcgan"])
def test_mixed_precision_computes_low_and_keeps_weights_and_outputs_high(digits, name, precision):
    model = tiny.create(name, precision=precision)
    assert keras.config.dtype_policy().name == "float32"
    history = model.fit(digits[0], steps=3, batch_size=8, verbose=0)
    assert all(np.isfinite(value) for value in final(history).values())
    assert {v.dtype for p in model.phases for v in p.variables} == {"float32"}
    [part] = model.table()["sample"].parts
    hidden = [layer for layer in model.parts()[part].layers if layer.weights]
    assert hidden[0].compute_dtype == precision.removeprefix("mixed_")
    assert model.sample(2).dtype == np.float32


def test_a_diverging_loss_names_phase_and_step_and_leaves_the_last_good_checkpoint(
    digits, tmp_path
):
    model = tiny.create("dcgan")

    class Poison(keras.callbacks.Callback):
        def on_train_batch_begin(self, batch, logs=None):
            if batch == 4:
                weight = model.generator.trainable_variables[0]
                weight.assign(np.full(weight.shape, np.nan, "float32"))

    model.fit(digits[0], steps=3, verbose=0, run=tmp_path / "run")
    good = sorted(p.name for p in (tmp_path / "run/checkpoints").iterdir())
    with pytest.raises(
        DivergenceError, match="phase 'discriminator' became nan at step 4.*Try .*penalties.r1"
    ):
        model.fit(
            digits[0], steps=9, verbose=0, callbacks=[Poison()], run=tmp_path / "run", resume=True
        )
    assert sorted(p.name for p in (tmp_path / "run/checkpoints").iterdir()) == good


def test_stock_callbacks_work(digits, tmp_path):
    model = tiny.create("gan")
    callbacks = keras.callbacks
    seen = []
    used = [
        callbacks.CSVLogger(tmp_path / "log.csv"),
        callbacks.LearningRateScheduler(lambda epoch, rate: rate * 0.5),
        callbacks.ModelCheckpoint(tmp_path / "best.keras", monitor="generator_loss", mode="min"),
        callbacks.ReduceLROnPlateau(monitor="generator_loss", mode="min", patience=1),
        callbacks.EarlyStopping(monitor="discriminator_loss", mode="min", baseline=-1.0),
        callbacks.TerminateOnNaN(),
        callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: seen.append(batch)),
    ]
    history = model.fit(digits[0], epochs=5, batch_size=256, verbose=0, callbacks=used)
    assert len(history.epoch) < 5, "early stopping"
    assert seen[:3] == [0, 1, 2]
    assert (tmp_path / "log.csv").read_text().startswith("epoch,")
    assert zoo.load(tmp_path / "best.keras").sample(1).shape == (1, 8, 8, 1)


def test_a_learning_rate_set_by_a_callback_reaches_every_optimizer(digits):
    model = tiny.create("gan", learning_rate=1e-3, discriminator_learning_rate=4e-3)
    halve = keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate * 0.5)
    model.fit(digits[0], epochs=1, batch_size=512, verbose=0, callbacks=[halve])
    rates = [float(keras.ops.convert_to_numpy(p.optimizer.learning_rate)) for p in model.phases]
    assert rates == pytest.approx([2e-3, 5e-4], rel=1e-6)


def test_labels_may_be_integers_or_one_hot(digits):
    train, _ = digits
    rows = np.arange(64)
    batch = train.batch(rows, (-1, 1))
    images, labels = batch["data"], batch["labels"]
    one, other = tiny.create("cgan"), tiny.create("cgan")
    options = {"steps": 2, "batch_size": 16, "verbose": 0}
    first = one.fit((images, labels), **options)
    second = other.fit((images, np.eye(10, dtype="float32")[labels]), **options)
    assert final(first) == final(second)
    integers = one.sample(4, labels=[1, 2, 3, 4])
    EXACT.check(one.sample(4, labels=np.eye(10)[[1, 2, 3, 4]]), integers)
    assert (one.sample(4, labels=5) != integers).any()


@pytest.mark.parametrize("labels", [[1, 2], [1, 2, 10], [-1, 0, 1], [0.5, 1.0, 2.0], "abc"])
def test_labels_that_do_not_fit_are_refused(labels):
    with pytest.raises(ModelError, match="labels are 3 integers below 10"):
        tiny.create("cgan").sample(3, labels=labels)


def test_decoding_needs_the_labels_that_sampling_takes_in_turn():
    model = tiny.create("cgan")
    latents = model.prior["latent"].draw(np.random.default_rng([0]), 3)
    EXACT.check(model.decode(latents, labels=[0, 1, 2]), model.sample(3))
    with pytest.raises(UseError, match="needs 'labels'"):
        model.decode(latents)


def test_labels_for_a_model_without_them_are_refused():
    with pytest.raises(ModelError, match="reads no labels"):
        tiny.create("vae").sample(3, labels=[0, 1, 2])


@pytest.mark.parametrize(
    ("name", "data", "options", "message"),
    [
        ("vae", np.zeros((64, 9, 9, 1), "uint8"), {}, "expected shape.*8, 8, 1"),
        ("cgan", np.zeros((64, 8, 8, 1), "uint8"), {}, "without labels"),
        ("vae", np.zeros((64, 8, 8, 1), "uint8"), {"epochs": 0}, "epochs is at least 1"),
        ("vae", np.zeros((64, 8, 8, 1), "uint8"), {"steps": 0}, "steps is at least 1"),
        ("vae", np.zeros((64, 8, 8, 1), "uint8"), {"steps_per_call": 0}, "steps_per_call"),
        ("vae", np.zeros((8, 8, 8, 1), "uint8"), {"batch_size": 9}, "batch"),
        ("vae", np.full((64, 8, 8, 1), np.nan), {}, "NaN|nan|finite"),
    ],
)
def test_bad_input_is_refused(name, data, options, message):
    with pytest.raises(ValueError, match=message):
        tiny.create(name).fit(data, verbose=0, **options)


def test_compiling_by_hand_is_refused_with_the_settings_that_do_it():
    with pytest.raises(ModelError, match="learning_rate"):
        tiny.create("vae").compile(optimizer="adam")


def test_the_run_description_is_plain_json(digits, tmp_path):
    model = tiny.create("cgan", seed=5)
    model.fit(digits[0], steps=2, verbose=0, run=tmp_path / "run")
    described = json.loads((tmp_path / "run/run.json").read_text())
    assert described["seed"] == 5
    assert described["backend"] == keras.config.backend()
    assert described["model"]["settings"]["num_classes"] == 10
    assert described["data"]["hash"] == digits[0].description["hash"]
    assert described["value_range"] == [-1.0, 1.0]
