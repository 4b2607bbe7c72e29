"""Bundles in use: the same numbers as the model, and inputs that are checked."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

from export import runtime
from export.errors import BundleError
from tests.tolerances import CERTIFICATE
from zoo.errors import UseError

IMAGES = np.random.default_rng(0).random((5, 8, 8, 1), dtype=np.float32)


@pytest.fixture(scope="module")
def sessions(bundles):
    return {name: runtime.load(folder) for name, folder in bundles.items()}


@pytest.fixture
def images():
    return IMAGES


@pytest.mark.parametrize("name", ["vae", "cgan"])
@pytest.mark.parametrize("seed", [0, 7])
def test_the_same_seed_draws_what_the_model_samples(sessions, models, name, seed):
    CERTIFICATE.check(sessions[name].sample(5, seed=seed), models[name].sample(5, seed=seed))


def test_truncation_pulls_draws_towards_their_mean(sessions, models):
    for factor in (0.0, 0.5):
        samples = sessions["vae"].sample(3, seed=1, truncation=factor)
        CERTIFICATE.check(samples, models["vae"].sample(3, seed=1, truncation=factor))
    with pytest.raises(UseError, match="truncation must be a finite number from 0"):
        sessions["vae"].sample(3, truncation=-1)


def test_encode_decode_and_reconstruct_are_the_model_s(sessions, models, images):
    for name in ("vae", "vq_vae"):
        codes = sessions[name].encode(images)
        CERTIFICATE.check(codes, models[name].encode(images))
        CERTIFICATE.check(sessions[name].decode(codes), models[name].decode(codes))
        CERTIFICATE.check(sessions[name].reconstruct(images), models[name].reconstruct(images))


def test_score_is_the_mean_squared_error_of_each_sample(sessions, images):
    expected = np.mean((images - sessions["vae"].reconstruct(images)) ** 2, axis=(1, 2, 3))
    CERTIFICATE.check(sessions["vae"].score(images), expected)


def test_discriminator_gives_a_logit_a_sample(sessions, images):
    assert sessions["cgan"].discriminate(images, labels=1).shape == (5, 1)


def test_large_inputs_are_split_into_batches(sessions, images, monkeypatch):
    many = np.concatenate([images] * 3)
    whole = sessions["vae"].encode(many)
    monkeypatch.setattr(sessions["vae"], "batch_size", 4)
    CERTIFICATE.check(sessions["vae"].encode(many), whole)


def test_labels_are_indices_names_or_one_hot(sessions):
    session = sessions["cgan"]
    expected = session.sample(3, labels=[2, 0, 1])
    CERTIFICATE.check(session.sample(3, labels=["two", "zero", "one"]), expected)
    CERTIFICATE.check(session.sample(3, labels=np.eye(3)[[2, 0, 1]]), expected)
    CERTIFICATE.check(session.sample(3), session.sample(3, labels=[0, 1, 2]))
    CERTIFICATE.check(session.sample(3, labels="one"), session.sample(3, labels=[1, 1, 1]))


def test_bytes_are_scaled_to_the_value_range(sessions):
    pixels = np.random.default_rng(0).integers(0, 256, (2, 8, 8, 1), dtype=np.uint8)
    CERTIFICATE.check(
        sessions["vae"].encode(pixels), sessions["vae"].encode(pixels.astype("float32") / 255)
    )


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([0, 1, 3], "'labels' must be 0 to 2. Received: 0 to 3"),
        ([0, -1, 1], "'labels' must be 0 to 2. Received: -1 to 1"),
        ([0, 1], r"'labels' must be one or 3. Received: shape \(2,\)"),
        ([0.5, 1.0, 2.0], "Received: float64"),
        (np.full((3, 3), 0.5), "a single 1 in each row"),
        (np.eye(4)[:3], "a single 1 in each row of 3"),
        (["zero", "one", "tow"], "Did you mean 'two'"),
    ],
)
def test_wrong_labels_are_told_apart(sessions, labels, message):
    with pytest.raises(ValueError, match=message):
        sessions["cgan"].sample(3, labels=labels)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (np.zeros((8, 8, 1), "float32"), r"Add a batch dimension"),
        (np.zeros((1, 1, 8, 8), "float32"), r"must have shape \(batch, 8, 8, 1\)"),
        (np.zeros((0, 8, 8, 1), "float32"), "at least one sample"),
        (np.zeros((1, 8, 8, 1), "int64"), "must be floating point. Received: int64"),
        (np.full((1, 8, 8, 1), 255.0), "between 0 and 1, or be uint8 images"),
        (np.full((1, 8, 8, 1), np.nan), "must be finite"),
    ],
)
def test_wrong_data_are_told_apart(sessions, data, message):
    with pytest.raises(ValueError, match=message):
        sessions["vae"].encode(data)


def test_codes_are_integers(sessions):
    with pytest.raises(ValueError, match="must be integers"):
        sessions["vq_vae"].decode(np.zeros((1, 2, 2), "float32"))


@pytest.mark.parametrize("code", [-1, 8, 10**6, 2**31, 2**40, np.uint64(2**64 - 1)])
def test_codes_are_those_of_the_codebook(sessions, code):
    sessions["vq_vae"].decode(np.full((1, 2, 2), 7))
    message = f"indices of the 8 that there are. Received: {code} to {code}. Accepted: 0 to 7"
    with pytest.raises(ValueError, match=message):
        sessions["vq_vae"].decode(np.full((1, 2, 2), code))


def test_latents_are_finite_in_float32(sessions):
    for value in (1e39, -1e300, np.inf, np.nan):
        with pytest.raises(ValueError, match="must be finite in float32"):
            sessions["vae"].decode(np.full((1, 4), value))


def test_labels_go_only_where_they_are_read(sessions, images):
    with pytest.raises(UseError, match="The use 'discriminate' needs 'labels'"):
        sessions["cgan"].discriminate(images)
    with pytest.raises(UseError, match="has no input 'labels'. Accepted: latent"):
        sessions["vae"].sample(3, labels=[0, 1, 2])


@pytest.mark.parametrize("count", [0, -1, 2.5, True, "3", 2**26 + 1, 10**12])
def test_counts_are_whole_numbers_of_samples_that_fit_an_array(sessions, count):
    with pytest.raises(ValueError, match="count must be a whole number from 1 to 67108864"):
        sessions["vae"].sample(count)


@pytest.mark.parametrize("threads", ["2", 1.5, True, 0, -1, 1025])
def test_threads_are_a_whole_number(bundles, threads):
    with pytest.raises(ValueError, match="threads must be a whole number from 1 to 1024. Received"):
        runtime.load(bundles["vae"], threads=threads)


@pytest.mark.parametrize("folder", [None, 3, b"bundle"])
def test_a_bundle_is_given_by_its_path(folder):
    with pytest.raises(BundleError, match="A bundle is a folder. Received: "):
        runtime.load(folder)


def test_lists_of_unequal_lengths_are_told(sessions):
    with pytest.raises(ValueError, match="'code' must be an array, or lists of equal lengths"):
        sessions["vae"].decode([[0.0] * 4, [0.0] * 3])
    with pytest.raises(ValueError, match="'labels' must be an array, or lists of equal lengths"):
        sessions["cgan"].sample(2, labels=[[1], [0, 1]])


def test_a_use_that_the_bundle_lacks_is_named_with_those_it_has(sessions, images):
    with pytest.raises(BundleError, match="vq_vae has no use 'sample'. Accepted: decode, encode"):
        sessions["vq_vae"].sample(1)
    with pytest.raises(BundleError, match="cgan has no use 'encode'"):
        sessions["cgan"].encode(images)
    with pytest.raises(BundleError, match="vae has no use 'discriminate'"):
        sessions["vae"].discriminate(images)
    with pytest.raises(AttributeError, match="no attribute 'translate'"):
        sessions["vae"].translate(data=images)


def test_every_use_of_the_model_gives_the_model_s_results(sessions, models, images):
    given = {"data": images, "other": images[::-1], "labels": np.arange(5) % 3}
    for name, session in sessions.items():
        assert list(session.uses) == list(models[name].table())
        for use, chain in session.uses.items():
            named = {key: value for key, value in given.items() if key in chain.inputs}
            if "code" in chain.inputs:
                port = session.manifest.inputs(use)["code"]
                named["code"] = np.ones((5, *port.shape), port.dtype)
            options = {"seed": 4} | ({} if named else {"count": 5})
            expected = models[name].use(use, **named, **options)
            received = session.use(use, **named, **options)
            assert set(received) == set(chain.gives)
            for result, values in received.items():
                CERTIFICATE.check(values, expected[result], name=f"{name} {use} {result}")


def test_a_use_is_a_method_too(sessions, images):
    one = sessions["vae"].interpolate(data=images, other=images[::-1], seed=2)
    two = sessions["vae"].use("interpolate", data=images, other=images[::-1], seed=2)
    np.testing.assert_array_equal(one["data"], two["data"])


def test_rows_that_do_not_fit_in_memory_are_an_error_of_one_line(sessions, monkeypatch):
    def full(*arguments):
        raise MemoryError

    monkeypatch.setattr("export.runtime.session.run_in_batches", full)
    with pytest.raises(UseError, match="does not fit in memory. Received: 9 rows"):
        sessions["vae"].sample(9)


def test_parts_run_on_named_arrays(sessions, images):
    outputs = sessions["vae"].run("encoder", {"data": images})
    assert set(outputs) == {"mean", "log_variance"}
    for part in ("critic", None, ["encoder"]):
        with pytest.raises(ValueError, match="Accepted: decoder, encoder"):
            sessions["vae"].run(part, {"data": images})


@pytest.mark.parametrize(
    ("feed", "message"),
    [
        ([1], "reads data, by name. Received: list"),
        ({}, "reads data, by name. Received: none"),
        ({"image": IMAGES}, "reads data, by name. Received: image"),
        ({"data": IMAGES, "extra": 3}, "reads data, by name. Received: data, extra"),
        ({"data": IMAGES, 5: IMAGES}, "reads data, by name. Received: data, 5"),
        ({"data": IMAGES[0]}, "must have shape"),
        ({"data": 3}, "must be floating point. Received: int"),
    ],
)
def test_what_a_part_does_not_read_is_told(sessions, feed, message):
    with pytest.raises(ValueError, match=message):
        sessions["vae"].run("encoder", feed)


def test_named_arrays_are_checked_as_others_are(sessions):
    codes = np.full((1, 2, 2), 8)
    with pytest.raises(ValueError, match="indices of the 8 that there are"):
        sessions["vq_vae"].run("decoder", {"latent": codes})
    latent, labels = np.zeros((3, 4)), np.zeros(2, int)
    with pytest.raises(ValueError, match=r"of one batch. Received: labels \(2,\), latent \(3, 4\)"):
        sessions["cgan"].run("generator", {"latent": latent, "labels": labels})
    labels = np.zeros(3, int)
    outputs = sessions["cgan"].run("generator", {"latent": latent, "labels": labels})
    assert outputs["data"].shape == (3, 8, 8, 1)


def test_providers_that_exist_are_chosen_by_short_name(bundles):
    assert runtime.load(bundles["vae"], providers=["cpu"], threads=1).sample(1).size == 64
    with pytest.raises(ValueError, match="Received: 'abacus', 'sundial'. Accepted: .*CPUExecution"):
        runtime.load(bundles["vae"], providers=["abacus", "sundial"])


def test_providers_that_are_not_there_are_passed_over(bundles, sessions):
    session = runtime.load(bundles["vae"], providers=["abacus", "cpu", "CPUExecutionProvider"])
    CERTIFICATE.check(session.sample(2), sessions["vae"].sample(2))
    assert session._graphs.open("decoder").get_providers() == ["CPUExecutionProvider"]


@pytest.mark.parametrize("providers", ["cpu", [3], [None, "cpu"], 3, b"cpu", []])
def test_providers_are_a_list_of_names(bundles, providers):
    with pytest.raises(ValueError, match="rovider.* must be .* Received: .* Accepted: "):
        runtime.load(bundles["vae"], providers=providers)


@pytest.mark.once
def test_numpy_and_onnx_runtime_are_enough(bundles):
    program = f"""
        import sys

        class Absent:
            def find_spec(self, name, path=None, target=None):
                if name.partition(".")[0] in ABSENT:
                    raise ModuleNotFoundError(name)

        ABSENT = {{{"keras", "onnx", "PIL", "sklearn", "tensorflow", "torch", "jax", "scipy"}}}
        sys.meta_path.insert(0, Absent())
        from export import runtime

        for folder in {[str(folder) for folder in bundles.values()]}:
            session = runtime.load(folder)
            if "sample" in session.uses:
                print(session.sample(2).shape)
            if "reconstruct" in session.uses:
                print(session.reconstruct(session.decode(session.encode(IMAGES))).shape)
    """
    program = textwrap.dedent(program).replace("IMAGES", "np.zeros((1, 8, 8, 1), 'float32')")
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", "import numpy as np\n" + program],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        timeout=120,
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.count("8, 8, 1)") == 4


@pytest.mark.once
def test_the_commands_run_a_bundle_with_numpy_pillow_and_onnx_runtime_alone(bundles, tmp_path):
    """What `pip install genzoo[runtime]` brings."""
    program = f"""
        import sys

        class Absent:
            def find_spec(self, name, path=None, target=None):
                if name.partition(".")[0] in ABSENT:
                    raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

        ABSENT = {{{"filelock", "keras", "onnx", "sklearn", "tensorflow", "torch", "jax", "scipy"}}}
        sys.meta_path.insert(0, Absent())
        from zoo.cli import main

        folder, out = {str(bundles["vae"])!r}, {str(tmp_path)!r}
        import numpy as np

        np.save(f"{{out}}/data.npy", np.zeros((64, 8, 8, 1), np.uint8))
        data = ["--data", f"{{out}}/data.npy"]
        for words in (
            ["sample", folder, "-n", "4", "--out", f"{{out}}/samples.png"],
            ["reconstruct", folder, *data, "--out", f"{{out}}/pairs.png"],
            ["interpolate", folder, "--out", f"{{out}}/walk.png"],
            ["traverse", folder, *data, "--out", f"{{out}}/entries.png"],
            ["use", folder, "encode", *data, "--out", f"{{out}}/codes.npy"],
            ["list"],
        ):
            print(words[0], main(words), flush=True)
    """
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(program)],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
        env={name: value for name, value in os.environ.items() if name != "KERAS_BACKEND"},
        timeout=120,
    )
    codes = dict(line.split() for line in result.stdout.splitlines() if line[-2:] in (" 0", " 1"))
    done = ("sample", "reconstruct", "interpolate", "traverse", "use", "list")
    assert {name: codes.get(name) for name in done} == dict.fromkeys(done, "0"), result.stderr
