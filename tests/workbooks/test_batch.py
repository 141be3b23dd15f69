"""The contract of a batch: every path once with one status, in order, whatever the workers; nothing ever half done."""

import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import closing
from functools import partial
from pathlib import Path
from time import monotonic

import portfolio_files as files
import pytest

from capexrisk_workbooks import batch as batches
from capexrisk_workbooks import pool
from capexrisk_workbooks.batch import batch
from capexrisk_workbooks.files import count, find
from capexrisk_workbooks.job import Done, Job
from capexrisk_workbooks.results import STATUSES


def statuses(found):
    return {Path(done.row["path"]).stem: done.status for done in found}


@pytest.fixture(scope="module")
def zoo(tmp_path_factory):
    """A folder with a file for each status that a file has by itself."""
    good = files.review()
    folder = tmp_path_factory.mktemp("zoo")
    files.write(
        folder,
        good=good,
        stale=files.typed(good, "cash", 40.0),
        blank=files.typed(good, "cash", None),
        protected=files.protected(),
        signed=files.signed(files.typed(good, "cash", 40.0)),
        locked=files.typed(good, "cash", 40.0),
        other=files.other_workbook(),
        broken=good[: len(good) // 2],
        bomb=files.bomb(),
    )
    (folder / "~$locked.xlsx").write_bytes(b"\x04Anna" + b" " * 160)
    return folder


@pytest.fixture
def folder(zoo, tmp_path):
    return Path(shutil.copytree(zoo, tmp_path / "zoo"))


def test_every_file_ends_with_its_status_and_only_stale_reviews_are_written(folder):
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    found = list(batch(find([folder]), Job(), 2))
    assert statuses(found) == {
        "good": "unchanged",
        "stale": "recalculated",
        "blank": "incomplete",
        "protected": "protected",
        "signed": "signed",
        "locked": "locked",
        "other": "not_a_review",
        "broken": "unreadable",
        "bomb": "too_large",
    }
    assert all(done.row["sentence"] for done in found if done.status not in ("recalculated", "unchanged"))
    written = {name for name, data in before.items() if (folder / name).read_bytes() != data}
    assert written == {"stale.xlsx", "blank.xlsx"}
    assert {path.name for path in folder.iterdir()} == set(before)


def test_a_second_run_changes_nothing(folder):
    list(batch(find([folder]), Job(), 1))
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    again = statuses(batch(find([folder]), Job(), 1))
    assert (again["stale"], again["blank"]) == ("unchanged", "incomplete")
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_dry_run_says_what_would_change_and_writes_nothing(folder):
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    found = list(batch(find([folder]), Job(dry_run=True), 1))
    assert statuses(found)["stale"] == "recalculated"
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_reading_only_assesses_what_is_stored(folder):
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    found = {Path(done.row["path"]).stem: done for done in batch(find([folder]), Job(read_only=True), 1)}
    assert found["stale"].row["input_cash"] == 40
    assert found["good"].status == "unchanged"
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_files_missing_or_no_files_end_unreadable(tmp_path):
    paths = [tmp_path / "nowhere.xlsx", tmp_path / "a\0b.xlsx"]
    found = list(batch([(path, True) for path in paths], Job(), 1))
    assert [done.status for done in found] == ["unreadable", "unreadable"]
    assert all(done.failed for done in found)


def test_a_read_only_file_fails_with_a_reason(folder):
    path = folder / "stale.xlsx"
    path.chmod(0o444)
    (done,) = batch([(path, True)], Job(), 1)
    assert done.status == "failed"
    assert "read-only" in done.row["sentence"]


def test_every_status_is_one_of_the_list(folder):
    assert set(statuses(batch(find([folder]), Job(dry_run=True), 1)).values()) <= set(STATUSES)


# --- The order, the workers, the numbers ---


@pytest.mark.parametrize("workers", [1, 3])
def test_answers_come_in_the_order_of_the_files_and_do_not_depend_on_workers(zoo, tmp_path, workers):
    copies = [Path(shutil.copytree(zoo, tmp_path / name)) for name in ("one", "many")]
    reverse = list(find([copies[1]]))[::-1]
    one = list(batch(find([copies[0]]), Job(), 1))
    many = list(batch(reverse, Job(), workers))
    assert [done.row["path"] for done in many] == [str(path) for path, _ in reverse]
    plain = [{**done.row, "path": Path(done.row["path"]).name, "modified": None} for done in one]
    assert [{**done.row, "path": Path(done.row["path"]).name, "modified": None} for done in many] == plain[::-1]
    for path in copies[0].iterdir():
        assert path.read_bytes() == (copies[1] / path.name).read_bytes()


def slow_first(task):
    number, (path, named) = task
    if number == 0:
        time.sleep(1.0)
    return number, Done({"path": str(path), "status": "unchanged"}, named)


def test_a_slow_file_is_waited_for_and_few_are_done_ahead_of_it(monkeypatch):
    monkeypatch.setattr(batches, "AHEAD", 5)
    monkeypatch.setattr(batches, "batch_work", _ignoring_job)
    taken = []

    def tasks():
        for at in range(200):
            taken.append(at)
            yield Path(f"{at}.xlsx"), False

    found = batch(tasks(), Job(), 2)
    assert next(found).row["path"] == "0.xlsx"
    assert len(taken) < 20
    assert [done.row["path"] for done in found] == [f"{at}.xlsx" for at in range(1, 200)]


def _ignoring_job(job, tasks):
    return map(slow_first, tasks)


# --- Time limits, lost workers, stopping ---


def stuck(task):
    number, (path, named) = task
    if path.stem == "stuck":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        while True:
            pass
    if path.stem == "dead":
        os._exit(3)
    return number, Done({"path": str(path), "status": "unchanged"}, named)


def run_pool(names, workers, limit=1.0, together=1):
    tasks = [(at, (Path(f"{name}.xlsx"), False)) for at, name in enumerate(names)]
    lost = partial(batches.batch_lost, Job(limit=limit))
    found = pool.run(partial(pool.each, stuck), tasks, workers, limit, lost, together=together)
    return {Path(done.row["path"]).stem: (done.status, done.row.get("sentence")) for _, done in found}


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(pool, "_START", 20.0)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_file_beyond_its_time_limit_costs_only_itself(impatient, workers):
    begun = monotonic()
    found = run_pool(["a", "b", "stuck", "c"], workers)
    assert {name: status for name, (status, _) in found.items()} == {
        "a": "unchanged", "b": "unchanged", "stuck": "timed_out", "c": "unchanged",
    }  # fmt: skip
    assert "more than 1 seconds" in found["stuck"][1]
    assert monotonic() - begun < 45


@pytest.mark.parametrize(("bad", "status"), [("stuck", "timed_out"), ("dead", "failed")])
def test_a_file_that_is_lost_among_others_costs_only_itself(impatient, bad, status):
    names = [f"r{at}" for at in range(30)]
    names[20] = bad
    found = run_pool(names, 1, together=8)
    assert {name: status for name, (status, _) in found.items()} == {**dict.fromkeys(names, "unchanged"), bad: status}


def test_a_worker_that_dies_costs_only_its_file():
    found = run_pool(["a", "dead", "b"], 1, limit=30)
    assert {name: status for name, (status, _) in found.items()} == {
        "a": "unchanged",
        "dead": "failed",
        "b": "unchanged",
    }


@pytest.mark.parametrize("where", ["_opened", "_done"])
def test_a_fault_of_ours_costs_one_file(monkeypatch, folder, where):
    from capexrisk_workbooks import recalc

    sound = getattr(recalc, where)

    def faulty(path, *rest):
        if path.stem == "stale":
            raise RuntimeError("a fault of ours")
        return sound(path, *rest)

    expected = statuses(batch(find([folder]), Job(dry_run=True), 1))
    monkeypatch.setattr(recalc, where, faulty)
    tasks = list(enumerate(find([folder])))
    found = list(batches.batch_work(Job(dry_run=True), tasks))
    assert [number for number, _ in found] == list(range(len(tasks)))
    assert statuses(done for _, done in found) == {**expected, "stale": "failed"}
    (failed,) = (done for _, done in found if done.status == "failed")
    assert "a fault of ours" in failed.row["sentence"]


def test_closing_a_batch_ends_its_workers(tmp_path):
    paths = files.write(tmp_path, **{f"r{at}": files.typed(files.review(), "cash", 30.0 + at) for at in range(6)})
    before = _children()
    with closing(batch([(path, False) for path in paths], Job(), 2)) as found:
        next(found)
        begun = monotonic()
    assert monotonic() - begun < 2
    assert _children() <= before


def _children():
    listed = subprocess.run(["pgrep", "-P", str(os.getpid())], capture_output=True, text=True).stdout.split()
    return set(listed)


@pytest.mark.parametrize("moment", [0.0, 0.3])
def test_ctrl_c_stops_within_two_seconds_and_leaves_every_file_whole(tmp_path, moment):
    data = files.typed(files.review(), "cash", 33.0)
    paths = files.write(tmp_path / "many", **{f"r{at:03}": data for at in range(300)})
    (done,) = batch([(files.write(tmp_path, done=data)[0], True)], Job(), 1)
    new = Path(done.row["path"]).read_bytes()
    command = [sys.executable, "-m", "capexrisk_addin.cli", "recalc", str(tmp_path / "many"), "--results",
               str(tmp_path / "r.csv"), "--workers", "2"]  # fmt: skip
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True, text=True
    )
    _await(lambda: any(path.read_bytes() != data for path in paths[:3]) or process.poll() is not None)
    time.sleep(moment)
    os.killpg(process.pid, signal.SIGINT)
    begun = monotonic()
    _, said = process.communicate(timeout=10)
    assert monotonic() - begun < 2.5  # with what it takes to see a process end
    assert process.returncode == 130
    assert "Traceback" not in said
    assert "run again" in said
    assert {path.read_bytes() for path in paths} <= {data, new}
    assert {path.suffix for path in (tmp_path / "many").iterdir()} == {".xlsx"}


def _await(happened, seconds=60):
    until = monotonic() + seconds
    while not happened() and monotonic() < until:
        time.sleep(0.02)


# --- Which files ---


def test_folders_are_searched_and_what_cannot_be_a_review_is_left_out(tmp_path):
    for name in ("b.xlsx", "a.XLSM", "~$b.xlsx", ".hidden.xlsx", "note.txt", ".capexrisk-x.xlsx.tmp", "sub/c.xlsx",
                 ".git/d.xlsx", "kept/e.xlsx", "portfolio.xlsx"):  # fmt: skip
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
    left_out = [tmp_path / "kept", tmp_path / "portfolio.xlsx"]
    found = [(path.relative_to(tmp_path).as_posix(), named) for path, named in find([tmp_path], left_out)]
    assert found == [("a.XLSM", False), ("b.xlsx", False), ("sub/c.xlsx", False)]
    assert count([tmp_path], left_out) == 3


def test_a_folder_that_cannot_be_listed_is_not_passed_over(tmp_path, monkeypatch):
    (tmp_path / "closed").mkdir()
    (tmp_path / "a.xlsx").touch()
    scandir = os.scandir

    def refusing(path):
        if Path(path).name == "closed":
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    assert list(find([tmp_path])) == [(tmp_path / "a.xlsx", False), (tmp_path / "closed", False)]
    (done,) = batch(find([tmp_path / "closed"]), Job(), 1)
    assert (done.status, done.failed) == ("unreadable", True)


def test_a_path_that_nobody_may_look_at_stops_no_other(tmp_path, monkeypatch):
    (tmp_path / "a.xlsx").touch()
    stat = os.stat

    def refusing(path, **options):
        if "closed" in str(path):
            raise PermissionError(13, "Permission denied", path)
        return stat(path, **options)

    monkeypatch.setattr(os, "stat", refusing)
    paths = [tmp_path / "closed" / "b.xlsx", tmp_path / "a.xlsx"]
    assert list(find(paths, tidy=lambda _: None)) == [(path, True) for path in paths]


def test_a_path_counts_once_however_it_is_reached(tmp_path):
    path = tmp_path / "a.xlsx"
    path.touch()
    (tmp_path / "link.xlsx").symlink_to(path)
    found = list(find([path, tmp_path, tmp_path / "." / "a.xlsx", str(path)]))
    assert found == [(path, True)]


def test_temporary_files_of_killed_runs_are_removed_on_the_way(tmp_path):
    from capexrisk_workbooks.ooxml.replace import PREFIX, SUFFIX

    stale = tmp_path / f"{PREFIX}abc{SUFFIX}"
    stale.write_bytes(b"half")
    list(find([tmp_path]))
    assert stale.exists()
    told = []
    list(find([tmp_path], tidy=told.append))
    assert told == [stale]
    assert not stale.exists()
