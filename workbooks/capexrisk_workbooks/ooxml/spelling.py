"""How the XML of one cell changes when its formula or value does: what is not meant to change keeps its bytes."""

import re
from enum import Enum
from typing import NamedTuple, TypeAlias

from capexrisk_workbooks.ooxml.cells import CellError, Value, address, escaped, spelled_number, xml_escaped


class Keep(Enum):
    """Stands for what an edit leaves alone."""

    KEEP = "as it is"


KEEP = Keep.KEEP
Change: TypeAlias = tuple[int, int, bytes]  # what stands from the first offset to the second, and what comes instead


class Edit(NamedTuple):
    """What becomes of a cell.

    `formula`: a new text in place of the old (the kind of formula and its area stay), or None to drop the formula and
    leave its value as a constant. `value`: a new cached value, or None for none.
    """

    formula: str | Keep | None = KEEP
    value: Value | Keep = KEEP


_NUMBERS = (float, int)


def spelled_value(value: Value) -> tuple[bytes, bytes]:
    """The type attribute (without name; empty for numbers) and the content of <v> for a value that is not None."""
    if isinstance(value, bool):
        return b"b", b"1" if value else b"0"
    if isinstance(value, _NUMBERS):
        return b"", spelled_number(value).encode()
    if isinstance(value, str):
        return b"str", xml_escaped(escaped(value)).encode()
    if isinstance(value, CellError):
        return b"e", xml_escaped(value.code).encode()
    raise TypeError(f"A cell holds a number, text, truth value or error value, not {value!r}.")


_PIECE = re.compile(
    rb"""<!--.*?-->|<!\[CDATA\[.*?\]\]>|<\?.*?\?>|<(?P<close>/?)(?P<name>[^\s<>/!?]+)(?:"[^"]*"|'[^']*'|[^<>"'])*>|[^<]+""",
    re.S,
)
_ATTRIBUTE = re.compile(rb"""\s+(?P<name>[^\s=]+)\s*=\s*(?P<value>"[^"]*"|'[^']*')""")
_TAG = re.compile(rb"""<(?:"[^"]*"|'[^']*'|[^<>"'])*>""")
_COLUMN = re.compile(rb"""<(?:[^\s<>:"']+:)?col\s(?:"[^"]*"|'[^']*'|[^<>"'])*>""")


class _Child(NamedTuple):
    name: bytes  # without prefix
    start: int
    tag_end: int
    end: int


_PLAIN = re.compile(
    rb"""(<c r="[A-Z0-9]++"(?: s="[0-9]++")?)(?: t="[A-Za-z]++")?((?: (?:cm|vm|ph)="[0-9]++")*)"""
    rb"""(?: ?/>|>(<f[^<>]*+>(?:[^<]*+</f>)?)?(?:<v[^<>]*+>(?:[^<]*+</v>)?)?</c>)"""
)


def edited_cell(cell: bytes, edit: Edit) -> bytes:
    """The XML of a <c> element, which must be well-formed, after an edit."""
    plain = _PLAIN.fullmatch(cell)
    if plain and edit.formula is KEEP and not isinstance(edit.value, Keep) and edit.value is not None:
        start, rest, formula = plain.groups(b"")
        kind, spelled = spelled_element(edit.value, b"")
        return b"".join((start, b' t="%b"' % kind if kind else b"", rest, b">", formula, spelled, b"</c>"))
    if plain and edit.value is KEEP and isinstance(edit.formula, str) and plain[3] and plain[3].endswith(b"</f>"):
        start, end = plain.span(3)
        return cell[: cell.index(b">", start) + 1] + xml_escaped(edit.formula).encode() + b"</f>" + cell[end:]
    prefix, tag_end, children = _pieces(cell)
    formula = next((child for child in children if child.name == b"f"), None)
    values = [child for child in children if child.name in (b"v", b"is")]
    tag = cell[:tag_end]
    changes: list[Change] = []
    if edit.formula is None:
        changes += [(formula.start, formula.end, b"")] if formula else []
    elif not isinstance(edit.formula, Keep):
        changes.append(_formula_change(cell, prefix, tag_end, formula, edit.formula))
    if not isinstance(edit.value, Keep):
        kind, spelled = spelled_element(edit.value, prefix)
        tag = _typed(tag, kind)
        at = formula.end if formula else tag_end
        first = values[0] if values else _Child(b"v", at, at, at)
        changes += [(first.start, first.end, spelled), *((value.start, value.end, b"") for value in values[1:])]
    inner_end = cell.rindex(b"</") if tag_end < len(cell) else tag_end
    pieces, done = [], tag_end
    for start, end, text in sorted(changes, key=lambda change: change[:2]):
        pieces += [cell[done:start], text]
        done = end
    inner = b"".join((*pieces, cell[done:inner_end]))
    if tag_end < len(cell):
        return tag + inner + cell[inner_end:]
    return b"%b>%b</%bc>" % (tag[:-2].rstrip(), inner, prefix) if inner else tag


def _pieces(cell: bytes) -> tuple[bytes, int, list[_Child]]:
    """The prefix, the end of the start tag, and the elements directly in the cell."""
    children: list[_Child] = []
    depth, prefix, cell_tag_end = 0, b"", 0
    name, start, tag_end = b"", 0, 0
    for piece in _PIECE.finditer(cell):
        if piece["name"] is None:
            continue
        empty = cell.endswith(b"/>", piece.start(), piece.end())
        if piece["close"]:
            depth -= 1
        elif depth == 0:
            before, colon, _ = piece["name"].rpartition(b":")
            prefix, cell_tag_end = before + colon, piece.end()
            depth = 1
        else:
            if depth == 1:
                name, start, tag_end = piece["name"].rpartition(b":")[2], piece.start(), piece.end()
            depth += not empty
        if depth == 1 and name and (piece["close"] or empty):
            children.append(_Child(name, start, tag_end, piece.end()))
    return prefix, cell_tag_end, children


def _formula_change(cell: bytes, prefix: bytes, tag_end: int, formula: _Child | None, text: str) -> Change:
    content = xml_escaped(text).encode()
    if formula is None:
        return tag_end, tag_end, b"<%bf>%b</%bf>" % (prefix, content, prefix)
    tag = cell[formula.start : formula.tag_end]
    tag = tag[:-2].rstrip() if tag.endswith(b"/>") else tag[:-1]
    attributes = _attributes(tag)
    if attributes.get(b"t") == b"shared" and b"ref" not in attributes:
        tag = b"<%bf" % prefix
    return formula.start, formula.end, b"%b>%b</%bf>" % (tag, content, prefix)


def spelled_element(value: Value, prefix: bytes = b"") -> tuple[bytes, bytes]:
    """The type attribute and the <v> element for a value."""
    if value is None:
        return b"", b""
    kind, content = spelled_value(value)
    kept = b' xml:space="preserve"' if content != content.strip(b" \t\n") else b""
    return kind, b"<%bv%b>%b</%bv>" % (prefix, kept, content, prefix)


def _typed(tag: bytes, kind: bytes) -> bytes:
    """The start tag with another type attribute, behind `r` and `s`; with none for numbers."""
    spelled = b' t="%b"' % kind if kind else b""
    last = re.match(rb"<[^\s/>]+", tag).end()  # type: ignore[union-attr]  # a tag has a name
    for attribute in _ATTRIBUTE.finditer(tag, last):
        if attribute["name"] == b"t":
            return tag[: attribute.start()] + spelled + tag[attribute.end() :]
        if attribute["name"] in (b"r", b"s"):
            last = attribute.end()
    return tag[:last] + spelled + tag[last:]


def _attributes(tag: bytes) -> dict[bytes, bytes]:
    return {attribute["name"]: attribute["value"][1:-1] for attribute in _ATTRIBUTE.finditer(tag)}


def new_cell(row: int, col: int, style: int, edit: Edit, prefix: bytes) -> bytes:
    """The XML of a cell that did not stand in the sheet."""
    styled = f' s="{style}"' if style else ""
    return edited_cell(b"<%bc%b/>" % (prefix, f' r="{address(row, col)}"{styled}'.encode()), edit)


def prefix_of(element: bytes) -> bytes:
    """The prefix of an element's name with its colon, empty when it has none."""
    name = re.match(rb"<([^\s/>]+)", element)
    before, colon, _ = name[1].rpartition(b":") if name else (b"", b"", b"")
    return before + colon


def appended(xml: bytes, start: int, end: int, content: bytes) -> Change:
    """The change that puts `content` at the end of the element that stands from `start` to `end`."""
    element = xml[start:end]
    if not element.endswith(b"/>"):
        at = start + element.rindex(b"</")
        return at, at, content
    name = re.match(rb"<([^\s/>]+)", element)
    return end - 2, end, b">%b</%b>" % (content, name[1] if name else b"")


def style_of_row(element: bytes) -> int | None:
    """The cell format that a <row> element gives to cells which do not stand in it, None when it gives none."""
    attributes = _attributes(_TAG.match(element)[0])  # type: ignore[index]  # an element begins with a tag
    return _number(attributes.get(b"s")) if attributes.get(b"customFormat") in (b"1", b"true") else None


def styles_of_columns(head: bytes) -> list[tuple[int, int, int]]:
    """First column, last column and cell format for each <col> element before the cells."""
    columns = [_attributes(tag[0]) for tag in _COLUMN.finditer(head)]
    return [(_number(a.get(b"min")), _number(a.get(b"max")), _number(a.get(b"style"))) for a in columns]


def _number(spelled: bytes | None) -> int:
    return int(spelled) if spelled and spelled.isdigit() and len(spelled) < 8 else 0
