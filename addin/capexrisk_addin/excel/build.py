"""Builds `capexrisk.xlam` without Excel, from the installed xlwings: same inputs, same bytes.

The template's VBA project is rewritten as source only (no performance cache, as [MS-OVBA] asks of programs that are
not Office), which Excel compiles when it opens the file.
"""

from __future__ import annotations

import io
import re
import struct
import tempfile
import zipfile
from importlib.resources import files
from pathlib import Path

from capexrisk.version import VERSION
from capexrisk_addin.excel.vba import MODULES, modules
from capexrisk_addin.excel.vendor import TEMPLATE, BuildError, Vendor

FILE_NAME = "capexrisk.xlam"
PROJECT = "CapexRisk"
SHEET = "capexrisk"
VBA_PART = "xl/vbaProject.bin"

DROPPED = ("Dictionary", "RibbonMyAddin", "xlwings")
"""Modules of the template that the add-in has no use for."""

CORE = """\
<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" \
xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/" \
xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><dc:title>Capex Review</dc:title>\
<dc:description>The CAPEX_ functions and the ribbon Capex Review.</dc:description>\
<cp:keywords>capexrisk {version}; xlwings {xlwings}</cp:keywords>\
<dcterms:created xsi:type="dcterms:W3CDTF">1980-01-01T00:00:00Z</dcterms:created>\
<dcterms:modified xsi:type="dcterms:W3CDTF">1980-01-01T00:00:00Z</dcterms:modified></cp:coreProperties>
"""

_PARTS = {
    "[Content_Types].xml", "_rels/.rels", "customUI/customUI.xml", "docProps/app.xml", "docProps/core.xml",
    "xl/_rels/workbook.xml.rels", "xl/sharedStrings.xml", "xl/styles.xml", "xl/theme/theme1.xml", VBA_PART,
    "xl/workbook.xml", "xl/worksheets/sheet1.xml",
}  # fmt: skip
_EPOCH = (1980, 1, 1, 0, 0, 0)


def build(vendor: Vendor | None = None) -> bytes:
    """Give the add-in as bytes; raises BuildError with a sentence when the installed xlwings is not as it should be."""
    vendor = vendor or Vendor.installed()
    with zipfile.ZipFile(io.BytesIO(vendor.template)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    if set(parts) != _PARTS:
        raise BuildError(
            f"The template {TEMPLATE} of xlwings {vendor.version} has other parts than before: "
            f"{', '.join(sorted(set(parts) ^ _PARTS))}. Install the xlwings that capexrisk asks for."
        )
    parts[VBA_PART] = _renamed(_project(vendor))
    parts["customUI/customUI.xml"] = files("capexrisk_addin.excel").joinpath("ribbon.xml").read_bytes()
    parts["docProps/core.xml"] = CORE.format(version=VERSION, xlwings=vendor.version).encode()
    book = _replaced(parts["xl/workbook.xml"], rb'<sheet name="_myaddin\.conf"', f'<sheet name="{SHEET}"'.encode())
    parts["xl/workbook.xml"] = _replaced(book, rb"<mc:AlternateContent .*?</mc:AlternateContent>", b"")
    sheet = _replaced(parts["xl/worksheets/sheet1.xml"], rb"<sheetData>.*</sheetData>", b"<sheetData/>")
    parts["xl/worksheets/sheet1.xml"] = _replaced(sheet, rb'<dimension ref="A1:B13" />', b'<dimension ref="A1"/>')
    strings = _replaced(parts["xl/sharedStrings.xml"], rb"<si>.*</si>", b"")
    parts["xl/sharedStrings.xml"] = _replaced(strings, rb'count="9" uniqueCount="9"', b'count="0" uniqueCount="0"')
    return _packed(parts)


def versions(addin: bytes) -> dict[str, str]:
    """Give the versions that a built add-in names, of "capexrisk" and "xlwings"; {} for any other file."""
    try:
        with zipfile.ZipFile(io.BytesIO(addin)) as archive:
            core = archive.read("docProps/core.xml").decode("utf-8", "replace")
    except (zipfile.BadZipFile, KeyError, OSError):
        return {}
    found = re.search(r"<cp:keywords>capexrisk ([^;<]+); xlwings ([^;<]+)</cp:keywords>", core)
    return {"capexrisk": found[1], "xlwings": found[2]} if found else {}


def _project(vendor: Vendor) -> bytes:
    """The VBA project with our modules in place of the template's."""
    from pyopenvba import ExcelFile, VBAModuleKind

    texts = {name: text.replace("\n", "\r\n") for name, text in modules(vendor).items()}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, TEMPLATE)
        path.write_bytes(vendor.template)
        with ExcelFile(path) as book:
            project = book.vba_project()
            for name in DROPPED:
                project.delete_module(name)
            for name, kind in MODULES.items():
                if kind == "document":
                    book.set_module(name, texts[name])
                    continue
                known = VBAModuleKind.standard if kind == "standard" else VBAModuleKind.other
                project.add_module(name, texts[name], kind=known)
            for module in project.modules:
                module.dirty = True
            book.remove_reference("MSForms")  # the add-in has no forms
            book.save()
        with zipfile.ZipFile(path) as archive:
            return archive.read(VBA_PART)


def _renamed(container: bytes) -> bytes:
    """The VBA project with a name of its own, and without what the template and the writer left over."""
    from pyopenvba.cfb import CFB
    from pyopenvba.vba import compress, decompress

    cfb = CFB.from_bytes(container)
    text = cfb.get_stream("PROJECT")
    text = _replaced(text, rb'\r\nName="MyAddin"\r\n', f'\r\nName="{PROJECT}"\r\n'.encode())
    head, mark, windows = text.partition(b"[Workspace]\r\n")
    if not mark:
        raise BuildError(f"The VBA project of xlwings' {TEMPLATE} has no list of windows: its form has changed.")
    lines = [line for line in windows.split(b"\r\n") if line.strip()]
    cfb.write_stream("PROJECT", head + mark + b"".join(line + b"\r\n" for line in lines))
    directory = decompress(cfb.get_stream_in_storage("VBA", "dir"))
    name = struct.pack("<HI", 4, len("MyAddin")) + b"MyAddin"
    directory = _replaced(directory, re.escape(name), struct.pack("<HI", 4, len(PROJECT)) + PROJECT.encode())
    end = struct.pack("<HI", 0x10, 0)  # the terminator and its reserved field; the writer adds four more zeros
    directory = _replaced(directory, re.escape(end) + rb"\0*\Z", end)
    cfb.write_stream_in_storage("VBA", "dir", compress(directory))
    return cfb.to_bytes()


def _replaced(text: bytes, pattern: bytes, new: bytes) -> bytes:
    """Replace what must be there exactly once."""
    changed, count = re.subn(pattern, lambda _: new, text, flags=re.DOTALL)
    if count != 1:
        raise BuildError(
            f"The template {TEMPLATE} of xlwings has {pattern.decode('latin-1')!r} {count} times instead of once: "
            "install the xlwings that capexrisk asks for."
        )
    return changed


def _packed(parts: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(parts):  # the content types come first, as Office has it
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.compress_type, entry.external_attr, entry.create_system = zipfile.ZIP_DEFLATED, 0o600 << 16, 3
            archive.writestr(entry, parts[name])
    return packed.getvalue()
