"""Sheet XML for tests, and what an ordinary XML library says stands in it."""

import re
from typing import Any
from xml.etree import ElementTree

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
STRICT = "http://purl.oclc.org/ooxml/spreadsheetml/main"
_SPACE = "{http://www.w3.org/XML/1998/namespace}space"


def sheet(rows: str, head: str = "", tail: str = "", space: str = MAIN) -> bytes:
    """A sheet part around the content of its `<sheetData>`."""
    return (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\r\n'
        f'<worksheet xmlns="{space}">{head}<sheetData>{rows}</sheetData>{tail}</worksheet>'
    ).encode()


def spelled_cells(xml: bytes) -> dict[str, dict[str, Any]]:
    """Each cell by its address: its attributes without type, its formula element, and its type with its value."""
    found: dict[str, dict[str, Any]] = {}
    root = ElementTree.fromstring(xml)
    space = root.tag.rpartition("}")[0] + "}"
    row_number = 0
    for row in root.iter(f"{space}row"):
        row_number = int(row.get("r", row_number + 1))
        col = 0
        for cell in row.iter(f"{space}c"):
            if "r" in cell.attrib:
                letters = re.match("[A-Z]+", cell.attrib["r"])
                assert letters
                col = 0
                for letter in letters[0]:
                    col = col * 26 + ord(letter) - 64
            else:
                col += 1
            formula, value, inline = (cell.find(f"{space}{name}") for name in ("f", "v", "is"))
            text = None
            if value is not None:
                text = value.text or ""
            elif inline is not None:
                text = "".join(inline.itertext())
            found[f"{row_number},{col}"] = {
                "attributes": {name: held for name, held in cell.attrib.items() if name not in ("t", "r")},
                "formula": None if formula is None else (formula.text or "", dict(formula.attrib)),
                "value": (cell.get("t", "n"), text),
            }
    return found


def without(xml: bytes, addresses: set[str]) -> bytes:
    """The XML with the cells of those addresses cut out, spelled plainly, so that the rest can be compared as bytes."""
    for address in addresses:
        xml = re.sub(rb'<c r="%b"[^<>]*?(?:/>|>.*?</c>)' % address.encode(), b"", xml, flags=re.S)
    return xml
