"""What a batch does with each file, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from capexrisk_workbooks.results import DONE, Row

TIME_LIMIT = 60.0
"""Seconds for one file, after which its worker is killed."""


@dataclass(frozen=True)
class Job:
    """What a batch does with each file.

    `read_only` reads and assesses what is stored, evaluating nothing; `reviews` brings each review back as JSON too.
    """

    dry_run: bool = False
    backup: Path | None = None
    limit: float = TIME_LIMIT
    read_only: bool = False
    reviews: bool = False
    even_signed: bool = False


@dataclass(frozen=True)
class Done:
    """One file of a batch: its row of results, the review as JSON shows it, and formulas that kept their values.

    `named` says whether the path was named itself rather than found in a folder. `digest` is the SHA-256 of the file
    that the row belongs to, None when it could not be done; `lasting` says that the same bytes give the same row
    another time, and `known` that the row comes from the ledger.
    """

    row: Row
    named: bool
    review: dict[str, Any] | None = field(default=None, repr=False)
    kept: tuple[str, ...] = ()
    digest: str | None = None
    lasting: bool = False
    known: bool = False

    @property
    def status(self) -> str:
        """How the file ended."""
        return self.row["status"]

    @property
    def failed(self) -> bool:
        """Whether the exit code must say that something could not be done."""
        return self.status not in DONE and (self.named or self.status != "not_a_review")


Task = tuple[Path, bool]
Numbered = tuple[int, Task]
