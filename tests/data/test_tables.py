"""CSV files of mixed columns become fields, and fields CSV files of the same columns."""

import json
import warnings

import numpy as np
import pytest

from tests.tolerances import EXACT, FORMULA
from zoo.data import Standardization, facts, load_data
from zoo.data.sources.table import Table, load_table, write_table
from zoo.errors import DataError, TargetError

pytestmark = pytest.mark.once

PEOPLE = """\
name,age,height,city,member
"Roe, A.",31,1.5,Rome,yes
B,44,1.75,Oslo,no
C,27,1.625,Rome,yes
D,27,2.0,Bern,no
"""


@pytest.fixture
def people(tmp_path):
    path = tmp_path / "people.csv"
    path.write_text(PEOPLE)
    return path


def table_of(data):
    return Table.from_config(json.loads(json.dumps(data.description))["table"])


def test_numbers_come_first_then_one_hot_columns(people):
    data, test = load_data(people, columns=["city", "age", "height", "member"])
    assert test is None
    assert data.shape == (2 + 3 + 2,)
    assert data.source_range is None
    EXACT.check(
        data.batch([0, 1], None)["data"],
        [[31, 1.5, 0, 0, 1, 0, 1], [44, 1.75, 0, 1, 0, 1, 0]],
    )
    assert facts(data, (0.0, 1.0))["value_range"] is None
    record = Standardization.fit(data)
    EXACT.check(record.stddev[2:], np.ones(5))
    EXACT.check(record.mean[2:], np.zeros(5))


def test_categories_may_be_fields_of_indices(people):
    data, _ = load_data(people, form="index", label="member")
    assert data.shape == (2,)
    assert data.class_names == ["no", "yes"]
    batch = data.batch([0, 1, 2], None)
    assert batch["labels"].tolist() == [1, 0, 1]
    assert batch["city"].tolist() == [2, 1, 2]
    assert batch["city"].dtype == np.int32
    assert data.fields["city"].size == 3
    assert data.fields["city"].names == ("Bern", "Oslo", "Rome")


def test_a_table_of_categories_alone_is_between_0_and_1(people):
    data, _ = load_data(people, columns=["city", "member"])
    assert data.source_range == (0.0, 1.0)
    with pytest.raises(DataError, match="at least one number. Received: .*all categories"):
        load_data(people, columns=["city", "member"], form="index")


@pytest.mark.parametrize("options", [{}, {"standardize": True}, {"form": "index"}])
def test_writing_gives_back_the_file(people, tmp_path, options):
    data, _ = load_data(people, **options)
    batch = {name: field.values for name, field in data.fields.items()}
    path = write_table(tmp_path / "again.csv", table_of(data), batch)
    assert path.read_text() == PEOPLE


def test_writing_gives_back_labels_too(people, tmp_path):
    data, _ = load_data(people, label="age")
    assert data.class_names == ["27", "31", "44"]
    batch = {name: field.values for name, field in data.fields.items()}
    path = write_table(tmp_path / "again.csv", table_of(data), batch)
    assert path.read_text() == PEOPLE
    without = write_table(tmp_path / "without.csv", table_of(data), data.samples)
    assert without.read_text().startswith("name,height,city,member\n")


def test_samples_of_a_model_are_rounded_to_the_types_of_the_columns(people):
    data, _ = load_data(people, columns=["age", "height", "city"])
    cells = table_of(data).decode(np.array([[30.6, 1.23456789, -1.0, 0.2, 0.1]]))
    assert cells == {"age": ["31"], "height": ["1.234568"], "city": ["Oslo"]}


def test_standardized_numbers_have_mean_0(people):
    data, _ = load_data(people, columns=["age", "height"], standardize=True)
    FORMULA.check(data.samples.mean(axis=0), [0, 0])
    FORMULA.check(data.samples.std(axis=0), [1, 1])


def test_missing_values_are_filled_counted_and_reported(tmp_path):
    path = tmp_path / "holes.csv"
    path.write_text("a;b\n1;x\n?;NA\n3;\n7;y\n")
    with pytest.warns(UserWarning) as caught:
        data, _ = load_data(path)
    assert [str(warning.message) for warning in caught] == [
        "1 of 4 values of 'a' are missing: replaced by the median 3.",
        "2 of 4 values of 'b' are missing: replaced by a category of their own.",
    ]
    assert data.description["missing"] == {"a": 1, "b": 2}
    EXACT.check(data.samples[:, 0], [1, 3, 3, 7])
    EXACT.check(data.samples[1, 1:], [1, 0, 0])
    again = write_table(tmp_path / "again.csv", table_of(data), data.samples)
    assert again.read_text() == "a,b\n1,x\n3,\n3,\n7,y\n"


def test_other_data_are_read_as_the_training_data(people, tmp_path):
    train, _ = load_data(people, columns=["age", "city"], standardize=True)
    path = tmp_path / "test.csv"
    path.write_text("city,age,note\nBern,31,new\n")
    test, notes = load_table(path, table=table_of(train))
    assert notes == []
    FORMULA.check(test.samples[0], [train.samples[0, 0], 1, 0, 0])
    path.write_text("city,age\nParis,31\n")
    with pytest.raises(DataError, match="'city': Labels are of the known classes. .*'Paris'|Paris"):
        load_table(path, table=table_of(train))
    path.write_text("age\n31\n")
    with pytest.raises(DataError, match="columns age, city. Received: none called 'city'"):
        load_table(path, table=table_of(train))
    path.write_text("age,city\nold,Rome\n")
    with pytest.raises(DataError, match="'age' holds numbers. Received: 'old'"):
        load_table(path, table=table_of(train))


def test_numbers_without_a_header_are_columns(tmp_path):
    path = tmp_path / "numbers.csv"
    path.write_text("\ufeff1\t2\n\n3\t4\n", "utf-8")
    data, _ = load_data(path)
    EXACT.check(data.samples, [[1, 2], [3, 4]])
    assert [column.name for column in table_of(data).columns] == ["column 1", "column 2"]


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        ("", {}, "at least one row. Received: .*which holds none"),
        ("a,b\n", {}, "at least one row"),
        ("a,b\n1,2\n3\n", {}, r"2 cells in the first row of .* and 1 in line 3"),
        ("a,a\n1,2\n", {}, "different names. Received: 'a' twice"),
        ('a,b\n1,"2\n', {}, "cannot be read. Received: .*line"),
        ("a,b\n1,\n2,\n", {}, "'b', all missing. Accepted: columns="),
        ("a,b\n1,2\n", {"columns": ["c"]}, "Received: 'c'. Accepted: a, b"),
        ("age,b\n1,2\n", {"label": "agee"}, "Received: 'agee'. Did you mean 'age'"),
        ("a,b\n1,2\n", {"label": "a", "columns": ["a"]}, "beside the labels"),
        ("a,b\n1,2\n", {"form": "dense"}, "one-hot or index. Received: 'dense'"),
        ("a,b\n1,2\n", {"size": 8}, "size is for images and arrays"),
        ("a,b\n1,2\n", {"tokens": "words"}, r"tokens is for text \(.txt\)"),
        ("a\n" + "\n".join(f"t{n}" for n in range(300)), {}, "at most 256 texts. Received: 300"),
    ],
)
def test_bad_tables_are_named(tmp_path, text, options, message):
    path = tmp_path / "table.csv"
    path.write_text(text)
    with pytest.raises(DataError, match=message) as caught:
        load_data(path, **options)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_no_text_is_named(tmp_path):
    path = tmp_path / "table.csv"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataError, match="not UTF-8"):
        load_data(path)


@pytest.mark.parametrize("config", [{}, None, {"columns": [{"size": 1}]}, {"columns": 3}])
def test_a_broken_description_is_rejected(config):
    with pytest.raises(DataError, match="describes no table"):
        Table.from_config(config)


def test_arrays_of_other_columns_are_rejected(people, tmp_path):
    data, _ = load_data(people, columns=["age", "city"])
    with pytest.raises(DataError, match=r"4 columns. Received: shape \(1, 3\)"):
        table_of(data).decode(np.zeros((1, 3)))
    indexed, _ = load_data(people, columns=["age", "city"], form="index")
    with pytest.raises(DataError, match="1 columns. Received: no field 'city'"):
        table_of(indexed).decode(np.zeros((1, 1)))
    with warnings.catch_warnings(), pytest.raises(TargetError):
        write_table(people / "inside.csv", table_of(data), data.samples)


@pytest.mark.parametrize("cell", ["inf", "-Infinity", "1e999"])
def test_an_infinite_number_is_named(tmp_path, cell):
    path = tmp_path / "table.csv"
    path.write_text(f"a,b\n1,2\n{cell},3\n")
    with pytest.raises(DataError, match=f"are finite. Received: '{cell}' in 'a'"):
        load_data(path)
    whole = tmp_path / "whole.csv"
    whole.write_text("a,b\n1,2\n2,3\n")
    table = table_of(load_data(whole)[0])
    with pytest.raises(DataError, match=f"are finite. Received: '{cell}' in 'a'"):
        load_table(path, table=table)


def test_a_folder_of_two_tables_is_training_and_test_data(tmp_path):
    (tmp_path / "train.csv").write_text("age,city\n30,Rome\n50,Oslo\n40,Rome\n")
    train, test = load_data(tmp_path)
    assert len(train) == 3 and test is None
    (tmp_path / "test.csv").write_text("city,age\nOslo,20\n")
    train, test = load_data(tmp_path, label="city")
    assert test.samples.tolist() == [[20]] and test.labels.tolist() == [0]
    assert test.class_names == train.class_names == ["Oslo", "Rome"]
    (tmp_path / "test.csv").write_text("city,age\nBern,20\n")
    with pytest.raises(DataError, match="Bern"):
        load_data(tmp_path)
