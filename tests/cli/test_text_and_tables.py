"""Text and tables on the command line: lines and cells, from runs and from bundles."""

import json
import subprocess
import sys

import numpy as np
import pytest

from zoo.cli import main, written

pytestmark = pytest.mark.once

LINES = ["a dog sees a cat", "the cat sees a dog", "a cat likes the dog"]
PLAIN = """
import sys
for name in ("keras", "jax", "torch", "tensorflow", "pandas", "sklearn"):
    sys.modules[name] = None  # an import of it fails
from zoo.cli import main
sys.exit(max(main(["sample", bundle, "-n", "3"]) for bundle in sys.argv[1:]))
"""
SIZES = {
    "text_vae": ["latent_dim=2", "width=4", "embedding_dim=3"],
    "table_vae": ["latent_dim=2", "network_options.width=4"],
    "table_gan": ["latent_dim=2", "network_options.width=4", "modes=2"],
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Files, and a run and a bundle of each model."""
    home = tmp_path_factory.mktemp("texts")
    (home / "lines.txt").write_text("\n".join(20 * LINES))
    (home / "people.csv").write_text("age,city,height\n" + "31,Rome,1.5\n44,Oslo,1.75\n" * 20)
    (home / "people").mkdir()
    for name in ("train", "test"):
        (home / "people" / f"{name}.csv").write_text((home / "people.csv").read_text())
    sources = {
        "text_vae": ["lines.txt", "--tokens", "words", "--lines", "--length", "6"],
        "table_vae": ["people.csv"],
        "table_gan": ["people.csv"],
    }
    for name, (file, *words) in sources.items():
        run, bundle = str(home / name), str(home / f"{name}-bundle")
        options = ["--set", *SIZES[name], "--out", run, "--quiet", "--steps", "2"]
        assert main(["train", name, "--data", str(home / file), *words, *options]) == 0
        assert main(["export", run, "--out", bundle, "--certify", "quick"]) == 0
    return home


def test_samples_are_lines_and_cells_also_without_keras(zoo, folder):
    text = zoo("sample", folder / "text_vae", "-n", 3).out
    table = zoo("sample", folder / "table_vae", "-n", 3).out
    known = {word for line in LINES for word in line.split()} | {"<unknown>"}
    assert len(text.splitlines()) == 3 and set(text.split()) <= known
    assert table.startswith("age,city,height\n") and len(table.splitlines()) == 4
    bundles = [str(folder / f"{name}-bundle") for name in SIZES]
    plain = subprocess.run(
        [sys.executable, "-c", PLAIN, *bundles], check=True, capture_output=True, text=True
    )
    assert plain.stdout.splitlines()[:3] == text.splitlines()
    assert plain.stdout.splitlines()[3] == "age,city,height"
    names = {path.name for path in (folder / "text_vae" / "samples").iterdir()}
    assert names == {"epoch-0001.txt", "epoch-0002.txt"}
    assert (folder / "text_vae-bundle" / "samples.txt").is_file()
    assert (folder / "table_vae-bundle" / "samples.csv").is_file()


def test_samples_of_tables_hold_the_given_categories(zoo, folder):
    for name in ("table_gan", "table_vae"):
        rows = zoo("sample", folder / name, "-n", 5, "--given", "city=Rome").out.splitlines()
        assert len(rows) == 6 and all(row.split(",")[1] == "Rome" for row in rows[1:])
        bundle = zoo("sample", folder / f"{name}-bundle", "-n", 5, "--given", "city=Rome").out
        assert bundle.splitlines() == rows
    for word, found in (
        ("town=Rome", "columns city"),
        ("city", "columns city"),
        ("city=Rom", "Did you mean 'Rome'"),
    ):
        code, _, err = zoo("sample", folder / "table_gan", "--given", word)
        assert code == 2 and found in err.replace("\n", " "), err
    code, _, err = zoo("sample", folder / "text_vae", "--given", "city=Rome")
    assert code == 2 and "makes none" in err


def test_evaluation_of_tables_trains_classifiers_on_samples(zoo, folder):
    words = ["evaluate", folder / "table_gan-bundle", "--data", folder / "people", "--json"]
    code, out, err = zoo(*words, "--metrics", "tables", "--predict", "city")
    assert code == 0, err
    scores = {score["metric"]: score for score in json.loads(out)["scores"]}
    assert scores["trained_on_samples_accuracy"]["beside"]["training data"] == 1
    code, _, err = zoo(*words, "--predict", "age")
    assert code == 2 and "a column of categories" in err


def test_priors_of_text_and_tables_give_lines_and_cells(zoo, folder, tmp_path):
    prior = ("--prior", "mixture", "--components", 2)
    assert len(zoo("sample", folder / "text_vae", *prior, "-n", 3).out.splitlines()) == 3
    made = zoo("sample", folder / "table_vae", *prior, "-n", 3).out
    bundle = tmp_path / "bundle"
    zoo("export", folder / "table_vae", *prior, "--out", bundle, "--certify", "quick")
    assert zoo("sample", bundle, "-n", 3).out == made
    assert made.startswith("age,city,height\n")


def test_reconstructions_and_walks_are_lines_and_cells(zoo, folder, tmp_path):
    code, out, _ = zoo("reconstruct", folder / "text_vae", "-n", 2)
    lines = out.splitlines()
    assert code == 0 and lines[0] == LINES[0] and lines[2] == ""
    assert lines[5].startswith("count") and lines[6].startswith("tokens_right")
    (tmp_path / "two.txt").write_text("the dog likes a cat\na dog\n")
    words = ["--data", tmp_path / "two.txt", "--rows", 1, "--columns", 4]
    code, out, _ = zoo("interpolate", folder / "text_vae-bundle", *words)
    assert code == 0 and len(out.splitlines()) == 4
    rebuilt = tmp_path / "rebuilt.csv"
    code, out, _ = zoo("reconstruct", folder / "table_vae", "-n", 2, "--out", rebuilt)
    assert code == 0 and "categories_right" in out and "numbers_error_in_deviations" in out
    assert rebuilt.read_text().splitlines()[1] == "31,Rome,1.5"


def test_tokens_count_up_to_the_end_and_constant_columns_in_their_unit():
    settings = {"vocabulary": ["<end>", "a", "b"]}
    originals = np.array([[1, 2, 0, 0], [1, 1, 2, 1]])
    rebuilt = np.array([[1, 1, 0, 2], [1, 1, 2, 2]])  # 2 of 3 right, then 3 of 4
    assert written.agreement(originals, rebuilt, settings) == {"tokens_right": 5 / 7}
    columns = [{"name": name, "kind": "number", "fill": 0.0} for name in ("x", "y")]
    schema = {"columns": columns, "form": "one-hot", "label": None, "standardization": None}
    originals = np.array([[1.0, 5.0], [3.0, 5.0]])  # deviations 1 and 0
    found = written.agreement(originals, originals + [[0.5, 2.0], [0.5, 0.0]], {"schema": schema})
    assert found == {"numbers_error_in_deviations": 0.75}


def test_json_stands_alone(zoo, folder):
    for command in ("reconstruct", "traverse"):
        code, out, err = zoo(command, folder / "text_vae", "--json")
        assert code == 0 and isinstance(json.loads(out), dict), err


def test_suffixes_in_capitals_are_the_same_files(zoo, folder, tmp_path):
    assert zoo("sample", folder / "text_vae", "-n", 2, "--out", tmp_path / "x.NPY").code == 0
    assert np.load(tmp_path / "x.NPY").shape == (2, 6)
    words = ["sample", "-n", 2, "--out", tmp_path / "x.TXT"]
    assert zoo("use", folder / "text_vae", *words).code == 0
    assert len((tmp_path / "x.TXT").read_text().splitlines()) == 2


def test_heat_is_no_text(zoo, folder, tmp_path):
    words = ["anomaly", "-n", 2, "--out", tmp_path / "x.txt"]
    code, _, err = zoo("use", folder / "text_vae", *words)
    assert code == 2 and "No result is data" in err and not (tmp_path / "x.txt").exists()


def test_other_options_than_in_training_are_named(zoo, folder, tmp_path):
    (tmp_path / "other.txt").write_text("a dog\na cat\n")
    words = ["--data", tmp_path / "other.txt"]
    code, out, _ = zoo("reconstruct", folder / "text_vae", *words)  # two rows where 32 are shown
    assert code == 0 and "count         2" in out
    code, _, err = zoo("reconstruct", folder / "text_vae", *words, "--length", 9)
    assert code == 2 and "--length is as in training. Received: 9. Accepted: 6." in err


def test_a_picture_has_a_file(zoo, vae_run):
    code, out, err = zoo("sample", vae_run)
    assert (code, out) == (2, "") and "--out is needed: the file of the picture" in err


def test_a_file_of_another_kind_is_named(zoo, folder, tmp_path):
    code, _, err = zoo("sample", folder / "text_vae-bundle", "--out", tmp_path / "x.png")
    assert code == 2 and "This model makes text" in err and "Accepted: .txt" in err
    code, _, err = zoo("sample", folder / "table_vae-bundle", "--out", tmp_path / "x.txt")
    assert code == 2 and "This model makes tables" in err
    (tmp_path / "strange.txt").write_text("x")
    words = ["--data", tmp_path / "strange.txt", "--rows", 1]
    code, _, err = zoo("interpolate", folder / "text_vae-bundle", *words)
    assert code == 2 and "at least 2 rows" in err
