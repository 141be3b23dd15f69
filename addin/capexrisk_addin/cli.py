"""The command line: `capexrisk COMMAND`. One module a command; heavy imports wait until a command runs.

Exit codes: 0 all good, incomplete reviews and files in a folder that are not reviews included; 1 when a file could not
be done, a path named on the command line is not a review, or `check` found something missing or wrong; 2 wrong usage.
"""

from __future__ import annotations

import sys

import typer

from capexrisk_addin.commands import COMMANDS, GROUPS
from capexrisk_addin.commands.common import FAILED, sentence_of, stop

app = typer.Typer(
    name="capexrisk",
    help="Reviews of AI capital expenditure: workbooks made, recalculated without Excel, ranked. Not a credit rating.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)
for command, epilog in COMMANDS.items():
    app.command(command.__name__, epilog=epilog)(command)
for group in GROUPS:
    app.add_typer(group)


def main() -> None:
    """Run the command line; an error is one plain sentence, never a traceback."""
    try:
        app()
    except KeyboardInterrupt:
        stop("Stopped. Every workbook is whole; run again to go on.", 130)
    except BrokenPipeError:
        sys.stderr.close()  # the reader of our output has left; Python would complain on the way out
        sys.exit(FAILED)
    except Exception as error:
        sentence = sentence_of(error)
        if sentence is None:
            raise
        stop(sentence, FAILED)


if __name__ == "__main__":
    main()
