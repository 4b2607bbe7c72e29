"""The codebook against choices and updates worked out by hand."""

import keras
import numpy as np
import pytest

from tests.arrays import array, tensor
from tests.tolerances import EXACT, FORMULA
from zoo.layers import Codebook, Lookup

TABLE = [[0.0, 0.0], [2.0, 0.0], [0.0, 4.0]]


@pytest.fixture
def codebook():
    codebook = Codebook(3, 2, decay=0.75, epsilon=0.125)
    codebook.codebook.assign(np.array(TABLE, dtype="float32"))
    return codebook


def test_codebook_chooses_the_nearest_vector(codebook):
    found = codebook(tensor([[0.9, 0.5], [1.1, 0.5], [0.5, 3.0], [-9.0, -9.0], [9.0, 9.0]]))
    assert array(found).dtype == "int32"
    assert array(found).tolist() == [0, 1, 2, 0, 2]


def test_codebook_chooses_the_first_of_equally_near_vectors(codebook):
    found = codebook(tensor([[1.0, 0.0], [0.0, 2.0], [1.0, 2.0], [2.0, 3.0]]))
    # (1, 2) is as near to all three; (2, 3) is 3 from the second and √5 from the third.
    assert array(found).tolist() == [0, 0, 0, 2]


@pytest.mark.parametrize("shape", [(6,), (4, 5), (2, 3, 4), (2, 3, 2, 2)])
def test_codebook_takes_vectors_of_any_rank(shape):
    rng = np.random.default_rng(0)
    codebook = Codebook(7, 3)
    vectors, table = rng.normal(size=(*shape, 3)), rng.normal(size=(7, 3))
    codebook.codebook.assign(table.astype("float32"))
    nearest = ((vectors[..., None, :] - table) ** 2).sum(axis=-1).argmin(axis=-1)
    found = codebook(tensor(vectors))
    np.testing.assert_array_equal(array(found), nearest)
    EXACT.check(array(codebook.lookup(found)), table.astype("float32")[nearest])
    EXACT.check(array(Lookup(codebook)(found)), table.astype("float32")[nearest])


def test_first_vectors_are_uniform_and_of_unit_length_on_average():
    codebook = Codebook(300, 40)
    limit = (3 / 40) ** 0.5
    values = array(codebook.codebook)
    assert -limit <= values.min() < -0.99 * limit
    assert 0.99 * limit < values.max() <= limit


def test_update_moves_each_vector_to_the_smoothed_mean_of_its_data(codebook):
    vectors = tensor([[[1.0, 0.0], [-3.0, 1.0]], [[2.0, 2.0], [0.0, 0.5]]])
    indices = tensor([[0, 0], [1, 0]], "int32")
    codebook.update(vectors, indices)
    # Three chose the first vector, one the second; a quarter of that is taken.
    counts, sums = [0.75, 0.25, 0.0], [[-0.5, 0.375], [0.5, 0.5], [0.0, 0.0]]
    FORMULA.check(array(codebook.counts), counts)
    FORMULA.check(array(codebook.sums), sums)
    # (count + 1/8) / (total + 3/8) · total, with the total 1.
    first, second = 0.875 / 1.375, 0.375 / 1.375
    moved = [[-0.5 / first, 0.375 / first], [0.5 / second, 0.5 / second], [0.0, 4.0]]
    FORMULA.check(array(codebook.codebook), moved)


def test_second_update_remembers_three_quarters_of_the_first(codebook):
    codebook.update(tensor([[1.0, 0.0], [2.0, 2.0]]), tensor([0, 1], "int32"))
    codebook.update(tensor([[4.0, -2.0], [0.0, 2.0]]), tensor([1, 1], "int32"))
    counts = [0.75 * 0.25, 0.75 * 0.25 + 0.5, 0.0]
    sums = [[0.75 * 0.25, 0.0], [0.75 * 0.5 + 1.0, 0.75 * 0.5], [0.0, 0.0]]
    FORMULA.check(array(codebook.counts), counts)
    FORMULA.check(array(codebook.sums), sums)
    total = 0.875
    first, second = ((count + 0.125) / (total + 0.375) * total for count in counts[:2])
    moved = [[0.1875 / first, 0.0], [1.375 / second, 0.375 / second], [0.0, 4.0]]
    FORMULA.check(array(codebook.codebook), moved)


def test_first_update_sets_chosen_vectors_to_their_means_but_for_smoothing():
    codebook = Codebook(2, 1, decay=0.99, epsilon=1e-5)
    codebook.update(tensor([[1.0], [2.0], [6.0], [8.0]]), tensor([0, 0, 1, 1], "int32"))
    # Equal counts: smoothing cancels.
    FORMULA.check(array(codebook.codebook), [[1.5], [7.0]])


def test_a_saved_network_brings_its_codebook(tmp_path):
    indices = keras.Input((3,), dtype="int32")
    network = keras.Model(indices, Lookup(Codebook(7, 2))(indices))
    network.save(tmp_path / "network.keras")
    loaded = keras.saving.load_model(tmp_path / "network.keras")
    chosen = tensor([[0, 6, 3]], "int32")
    EXACT.check(array(loaded(chosen)), array(network(chosen)))
