"""The structure of a workbook: its sheets, names, shared strings and links, found as the package relates them."""

import posixpath
from collections.abc import Callable, Iterator, Mapping
from functools import cache, cached_property, lru_cache
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote
from xml.etree.ElementTree import Element

from capexrisk_workbooks.ooxml.markup import MAIN, MAIN_STRICT, known_tree
from capexrisk_workbooks.ooxml.package import Package
from capexrisk_workbooks.ooxml.sheet import Sheet
from capexrisk_workbooks.ooxml.strings import read_strings
from capexrisk_workbooks.ooxml.unusable import NotAWorkbook, Unreadable

_RELATIONS = (
    "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
    "http://purl.oclc.org/ooxml/officeDocument/relationships",
)
_PACKAGE_RELATION = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"
_CONTENT = "{http://schemas.openxmlformats.org/package/2006/content-types}"
_SPREADSHEET = (
    "application/vnd.openxmlformats-officedocument.spreadsheetml.",  # xlsx and xltx
    "application/vnd.ms-excel.",  # xlsm, xltm, xlam
)
_BINARY = "application/vnd.ms-excel.sheet.binary.macroenabled.main"


class SheetPart(NamedTuple):
    """A sheet as the workbook lists it. `part` is None for what has no cells, such as chart sheets."""

    name: str
    part: str | None
    state: str  # visible, hidden or veryHidden


class DefinedName(NamedTuple):
    """A defined name; `sheet` is the name of the sheet it is local to, None for the whole workbook."""

    name: str
    text: str  # what it refers to, as a formula without "="
    sheet: str | None
    hidden: bool


class Relation(NamedTuple):
    """Where a relationship leads: a part of the package, or a target outside as it is written."""

    kind: str  # the last word of its type: worksheet, sharedStrings, externalLink, …
    target: str
    external: bool


class Book:
    """A workbook in memory. What is not asked for is not unpacked."""

    def __init__(self, package: Package) -> None:
        """Raises NotAWorkbook when the package is no .xlsx or .xlsm workbook, Unreadable when it is a broken one."""
        self.package = package
        self._spelled = {name.lower(): name for name in package.names}
        self.part = self._workbook_part()
        root = known_tree(package.data(self.part), self.part)
        self._space, self.strict = _space(root, "workbook", self.part)
        self._root = root
        self._relations = self.relations(self.part)
        settings = root.find(f"{self._space}workbookPr")
        self.date1904 = settings is not None and settings.get("date1904", "0") in ("1", "true")
        self.sheets: tuple[SheetPart, ...] = tuple(self._sheets())
        self._parts = {sheet.name: sheet.part for sheet in self.sheets if sheet.part is not None}
        self._read: dict[str, Sheet] = {}
        self._strings = _strings(package, self.strings_part)

    @classmethod
    def read(cls, source: str | Path | bytes) -> "Book":
        """The workbook in a file or in bytes, within the usual limits; raises a subclass of UnusableFile."""
        return cls(Package.read(source))

    def relations(self, part: str) -> dict[str, Relation]:
        """The relationships of a part by their id; empty when it has none."""
        folder, name = posixpath.split(part)
        where = self._spelled.get(posixpath.join(folder, "_rels", name + ".rels").lower())
        if where is None:
            return {}
        found = {}
        for element in known_tree(self.package.data(where), where).iter(_PACKAGE_RELATION):
            target, external = element.get("Target", ""), element.get("TargetMode") == "External"
            if not external:
                target = posixpath.normpath(posixpath.join("/", folder, unquote(target))).lstrip("/")
                target = self._spelled.get(target.lower(), target)
            found[element.get("Id", "")] = Relation(element.get("Type", "").rpartition("/")[2], target, external)
        return found

    @cached_property
    def names(self) -> tuple[DefinedName, ...]:
        """The defined names in the order of the file."""
        return _names(self._root, self._space, self.sheets)

    @cached_property
    def global_names(self) -> Mapping[str, str]:
        """What the names of the whole workbook refer to, by name in small letters."""
        return {item.name.casefold(): item.text for item in reversed(self.names) if item.sheet is None}

    @property
    def strings(self) -> tuple[str, ...]:
        """The shared strings."""
        return self._strings()

    @property
    def strings_part(self) -> str | None:
        """The part that holds the shared strings, None when there are none."""
        targets = (item.target for item in self._relations.values() if item.kind == "sharedStrings")
        return next((target for target in targets if target in self.package), None)

    @cached_property
    def links(self) -> tuple[str | None, ...]:
        """Where the links to other workbooks lead: that of `[1]` comes first; None when a link leads nowhere."""
        found: list[str | None] = []
        for element in self._root.iterfind(f"{self._space}externalReferences/{self._space}externalReference"):
            relation = self._relations.get(_relation_id(element))
            targets = self.relations(relation.target).values() if relation else ()
            found.append(next((target.target for target in targets if target.external), None))
        return tuple(found)

    def sheet(self, name: str) -> Sheet:
        """The cells of a sheet. KeyError for a name that is not there or has no cells."""
        if name not in self._read:
            if name not in self._parts:
                raise KeyError(f"The workbook has no sheet {name!r} with cells.")
            part = self._parts[name]
            self._read[name] = Sheet(self.package.data(part), name, self._strings, self.date1904)
        return self._read[name]

    def rewritten(self, sheets: Mapping[str, bytes], even_signed: bool = False) -> bytes:
        """The package with the XML of some sheets, by name, replaced; those with the same XML as before are left out.

        The identical bytes when nothing has changed; raises Signed as `Package.rewritten` does.
        """
        changes = {}
        for name, xml in sheets.items():
            if xml is not self.sheet(name).xml and xml != self.sheet(name).xml:
                changes[self._parts[name]] = xml
        return self.package.rewritten(changes, even_signed)

    def _workbook_part(self) -> str:
        if "mimetype" in self.package and self.package.size("mimetype") < 200:
            kind = self.package.data("mimetype")
            if kind.startswith(b"application/vnd.oasis"):
                raise NotAWorkbook("The file is an OpenDocument file (.ods). Save it as .xlsx.")
        types = self._spelled.get("[content_types].xml")
        if types is None:
            raise NotAWorkbook("The file is a zip archive, but no workbook.")
        main = [relation.target for relation in self.relations("").values() if relation.kind == "officeDocument"]
        part = main[0] if main else ""
        if part not in self.package:
            raise NotAWorkbook("The file is an Office package without a workbook in it.")
        kind = self._content_type(known_tree(self.package.data(types), types), part).lower()
        if kind.startswith(_BINARY):
            raise NotAWorkbook("The file is a binary workbook (.xlsb). Save it as .xlsx in Excel.")
        if not kind.startswith(_SPREADSHEET):
            raise NotAWorkbook("The file is a document of another kind, not an Excel workbook.")
        return part

    @staticmethod
    def _content_type(types: Element, part: str) -> str:
        for element in types.iter(f"{_CONTENT}Override"):
            if element.get("PartName", "").lower() == f"/{part}".lower():
                return element.get("ContentType", "")
        for element in types.iter(f"{_CONTENT}Default"):
            if element.get("Extension", "").lower() == part.rpartition(".")[2].lower():
                return element.get("ContentType", "")
        return ""

    def _sheets(self) -> Iterator[SheetPart]:
        seen: set[str] = set()
        for element in self._root.iterfind(f"{self._space}sheets/{self._space}sheet"):
            name = element.get("name", "")
            if not name or name.lower() in seen:
                raise Unreadable(f"The workbook lists a sheet {name!r} twice or without a name. Save it anew in Excel.")
            seen.add(name.lower())
            relation = self._relations.get(_relation_id(element))
            if relation is None or relation.external or relation.target not in self.package:
                raise Unreadable(f"The sheet {name!r} is listed, but its part is missing. Take an earlier copy.")
            part = relation.target if relation.kind == "worksheet" else None
            yield SheetPart(name, part, element.get("state", "visible"))


def _strings(package: Package, part: str | None) -> Callable[[], tuple[str, ...]]:
    """Reads the shared strings once; sheets hold this and not their book, so that no circle keeps both in memory."""
    return cache(lambda: () if part is None else read_strings(package.data(part), part))


@lru_cache(16)  # the workbooks of one template share the root
def _names(root: Element, space: str, sheets: tuple[SheetPart, ...]) -> tuple[DefinedName, ...]:
    found: list[DefinedName] = []
    for element in root.iterfind(f"{space}definedNames/{space}definedName"):
        number = element.get("localSheetId")
        try:
            sheet = None if number is None else sheets[int(number)].name
        except (ValueError, IndexError):
            raise Unreadable(f"The name {element.get('name')} belongs to a sheet that does not exist.") from None
        hidden = element.get("hidden") in ("1", "true")
        found.append(DefinedName(element.get("name", ""), "".join(element.itertext()), sheet, hidden))
    return tuple(found)


def _space(root: Element, name: str, part: str) -> tuple[str, bool]:
    """The namespace in braces that a part's root stands in, and whether it is that of strict OOXML."""
    for space in (MAIN, MAIN_STRICT):
        if root.tag == f"{{{space}}}{name}":
            return f"{{{space}}}", space == MAIN_STRICT
    raise Unreadable(f"The part {part} is not the {name} it should be. Save the workbook anew in Excel.")


def _relation_id(element: Element) -> str:
    return next((found for space in _RELATIONS if (found := element.get(f"{{{space}}}id"))), "")
