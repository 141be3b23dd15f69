"""What commands share: exit codes, how an error is said, the policy option, JSON in and out."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from capexrisk_addin.terminal import harmless, harmless_json, one_line

if TYPE_CHECKING:
    from capexrisk_workbooks.reading import Read

FAILED = 1
USAGE = 2


def stop(sentence: str, code: int) -> NoReturn:
    """Say one sentence on standard error and end."""
    say(sentence)
    sys.exit(code)


def say(sentence: str) -> None:
    """Say one sentence on standard error."""
    print(f"capexrisk: {harmless(one_line(sentence))}", file=sys.stderr)


def sentence_of(error: Exception) -> str | None:
    """Give the sentence of an error that is meant for people, None for one that is a fault of ours."""
    from capexrisk import InputError
    from capexrisk_workbooks.ooxml.unusable import UnusableFile

    if isinstance(error, (InputError, UnusableFile)):
        return str(error)
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}."
    return None


def _use_policy(path: Path | None) -> Path | None:
    if path is not None:
        from capexrisk import Policy, PolicyError
        from capexrisk.policy import VARIABLE

        try:
            Policy.load(path)
        except PolicyError as error:
            stop(str(error), USAGE)
        os.environ[VARIABLE] = str(path.resolve())  # worker processes follow it too
    return path


PolicyOption = Annotated[
    Path | None,
    typer.Option(
        "--policy",
        metavar="FILE",
        help="The policy to use; else CAPEXRISK_POLICY, the configuration file, or the built-in one.",
        callback=_use_policy,
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for other programs.")]


def read_json(path: Path) -> list[Any]:
    """Read the reviews of a JSON file: a list of objects, or one object."""
    from capexrisk import InputError

    try:
        data = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise InputError(f"{path} is not UTF-8 text; save it as UTF-8.") from None
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is not valid JSON: {error}.") from None
    return data if isinstance(data, list) else [data]


def read_workbook(path: Path) -> Read:
    """Read the review in a workbook; an error names the file."""
    return read_with_remarks(path)[0]


def read_with_remarks(path: Path) -> tuple[Read, tuple[str, ...]]:
    """Read the review in a workbook, and what is to be said of how its stored results were made."""
    from capexrisk import InputError
    from capexrisk_workbooks.ooxml.book import Book
    from capexrisk_workbooks.ooxml.unusable import UnusableFile
    from capexrisk_workbooks.origin import remarks
    from capexrisk_workbooks.reading import read_review

    if path.is_dir():
        raise InputError(f"{path} is a folder; name one workbook in it. Folders are for check and recalc.")
    try:
        book = Book.read(path)
        return read_review(book), remarks(book)
    except UnusableFile as error:
        raise type(error)(f"{path}: {error}") from None


def print_json(value: Any) -> None:
    """Print JSON, numbers unrounded, text as it is."""
    print(harmless_json(json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False)))


def made_by() -> dict[str, Any]:
    """Give what every result names: the policy in force, the template and the tool, as `show --json` does."""
    from capexrisk import Policy, template
    from capexrisk.version import VERSION

    policy = Policy.current()
    return {
        "policy": {"name": policy.name, "hash": policy.hash},
        "template": template.TEMPLATE_VERSION,
        "tool_version": VERSION,
    }


def no_files(paths: list[Path]) -> None:
    """Say that folders hold no workbook."""
    print(harmless(one_line(f"No .xlsx or .xlsm workbook in {', '.join(str(path) for path in paths)}.")))
