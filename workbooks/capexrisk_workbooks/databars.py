"""Solid data bars of true length: openpyxl writes only those of Excel 2007, which fade out before they end."""

from __future__ import annotations

import re

_RULE = re.compile(
    rb'(<conditionalFormatting sqref="([^"]+)"><cfRule type="dataBar"[^>]*><dataBar[^>]*>.*?</dataBar>)(</cfRule>)'
)
_BOUND = re.compile(rb'<cfvo type="num" val="([^"]+)"')
_X14 = b'xmlns:x14="http://schemas.microsoft.com/office/spreadsheetml/2009/9/main"'
_XM = b'xmlns:xm="http://schemas.microsoft.com/office/excel/2006/main"'


def solid(sheet: bytes) -> bytes:
    """Give a sheet's XML, as openpyxl wrote it, with every data bar solid; unchanged when it has none."""
    added: list[bytes] = []

    def extend(match: re.Match[bytes]) -> bytes:
        identity = b"{CA9E8B1A-0000-4000-8000-%012d}" % (len(added) + 1)
        low, high = _BOUND.findall(match[1])
        added.append(
            b"<x14:conditionalFormatting %s>"
            b'<x14:cfRule type="dataBar" id="%s"><x14:dataBar minLength="0" maxLength="100" gradient="0">'
            b'<x14:cfvo type="num"><xm:f>%s</xm:f></x14:cfvo><x14:cfvo type="num"><xm:f>%s</xm:f></x14:cfvo>'
            b'<x14:negativeFillColor rgb="FFFF0000"/><x14:axisColor rgb="FF000000"/></x14:dataBar></x14:cfRule>'
            b"<xm:sqref>%s</xm:sqref></x14:conditionalFormatting>" % (_XM, identity, low, high, match[2])
        )
        link = b'<extLst><ext %s uri="{B025F937-C7B1-47D3-B67F-A62EFF666E3E}"><x14:id>%s</x14:id></ext></extLst>'
        return match[1] + link % (_X14, identity) + match[3]

    sheet = _RULE.sub(extend, sheet)
    if not added:
        return sheet
    extension = (
        b'<extLst><ext %s uri="{78C0D931-6437-407d-A8EE-F0AAD7539E65}"><x14:conditionalFormattings>%s'
        b"</x14:conditionalFormattings></ext></extLst></worksheet>" % (_X14, b"".join(added))
    )
    return sheet.removesuffix(b"</worksheet>") + extension
