"""The ledger: what it takes to skip a file, what is never skipped, and the history that it keeps."""

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from hashlib import sha256
from pathlib import Path
from time import monotonic, sleep

import portfolio_files as files
import pytest

from capexrisk import InputError
from capexrisk.policy import VARIABLE
from capexrisk_workbooks import ledger as ledgers
from capexrisk_workbooks.batch import batch
from capexrisk_workbooks.job import Job
from capexrisk_workbooks.ledger import Ledger


@pytest.fixture
def path(tmp_path):
    (made,) = files.write(tmp_path / "reviews", acme=files.typed(files.review(), "cash", 40.0))
    return made


@pytest.fixture
def run(tmp_path):
    """Run a batch with the ledger; gives the answers, and which files were really done."""

    def run(*paths, job=Job(), fresh=False):  # noqa: B008 (never changed)
        done = []

        def counted(files, ledger):
            for task in files:
                if fresh or ledger.known(*task) is None:
                    done.append(task[0].name)
                yield task

        with Ledger(tmp_path / "ledger.sqlite") as ledger:
            tasks = [(path, True) for path in paths]
            return list(batch(counted(tasks, ledger), job, 1, ledger=ledger, fresh=fresh)), done

    return run


def test_what_is_known_is_not_done_again_and_gives_the_same_row(path, run):
    ((first,), done) = run(path)
    assert (first.status, done) == ("recalculated", ["acme.xlsx"])
    ((second,), done) = run(path)
    assert (second.status, done) == ("unchanged", [])
    differ = {key for key in first.row if first.row[key] != second.row[key]}
    assert differ == {"status", "changed", "modified"}
    assert second.row["changed"] is False


def test_an_incomplete_review_is_known_as_incomplete(path, run):
    path.write_bytes(files.typed(files.review(), "cash", None))
    run(path)
    ((again,), done) = run(path)
    assert (again.status, done) == ("incomplete", [])
    assert "Cash" in again.row["sentence"]


def test_other_bytes_of_the_same_size_and_time_are_done(path, run):
    """A program may put new bytes in place and set the clock back; only the bytes count."""
    run(path)
    status = os.stat(path)
    data = path.read_bytes()
    swapped = data[:-22] + bytes(reversed(data[-22:]))
    path.write_bytes(swapped)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    ((again,), done) = run(path)
    assert done == ["acme.xlsx"]
    assert again.status == "unreadable"


def test_a_changed_input_is_done_again(path, run):
    ((before,), _) = run(path)
    path.write_bytes(files.typed(path.read_bytes(), "cash", 5.0))
    ((after,), done) = run(path)
    assert (after.status, done) == ("recalculated", ["acme.xlsx"])
    assert after.row["input_cash"] == 5
    assert before.row["metric_liquidity_cover"] != after.row["metric_liquidity_cover"] or before.row["input_cash"] == 40


def test_another_policy_or_tool_knows_nothing(path, run, tmp_path, monkeypatch):
    run(path)
    own = tmp_path / "own.toml"
    own.write_text('name = "Bank X"\n[verdicts]\nstrained_cover = 1.3\nsource = "own"\n')
    with monkeypatch.context() as patch:
        patch.setenv(VARIABLE, str(own))
        assert run(path)[1] == ["acme.xlsx"]
    assert run(path)[1] == ["acme.xlsx"]  # the ledger keeps what the last run found
    assert run(path)[1] == []
    monkeypatch.setattr(ledgers, "VERSION", "9.9")
    assert run(path)[1] == ["acme.xlsx"]


def test_a_file_that_somebody_has_open_is_not_skipped(path, run):
    run(path)
    path.with_name("~$acme.xlsx").write_bytes(b"\x04Anna" + b" " * 160)
    ((done,), _) = run(path)
    assert done.status == "locked"


def test_a_review_that_changes_by_itself_is_not_known(path, run):
    from capexrisk_workbooks.ooxml.book import Book
    from capexrisk_workbooks.ooxml.spelling import Edit

    book = Book.read(path.read_bytes())
    sheet = book.sheet("Checks")
    spot = next(spot for spot, formula in sheet.formulas.items() if not formula.stored.startswith("CAPEX_"))
    path.write_bytes(book.rewritten({"Checks": sheet.edited({spot: Edit(formula="TODAY()", value=1.0)})}))
    ((done,), _) = run(path)
    assert (done.status, done.lasting) == ("recalculated", False)
    assert done.digest == sha256(path.read_bytes()).hexdigest()
    assert run(path)[1] == ["acme.xlsx"]


def test_a_signed_file_is_signed_whatever_the_ledger_saw(path, run):
    path.write_bytes(files.signed(files.typed(files.review(), "cash", 40.0)))
    assert run(path, job=Job(even_signed=True))[0][0].status == "recalculated"
    assert run(path, job=Job(even_signed=True))[0][0].status == "unchanged"
    assert run(path)[0][0].status == "signed"


def test_files_that_could_not_be_done_are_tried_again(path, run):
    good = path.read_bytes()
    path.write_bytes(good[:1000])
    assert run(path)[0][0].status == "unreadable"
    path.write_bytes(good)
    assert run(path)[0][0].status == "recalculated"


def test_fresh_does_everything_again(path, run):
    run(path)
    ((done,), again) = run(path, fresh=True)
    assert (done.status, again) == ("unchanged", ["acme.xlsx"])


def test_a_dry_run_records_nothing(path, run):
    run(path, job=Job(dry_run=True))
    assert run(path)[1] == ["acme.xlsx"]


def test_a_run_that_was_cut_off_goes_on_where_it_was(tmp_path, run):
    paths = files.write(tmp_path / "r", **{f"r{at}": files.typed(files.review(), "cash", 30.0 + at) for at in range(4)})
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        found = batch([(path, True) for path in paths], Job(), 1, ledger=ledger)
        next(found)
        next(found)
        found.close()
        ledger.flush()
    done, worked = run(*paths)
    assert worked == ["r2.xlsx", "r3.xlsx"] or worked == ["r3.xlsx"]  # the worker may have been one ahead
    assert [item.row["input_cash"] for item in done] == [30, 31, 32, 33]


@pytest.mark.skipif(os.name == "nt", reason="names that are no text")
def test_a_file_whose_name_is_no_text_is_known_too(path, run):
    odd = path.rename(os.fsdecode(os.fsencode(path.parent) + b"/caf\xe9.xlsx"))
    ((done,), _) = run(odd)
    assert done.row["path"].endswith("caf\\xe9.xlsx")
    ((again,), worked) = run(odd)
    assert (again.row["path"], again.status, worked) == (done.row["path"], "unchanged", [])


# --- History ---


def test_the_history_of_an_entity_has_every_run(path, run, tmp_path):
    run(path)
    run(path)
    path.write_bytes(files.typed(path.read_bytes(), "cash", 5.0))
    run(path)
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        visits = ledger.history(" ACME ")
        assert [visit.status for visit in visits] == ["recalculated", "unchanged", "recalculated"]
        assert visits[0].score == visits[1].score
        assert visits[0].decision == "Speculative" or visits[0].decision in ("Conditional", "Proven", "Restructure")
        assert visits[0].policy.startswith("capexrisk default 2026 (")
        assert ledger.entities() == ["Acme"]
        assert ledger.history("Birch") == []


def test_before_gives_what_the_last_run_but_this_one_found(tmp_path, run):
    old, new = files.write(
        tmp_path / "r", a=files.review(period="2024-12-31"), b=files.review(period="2025-12-31", cash=21.0)
    )
    run(old, new)
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        assert ledger.before()["acme"].period_end == "2025-12-31"
        list(batch([(old, True)], Job(), 1, ledger=ledger))
        ledger.flush()
        assert ledger.before()["acme"].period_end == "2025-12-31"  # of the run before, not of this one


def test_of_two_files_of_one_period_before_gives_the_one_changed_last(tmp_path, run):
    """The portfolio counts that one too; else an entity would seem to have moved."""
    later, earlier = files.write(tmp_path / "r", a=files.review(cash=5.0), b=files.review(cash=50.0))
    os.utime(earlier, (1e9, 1e9))
    run(later, earlier)
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        assert Path(ledger.before()["acme"].path) == later


# --- Files that are no ledger, and failing ones ---


def test_a_file_that_is_no_ledger_is_refused(tmp_path):
    (tmp_path / "a.sqlite").write_text(
        "something else entirely, and long enough to be a header of one hundred bytes" * 5
    )
    with pytest.raises(InputError, match="cannot be used"):
        Ledger(tmp_path / "a.sqlite")
    base = sqlite3.connect(tmp_path / "b.sqlite")
    base.execute("CREATE TABLE cats (name)")
    base.close()
    with pytest.raises(InputError, match="something else"):
        Ledger(tmp_path / "b.sqlite")
    base = sqlite3.connect(tmp_path / "c.sqlite")
    base.execute("PRAGMA user_version = 99")
    base.close()
    with pytest.raises(InputError, match="another version"):
        Ledger(tmp_path / "c.sqlite")


def test_a_ledger_that_fails_during_a_run_does_not_stop_it(tmp_path, path):
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        ledger._base.execute("DROP TABLE visit")
        (done,) = batch([(path, True)], Job(), 1, ledger=ledger)
        ledger.flush()
        assert done.status == "recalculated"
        assert "could not be written" in ledger.failure


@pytest.fixture
def damaged(tmp_path, path, run):
    """A ledger that opens, whose tables are damaged."""
    run(path)
    ledger = tmp_path / "ledger.sqlite"
    data = ledger.read_bytes()
    ledger.write_bytes(data[:4096] + b"Z" * (len(data) - 4096))
    return ledger


def test_a_damaged_ledger_does_not_stop_a_run(damaged, path):
    with Ledger(damaged) as ledger:
        (done,) = batch([(path, True)], Job(), 1, ledger=ledger)
        assert ledger.before() is None
    assert done.status == "unchanged"
    assert "could not be read" in ledger.failure


def test_a_damaged_ledger_has_no_history(damaged):
    with Ledger(damaged) as ledger:
        for ask in (lambda: ledger.history("Acme"), ledger.entities):
            with pytest.raises(InputError, match="cannot be read"):
                ask()


def test_runs_that_begin_at_once_make_one_ledger(tmp_path):
    failures = []

    def begin(path, together):
        together.wait()
        try:
            with Ledger(path):
                pass
        except InputError as error:
            failures.append(error)

    for at in range(10):
        together = threading.Barrier(6)
        threads = [threading.Thread(target=begin, args=(tmp_path / f"{at}.sqlite", together)) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert failures == []


@pytest.fixture
def held(tmp_path):
    """A ledger that another run never lets go."""
    with Ledger(tmp_path / "ledger.sqlite"):
        pass
    other = sqlite3.connect(tmp_path / "ledger.sqlite", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    yield tmp_path / "ledger.sqlite"
    other.close()


def test_a_lock_that_is_not_given_up_is_told(held, monkeypatch):
    monkeypatch.setattr(ledgers, "_PATIENCE", 0.0)
    with pytest.raises(InputError, match="cannot be used: database is locked"):
        Ledger(held)


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_ctrl_c_is_heard_while_another_run_holds_the_ledger(held, path):
    command = [sys.executable, "-m", "capexrisk_addin.cli", "recalc", str(path), "--ledger", str(held)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    sleep(3)
    assert process.poll() is None
    begun = monotonic()
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert monotonic() - begun < 2
    assert "Traceback" not in said


def test_two_runs_may_share_a_ledger(tmp_path):
    """Each writes in short transactions; neither fails nor loses a visit."""
    paths = files.write(tmp_path / "r", **{f"r{at}": files.review() for at in range(2)})
    done = list(batch([(path, True) for path in paths], Job(), 1))
    failures = []

    def record(at):
        with Ledger(tmp_path / "ledger.sqlite") as ledger:
            for _ in range(1200):
                ledger.record(done[at])
            ledger.flush()
            failures.append(ledger.failure)

    threads = [threading.Thread(target=record, args=(at,)) for at in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == [None, None]
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        assert len(ledger.history("Acme")) == 2400
