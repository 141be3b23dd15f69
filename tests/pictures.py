"""Shows what a workbook looks like: each printed page as a PNG file, through a real LibreOffice with our functions.

python tests/pictures.py FILE.xlsx OUTDIR [--dpi 80] [--keep-values] [--extension DIR]
"""

import argparse
import sys
import tempfile
from pathlib import Path

from calc import Calc, CalcError, pictures

from capexrisk_addin.calc import OfficeError
from capexrisk_addin.calc.extension import write_extension


def main() -> int:
    parser = argparse.ArgumentParser(description="Recalculate a workbook in LibreOffice and draw every page of it.")
    parser.add_argument("file", type=Path)
    parser.add_argument("folder", type=Path, help="where FILE.pdf and FILE-1.png, FILE-2.png, … go")
    parser.add_argument("--dpi", type=int, default=80)
    parser.add_argument(
        "--keep-values", action="store_true", help="show the values stored in the file, calculate nothing"
    )
    parser.add_argument("--extension", type=Path, help="an unpacked extension to use instead of the CAPEX_ functions")
    wanted = parser.parse_args()
    wanted.folder.mkdir(parents=True, exist_ok=True)
    try:
        with tempfile.TemporaryDirectory() as made:
            extension = wanted.extension or write_extension(Path(made, "capexrisk.oxt"))
            with Calc(extension) as calc, calc.open(wanted.file) as document:
                if not wanted.keep_values:
                    document.recalculate()
                pdf = document.save(wanted.folder / f"{wanted.file.stem}.pdf")
    except (CalcError, OfficeError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    for picture in pictures(pdf, wanted.folder, wanted.dpi):
        print(picture)
    return 0


if __name__ == "__main__":
    sys.exit(main())
