"""A leaderboard: sizes, rows, a page, pictures, and going on where it stopped."""

import json

import numpy as np
import pytest
from PIL import Image

import zoo
from benchmarks.leaderboard import budget, pairs, table
from benchmarks.leaderboard.folder import Folder, sheet
from tests.tolerances import EXACT
from zoo.cli import main
from zoo.data import as_data, load_data
from zoo.errors import RunError
from zoo.metrics import Reference
from zoo.metrics.groups import GROUPS
from zoo.registry import Row

pytestmark = pytest.mark.once


@pytest.fixture(scope="module")
def digits():
    return load_data("digits")


def run(folder, *words):
    words = [
        "leaderboard",
        "--data",
        "digits",
        "--steps",
        3,
        "--count",
        32,
        "--out",
        folder,
        *words,
    ]
    return main([str(word) for word in words])


@pytest.fixture(scope="module")
def board(tmp_path_factory):
    folder = tmp_path_factory.mktemp("board")
    assert run(folder, "--models", "vae", "cgan") == 0
    return folder


def lines(folder):
    return [json.loads(line) for line in (folder / "leaderboard.jsonl").read_text().splitlines()]


def test_a_row_has_conditions_settings_and_scores(board):
    first, *rows = lines(board)
    assert first["conditions"]["steps"] == 3
    assert first["conditions"]["features"]["name"] == "digits classifier"
    assert [row["model"] for row in rows] == ["vae", "cgan"]
    for row in rows:
        model = zoo.create(row["model"], **row["settings"])
        trained = {id(v): v for phase in model.phases for v in phase.variables}
        assert row["weights"] == sum(int(np.prod(v.shape)) for v in trained.values())
        assert row["step_milliseconds"] > 0
        assert {score["metric"] for score in row["scores"]} >= {"frechet_distance", "coverage"}


def test_the_page_names_features_and_shows_every_sheet(board):
    page = (board / "leaderboard.md").read_text()
    assert "on digits classifier features, SHA-256" in page
    assert "FID" not in page
    assert "| `vae` | " in page and "| `cgan` | " in page
    for name, rows in (("vae", 2 + 6), ("cgan", 6)):
        assert f"(sheets/{name}.png)" in page
        with Image.open(board / "sheets" / f"{name}.png") as picture:
            assert picture.size == (10 * 34 - 2, rows * 34 - 2)


def test_notes_beside_the_rows_stand_before_the_sheets():
    conditions = {
        "data": "d", "backend": "jax", "machine": "m", "steps": 1, "batch_size": 2, "seed": 0,
        "count": 3, "held_out": "test split", "width_factor": 1, "size_factor": 1,
        "least_rate": 0.1, "features": {"name": "f"},
    }  # fmt: skip
    row = {"model": "vae", "weights": 1, "scores": []}
    text = table.page([row], conditions, "zoo leaderboard", "- `vae`: blurred.\n")
    assert text.index("- `vae`: blurred.") < text.index("## Contact sheets")
    assert "What is weak" not in table.page([row], conditions, "zoo leaderboard")


def test_every_column_is_of_metrics_that_there_are():
    known = {metric for group in GROUPS.values() for metric in group.metrics}
    assert {metric for metrics in table.COLUMNS.values() for metric in metrics} <= known


def test_a_column_holds_the_first_metric_that_a_model_has():
    found = {
        name: {"metric": name, "value": value, "beside": {"trivial": 0.5}}
        for name, value in (("translation_distance", 3.0), ("translation_error", 0.25))
    }
    assert table._cell("Fréchet", found) == "3"
    assert table._cell("Fréchet", found | {"frechet_distance": {"value": 2.0}}) == "2"
    assert table._cell("translated", found) == "0.25, *0.5 trivial*"
    assert table._cell("copies", found) == ""


def test_edges_are_differences_of_neighbours():
    image = np.array([[0, 3, 3], [1, 1, 16]], "uint8")[None, :, :, None]
    assert pairs.edges(image)[0, :, :, 0].tolist() == [[3, 2, 13], [1, 15, 16]]
    assert pairs.edges(image).dtype == np.uint8


@pytest.mark.parametrize("field", ["target", "other"])
def test_models_that_translate_make_pictures_of_their_edges(digits, field):
    reference = Reference(*digits, count=32)
    assert pairs.reference_for(reference, ["mask"]) is reference
    found = pairs.reference_for(reference, [field])
    assert found.features is reference.features and found.count == 32
    EXACT.check(found.asked, pairs.edges(reference.asked))
    pictures = found.train.batch(np.arange(4), (0.0, 1.0))[field]
    EXACT.check(pictures, digits[0].batch(np.arange(4), (0.0, 1.0))["data"])
    assert pairs.missing([field, "mask"], digits[0]) == ["mask"]


def test_models_that_translate_have_rows(tmp_path):
    assert run(tmp_path, "--models", "pix2pix", "cyclegan") == 0
    _, *rows = lines(tmp_path)
    first, second = ({score["metric"] for score in row["scores"]} for row in rows)
    assert first == {"translation_error", "translation_distance"}
    assert second == {"translation_distance", "cycle_error"}
    page = (tmp_path / "leaderboard.md").read_text()
    assert "mean target*" in page


def test_models_that_are_there_are_not_trained_again(board, monkeypatch):
    trained = []

    def row(name, *_):
        trained.append(name)
        return {"model": name, "skipped": "a test"}

    monkeypatch.setattr("benchmarks.leaderboard.run.make_row", row)
    assert run(board, "--models", "vae", "cgan") == 0
    assert trained == []
    before = len(lines(board))
    assert run(board, "--models", "gan", "vae") == 0
    assert trained == ["gan"]
    assert len(lines(board)) == before + 1
    assert "`gan` a test" in (board / "leaderboard.md").read_text()


def test_other_conditions_are_another_leaderboard(board, capsys):
    assert run(board, "--models", "vae", "--seed", 1) == 1
    assert "one set of conditions" in capsys.readouterr().err
    with pytest.raises(RunError, match="steps"):
        Folder(board, {"steps": 4})


def test_a_model_that_fails_is_named_and_tried_again(tmp_path, monkeypatch, capsys):
    def fail(*_):
        raise ArithmeticError("no number")

    monkeypatch.setattr("benchmarks.leaderboard.run.make_row", fail)
    assert run(tmp_path, "--models", "vae") == 1
    assert "- `vae`: ArithmeticError: no number" in (tmp_path / "leaderboard.md").read_text()
    monkeypatch.setattr(
        "benchmarks.leaderboard.run.make_row", lambda name, *_: {"model": name, "skipped": "done"}
    )
    assert run(tmp_path, "--models", "vae") == 0
    capsys.readouterr()


def test_a_pattern_that_matches_nothing_is_an_error(tmp_path, capsys):
    assert run(tmp_path, "--models", "vea") == 2
    assert "Did you mean 'vae'?" in capsys.readouterr().err


def test_a_model_of_ones_own_has_a_row_and_a_sheet(tmp_path, monkeypatch):
    made = []

    def row(name, reference, chosen, folder):
        made.append(sheet(name))
        return {"model": name, "scores": [], "weights": 1, "step_milliseconds": 1.0}

    monkeypatch.setattr("benchmarks.leaderboard.run.make_row", row)
    own = "zoo.autoencoders.vae:VAE"
    assert run(tmp_path, "--models", own, "gan") == 0
    assert made == ["sheets/gan.png", "sheets/zoo.autoencoders.vae_VAE.png"]
    assert f"({made[1]})" in (tmp_path / "leaderboard.md").read_text()
    assert sheet("../mine/my.py:MyVAE") == "sheets/.._mine_my.py_MyVAE.png"


def test_sizes_are_those_of_the_tests_scaled_and_no_larger_than_the_defaults(digits):
    found = budget.settings("vae", digits[0])
    assert found["shape"] == (8, 8, 1)
    assert found["latent_dim"] == 16
    assert found["network_options"] == {"width": 32}
    found = budget.settings("deep_autoencoder", digits[0])
    assert found["widths"] == (64,)
    found = budget.settings("dcgan", digits[0])
    assert found["learning_rate"] == 1e-3 and found["width"] == 32
    assert budget.settings("cgan", digits[0])["num_classes"] == 10
    assert budget.settings("beta_vae", digits[0])["beta"] == 4.0


def test_a_first_stage_takes_a_part_of_the_budget(digits):
    for name in ("code_gan", "augmented_gan"):
        assert 300 <= budget.settings(name, digits[0])["pretraining_steps"] <= 1000


def test_a_rows_own_small_settings_come_first(digits, monkeypatch):
    row = Row("zoo.autoencoders.vae:VAE", settings={"beta": 2.0}, small={"latent_dim": 3})
    monkeypatch.setitem(zoo.registry.TABLE, "own", row)
    found = budget.settings("own", digits[0])
    assert (found["latent_dim"], found["beta"]) == (3, 2.0)


def test_every_row_has_a_place_or_a_reason(digits):
    for name in zoo.list_models():
        reason = budget.reason_to_skip(name, digits[0])
        if reason is None:
            zoo.create(name, **budget.settings(name, digits[0]))
    vectors = as_data(np.zeros((40, 3), "float32") + np.arange(40)[:, None])
    assert budget.reason_to_skip("dcgan", vectors) == "reads sequence or image data"


def test_a_reference_serves_every_model(digits):
    reference = Reference(*digits, count=32)
    assert reference.real is reference.real
    assert reference.components_error(4) == reference.components_error(4)
