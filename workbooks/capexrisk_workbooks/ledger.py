"""The ledger: what every run found in each file, kept in a SQLite database of the user's, never beside the reviews.

It serves twice. A run need not do again what it knows: a file is known when its very bytes were the outcome of an
earlier run under the same policy, template and tool, and nobody has it open. And it is the history of every entity.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sqlite3
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import Any, Self

from capexrisk import VERSION, InputError, Policy, template
from capexrisk.names import key_of
from capexrisk_workbooks.job import Done
from capexrisk_workbooks.ooxml.replace import lock_holder
from capexrisk_workbooks.results import NAMES, said_path, said_time

SCHEMA = 2
_TABLES = """
CREATE TABLE run (
    id INTEGER PRIMARY KEY, started TEXT NOT NULL, finished TEXT,
    policy TEXT NOT NULL, template TEXT NOT NULL, tool TEXT NOT NULL
);
CREATE TABLE visit (
    run INTEGER NOT NULL REFERENCES run, path TEXT NOT NULL, modified TEXT, hash TEXT, status TEXT NOT NULL,
    entity TEXT, entity_key TEXT, period_end TEXT, score REAL, rating TEXT, decision TEXT, breaks_first TEXT
);
CREATE INDEX visit_entity ON visit (entity_key, run);
CREATE INDEX visit_run ON visit (run);
CREATE TABLE known (path TEXT PRIMARY KEY, hash TEXT NOT NULL, basis TEXT NOT NULL, row BLOB NOT NULL) WITHOUT ROWID
"""
_EVERY, _MOST = 1.0, 500
"""Seconds and files between two writes: what a killed run has done since must be looked at again."""
_LOOK, _PATIENCE = 0.5, 30.0
"""Seconds that a lock of another run is waited for at a time, so that Ctrl-C is heard in between, and in all."""


def default_path() -> Path:
    """Give where the ledger lies when nobody says otherwise: in the user's data folder."""
    import platformdirs

    return Path(platformdirs.user_data_dir("capexrisk", appauthor=False)) / "ledger.sqlite"


@dataclass(frozen=True)
class Visit:
    """What one run found in one file; `run` is when it began, `policy` its name and hash."""

    run: str
    path: str
    status: str
    entity: str
    period_end: str | None
    score: float | None
    rating: str | None
    decision: str | None
    breaks_first: str | None
    policy: str
    template: str
    tool: str


class Ledger:
    """An open ledger; a context manager. Raises InputError when the file cannot be opened or is no ledger.

    When it fails later (a full disk, a damaged file, a lock that is not given up) the run goes on without it, and
    `failure` says so.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.failure: str | None = None
        self._run: int | None = None
        self._started = _now()
        self._pending: list[Done] = []
        self._patience = _PATIENCE
        self._written = monotonic()
        policy = Policy.current()
        self._stamp = (f"{policy.name} ({policy.hash})", template.TEMPLATE_VERSION, VERSION)
        self._basis = "|".join((policy.hash, template.TEMPLATE_VERSION, VERSION, engine_version(), str(len(NAMES))))
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._base = sqlite3.connect(self.path, timeout=_LOOK, isolation_level=None)
            self._insist("PRAGMA synchronous = NORMAL")
            if self._version == 0:
                self._make()
            if self._version != SCHEMA:
                raise InputError(f"The ledger {self.path} was made by another version of capexrisk; name another file.")
        except (sqlite3.Error, OSError) as error:
            raise InputError(f"The ledger {self.path} cannot be used: {error}.") from None

    @property
    def _version(self) -> int:
        return self._insist("PRAGMA user_version").fetchone()[0]

    def _make(self) -> None:
        self._insist("BEGIN IMMEDIATE")
        if self._version == 0:  # no other run has made it meanwhile
            if self._base.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                raise InputError(f"{self.path} is a database of something else; name another file for the ledger.")
            for statement in (*_TABLES.split(";"), f"PRAGMA user_version = {SCHEMA}"):
                self._base.execute(statement)
        self._insist("COMMIT")

    def _insist(self, statement: str, values: tuple[Any, ...] = ()) -> sqlite3.Cursor:
        """Execute a statement, with patience while another run holds a lock."""
        until = monotonic() + self._patience
        while True:
            try:
                return self._base.execute(statement, values)
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or monotonic() > until:
                    raise

    def _fail(self, what: str, error: Exception) -> None:
        self.failure = f"The ledger {self.path} could not be {what} ({error}); this run is not all recorded in it."

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self._patience = 0.0  # on the way out of an error or of Ctrl-C nobody waits for another run
        self.flush()
        with contextlib.suppress(sqlite3.Error):
            if self._run is not None and kind is None:
                self._base.execute("UPDATE run SET finished = ? WHERE id = ?", (_now(), self._run))
        self._base.close()

    # --- What need not be done again ---

    def known(self, path: Path, named: bool) -> Done | None:
        """Give what an earlier run made of these very bytes; None when it must be done.

        The file is read and hashed: size and time alone can lie. One that somebody has open is not known.
        """
        if self.failure is not None:
            return None
        try:
            real = os.path.realpath(path)
            place = (said_path(real),)
            found = self._insist("SELECT hash, basis, row FROM known WHERE path = ?", place).fetchone()
            if found is None or found[1] != self._basis:
                return None
            with open(real, "rb", buffering=0) as file:
                digest = hashlib.sha256(file.read()).hexdigest()
                modified = os.fstat(file.fileno()).st_mtime
            if digest != found[0] or lock_holder(path) is not None:
                return None
            kept, values = json.loads(zlib.decompress(found[2]))
        except sqlite3.Error as error:
            self._fail("read", error)
            return None
        except (OSError, ValueError, zlib.error):
            return None
        row = dict(zip(NAMES, values, strict=True))
        status = "incomplete" if row["status"] == "incomplete" else "unchanged"
        row |= {"path": said_path(path), "status": status, "changed": False, "modified": said_time(modified)}
        return Done(row, named, None, tuple(kept), digest, lasting=True, known=True)

    # --- What a run found ---

    def record(self, done: Done) -> None:
        """Record what this run found in a file, soon; a failure ends the recording, not the run."""
        if self.failure is None:
            self._pending.append(done)
            if monotonic() - self._written > _EVERY or len(self._pending) >= _MOST:
                self.flush()

    def flush(self) -> None:
        """Write what is still to be recorded, in one short transaction, so that other runs seldom wait."""
        pending, self._pending = self._pending, []
        if self.failure is not None or not pending:
            return
        try:
            self._insist("BEGIN IMMEDIATE")
            if self._run is None:
                columns = "INSERT INTO run (started, policy, template, tool) VALUES (?, ?, ?, ?)"
                self._run = self._base.execute(columns, (self._started, *self._stamp)).lastrowid
            marks = ", ".join("?" * 12)
            self._base.executemany(f"INSERT INTO visit VALUES ({marks})", map(self._visit, pending))
            known = (self._known(done) for done in pending if done.lasting and not done.known)
            self._base.executemany("INSERT OR REPLACE INTO known VALUES (?, ?, ?, ?)", known)
            self._insist("COMMIT")
        except sqlite3.Error as error:
            self._fail("written", error)
            with contextlib.suppress(sqlite3.Error):
                self._base.execute("ROLLBACK")
        self._written = monotonic()

    def _visit(self, done: Done) -> tuple[Any, ...]:
        row = done.row
        entity = row["entity"]
        return (
            self._run, os.path.realpath(row["path"]), row["modified"], done.digest, row["status"], entity,
            key_of(entity) if entity else None, row["period_end"], row["score"], row["rating"], row["decision"],
            row["breaks_first"],
        )  # fmt: skip

    def _known(self, done: Done) -> tuple[Any, ...]:
        text = json.dumps([done.kept, list(done.row.values())], ensure_ascii=False, separators=(",", ":"))
        packed = zlib.compress(text.encode("utf-8", "surrogatepass"), 1)
        return os.path.realpath(done.row["path"]), done.digest, self._basis, packed

    # --- What was found before ---

    def history(self, entity: str) -> list[Visit]:
        """Give every visit to the reviews of an entity, the earliest first; case and outer spaces do not count."""
        return list(self._visits("visit.entity_key = ? ORDER BY run.id, visit.period_end", (key_of(entity),)))

    def entities(self) -> list[str]:
        """Give the names of all entities that runs have seen."""
        return [name for (name,) in self._read("SELECT DISTINCT entity FROM visit WHERE entity IS NOT NULL")]

    def before(self) -> dict[str, Visit] | None:
        """Give, by entity's key, its latest period as the last run before this one saw it; None when that fails.

        Of several files of that period it is the one changed last, as in a portfolio.
        """
        latest = (
            "(entity_key, run.id) IN (SELECT entity_key, max(run) FROM visit "
            "WHERE entity_key IS NOT NULL AND run < ? GROUP BY entity_key) ORDER BY period_end, modified, visit.rowid"
        )
        try:
            return {key_of(visit.entity): visit for visit in self._visits(latest, (self._run or 1 << 60,))}
        except InputError as error:
            self.failure = self.failure or str(error)
            return None

    def _visits(self, where: str, values: tuple[Any, ...]) -> Iterator[Visit]:
        columns = (
            "run.started, path, status, entity, period_end, score, rating, decision, breaks_first, run.policy, "
            "run.template, run.tool"
        )
        for found in self._read(f"SELECT {columns} FROM visit JOIN run ON run.id = run WHERE {where}", values):
            yield Visit(*found)

    def _read(self, query: str, values: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
        try:
            yield from self._insist(query, values)
        except sqlite3.Error as error:
            raise InputError(f"The ledger {self.path} cannot be read: {error}.") from None


def engine_version() -> str:
    """Give the version of the spreadsheet engine, whose values the results rest on."""
    from importlib.metadata import version

    return version("formualizer")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
