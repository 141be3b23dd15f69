"""`capexrisk recalc`: files and folders recalculated in place."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from capexrisk_addin.commands.common import FAILED, USAGE, JsonOption, PolicyOption, no_files, say, stop
from capexrisk_addin.terminal import harmless_json, one_line

if TYPE_CHECKING:
    from capexrisk_workbooks.job import Done
    from capexrisk_workbooks.ledger import Ledger

MOST_SAID = 200
"""Files that the terminal says something about; the table of results says it about all."""

LedgerOption = Annotated[
    Path | None,
    typer.Option(
        "--ledger",
        metavar="FILE",
        envvar="CAPEXRISK_LEDGER",
        help="The ledger of all runs; else the one in your data folder.",
    ),
]
FxOption = Annotated[
    Path | None,
    typer.Option(
        "--fx", metavar="FILE.csv", help="Exchange rates: currency,rate; amounts are shown in the one of rate 1."
    ),
]
AliasOption = Annotated[
    Path | None,
    typer.Option("--alias", metavar="FILE.csv", help="Names that mean the same: alias,name."),
]


def recalc(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH ...", help="Workbooks, or folders of them.")],
    summary: Annotated[
        Path | None, typer.Option("--summary", metavar="FILE.xlsx", help="Write a summary workbook.")
    ] = None,
    results: Annotated[
        Path | None, typer.Option("--results", metavar="FILE", help="Write a table of results, .parquet or .csv.")
    ] = None,
    workers: Annotated[int, typer.Option("--workers", metavar="N", min=0, help="Processes; 0: one a core.")] = 0,
    cluster: Annotated[
        str | None, typer.Option("--cluster", metavar="ADDRESS", help="Use the workers of this Dask scheduler.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Write into no workbook; say what would change.")] = False,
    backup: Annotated[
        Path | None, typer.Option("--backup", metavar="DIR", help="Keep the old version of each changed file here.")
    ] = None,
    even_signed: Annotated[
        bool, typer.Option("--even-signed", help="Write into digitally signed workbooks too; it breaks the signature.")
    ] = False,
    timeout: Annotated[float, typer.Option("--timeout", metavar="S", min=1, help="Seconds for one file.")] = 60,
    ledger: LedgerOption = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Do again what the ledger knows as done.")] = False,
    fx: FxOption = None,
    alias: AliasOption = None,
    policy: PolicyOption = None,
    as_json: JsonOption = False,
) -> None:
    """Recalculate workbooks in place, without Excel: only stored results change, every other byte stays.

    A run that was stopped or killed is just started again: what the ledger knows as done is not done twice.
    """
    from capexrisk_workbooks.batch import batch
    from capexrisk_workbooks.files import count, find
    from capexrisk_workbooks.job import Job

    _check_outputs(summary, results, backup)
    rates, aliases = tables_of(fx, alias)
    own = [path for path in (summary, results, backup) if path is not None]
    total = None if as_json or not sys.stderr.isatty() else count(paths, own)
    job = Job(dry_run, backup.absolute() if backup else None, timeout, reviews=as_json, even_signed=even_signed)
    with ExitStack() as stack:
        spooled = Path(stack.enter_context(tempfile.TemporaryDirectory()), "results.parquet") if summary else None
        if results is not None and results.suffix.lower() == ".parquet":
            spooled = results
        book = _opened(ledger, stack) if ledger or not dry_run else None
        report = stack.enter_context(Report(as_json))
        found = batch(
            shown(find(paths, own, None if dry_run else _say_removed), total),
            job,
            workers or os.cpu_count() or 1,
            cluster=cluster,
            ledger=book,
            fresh=fresh,
        )
        try:
            keep(found, report, {path for path in (results, spooled) if path is not None})
        except KeyboardInterrupt:
            say("Stopped. Every workbook is whole; run again to go on.")
            raise
        if not report.files:
            report.print() if as_json else no_files(paths)
            return
        if book is not None:
            book.flush()
        report.print(dry_run)
        if summary is not None and spooled is not None:
            from capexrisk_workbooks.portfolio import write_summary
            from capexrisk_workbooks.results_file import Table

            before = book.before() if book is not None else None
            write_summary(Table(spooled), summary, results=results, before=before, rates=rates, aliases=aliases)
        if book is not None and book.failure:
            say(book.failure)
    if report.failed:
        raise typer.Exit(FAILED)


def _check_outputs(summary: Path | None, results: Path | None, backup: Path | None) -> None:
    """Refuse, before anything is done, what cannot be written or would be lost."""
    from capexrisk import InputError
    from capexrisk_workbooks.recalc import inspect
    from capexrisk_workbooks.results import DONE
    from capexrisk_workbooks.results_file import Results

    try:
        if results is not None:
            Results(results)
    except InputError as error:
        stop(str(error), USAGE)
    if backup is not None and backup.exists() and not backup.is_dir():
        stop(f"--backup names {backup}, a file; name a folder for the old versions.", USAGE)
    for option, path in (("--summary", summary), ("--results", results)):
        if path is not None and not path.parent.is_dir():
            stop(f"{option} is {path}, and there is no folder {path.parent}; make it first.", USAGE)
    if summary is None:
        return
    if summary.suffix.lower() != ".xlsx":
        stop(f"--summary is {summary.name}; its name must end in .xlsx.", USAGE)
    if summary.is_file() and inspect(summary).status in (*DONE, "protected"):
        stop(f"--summary names {summary}, a review, which would be lost; name another file.", USAGE)


def _say_removed(path: Path) -> None:
    say(f"Removed {path}, the unfinished copy that a run which was killed had left.")


def tables_of(fx: Path | None, alias: Path | None) -> tuple[Any, Any]:
    """Read the tables of exchange rates and of aliases, None for those not given."""
    from capexrisk import InputError
    from capexrisk.currencies import Rates
    from capexrisk.names import Aliases

    try:
        return Rates.load(fx) if fx else None, Aliases.load(alias) if alias else None
    except InputError as error:
        stop(str(error), USAGE)


def _opened(path: Path | None, stack: ExitStack) -> Ledger | None:
    """Open the ledger; the user's own, which nobody asked for, is gone without when it cannot be used."""
    from capexrisk import InputError
    from capexrisk_workbooks.ledger import Ledger, default_path

    if path is not None:
        return stack.enter_context(Ledger(path))
    try:
        return stack.enter_context(Ledger(default_path()))
    except InputError as error:
        say(f"{error} This run is not recorded.")
        return None


def keep(items: Iterable[Done], report: Report, tables: Iterable[Path]) -> None:
    """Follow a batch: each file goes into the report and into each table of results as it comes."""
    from capexrisk_workbooks.results_file import Results

    with ExitStack() as stack:
        open_tables = [stack.enter_context(Results(path)) for path in tables]
        for item in items:
            report.add(item)
            for table in open_tables:
                table.add(item.row)


def shown(items: Iterator[Any], total: int | None) -> Iterator[Any]:
    """Hand files through behind a progress bar; no bar without a total."""
    if total is None:
        yield from items
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from capexrisk_addin.terminal import console

    columns = (TextColumn("Recalculating"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console(stderr=True), transient=True) as progress:
        bar = progress.add_task("files", total=total)
        for item in items:
            progress.advance(bar)
            yield item


class Report:
    """What became of the files, for the terminal or as JSON, without keeping them all; a context manager."""

    def __init__(self, as_json: bool = False) -> None:
        self.files = 0
        self.failed = False
        self._as_json = as_json
        self._counts: Counter[str] = Counter()
        self._said: list[str] = []
        self._unsaid = 0

    def __enter__(self) -> Report:
        self._stack = ExitStack()
        self._parts = [
            self._stack.enter_context(tempfile.TemporaryFile("w+", encoding="utf-8", errors="backslashreplace"))  # noqa: SIM115
            for _ in range(2 if self._as_json else 0)
        ]
        self._begun = [False] * len(self._parts)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def add(self, item: Done) -> None:
        """Take one more file."""
        self.files += 1
        self.failed |= item.failed
        self._counts[item.status] += 1
        row = item.row
        if self._as_json:
            self._write(0, {key: row[key] for key in ("path", "status", "sentence", "changed")} | {"kept": item.kept})
            if item.review:
                self._write(1, {"path": row["path"], **item.review})
        elif row["sentence"] or item.kept:
            if len(self._said) >= MOST_SAID:
                self._unsaid += 1
                return
            status = item.status.replace("_", " ")
            lines = [f"  {status}  {row['path']}: {row['sentence']}"] if row["sentence"] else []
            lines += [f"  kept  {row['path']}: {kept}" for kept in item.kept]
            self._said.append("\n".join(map(one_line, lines)))

    def _write(self, part: int, value: dict[str, Any]) -> None:
        mark = ",\n" if self._begun[part] else ""
        self._begun[part] = True
        self._parts[part].write(mark + harmless_json(json.dumps(value, ensure_ascii=False, allow_nan=False)))

    def print(self, dry_run: bool = False) -> None:
        """Print it: counts, then a sentence for each file that was not done or kept formulas; or JSON."""
        if self._as_json:
            for opening, file in zip(('{"files": [\n', '],\n"reviews": [\n'), self._parts, strict=True):
                file.seek(0)
                sys.stdout.write(opening)
                for line in file:
                    sys.stdout.write(line)
                sys.stdout.write("\n")
            print("]}")
            return
        from rich.text import Text

        from capexrisk_addin.terminal import console

        screen = console()
        said = ", ".join(f"{count:,} {status.replace('_', ' ')}" for status, count in self._counts.most_common())
        counted = f"{self.files:,} {'file' if self.files == 1 else 'files'}"
        screen.print(Text(f"{counted}: {said}{' (dry run, nothing written)' if dry_run else ''}."))
        for lines in self._said:
            screen.print(Text(lines), soft_wrap=True)  # a path that is broken in two cannot be copied
        if self._unsaid:
            screen.print(Text(f"  and {self._unsaid:,} more files with a remark; --results FILE keeps them all."))
