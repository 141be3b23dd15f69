"""What the add-in takes from the installed xlwings: its ribbon template, and the code that loads its DLL.

Nothing of xlwings is kept in this repository. What is taken or replaced was read once, for `CHECKED`; when an installed
xlwings has it differently, `BuildError` says so, because nobody has looked at it yet.
"""

from __future__ import annotations

import hashlib
import re
import tempfile
from dataclasses import dataclass
from functools import cached_property
from importlib import metadata
from pathlib import Path
from typing import Any

CHECKED = "0.37.8"
"""The xlwings that the fingerprints were taken from."""

TEMPLATE = "quickstart_addin_ribbon.xlam"
MODULE = "xlwings"

TAKEN = ("XLPyLoadDLL", "XLPy", "KillPy", "ParentFolder")
"""Procedures that the add-in takes over as they are, except that none can be called from outside its class."""

FINGERPRINTS = {
    "declarations": "85afc93693f33068",
    "XLPyLoadDLL": "f5eb4870554f4b64",
    "XLPy": "947d7c162f38d7fe",
    "KillPy": "a1a5f82bb6712933",
    "ParentFolder": "21773267c2e22f4f",
    "XLPyCommand": "8ae64dcee45f5ce4",
    "GetConfig": "5fd0a4be732c310a",
}
"""SHA-256, shortened, of the pieces of xlwings' VBA that are taken or replaced, version number and line ends aside."""


class BuildError(Exception):
    """The add-in cannot be built; the text is a sentence that says why and what to do."""


@dataclass(frozen=True)
class Vendor:
    """The parts of an installed xlwings: its version, the template's bytes and the text of its VBA module."""

    version: str
    template: bytes
    source: str

    @staticmethod
    def installed() -> Vendor:
        """Give the parts of the xlwings that is installed; raises BuildError when they are not there."""
        try:
            distribution = metadata.distribution("xlwings")
            template = Path(str(distribution.locate_file(f"xlwings/{TEMPLATE}"))).read_bytes()
        except (metadata.PackageNotFoundError, OSError) as error:
            raise BuildError(
                f"The template {TEMPLATE} of xlwings cannot be read ({error}): pip install xlwings=={CHECKED}."
            ) from None
        return Vendor(distribution.version, template, _module(template))

    @cached_property
    def pieces(self) -> dict[str, str]:
        """The text of every piece that `FINGERPRINTS` names; raises BuildError when one is missing or not as read."""
        found = {name: self._piece(name) for name in FINGERPRINTS}
        changed = [name for name, text in found.items() if self.fingerprint(text) != FINGERPRINTS[name]]
        if changed:
            raise BuildError(
                f"xlwings {self.version} is not the one that the add-in was made for: {', '.join(changed)} changed in "
                f"its VBA. Install the one it was made for: pip install xlwings=={CHECKED}."
            )
        return found

    @property
    def licence(self) -> str:
        """The licence that xlwings' code must be passed on with."""
        found = re.search(r"'xlwings is distributed under.*?SUCH DAMAGE\.", self.source, re.DOTALL)
        if found is None:
            raise BuildError(f"xlwings {self.version} has no licence text in its VBA: pip install xlwings=={CHECKED}.")
        return found[0]

    @property
    def code(self) -> list[str]:
        """Licence, declarations, and the procedures of `TAKEN`, all private."""
        return [self.licence, *(_private(self.pieces[name]) for name in ("declarations", *TAKEN))]

    def fingerprint(self, text: str) -> str:
        """Give what `FINGERPRINTS` holds for a piece of this version."""
        lines = [line.rstrip() for line in text.replace(self.version, "{version}").splitlines()]
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]

    def _piece(self, name: str) -> str:
        pattern = (
            r"^#If VBA7 Then\n.*?^#End If$"
            if name == "declarations"
            else rf"^(?:Public |Private )?(?P<kind>Function|Sub) {name}\(.*?^End (?P=kind)$"
        )
        found = re.search(pattern, self.source, re.DOTALL | re.MULTILINE)
        return found[0] if found else ""


def _module(template: bytes) -> str:
    from pyopenvba import ExcelFile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, TEMPLATE)
        path.write_bytes(template)
        try:
            with ExcelFile(path) as book:
                source: Any = book.get_module(MODULE)
        except Exception as error:  # whatever a library makes of a file that is not what it was
            raise BuildError(
                f"The template {TEMPLATE} of xlwings has no module {MODULE} that can be read ({error}): "
                f"pip install xlwings=={CHECKED}."
            ) from None
    return str(source).replace("\r\n", "\n")


def _private(text: str) -> str:
    return re.sub(r"^(\s*)(?:Public |Private )?(?=(?:Const|Declare|Function|Sub)\b)", r"\1Private ", text, flags=re.M)
