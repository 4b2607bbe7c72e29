"""Text files become windows of token indices, and indices text."""

import numpy as np
import pytest

from zoo.data import load_data
from zoo.data.sources.text import END, UNKNOWN, decode_text, load_text
from zoo.errors import DataError

pytestmark = pytest.mark.once


@pytest.fixture
def poem(tmp_path):
    path = tmp_path / "poem.txt"
    path.write_text("a rose is a rose.\nis a rosé", "utf-8")
    return path


def test_characters_are_indices_into_the_vocabulary(poem):
    data, test = load_data(poem, length=6)
    assert test is None
    assert data.shape == (6,)
    assert len(data) == 4
    vocabulary = data.description["vocabulary"]
    assert vocabulary == sorted(set(poem.read_text("utf-8")))
    assert data.fields["data"].size == len(vocabulary)
    batch = data.batch([0, 2], (-1, 1))["data"]
    assert batch.dtype == np.int32
    assert decode_text(batch, vocabulary, "characters") == ["a rose", "rose.\n"]


def test_words_are_sorted_by_how_often_they_occur(poem):
    data, _ = load_data(poem, tokens="words", length=4)
    assert data.description["vocabulary"] == [UNKNOWN, "a", "is", "rose", ".", "rosé"]
    assert decode_text(data.samples, data.description["vocabulary"], "words") == [
        "a rose is a",
        "rose . is a",
    ]


def test_other_text_shares_the_vocabulary(poem, tmp_path):
    words = load_text(poem, tokens="words", length=4).description["vocabulary"]
    other = tmp_path / "other.txt"
    other.write_text("a tulip is a rose")
    found = load_text(other, tokens="words", length=5, vocabulary=words)
    assert decode_text(found.samples, words, "words") == [f"a {UNKNOWN} is a rose"]
    characters = sorted("a ros")
    with pytest.raises(DataError, match="the vocabulary's 5. Received: 't'"):
        load_text(other, length=5, vocabulary=characters)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"length": 100}, "one window of 100 characters. Received: 27 in"),
        ({"length": 0}, "length=0"),
        ({"tokens": "letters"}, "characters or words. Received: 'letters'"),
        ({"label": "a"}, r"label is for tables \(.csv\)"),
        ({"channels": 1}, "channels is for images and arrays"),
    ],
)
def test_impossible_options_are_rejected(poem, options, message):
    with pytest.raises(DataError, match=message):
        load_data(poem, **options)


def test_a_file_that_is_no_text_is_named(tmp_path):
    path = tmp_path / "x.txt"
    path.write_bytes(b"\xff\xff")
    with pytest.raises(DataError, match="cannot be read. .*not UTF-8"):
        load_data(path)
    with pytest.raises(DataError, match="No such data. .*Did you mean 'x.txt'"):
        load_data(tmp_path / "xx.txt")


def test_each_line_is_a_row_that_ends(tmp_path):
    path = tmp_path / "lines.txt"
    path.write_text("ab\n\nc\nabcab\n")
    data, _ = load_data(path, lines=True, length=4)
    vocabulary = data.description["vocabulary"]
    assert vocabulary == [END, "a", "b", "c"]
    assert data.samples.tolist() == [[1, 2, 0, 0], [3, 0, 0, 0], [1, 2, 3, 1]]
    assert decode_text(data.samples, vocabulary, "characters") == ["ab", "c", "abca"]
    words, _ = load_data(path, lines=True, length=2, tokens="words")
    known = words.description["vocabulary"]
    assert decode_text(words.samples, known, "words") == ["ab", "c", "abcab"]
    again, _ = load_data(path, lines=True, length=2, tokens="words", vocabulary=known)
    assert (again.samples == words.samples).all()
    (tmp_path / "empty.txt").write_text("\n\n")
    with pytest.raises(DataError, match="at least a line that is not empty"):
        load_data(tmp_path / "empty.txt", lines=True)
