"""What the applications compute, on a model that is worked out by hand."""

from types import SimpleNamespace

import numpy as np
import pytest

from zoo import applications
from zoo.applications.anomaly import baseline_scores
from zoo.applications.compression import pack, unpack
from zoo.errors import DataError, UseError
from zoo.metrics.judged import Runner
from zoo.uses import Step, Use

pytestmark = pytest.mark.once

HALF = np.float32(0.5)


class Halving:
    """A model whose code is the first half of a row's features, and which decodes it twice."""

    def __init__(self, *names, codes="float32"):
        self.codes = codes
        self.asked = 0
        table = {
            "encode": Use([Step("encoder", {"data": "data"})], {"code": "encoder/code"}),
            "decode": Use([Step("decoder", {"latent": "code"})], {"data": "decoder/data"}),
            "reconstruct": Use([Step("encoder", {"data": "data"})], {"reconstruction": "x/y"}),
            "inpaint": Use([Step("encoder", {"data": "data", "mask": "mask"})], {"filled": "x/y"}),
            "classify": Use([Step("encoder", {"data": "data"})], {"label": "x/y"}),
            "cluster": Use([Step("encoder", {"data": "data"})], {"cluster": "x/y"}),
        }
        table = {name: table[name] for name in names}
        about = SimpleNamespace(shape=(4,), value_range=None)
        self.runner = Runner(about, table, self.use)

    def use(self, name, *, seed=0, data=None, code=None, mask=None):
        self.asked += 1
        match name:
            case "encode":
                return {"code": data[:, :2].astype(self.codes)}
            case "decode":
                return {"data": np.concatenate([code, code], axis=1).astype("float32")}
            case "reconstruct":
                return {"reconstruction": HALF * data + HALF}
            case "inpaint":
                return {"filled": HALF * data + HALF}
            case "classify":
                return {"label": np.ones(len(data), "int32")}
            case "cluster":
                probability = np.tile([[0.25, 0.75]], (len(data), 1))
                return {"cluster": np.ones(len(data), "int32"), "probability": probability}


def test_scores_and_heat_of_a_model_that_only_reconstructs():
    data = np.array([[1, 1, 1, 1], [3, 1, 1, 1]], "float32")
    found = applications.anomalies(Halving("reconstruct").runner, data)
    np.testing.assert_array_equal(found.heat, [[0, 0, 0, 0], [1, 0, 0, 0]])
    np.testing.assert_array_equal(found.scores, [0, 0.25])


def test_a_threshold_leaves_the_contamination_above_it():
    scores = np.arange(100) / 100
    for contamination, above in ((0.05, 5), (0.0, 0), (0.5, 50)):
        threshold = applications.threshold_of(scores, contamination)
        assert (scores > threshold).sum() <= above
        assert (scores > threshold).sum() >= above - 1
    with pytest.raises(UseError, match="from 0, below 1"):
        applications.threshold_of(scores, 1.0)


def test_the_area_is_the_probability_that_an_anomaly_scores_higher():
    scores = np.array([3.0, 1.0, 2.0, 2.0])
    anomalous = np.array([True, False, True, False])
    curve = applications.roc(scores, anomalous)
    pairs = [(3, 1), (3, 2), (2, 1), (2, 2)]  # of which the last is a tie
    assert curve.area == np.mean([1 if a > n else 0.5 * (a == n) for a, n in pairs])
    np.testing.assert_array_equal(curve.false_positives, [0, 0, 0.5, 1])
    np.testing.assert_array_equal(curve.true_positives, [0, 0.5, 1, 1])
    with pytest.raises(UseError, match="normal rows and anomalies"):
        applications.roc(scores, np.ones(4, bool))


def test_data_that_are_not_finite_are_refused_as_by_a_bundle():
    with pytest.raises(UseError, match="'data' must be finite"):
        applications.anomalies(Halving("reconstruct").runner, [[0.0, np.nan, 0.0, 1.0]])


def test_scores_are_finite_numbers_each_with_a_truth():
    rule = "Scores are finite numbers"
    truths = np.array([True, False, True])
    for scores in ([1, np.nan, 2], [1, np.inf, 2], [[1, 2, 3]], ["a", "b", "c"], None):
        with pytest.raises(UseError, match=rule):
            applications.threshold_of(scores, 0.1)
        with pytest.raises(UseError, match=rule):
            applications.roc(scores, truths)
    with pytest.raises(UseError, match=r"Received: \(2,\) scores and \(3,\) truths"):
        applications.roc([1, 2], truths)


@pytest.mark.parametrize("data", [None, 1.0, "digits", [[1], [1, 2]], {"data": [None]}])
def test_data_are_numbers(data):
    with pytest.raises(UseError, match="Data are arrays of numbers"):
        applications.anomalies(Halving("reconstruct").runner, data)


def test_a_point_on_the_first_component_is_no_anomaly():
    train = np.array([[-1, -1], [0, 0], [1, 1]], "float64")
    asked = np.array([[5, 5], [1, -1]], "float64")
    np.testing.assert_allclose(baseline_scores(train, asked, 1), [0, 1], atol=1e-12)
    np.testing.assert_allclose(baseline_scores(train, asked, 0), [25, 1])


def test_holes_are_filled_by_what_a_model_comes_to():
    model = Halving("reconstruct")
    data = np.array([[[1], [3], [9], [9]]], "float32")
    mask = np.array([[[0], [0], [1], [1]]], "float32")
    filled = applications.inpaint(model.runner, data, mask, steps=2)
    # From 2, the mean of what is known: 2 → 1.5 → 1.25.
    np.testing.assert_array_equal(filled.ravel(), [1, 3, 1.25, 1.25])
    assert model.asked == 2
    with pytest.raises(UseError, match="A mask has the shape"):
        applications.inpaint(model.runner, data, mask[:, :2])
    with pytest.raises(UseError, match="in the field 'data'. Received: labels."):
        applications.inpaint(model.runner, {"labels": [1]}, mask)
    for wrong in (0.3, -1, np.nan):
        with pytest.raises(UseError, match="A mask is 1 where data are missing"):
            applications.inpaint(model.runner, data, np.where(mask == 1, wrong, mask))
    for steps in (0, -1, 1.5, "3", True):
        with pytest.raises(UseError, match=f"steps, from 1. Received: {steps!r}"):
            applications.inpaint(model.runner, data, mask, steps=steps)


@pytest.mark.parametrize("name", ["reconstruct", "inpaint"])
@pytest.mark.parametrize("hidden", [9, np.nan, np.inf])
def test_what_a_hole_hides_does_not_reach_the_result(name, hidden):
    data = np.array([[[1], [3], [hidden], [hidden]]], "float32")
    mask = np.array([[[0], [0], [1], [1]]], bool)
    filled = applications.inpaint(Halving(name).runner, data, mask, steps=1)
    made = 1.5 if name == "reconstruct" else 0.5
    np.testing.assert_array_equal(filled.ravel(), [1, 3, made, made])
    assert filled.dtype == np.float32
    with pytest.raises(DataError, match="finite float32 numbers. Received: nan in data"):
        applications.inpaint(Halving(name).runner, np.full_like(data, np.nan), mask)


def test_holes_have_their_places():
    centre = applications.hole("centre", (4, 4, 1), 2)
    assert centre.shape == (2, 4, 4, 1)
    np.testing.assert_array_equal(centre[0, 1:3, 1:3], 1)
    assert centre.sum() == 2 * 4
    np.testing.assert_array_equal(
        applications.hole("right", (2, 4, 3), 1)[0, :, :, 0], [[0, 0, 1, 1]] * 2
    )
    np.testing.assert_array_equal(applications.hole("bottom", (4, 1), 1)[0, :, 0], [0, 0, 1, 1])
    assert 0.4 < applications.hole("scattered", (32, 32, 1), 4).mean() < 0.6
    with pytest.raises(UseError, match="A hole is one of"):
        applications.hole("left", (4, 4, 1), 1)


def test_a_model_s_own_clusters_and_classes_come_first():
    data = np.zeros((3, 4), "float32")
    found = applications.cluster(Halving("encode", "cluster").runner, data)
    np.testing.assert_array_equal(found.clusters, 1)
    np.testing.assert_array_equal(found.distances, 0.25)
    assert list(applications.classify(Halving("classify").runner, data)) == ["label"]


def test_codes_are_clustered_and_classified():
    rng = np.random.default_rng(0)
    labels = np.arange(60) % 3
    data = np.concatenate([np.eye(3)[labels][:, :2] * 9, rng.normal(size=(60, 2))], axis=1)
    model = Halving("encode").runner
    data = (data + 0.1 * rng.normal(size=data.shape)).astype("float32")
    clusters = applications.cluster(model, data, 3).clusters
    assert len(set(zip(clusters, labels, strict=True))) == 3
    known = {"data": data[:12], "labels": np.where(np.arange(12) < 9, labels[:12], -1)}
    found = applications.classify(model, data, known)
    np.testing.assert_array_equal(found["label"], labels)
    assert found["probability"].shape == (60, 3)
    with pytest.raises(UseError, match="labelled rows of two classes"):
        applications.classify(model, data, {"data": data, "labels": np.full(60, -1)})
    for wrong, message in (
        (["a", "b"] * 30, "Labels are whole numbers from 0.*<U1"),
        (labels / 2, "Labels are whole numbers from 0"),
        (np.eye(3)[labels].astype(int), "Labels are whole numbers from 0"),
    ):
        with pytest.raises(UseError, match=message):
            applications.classify(model, data, {"data": data, "labels": wrong})


@pytest.mark.parametrize("count", [0, -1, 2.5, "a", True, 5])
def test_clusters_are_at_most_as_many_as_rows(count):
    model = Halving("encode").runner
    data = np.random.default_rng(0).normal(size=(4, 4)).astype("float32")
    with pytest.raises(UseError, match=f"Received: {count!r}. Accepted: 1 to 4."):
        applications.cluster(model, data, count)
    assert set(applications.cluster(model, data, np.int64(4)).clusters) == {0, 1, 2, 3}


@pytest.mark.parametrize("bits", [1, 3, 8, 13])
def test_numbers_of_any_bits_are_packed(bits):
    values = np.random.default_rng(bits).integers(0, 2**bits, 37)
    content = pack(values, bits)
    assert len(content) == -(-37 * bits // 8)
    np.testing.assert_array_equal(unpack(content, bits, 37), values)


def test_indices_come_back_as_they_were():
    data = np.random.default_rng(0).integers(0, 9, (5, 4)).astype("float32")
    model = Halving("encode", "decode", codes="int32").runner
    made = applications.decompress(model, applications.compress(model, data))
    np.testing.assert_array_equal(made, np.tile(data[:, :2], 2))


def test_continuous_codes_come_back_to_half_a_level():
    data = np.random.default_rng(0).normal(size=(50, 4)).astype("float32")
    data[:, 1] = 2.0  # an entry that never changes
    model = Halving("encode", "decode").runner
    for bits in (2, 8):
        made = applications.decompress(model, applications.compress(model, data, bits=bits))
        step = np.ptp(data[:, :2], axis=0) / (2**bits - 1)
        assert (np.abs(made[:, :2] - data[:, :2]) <= step / 2 + 1e-6).all()


def test_damaged_codes_are_named():
    model = Halving("encode", "decode").runner
    content = applications.compress(model, np.zeros((3, 4), "float32"))
    fewer, more = (content.replace(b"[3, 2]", shape) for shape in (b"[2, 2]", b"[4, 2]"))
    for damaged, message in (
        (b"x" + content[1:], "another kind of file"),
        (content[:14], ""),
        (content[:20] + b"7" * 40, ""),
        (content[:-4], "codes that are cut off"),
        (content[:-1], "codes that are cut off"),
        (content + b"xx", "2 bytes behind the codes"),
        (fewer, "more than 20 bytes of codes"),
        (more, "22 bytes of codes in place of 24"),
    ):
        with pytest.raises(DataError, match=f"that zoo compress wrote. Received: .*{message}"):
            applications.decompress(model, damaged)
    for bits in (17, 0, 2.5, "8", True, None):
        with pytest.raises(UseError, match=f"1 to 16 bits. Received: {bits!r}."):
            applications.compress(model, np.zeros((3, 4), "float32"), bits=bits)
    assert applications.compress(model, np.zeros((3, 4), "float32"), bits=np.int64(8)) == content


def test_what_a_model_lacks_is_named():
    with pytest.raises(UseError, match="To compress a model needs the use 'decode'"):
        applications.compress(Halving("encode").runner, np.zeros((3, 4)))
    with pytest.raises(UseError, match="To denoise a model needs the use 'reconstruct'"):
        applications.denoise(Halving().runner, np.zeros((3, 4)))
