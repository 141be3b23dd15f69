"""`capexrisk recalc`: files and folders recalculated in place."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from capexrisk_addin.commands.common import FAILED, USAGE, JsonOption, PolicyOption, no_files, print_json, stop

if TYPE_CHECKING:
    from capexrisk_workbooks.batch import Done


def recalc(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH ...", help="Workbooks, or folders of them.")],
    summary: Annotated[
        Path | None, typer.Option("--summary", metavar="FILE.xlsx", help="Write a summary workbook.")
    ] = None,
    results: Annotated[
        Path | None, typer.Option("--results", metavar="FILE", help="Write a table of results, .parquet or .csv.")
    ] = None,
    workers: Annotated[int, typer.Option("--workers", metavar="N", min=0, help="Processes; 0: one a core.")] = 0,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Write into no workbook; say what would change.")] = False,
    backup: Annotated[
        Path | None, typer.Option("--backup", metavar="DIR", help="Keep the old version of each changed file here.")
    ] = None,
    timeout: Annotated[float, typer.Option("--timeout", metavar="S", min=1, help="Seconds for one file.")] = 60,
    policy: PolicyOption = None,
    as_json: JsonOption = False,
) -> None:
    """Recalculate workbooks in place, without Excel: only stored results change, every other byte stays."""
    from capexrisk_workbooks.batch import Job
    from capexrisk_workbooks.files import find

    if summary is not None and summary.suffix.lower() != ".xlsx":
        stop(f"--summary is {summary.name}; its name must end in .xlsx.", USAGE)
    own = {path.resolve() for path in (summary, results) if path is not None}
    files = [task for task in find(paths) if task[0].resolve() not in own]
    if not files:
        no_files(paths)
        return
    job = Job(dry_run, backup, timeout)
    done = run_batch(files, job, workers or min(os.cpu_count() or 1, len(files)), results, quiet=as_json)
    if summary is not None:
        write_summary(done, summary)
    if as_json:
        print_json(
            {"files": [_file(item) for item in done], "reviews": [_review(item) for item in done if item.review]}
        )
    else:
        print_done(done, dry_run)
    if any(item.failed for item in done):
        raise typer.Exit(FAILED)


def run_batch(
    files: list[tuple[Path, bool]], job: Any, workers: int, results: Path | None = None, *, quiet: bool = False
) -> list[Done]:
    """Run a batch behind a progress bar, results written as they come; gives all files in the order given."""
    from capexrisk_workbooks.batch import batch
    from capexrisk_workbooks.results import Results

    with ExitStack() as stack:
        table = stack.enter_context(Results(results)) if results is not None else None
        done: list[Done] = []
        for item in _shown(batch(files, job, workers), len(files), quiet):
            done.append(item)
            if table is not None:
                table.add(item.row)
    order = {str(path): at for at, (path, _) in enumerate(files)}
    return sorted(done, key=lambda item: order[item.row["path"]])


def _shown(items: Iterable[Done], total: int, quiet: bool) -> Iterator[Done]:
    if quiet:
        yield from items
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("Recalculating"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task("files", total=total)
        for item in items:
            progress.advance(bar)
            yield item


def write_summary(done: list[Done], path: Path) -> None:
    """Write the summary workbook."""
    from capexrisk_workbooks.portfolio import summary_bytes
    from capexrisk_workbooks.replace import create

    create(path, summary_bytes(done), force=True)


def print_done(done: list[Done], dry_run: bool = False) -> None:
    """Print what became of the files: counts, then a sentence for each that was not done or kept formulas."""
    from rich.console import Console
    from rich.text import Text

    console = Console()
    counts = Counter(item.status for item in done)
    said = ", ".join(f"{count:,} {status.replace('_', ' ')}" for status, count in counts.most_common())
    console.print(Text(f"{len(done):,} files: {said}{' (dry run, nothing written)' if dry_run else ''}."))
    for item in done:
        if item.row["sentence"]:
            console.print(Text(f"  {item.status.replace('_', ' ')}  {item.row['path']}: {item.row['sentence']}"))
        for kept in item.kept:
            console.print(Text(f"  kept  {item.row['path']}: {kept}"))


def _file(item: Done) -> dict[str, Any]:
    return {
        "path": item.row["path"],
        "status": item.status,
        "sentence": item.row["sentence"],
        "changed": item.row["changed"],
        "kept": list(item.kept),
    }


def _review(item: Done) -> dict[str, Any]:
    return {"path": item.row["path"], **(item.review or {})}
