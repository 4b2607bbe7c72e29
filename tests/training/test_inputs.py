"""What Keras users hold trains a model as the arrays in it do."""

import keras
import numpy as np
import pytest

import zoo
from tests.tolerances import EXACT
from zoo.data import Data, Field, Stream, as_data, labelled, load_data, paired, unpaired
from zoo.errors import DataError, ModelError
from zoo.training.inputs import check_fits, data_for
from zoo.training.run_folder import RunFolder

IMAGES = np.random.default_rng(0).integers(0, 256, (32, 8, 8, 1), dtype=np.uint8)
LABELS = np.arange(32) % 10


class Asked:
    """What `data_for` and `check_fits` read of a model."""

    shape = (8, 8, 1)
    num_classes = None
    sample_rate = None

    def __init__(self, **facts):
        for name, value in facts.items():
            setattr(self, name, value)


class Batches(keras.utils.PyDataset):
    def __init__(self, rows):
        super().__init__()
        self.rows = rows
        self.ended = 0

    def __len__(self):
        return len(IMAGES) // self.rows

    def __getitem__(self, index):
        chosen = slice(index * self.rows, (index + 1) * self.rows)
        return IMAGES[chosen], LABELS[chosen]

    def on_epoch_end(self):
        self.ended += 1


def created():
    return zoo.create("shallow_autoencoder", shape=(8, 8, 1))


def trained_on(source, **options):
    model = created()
    history = model.fit(source, batch_size=8, verbose=0, **options)
    return history.history


def in_order():
    """Batches of the images in their own order, as a generator gives them."""
    for start in range(0, 32, 8):
        yield IMAGES[start : start + 8]


def expected(**options):
    return trained_on(in_order, **options)


@pytest.mark.once
def test_arrays_pairs_and_dictionaries_are_data():
    labelled_model = Asked(num_classes=10)
    for values in ((IMAGES, LABELS), {"data": IMAGES, "labels": LABELS}):
        data = data_for(labelled_model, values)
        assert isinstance(data, Data)
        assert data.labels.tolist() == LABELS.tolist()
    assert data_for(Asked(), list(IMAGES)).shape == (8, 8, 1)
    assert data_for(labelled_model, list(IMAGES), list(LABELS)).labels.tolist() == LABELS.tolist()
    data = data_for(labelled_model, IMAGES, np.eye(10)[LABELS])
    assert data.labels.tolist() == LABELS.tolist()
    assert data_for(labelled_model, data) is data
    beside = data_for(labelled_model, {"data": IMAGES}, {"labels": LABELS, "mask": IMAGES > 9})
    assert list(beside.fields) == ["data", "labels", "mask"]


@pytest.mark.once
def test_a_target_that_is_the_data_is_none():
    assert list(data_for(Asked(), IMAGES, IMAGES).fields) == ["data"]
    assert list(data_for(Asked(), (IMAGES, IMAGES.copy())).fields) == ["data"]
    with pytest.raises(ModelError, match="reads no target. Received: y of the data's shape"):
        data_for(Asked(), IMAGES, 255 - IMAGES)
    translator = Asked(reads={"target": (8, 8, 1)})
    assert list(data_for(translator, IMAGES, 255 - IMAGES).fields) == ["data", "target"]


@pytest.mark.once
def test_integers_are_tokens_for_a_model_with_a_vocabulary():
    tokens = np.array([[1, 4], [0, 2]])
    reader = Asked(shape=(2,), vocabulary_size=5)
    data = data_for(reader, tokens)
    check_fits(reader, data)
    assert data.batch([0], None)["data"].dtype == np.int32
    with pytest.raises(DataError, match="Received: 0 to 4. Accepted: 0 to 3"):
        data_for(Asked(shape=(2,), vocabulary_size=4), tokens)
    with pytest.raises(ModelError, match="reads numbers. Received: tokens"):
        check_fits(Asked(shape=(2,)), data)
    with pytest.raises(ModelError, match="reads tokens. Received: numbers"):
        check_fits(reader, as_data(np.zeros((2, 2))))
    large = Data(Field(tokens, "index", size=9))
    with pytest.raises(ModelError, match="the model's 5 tokens. Received: 9"):
        check_fits(reader, large)


@pytest.mark.once
def test_a_field_that_a_model_reads_is_asked_for_by_name():
    reader = Asked(reads={"target": (8, 8, None), "other": (8, 8, 1)})
    data = as_data(IMAGES)
    with pytest.raises(ModelError, match=r"'target'. Received: data with data.*paired\(data, tar"):
        check_fits(reader, data)
    data = unpaired(paired(data, target=IMAGES.repeat(3, -1)), other=IMAGES[:5])
    check_fits(reader, data)
    with pytest.raises(ModelError, match=r"'other' of shape \(4, 4, 1\). Received: \(8, 8, 1\)"):
        check_fits(Asked(reads={"other": (4, 4, 1)}), data)


@pytest.mark.once
def test_hidden_labels_are_for_models_that_read_them():
    data = labelled(as_data((IMAGES, LABELS)), keep=10)
    check_fits(Asked(num_classes=10, hidden_labels=True), data)
    with pytest.raises(ModelError, match="a label for every sample. Received: .*hidden"):
        check_fits(Asked(num_classes=10), data)


@pytest.mark.once
def test_a_model_with_a_standardization_reads_standardized_data():
    record = zoo.data.Standardization(np.array([2.0]), np.array([4.0]))
    model = Asked(shape=(1,), standardization=record)
    assert data_for(model, np.array([[10.0]])).batch([0], None)["data"] == 2


@pytest.mark.once
def test_y_beside_data_or_a_stream_is_rejected():
    with pytest.raises(DataError, match="hold their labels"):
        data_for(Asked(), as_data(IMAGES), LABELS)
    with pytest.raises(DataError, match="gives pairs"):
        data_for(Asked(), in_order, LABELS)


def test_a_generator_trains_for_its_steps():
    history = trained_on(in_order(), steps=4)
    assert history == expected(steps=4)
    with pytest.raises(DataError, match="unknown length. Accepted: steps_per_epoch"):
        trained_on(in_order())


def test_a_keras_data_set_trains_for_its_length():
    source = Batches(4)
    history = trained_on(source, epochs=2)
    assert len(history["loss"]) == 2
    assert source.ended == 1, "the end of the first pass"
    assert history["loss"][0] == expected(steps=4)["loss"][0]
    assert len(trained_on(Batches(8), steps=9)["loss"]) == 3, "epochs of 4, 4 and 1 steps"


def test_a_stream_validates_and_is_pictured(tmp_path):
    model = created()
    history = model.fit(Batches(8), validation_data=Batches(4), verbose=0, run=tmp_path / "run")
    held_out = model.evaluate(as_data(IMAGES))
    assert history.history["val_loss"][0] == pytest.approx(held_out["loss"], rel=1e-5)
    assert (tmp_path / "run/samples/epoch-0001.png").is_file()


def test_a_run_on_a_stream_goes_on_at_the_end_of_an_epoch(tmp_path):
    model, straight = (created() for _ in range(2))
    options = {"batch_size": 8, "verbose": 0}
    model.fit(Batches(8), epochs=1, run=tmp_path / "run", **options)
    model.fit(Batches(8), epochs=2, run=tmp_path / "run", resume=True, **options)
    straight.fit(Batches(8), epochs=2, **options)
    for a, b in zip(model.weights, straight.weights, strict=True):
        EXACT.check(keras.ops.convert_to_numpy(a), keras.ops.convert_to_numpy(b))


def test_a_run_is_resumed_with_all_its_fields(tmp_path):
    model = created()
    data = unpaired(paired(as_data(IMAGES), target=IMAGES), other=IMAGES[:7])
    options = {"batch_size": 8, "verbose": 0, "run": tmp_path / "run"}
    model.fit(data, steps=2, **options)
    model.fit(data, steps=3, resume=True, **options)
    changed = unpaired(paired(as_data(IMAGES), target=IMAGES[::-1]), other=IMAGES[:7])
    with pytest.raises(zoo.errors.RunError, match=r"own data. Received: target\.hash=sha256"):
        model.fit(changed, steps=4, resume=True, **options)
    changed = unpaired(paired(as_data(IMAGES), target=IMAGES), other=IMAGES[:6])
    with pytest.raises(zoo.errors.RunError, match=r"Received: other\.hash=.*other\.count=6"):
        model.fit(changed, steps=4, resume=True, **options)
    assert isinstance(RunFolder(tmp_path / "run"), RunFolder)


if keras.config.backend() == "tensorflow":
    import tensorflow as tf

    def test_a_tensorflow_data_set_trains_for_its_cardinality():
        source = tf.data.Dataset.from_tensor_slices(IMAGES)
        assert trained_on(source.batch(8)) == expected(steps=4)
        assert trained_on(source) == expected(steps=4), "rows, not batches"
        mapped = source.map(lambda x: (x, x)).batch(5).prefetch(2)
        assert trained_on(mapped, steps=4) == expected(steps=4)

    def test_a_tensorflow_data_set_without_end_needs_steps():
        source = tf.data.Dataset.from_tensor_slices(IMAGES).batch(8).repeat()
        assert trained_on(source, steps=4) == expected(steps=4)
        for unknown in (source, source.take(4).filter(lambda x: True)):
            with pytest.raises(DataError, match="tf.data.Dataset of unknown length"):
                data_for(created(), unknown).plan()

    def test_tensors_of_tensorflow_are_arrays():
        data = data_for(Asked(), tf.constant(IMAGES))
        EXACT.check(data.samples, IMAGES)


if keras.config.backend() == "torch":
    import torch
    from torch.utils.data import DataLoader, Dataset, IterableDataset, TensorDataset

    class Rows(Dataset):
        def __len__(self):
            return len(IMAGES)

        def __getitem__(self, index):
            return IMAGES[index], int(LABELS[index])

    class Endless(IterableDataset):
        def __iter__(self):
            while True:
                yield from map(torch.from_numpy, IMAGES)

    def test_a_loader_trains_for_its_length():
        for rows in (Rows(), TensorDataset(torch.from_numpy(IMAGES))):
            assert trained_on(DataLoader(rows, batch_size=8)) == expected(steps=4)
        assert trained_on(DataLoader(Rows(), batch_size=5), steps=4) == expected(steps=4)

    def test_iterable_data_sets_give_rows_and_need_steps():
        assert trained_on(Endless(), steps=4) == expected(steps=4)
        assert trained_on(DataLoader(Endless(), batch_size=8), steps=4) == expected(steps=4)
        with pytest.raises(DataError, match="IterableDataset of unknown length"):
            data_for(created(), Endless()).plan()

    def test_indexed_data_sets_are_data():
        model = Asked(num_classes=10)
        tensors = TensorDataset(torch.from_numpy(IMAGES), torch.from_numpy(LABELS))
        for source in (Rows(), tensors):
            data = data_for(model, source)
            assert isinstance(data, Data)
            EXACT.check(data.samples, IMAGES)
            assert data.labels.tolist() == LABELS.tolist()
        with pytest.raises(DataError, match="length 0"):
            data_for(model, torch.utils.data.Subset(Rows(), []))

    def test_tensors_of_torch_are_arrays():
        x = torch.from_numpy(IMAGES).float().requires_grad_()
        data = data_for(Asked(num_classes=10), x, torch.from_numpy(LABELS))
        EXACT.check(data.samples, IMAGES)
        assert isinstance(data_for(Asked(), DataLoader(x, batch_size=8)), Stream)


@pytest.mark.once
def test_sounds_of_another_rate_are_no_data_of_a_model():
    sounds, _ = load_data("sounds", rate=1000, window=8)
    check_fits(Asked(shape=(8, 1), sample_rate=1000), sounds)
    with pytest.raises(ModelError, match="1000"):
        check_fits(Asked(shape=(8, 1), sample_rate=2000), sounds)
