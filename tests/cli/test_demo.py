"""The demo leaves pictures, bundles and a report, and touches nothing that is not its own."""

import json
from dataclasses import replace

import pytest

from benchmarks.commands import demo
from tests.cli.conftest import TINY


def test_demo_trains_exports_certifies_and_times(zoo, tmp_path, monkeypatch):
    vae = replace(demo.SUBJECTS[0], settings=tuple(TINY["vae"]), epochs=1)
    monkeypatch.setattr(demo, "SUBJECTS", (vae,))
    monkeypatch.setattr(demo, "BATCHES", (2,))
    monkeypatch.setattr(demo, "SECONDS", 0.01)
    out = tmp_path / "demo"
    code, printed, err = zoo("demo", "--out", out, "--json")
    assert code == 0
    rows = json.loads(printed)
    assert [(row["model"], row["part"], row["batch"]) for row in rows] == [
        ("vae", "encoder", 2),
        ("vae", "decoder", 2),
    ]
    assert all(row["times faster"] > 0 for row in rows)
    assert f"zoo: $ zoo export {out}/runs/vae --out {out}/bundles/vae --overwrite" in err
    assert {path.name for path in (out / "pictures").iterdir()} == {
        "vae-sample.png",
        "vae-reconstruct.png",
        "vae-interpolate.png",
    }
    report = (out / "report.md").read_text()
    assert "| vae | encoder | 2 |" in report and "(pictures/vae-sample.png)" in report
    assert zoo("verify", out / "bundles" / "vae").code == 0
    demo._claim(out)  # its own earlier demo


@pytest.mark.once
@pytest.mark.parametrize("mark", [True, False])
def test_demo_refuses_a_folder_with_something_else(zoo, tmp_path, mark):
    (tmp_path / "thesis.tex").write_text("mine")
    if mark:
        (tmp_path / demo.MARK).write_text("{}")
    code, _, err = zoo("demo", "--out", tmp_path)
    assert code == 1
    assert "which holds thesis.tex" in err
    assert (tmp_path / "thesis.tex").read_text() == "mine"
