"""The table of shared strings."""

from xml.parsers import expat

from capexrisk_workbooks.ooxml.cells import unescaped
from capexrisk_workbooks.ooxml.grammar import recognise_strings
from capexrisk_workbooks.ooxml.markup import BLANKS, MAIN, MAIN_STRICT, malformed, read_markup
from capexrisk_workbooks.ooxml.unusable import Unreadable

_XML_SPACE = "http://www.w3.org/XML/1998/namespace space"


def read_strings(data: bytes, part: str) -> tuple[str, ...]:
    """The shared strings in order: rich text joined, phonetic hints left out, outer blanks only where they are kept."""
    xml = read_markup(data, part).utf8
    plain = recognise_strings(xml)
    if plain is not None:
        return tuple(map(unescaped, plain))
    found: list[str] = []
    texts: list[str] = []
    path: list[str] = []
    keeps = [False]
    spell: list[str] = []
    reading = False

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal reading
        space, _, local = name.rpartition(" ")
        if not path and (local != "sst" or space not in (MAIN, MAIN_STRICT)):
            raise Unreadable(
                f"The part {part} is not the table of texts it should be. Save the workbook anew in Excel."
            )
        path.append(local)
        keeps.append(attributes[_XML_SPACE] == "preserve" if _XML_SPACE in attributes else keeps[-1])
        if len(path) == 2 and local == "si":
            texts.clear()
        reading = path in (["sst", "si", "t"], ["sst", "si", "r", "t"])

    def end(name: str) -> None:
        nonlocal reading
        kept = keeps.pop()
        if reading:
            text = "".join(spell)
            texts.append(unescaped(text if kept else text.strip(BLANKS)))
            reading = False
        spell.clear()
        if len(path) == 2 and path[1] == "si":
            found.append("".join(texts))
        path.pop()

    def characters(text: str) -> None:
        if reading:
            spell.append(text)

    parser = expat.ParserCreate("utf-8", " ")
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, characters
    try:
        parser.Parse(xml, True)
    except expat.ExpatError as error:
        raise malformed(part, error) from None
    return tuple(found)
