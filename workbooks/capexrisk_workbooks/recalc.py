"""One review recalculated without Excel: formulas evaluated, new cached values written back, all else left as it is."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import monotonic

from capexrisk import Result
from capexrisk_udfs import FUNCTIONS, CallError
from capexrisk_udfs.cells import Rows
from capexrisk_udfs.runs import one_policy, run, run_all
from capexrisk_workbooks.evaluation import shortcut
from capexrisk_workbooks.evaluation.engine import Evaluation, Kept, evaluate
from capexrisk_workbooks.ooxml.book import Book
from capexrisk_workbooks.ooxml.cells import Spot, Value
from capexrisk_workbooks.ooxml.package import Package
from capexrisk_workbooks.ooxml.replace import lock_holder
from capexrisk_workbooks.ooxml.unusable import (
    Locked,
    NotAWorkbook,
    Protected,
    Signed,
    TooLarge,
    Unreadable,
    UnusableFile,
    Unwritable,
)
from capexrisk_workbooks.origin import remarks
from capexrisk_workbooks.reading import NotAReview, Read, read_review, tables
from capexrisk_workbooks.results import Status

_STATUS_OF: dict[type[UnusableFile], Status] = {
    NotAReview: "not_a_review",
    NotAWorkbook: "not_a_review",
    Protected: "protected",
    Signed: "signed",
    Locked: "locked",
    TooLarge: "too_large",
    Unreadable: "unreadable",
    Unwritable: "failed",
}

ENGINE_FUNCTIONS = {name: (function.call, function.gives == "table") for name, function in FUNCTIONS.items()}


MOST_AT_ONCE = 32_000_000
"""Bytes of unpacked workbooks that are computed together; one of our template has a quarter of a million."""

LONGEST_OPENING = 1.0
"""Seconds that opening them may take before the first is written."""


@dataclass(frozen=True)
class Recalculation:
    """What recalculating one workbook in memory gave. `data` is the identical object when nothing changed.

    `volatile` says whether something in it changes by itself (TODAY, NOW, RAND).
    """

    data: bytes = field(repr=False)
    changed: bool
    read: Read
    result: Result
    kept: tuple[Kept, ...]
    volatile: bool = False
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Outcome:
    """How one file ended: its status with a sentence, and the review in it when it could be read.

    `changed` says whether new values were written (with a dry run: would have been). `digest` is the SHA-256 of the
    file as it stands now, where it could be done, and `lasting` says that these very bytes give the same another time.
    `remarks`, which stand in the sentence too, say what the results were made with, where that was another policy,
    template or tool, and what of the file's rights could not be kept.
    """

    path: Path
    status: Status
    sentence: str = ""
    changed: bool = False
    read: Read | None = field(default=None, repr=False)
    result: Result | None = field(default=None, repr=False)
    kept: tuple[Kept, ...] = ()
    digest: str | None = None
    lasting: bool = False
    remarks: tuple[str, ...] = ()


def recalculated(book: Book, *, even_signed: bool = False) -> Recalculation:
    """Recalculate a workbook in memory; raises a subclass of UnusableFile when it is not a review or cannot be done.

    A digitally signed one raises Signed when something in it would change, unless `even_signed`.
    """
    short = shortcut.evaluate(book, ENGINE_FUNCTIONS, CallError)
    evaluation = short or _by_engine(book)
    read = read_review(book, evaluation.values, short.tables if short else None)
    sheets = _spliced(book, evaluation)
    data = book.rewritten(sheets, even_signed)
    volatile = any(evaluation.volatile.values())
    changed = data is not book.package.raw
    return Recalculation(data, changed, read, result_of(read), evaluation.kept, volatile, remarks(book))


def _by_engine(book: Book) -> Evaluation:
    """Evaluate every formula; what is not a review is refused before."""
    with one_policy():
        run(*read_review(book).tables)  # whichever function comes first, the others find its run
        return evaluate(book, ENGINE_FUNCTIONS, CallError)


def recalculate(
    path: str | Path, *, dry_run: bool = False, backup: str | Path | None = None, even_signed: bool = False
) -> Outcome:
    """Recalculate a file in place; never raises for what the file is or where it stands: the status says it.

    `dry_run` writes nothing. `backup` is a folder that gets the old version of each file that is rewritten. A digitally
    signed file is left alone unless `even_signed`: new values break its signature.
    """
    return next(recalculate_all([path], dry_run=dry_run, backup=backup, even_signed=even_signed))


def recalculate_all(
    paths: Iterable[str | Path], *, dry_run: bool = False, backup: str | Path | None = None, even_signed: bool = False
) -> Iterator[Outcome]:
    """Recalculate files, each as `recalculate` does; the model computes as many at once as are opened quickly.

    Those are in memory together, within `MOST_AT_ONCE` bytes unless a single one has more.
    """
    waiting = [Path(path) for path in paths]
    while waiting:
        opened: list[tuple[Path, Book | Outcome]] = []
        room, until = MOST_AT_ONCE, monotonic() + LONGEST_OPENING
        while waiting and (not opened or (room > 0 and monotonic() < until)):
            path = waiting.pop(0)
            opened.append((path, book := _opened(path, even_signed)))
            room -= book.package.unpacked if isinstance(book, Book) else 0
        books = [book for _, book in opened if isinstance(book, Book)]
        if len(books) > 1:
            _compute_together(books)
        for path, book in opened:
            yield _done(path, book, dry_run, backup, even_signed) if isinstance(book, Book) else book


def _opened(path: Path, even_signed: bool) -> Book | Outcome:
    """Read a file; how it ended when it cannot be used."""
    try:
        _check_free(path)
        package = Package.read(path)
        if package.signed and not even_signed:
            raise Signed(
                "The workbook is digitally signed; writing new values into it would break the signature. "
                "Give --even-signed to do it all the same."
            )
        return Book(package)
    except UnusableFile as error:
        return _refused(path, error)


def _compute_together(books: Iterable[Book]) -> None:
    """Compute the runs of reviews as they are stored; what cannot be read is left to be said by each."""
    ranges: list[tuple[Rows, Rows, Rows, Rows]] = []
    for book in books:
        with suppress(UnusableFile):
            ranges.append(tables(book))
    with suppress(CallError):
        run_all(ranges)


def _done(path: Path, book: Book, dry_run: bool, backup: str | Path | None, even_signed: bool) -> Outcome:
    """Recalculate a file that was read and write it back."""
    said: tuple[str, ...] = ()
    try:
        done = recalculated(book, even_signed=even_signed)
        if done.changed and not dry_run:
            package = book.package
            if backup is not None:
                _backed_up(package, Path(backup), path)
            assert package.original is not None
            _check_free(path)  # somebody may have opened it meanwhile
            said = _not_kept(package.original.replace(done.data), package.signed)
    except UnusableFile as error:
        return _refused(path, error)
    said += done.remarks
    sentence = _sentence(done.result, said)
    status: Status = "incomplete" if not done.result.complete else "recalculated" if done.changed else "unchanged"
    digest = hashlib.sha256(book.package.raw if dry_run else done.data).hexdigest()
    lasting = not (done.volatile or book.package.signed or (done.changed and (dry_run or said)))
    return Outcome(path, status, sentence, done.changed, done.read, done.result, done.kept, digest, lasting, said)


def _refused(path: Path, error: UnusableFile) -> Outcome:
    return Outcome(path, _STATUS_OF.get(type(error), "failed"), error.sentence)


def _check_free(path: Path) -> None:
    if (holder := lock_holder(path)) is not None:
        raise Locked(f"The workbook is open for {holder}. Close it and run again.")


def _not_kept(names: tuple[str, ...], signed: bool) -> tuple[str, ...]:
    """Say what the new version of a file lacks that the old one had."""
    said = [f"The new version could not keep its {', '.join(names)}."] if names else []
    return (*said, *(["Its digital signature no longer holds."] if signed else []))


def _sentence(result: Result, remarks: tuple[str, ...]) -> str:
    """Join the first missing or wrong input, if there is one, with what else is to be said."""
    first = next((item.text for item in result.findings if item.blocks), "")
    return " ".join(filter(None, (first, *remarks)))


def result_of(read: Read) -> Result:
    """Give the result of a review as read, its sources included."""
    return replace(run(*read.tables).result, sources=dict(read.sources))


def inspect(path: str | Path) -> Outcome:
    """Read and assess the review in a file, changing nothing; never raises for what the file is.

    A complete review has the status unchanged: nothing was written.
    """
    path = Path(path)
    try:
        book = Book.read(path)
        read = read_review(book)
        result = result_of(read)
        said = remarks(book)
    except UnusableFile as error:
        return _refused(path, error)
    status: Status = "unchanged" if result.complete else "incomplete"
    return Outcome(path, status, _sentence(result, said), False, read, result, remarks=said)


def _spliced(book: Book, evaluation: Evaluation) -> dict[str, bytes]:
    """The XML of the sheets whose values changed; what changes by itself (TODAY, RAND) is no reason to write."""
    if any(evaluation.volatile.values()):
        lasting: Mapping[str, dict[Spot, Value]] = {
            sheet: {spot: value for spot, value in values.items() if spot not in evaluation.volatile.get(sheet, ())}
            for sheet, values in evaluation.values.items()
        }
        if all(book.sheet(sheet).spliced(values) is book.sheet(sheet).xml for sheet, values in lasting.items()):
            return {}
    return {sheet: book.sheet(sheet).spliced(values) for sheet, values in evaluation.values.items()}


def _backed_up(package: Package, folder: Path, path: Path) -> None:
    """Put the old version into the backup folder, under a name that is still free."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        target, count = folder / path.name, 1
        while target.exists():
            if target.read_bytes() == package.raw:
                return
            count += 1
            target = folder / f"{path.stem} ({count}){path.suffix}"
        target.write_bytes(package.raw)
    except OSError as error:
        raise Unwritable(f"The backup folder {folder} cannot be written: {error.strerror}.") from None
