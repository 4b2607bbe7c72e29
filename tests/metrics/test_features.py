"""Feature extractors: the embedded one, one that is trained, and files that are none."""

import hashlib
import json

import numpy as np
import pytest

import zoo
from tests.tolerances import CERTIFICATE
from zoo.data import as_data
from zoo.errors import DataError, ModelError
from zoo.metrics import features
from zoo.metrics.classifier import FeatureClassifier, train_classifier


@pytest.fixture(scope="module")
def digits():
    return zoo.load_data("digits")


@pytest.fixture(scope="module")
def classifier(digits):
    return train_classifier(digits[0], epochs=4, width=4)


def right_answers(logits, data):
    return np.mean(logits.argmax(axis=1) == data.labels)


def pixels(data):
    return data.batch(np.arange(len(data)), (0.0, 1.0))["data"]


@pytest.mark.once
def test_the_embedded_classifier_is_small_and_right(digits):
    network = features.Network(features.EMBEDDED)
    assert features.EMBEDDED.stat().st_size < 200_000
    assert network.sha256 == hashlib.sha256(features.EMBEDDED.read_bytes()).hexdigest()
    found = network.extract(pixels(digits[1]))
    accuracy = right_answers(found.logits, digits[1])
    assert accuracy >= 0.97
    assert network.describe() == {
        "name": "digits classifier",
        "sha256": network.sha256,
        "accuracy": pytest.approx(accuracy, abs=1e-6),
    }
    assert found.features.shape == (len(digits[1]), 64)
    assert network.metadata["data"] == digits[0].description["hash"]


@pytest.mark.once
def test_a_classifier_learns_and_its_file_gives_what_it_gives(classifier, digits, tmp_path):
    import export

    made = classifier.use("classify", data=digits[1])
    assert right_answers(made["logits"], digits[1]) > 0.8
    export.to_onnx(classifier.classifier, tmp_path / "own.onnx")
    found = features.Network(tmp_path / "own.onnx")
    assert found.name == "own.onnx"
    extracted = found.extract(pixels(digits[1]))
    CERTIFICATE.check(extracted.features, made["features"])
    CERTIFICATE.check(extracted.logits, made["logits"])
    assert extracted.features.min() >= 0


def test_the_same_seed_gives_the_same_classifier(digits):
    few = digits[0].select(slice(0, 128))
    first, second, other = (
        train_classifier(few, epochs=1, width=4, seed=seed) for seed in (1, 1, 2)
    )
    data = pixels(digits[1])[:8]
    logits = [model.use("classify", data=data)["logits"] for model in (first, second, other)]
    np.testing.assert_array_equal(logits[0], logits[1])
    assert not np.allclose(logits[0], logits[2])


@pytest.mark.once
def test_a_classifier_needs_images_with_labels(digits):
    with pytest.raises(DataError, match="learns from labels"):
        train_classifier(as_data(pixels(digits[0])))
    rows = as_data((np.zeros((20, 3), "float32"), np.arange(20) % 2))
    with pytest.raises(ModelError, match="image"):
        train_classifier(rows)
    assert FeatureClassifier.facts(digits[0]) == {"shape": (8, 8, 1), "classes": 10}


@pytest.mark.once
def test_features_are_chosen_by_the_data(digits):
    plain = as_data((pixels(digits[0]), digits[0].labels))
    assert features.choose(None, digits[0], (0.0, 1.0)).name == "digits classifier"
    assert features.choose("pixels", digits[0], (0.0, 1.0)).name == "pixels"
    assert features.choose(None, plain, (0.0, 1.0)).name == "pixels"
    rng = np.random.default_rng(0)
    rows = rng.normal([0, 5], [1, 100], size=(500, 2)).astype("float32")
    found = features.choose(None, as_data(rows), None)
    assert found.name == "standardized values"
    made = found.extract(rows).features
    np.testing.assert_allclose(made.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(made.std(axis=0), 1, atol=1e-5)
    large = as_data(np.zeros((4, 96, 96, 1), "uint8") + np.arange(96, dtype="uint8")[:, None])
    with pytest.raises(DataError, match="up to 4096 values"):
        features.choose(None, large, (0.0, 1.0))


@pytest.mark.once
def test_a_file_that_is_no_features_is_an_error_of_one_line(tmp_path):
    (tmp_path / "x.onnx").write_bytes(b"nothing of the kind")
    for path in (tmp_path / "x.onnx", tmp_path / "missing.onnx"):
        with pytest.raises(DataError, match=path.name) as raised:
            features.Network(path)
        assert "\n" not in str(raised.value)
    with pytest.raises(DataError, match="images \\(8, 8, 1\\)"):
        features.Network(features.EMBEDDED).extract(np.zeros((2, 28, 28, 1)))


@pytest.mark.once
def test_the_command_writes_a_classifier_or_no_file(zoo_command, tmp_path):
    path = tmp_path / "x.onnx"
    words = ["features", "train", "--data", "digits", "--epochs", 1, "--width", 4, "--out", path]
    code, _, err = zoo_command(*words, "--least", 1.0)
    assert code == 1
    assert "accuracy is 1.0 or more" in err
    assert not path.exists()
    code, out, _ = zoo_command(*words, "--json")
    assert code == 0
    found = json.loads(out)
    assert found["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert found["name"] == "digits classifier"
    assert features.Network(path).describe()["accuracy"] == found["accuracy"]
