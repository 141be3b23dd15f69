"""`capexrisk recalc` and `capexrisk history`: what they print and write, and what a second run does."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from time import monotonic, sleep

import openpyxl
import portfolio_files as files
import pytest
from typer.testing import CliRunner

from capexrisk_addin import cli
from capexrisk_addin.commands import recalc as command
from capexrisk_workbooks import read_results


def call(*arguments):
    return CliRunner().invoke(cli.app, [str(argument) for argument in arguments])


@pytest.fixture
def folder(tmp_path):
    files.write(
        tmp_path / "in",
        acme=files.typed(files.review("Acme", (("OpenAI", 90.0),)), "cash", 40.0),
        birch=files.review("Birch", (("OpenAI", 90.0),)),
        dune=files.review("Dune", (), cash=None),
        other=files.other_workbook(),
    )
    return tmp_path / "in"


def test_json_has_one_object_a_path_and_one_a_review(folder):
    done = call("recalc", folder, "--json")
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert [(Path(item["path"]).stem, item["status"], item["changed"]) for item in found["files"]] == [
        ("acme", "recalculated", True),
        ("birch", "unchanged", False),
        ("dune", "incomplete", False),
        ("other", "not_a_review", False),
    ]
    assert [item["inputs"]["entity"] for item in found["reviews"]] == ["Acme", "Birch", "Dune"]
    assert found["reviews"][0]["stress"]


def test_it_prints_counts_and_a_sentence_for_what_needs_one(folder):
    printed = call("recalc", folder).stdout
    assert printed.startswith("4 files: 1 recalculated, 1 unchanged, 1 incomplete, 1 not a review.")
    assert "dune.xlsx: Cash and liquid investments is missing." in " ".join(printed.split())


def test_it_says_something_about_so_many_files_only(folder, monkeypatch):
    monkeypatch.setattr(command, "MOST_SAID", 1)
    assert "and 1 more files with a remark" in call("recalc", folder).stdout


def test_results_and_summary_are_the_same_whether_done_or_known(folder, tmp_path):
    frames, summaries = [], []
    for at in range(3):
        results, summary = tmp_path / f"{at}.parquet", tmp_path / "portfolio.xlsx"
        done = call("recalc", folder, "--results", results, "--summary", summary)
        assert done.exit_code == 0, done.output
        frames.append(read_results(results).drop(columns=["status", "changed", "modified"]))
        summaries.append(summary.read_bytes())
    assert frames[0].equals(frames[1])
    assert frames[1].equals(frames[2])
    sheets = openpyxl.load_workbook(tmp_path / "portfolio.xlsx")
    assert "Nothing has moved." in [cell.value for line in sheets["Movements"].iter_rows() for cell in line]


def test_summary_and_results_within_the_folder_are_not_read_as_reviews(folder):
    for _ in range(2):
        printed = call("recalc", folder, "--summary", folder / "portfolio.xlsx", "--results", folder / "r.csv").stdout
        assert printed.startswith("4 files")


def test_backups_within_the_folder_are_not_recalculated(folder):
    old = (folder / "acme.xlsx").read_bytes()
    for _ in range(2):
        assert call("recalc", folder, "--backup", folder / "old").stdout.startswith("4 files")
    assert [path.read_bytes() for path in (folder / "old").iterdir()] == [old]


def test_a_dry_run_writes_no_workbook_and_no_ledger(folder, own_ledger, monkeypatch):
    monkeypatch.delenv("CAPEXRISK_LEDGER")
    monkeypatch.setenv("XDG_DATA_HOME", str(own_ledger.parent))
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert "1 recalculated" in call("recalc", folder, "--dry-run").stdout
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert not list(own_ledger.parent.rglob("*.sqlite"))


def test_the_ledger_lies_in_the_data_folder_and_never_beside_the_reviews(folder, own_ledger, monkeypatch):
    monkeypatch.delenv("CAPEXRISK_LEDGER")
    monkeypatch.setenv("XDG_DATA_HOME", str(own_ledger.parent))
    before = {path.name for path in folder.iterdir()}
    call("recalc", folder)
    assert {path.name for path in folder.iterdir()} == before
    assert [path.name for path in own_ledger.parent.rglob("*.sqlite")] == ["ledger.sqlite"]


def test_without_a_usable_data_folder_it_goes_on_unrecorded(folder, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.delenv("CAPEXRISK_LEDGER")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "file"))
    done = call("recalc", folder)
    assert done.exit_code == 0
    assert "This run is not recorded" in done.stderr
    assert call("recalc", folder, "--ledger", tmp_path / "file" / "x.sqlite").exit_code == 1


def test_a_killed_run_is_started_again_and_goes_on(tmp_path, own_ledger):
    data = files.typed(files.review(), "cash", 33.0)
    paths = files.write(tmp_path / "many", **{f"r{at:03}": data for at in range(150)})
    process = subprocess.Popen([sys.executable, "-m", "capexrisk_addin.cli", "recalc", str(tmp_path / "many")])
    until = monotonic() + 60
    while paths[100].read_bytes() == data and monotonic() < until:
        sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    sleep(1)  # its workers find out and end
    before = {path: path.stat().st_mtime_ns for path in paths}
    done = call("recalc", tmp_path / "many")
    assert done.exit_code == 0
    assert done.stdout.startswith("150 files")
    assert "recalculated" in done.stdout
    assert "unchanged" in done.stdout
    assert all(path.stat().st_mtime_ns == before[path] for path in paths[:50])
    assert len({path.read_bytes() for path in paths}) == 1


def test_wrong_options_are_wrong_usage(folder, tmp_path):
    assert call("recalc", folder, "--summary", tmp_path / "s.txt").exit_code == 2
    assert call("recalc", folder, "--fx", tmp_path / "nowhere.csv").exit_code == 2
    assert call("recalc", folder, "--timeout", "0").exit_code == 2
    done = call("recalc", folder, "--results", tmp_path / "r.txt")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "must end in .parquet or .csv" in done.stderr


def test_a_review_is_never_lost_to_the_summary(folder):
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    done = call("recalc", folder, "--summary", folder / "birch.xlsx")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "a review, which would be lost" in done.stderr
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_what_became_of_the_files_is_told_even_when_the_summary_cannot_be_written(folder, tmp_path):
    taken = tmp_path / "portfolio.xlsx"
    taken.mkdir()
    done = call("recalc", folder, "--summary", taken)
    assert done.exit_code == 1
    assert done.stdout.startswith("4 files: 1 recalculated")


def test_json_of_a_folder_without_workbooks_is_json(tmp_path):
    done = call("recalc", tmp_path, "--json")
    assert (done.exit_code, json.loads(done.stdout)) == (0, {"files": [], "reviews": []})


def test_a_cluster_that_is_not_there_is_a_sentence(folder):
    pytest.importorskip("distributed")
    done = subprocess.run(
        [sys.executable, "-m", "capexrisk_addin.cli", "recalc", str(folder), "--cluster", "tcp://127.0.0.1:9"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "cannot be reached" in done.stderr
    assert "Traceback" not in done.stderr


# --- history ---


def test_history_takes_runs_that_found_the_same_together(folder):
    path = folder / "acme.xlsx"
    call("recalc", path)
    call("recalc", path)
    path.write_bytes(files.typed(path.read_bytes(), "cash", 1.0))
    call("recalc", path)
    lines = [line.split() for line in call("history", "acme").stdout.splitlines() if "2025-12-31" in line]
    assert [line[1] for line in lines] == ["2", "1"]
    visits = json.loads(call("history", "acme", "--json").stdout)["visits"]
    assert [visit["status"] for visit in visits] == ["recalculated", "unchanged", "recalculated"]
    assert visits[0]["score"] is not None


def test_history_of_an_unknown_entity_is_a_sentence(folder, tmp_path):
    assert "There is no ledger" in call("history", "Acme").stderr
    call("recalc", folder)
    done = call("history", "Acmee")
    assert done.exit_code == 1
    assert "Did you mean 'Acme'" in done.stderr


@pytest.mark.parametrize("option", ["--summary", "--results"])
def test_a_folder_that_is_not_there_is_said_before_anything_is_done(folder, tmp_path, option):
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    done = call("recalc", folder, option, tmp_path / "none" / ("a.xlsx" if option == "--summary" else "a.csv"))
    assert done.exit_code == 2
    assert f"there is no folder {tmp_path / 'none'}; make it first." in done.output
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_one_file_is_counted_as_one(folder):
    assert "1 file: 1 incomplete." in call("recalc", folder / "dune.xlsx").stdout
