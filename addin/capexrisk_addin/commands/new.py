"""`capexrisk new`: fresh workbooks, blank or filled from data."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from capexrisk_addin.commands.common import FAILED, USAGE, PolicyOption, read_json, stop
from capexrisk_addin.terminal import harmless

if TYPE_CHECKING:
    from capexrisk_workbooks.pages.making import Functions


def new(
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME ...]", help="Entities to review.")] = None,
    source: Annotated[
        Path | None, typer.Option("--from", metavar="FILE", help="Data: .json, or .csv with one row a review.")
    ] = None,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="The folder for the workbooks.")] = Path(),
    functions: Annotated[
        str, typer.Option("--functions", metavar="excel|office", help="For which add-in the formulas are stored.")
    ] = "excel",
    force: Annotated[bool, typer.Option("--force", help="Replace workbooks that exist.")] = False,
    policy: PolicyOption = None,
) -> None:
    """Make fresh workbooks, blank or filled from data, named after entity and period; none is overwritten."""
    if functions not in ("excel", "office"):
        stop(f"--functions is {functions!r}; it must be excel or office.", USAGE)
    records: list[Any] = [{"inputs": {"entity": name}} for name in names or ()]
    if source is not None:
        records += _read(source)
    if source is not None and not records:
        stop(f"{source} holds no review.", FAILED)
    made = make(records or [None], out, functions, force=force)  # pyright: ignore[reportArgumentType]
    for path in made:
        print(harmless(str(path)))


def make(records: list[Any], out: Path, functions: Functions = "excel", *, force: bool = False) -> list[Path]:
    """Write a workbook for each record (None: blank) and give their paths; InputError before one is overwritten."""
    from capexrisk import InputError
    from capexrisk.records import read_record
    from capexrisk_workbooks.fresh import file_name, new_workbook
    from capexrisk_workbooks.ooxml.replace import create

    if out.exists() and not out.is_dir():
        raise InputError(f"--out names {out}, a file; name a folder for the workbooks.")
    paths: list[Path] = []
    for at, record in enumerate(records, start=1):
        path = out / file_name(record)
        try:
            read_record({} if record is None else record)  # before the first is written: a list is made whole
        except InputError as error:
            raise InputError(f"Review {at} ({path.stem}): {error}") from None
        if path in paths:
            raise InputError(f"Two reviews would be named {path.name}; give them different entities or periods.")
        if path.exists() and not force:
            raise InputError(f"{path} exists and is left as it is; --force replaces it, --out names another folder.")
        paths.append(path)
    out.mkdir(parents=True, exist_ok=True)
    for at, (path, record) in enumerate(zip(paths, records, strict=True), start=1):
        try:
            create(path, new_workbook(record, functions), force=force)
        except InputError as error:
            raise InputError(f"Review {at} ({path.stem}): {error}") from None
    return paths


def _read(source: Path) -> list[Any]:
    if source.suffix.lower() == ".csv":
        from capexrisk_workbooks.fresh import read_csv

        return read_csv(source)
    if source.suffix.lower() != ".json":
        stop(f"--from is {source.name}; its name must end in .json or .csv.", USAGE)
    return read_json(source)
