"""A text document, for tests: an Office package that holds no workbook."""

from zips import zipped

_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
_RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"


def document() -> bytes:
    """The smallest .docx."""
    package = "http://schemas.openxmlformats.org/package/2006"
    types = f'<Override PartName="/word/document.xml" ContentType="{_TYPE}"/>'
    relation = f'<Relationship Id="r1" Type="{_RELATION}" Target="word/document.xml"/>'
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types">{types}</Types>',
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships">{relation}</Relationships>',
        "word/document.xml": "<w:document xmlns:w='http://schemas.openxmlformats.org/wordprocessingml/2006/main'/>",
    }
    return zipped({name: content.encode() for name, content in parts.items()})
