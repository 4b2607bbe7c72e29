"""The quantizers beside the codebook, and its dead vectors, against choices by hand."""

import itertools

import keras
import numpy as np
import pytest

from tests.arrays import array, arrays, tensor
from tests.tolerances import EXACT, FORMULA
from zoo import backends
from zoo.layers import (
    Codebook,
    CosineCodebook,
    FiniteScalar,
    Lookup,
    LookupFree,
    Residual,
    SimCodebook,
)

TABLE = np.array([[0.0, 0.0], [2.0, 0.0], [0.0, 4.0]], "float32")
MAKERS = {
    "codebook": lambda: Codebook(6, 3),
    "cosine": lambda: CosineCodebook(6, 3),
    "sim": lambda: SimCodebook(6, 3),
    "finite_scalar": lambda: FiniteScalar((3, 2, 4)),
    "lookup_free": lambda: LookupFree(8),
    "residual": lambda: Residual(Codebook(6, 3), 2),
}


def filled(codebook, table=TABLE):
    codebook.codebook.assign(table)
    return codebook


@pytest.mark.parametrize("name", MAKERS)
def test_every_quantizer_passes_the_gradient_straight_through(name):
    """Behind a bound, the gradient is the bound's."""
    quantizer = MAKERS[name]()
    vectors = np.random.default_rng(0).normal(size=(2, 4, 3)).astype("float32")
    slope = np.random.default_rng(1).normal(size=(2, 4, 3)).astype("float32")
    read, indices, _ = quantizer.pass_through(tensor(vectors))
    EXACT.check(array(indices), array(quantizer(tensor(vectors))))
    FORMULA.check(array(read), array(quantizer.lookup(indices)))
    found = backends.input_gradient(lambda x: quantizer.pass_through(x)[0] * slope, tensor(vectors))
    expected = backends.input_gradient(lambda x: quantizer.bounded(x) * slope, tensor(vectors))
    FORMULA.check(array(found), array(expected))
    assert np.abs(array(found)).max() > 0.1


@pytest.mark.parametrize("name", MAKERS)
def test_a_saved_network_brings_its_quantizer(name, tmp_path):
    quantizer = MAKERS[name]()
    vectors = keras.Input((4, 3))
    code = quantizer(vectors)
    indices = keras.Input(code.shape[1:], dtype="int32")
    both = keras.Model([vectors, indices], [code, Lookup(quantizer)(indices)])
    both.save(tmp_path / "network.keras")
    loaded = keras.saving.load_model(tmp_path / "network.keras")
    given = np.random.default_rng(0).normal(size=(2, 4, 3)).astype("float32")
    codes = array(quantizer(tensor(given)))
    for ours, theirs in zip(both([given, codes]), loaded([given, codes]), strict=True):
        EXACT.check(array(theirs), array(ours))
    assert codes.dtype == "int32" and 0 <= codes.min() <= codes.max() < quantizer.size


def test_levels_are_counted_through_and_found_again():
    quantizer = FiniteScalar((3, 2, 4))
    assert (quantizer.size, quantizer.dim) == (24, 3)
    steps = [[-1, 0, 1], [-1, 0], [-1, -0.5, 0, 0.5]]
    every = [level[::-1] for level in itertools.product(*steps[::-1])]
    FORMULA.check(array(quantizer.lookup(tensor(np.arange(24), "int32"))), every)


def test_bounded_numbers_reach_every_level_and_no_other():
    quantizer = FiniteScalar((3, 2, 4, 5))
    numbers = np.repeat(np.linspace(-9, 9, 2001)[:, None], 4, axis=1)
    found = array(quantizer.lookup(quantizer(tensor(numbers))))
    expected = [[-1, 0, 1], [-1, 0], [-1, -0.5, 0, 0.5], [-1, -0.5, 0, 0.5, 1]]
    for column, levels in enumerate(expected):
        assert np.unique(found[:, column]).tolist() == levels
    # 0 is bounded to 0, and rounds to the middle level.
    EXACT.check(array(quantizer.lookup(quantizer(tensor([[0.0] * 4])))), [[0.0] * 4])
    FORMULA.check(array(quantizer.bounded(tensor([[0.0] * 4]))), [[0.0] * 4])
    # An odd number of levels: tanh to ±2.002, in steps of a half.
    by_hand = np.tanh(0.7) * 2.002 / 2
    FORMULA.check(array(quantizer.bounded(tensor([[0.7] * 4])))[0, 3], by_hand)
    assert quantizer.penalties(None, None, None) == {}


def test_signs_are_the_bits_of_an_index():
    quantizer = LookupFree(8)
    found = array(quantizer(tensor([[-1.0, -0.1, -2.0], [0.5, -1.0, 0.5], [1.0, 1.0, 1.0]])))
    assert found.tolist() == [0, 5, 7]
    EXACT.check(array(quantizer.lookup(tensor([5, 2], "int32"))), [[1, -1, 1], [-1, 1, -1]])
    with pytest.raises(ValueError, match="a power of two. Received: size=6"):
        LookupFree(6)


def test_the_entropy_term_is_that_of_the_codes_probabilities():
    vectors = np.array([[0.3, -0.2], [-0.5, 0.1]])
    codes = np.array([[-1, -1], [1, -1], [-1, 1], [1, 1]])
    distances = ((vectors[:, None] - codes) ** 2).sum(axis=-1)
    shares = np.exp(-distances) / np.exp(-distances).sum(axis=1, keepdims=True)

    def entropy(p):
        return -(p * np.log(p)).sum(axis=-1)

    penalties = arrays(LookupFree(4).pass_through(tensor(vectors))[2])
    FORMULA.check(penalties["entropy"], entropy(shares).mean() - entropy(shares.mean(axis=0)))
    FORMULA.check(penalties["commitment"], np.mean((vectors - codes[[1, 2]]) ** 2))


def test_a_cosine_codebook_chooses_by_direction():
    codebook = filled(CosineCodebook(3, 2), np.array([[1, 0], [0, 1], [-3, -3]], "float32"))
    vectors = tensor([[9.0, 1.0], [0.1, 0.2], [-0.1, 0.0]])
    assert array(codebook(vectors)).tolist() == [0, 1, 2]
    unit = 0.5**0.5
    FORMULA.check(array(codebook.lookup(tensor([2, 1], "int32"))), [[-unit, -unit], [0, 1]])
    read, _, penalties = codebook.pass_through(tensor([[3.0, 4.0]]))
    FORMULA.check(array(read), [[0.0, 1.0]])
    FORMULA.check(array(penalties["commitment"]), (0.6**2 + 0.2**2) / 2)
    codebook.update(tensor([[5.0, 0.0], [0.0, 0.5]]), tensor([0, 0], "int32"))
    FORMULA.check(array(codebook.codebook)[0], [unit, unit])


def test_a_sim_codebook_moves_all_its_vectors_by_one_matrix():
    codebook = SimCodebook(3, 2)
    codebook.codebook.assign(TABLE)
    EXACT.check(array(codebook.table), TABLE)
    assert [weight.name for weight in codebook.trainable_variables] == ["matrix"]
    matrix = np.array([[0.5, 1.0], [0.0, 0.25]], "float32")
    codebook.matrix.assign(matrix)
    FORMULA.check(array(codebook.lookup(tensor([1, 2], "int32"))), [[1.0, 2.0], [0.0, 1.0]])
    _, indices, penalties = codebook.pass_through(tensor([[0.5, 1.0]]))
    assert array(indices).tolist() == [2]
    FORMULA.check(array(penalties["commitment"]), 0.125)
    FORMULA.check(array(penalties["codebook"]), 0.125)

    def objective():
        return codebook.pass_through(tensor([[0.25, 1.5]]))[2]["codebook"], {}

    (gradient,), _ = backends.current().gradients(objective, [codebook.matrix], [])
    # The mean of (4·m₁₀ − ¼)² and (4·m₁₁ − 1.5)² of the third vector, (0, 4)·matrix.
    FORMULA.check(array(gradient), [[0, 0], [4 * (0 - 0.25), 4 * (1 - 1.5)]])


def test_a_residual_code_adds_up_what_is_left():
    codebook = filled(Codebook(3, 2), np.array([[4, 0], [1, 0], [0, 1]], "float32"))
    quantizer = Residual(codebook, 3)
    vectors = np.array([[5.2, 1.1]], "float32")
    # 4, then 1 of the 1.2 left, then the 1.1 above.
    assert array(quantizer(tensor(vectors))).tolist() == [[0, 1, 2]]
    read, indices, penalties = quantizer.pass_through(tensor(vectors))
    FORMULA.check(array(read), [[5.0, 1.0]])
    partial = np.array([[4, 0], [5, 0], [5, 1]])
    expected = sum(np.mean((vectors - sums) ** 2) for sums in partial)
    FORMULA.check(array(penalties["commitment"]), expected)
    quantizer.update(tensor(vectors), indices)
    # Each vector is moved to what was left when it was chosen.
    np.testing.assert_allclose(
        array(codebook.codebook), [[5.2, 1.1], [1.2, 1.1], [0.2, 1.1]], rtol=1e-4
    )


ORDER = [0.9, 0.2, 0.5, 0.7]


def test_dead_vectors_are_put_where_random_data_are():
    codebook = filled(Codebook(3, 2, decay=0.5, revive_below=0.25))
    vectors = tensor([[1.0, 0.0], [0.0, 0.5], [-1.0, 0.0], [0.0, 1.0]])
    codebook.update(vectors, tensor([0, 0, 0, 0], "int32"), tensor(ORDER))
    # All chose the first, whose count is 2: the mean is 2/3, and dead is what is below 1/6. The
    # data in the order of their numbers are 1, 2, 3, 0: the second vector gets 2, the third 3.
    found = array(codebook.codebook)
    np.testing.assert_allclose(found[0], [0.0, 0.375], atol=1e-4)
    EXACT.check(found[1:], [[-1.0, 0.0], [0.0, 1.0]])
    FORMULA.check(array(codebook.counts), [2, 1 / 3, 1 / 3])
    FORMULA.check(array(codebook.sums), [[0.0, 0.75], [-1 / 3, 0.0], [0.0, 1 / 3]])


def test_a_revived_vector_that_stays_unused_is_dead_again():
    codebook = filled(Codebook(3, 2, decay=0.5, revive_below=0.25))
    vectors = tensor([[1.0, 0.0], [0.0, 0.5], [-1.0, 0.0], [0.0, 1.0]])
    first = tensor([0, 0, 0, 0], "int32")
    codebook.update(vectors, first, tensor(ORDER))
    before = array(codebook.codebook)[1:]
    codebook.update(vectors, first, tensor(ORDER[::-1]))  # 1/6 of a mean of 10/9: dead below 5/18
    assert (array(codebook.codebook)[1:] != before).all(axis=1).any()


def test_without_an_order_or_a_bound_nothing_is_revived():
    for bound, order in ((None, tensor(ORDER)), (0.25, None)):
        codebook = filled(Codebook(3, 2, decay=0.5, revive_below=bound))
        codebook.update(tensor([[1.0, 0.0]] * 4), tensor([0] * 4, "int32"), order)
        EXACT.check(array(codebook.codebook)[1:], TABLE[1:])


def test_fewer_data_than_dead_vectors_are_taken_in_turn():
    codebook = filled(Codebook(3, 2, decay=0.5, revive_below=0.25))
    codebook.update(tensor([[1.0, 3.0]]), tensor([0], "int32"), tensor([0.5]))
    np.testing.assert_allclose(array(codebook.codebook), [[1.0, 3.0]] * 3, rtol=1e-4)
