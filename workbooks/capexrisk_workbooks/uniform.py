"""One spelling for the XML of new workbooks: openpyxl's differs in prefixes and blanks with whether lxml is there."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element, fromstring

_OFFICE = "http://schemas.openxmlformats.org/"
PREFIXES = {
    "http://www.w3.org/XML/1998/namespace": "xml",
    "http://www.w3.org/2001/XMLSchema-instance": "xsi",
    "http://purl.org/dc/elements/1.1/": "dc",
    "http://purl.org/dc/terms/": "dcterms",
    f"{_OFFICE}officeDocument/2006/relationships": "r",
    f"{_OFFICE}officeDocument/2006/docPropsVTypes": "vt",
    f"{_OFFICE}drawingml/2006/main": "a",
    f"{_OFFICE}drawingml/2006/chart": "c",
}
"""Namespaces that stand beside that of the root element, which needs no prefix; another is a KeyError."""

_TEXT = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_ATTRIBUTE = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\t": "&#9;", "\n": "&#10;", "\r": "&#13;"}
)


def uniform(part: bytes) -> bytes:
    """Give a part in one spelling, whoever wrote it; what it means is the same. For parts of our own making only."""
    root = fromstring(part)
    home = _split(root.tag)[0]
    names = {_split(name)[0] for element in root.iter() for name in (element.tag, *element.keys())}
    prefixes = {uri: PREFIXES[uri] for uri in names - {home, ""}}
    declared = {f"xmlns:{prefix}": uri for uri, prefix in prefixes.items() if prefix != "xml"}
    spaces = {"xmlns": home, **dict(sorted(declared.items()))}
    written = _written(root, {home: "", "": "", **{uri: f"{prefix}:" for uri, prefix in prefixes.items()}}, spaces)
    return ('<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n' + "".join(written)).encode()


def _written(element: Element, prefixes: dict[str, str], spaces: dict[str, str]) -> Iterator[str]:
    name = _named(element.tag, prefixes)
    attributes = spaces | {_named(key, prefixes): value for key, value in element.items()}
    yield f"<{name}" + "".join(f' {key}="{value.translate(_ATTRIBUTE)}"' for key, value in attributes.items())
    if len(element) or element.text:
        yield ">" + (element.text or "").translate(_TEXT)
        for child in element:
            yield from _written(child, prefixes, {})
            yield (child.tail or "").translate(_TEXT)
        yield f"</{name}>"
    else:
        yield "/>"


def _named(name: str, prefixes: dict[str, str]) -> str:
    uri, local = _split(name)
    return prefixes[uri] + local


def _split(name: str) -> tuple[str, str]:
    """Give namespace and local name of ElementTree's "{namespace}name"."""
    uri, _, local = name[1:].partition("}") if name.startswith("{") else ("", "", name)
    return uri, local
