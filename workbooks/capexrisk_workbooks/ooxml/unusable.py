"""Why a file cannot be read or replaced: one small tree of exceptions, each carrying a sentence for people."""


class UnusableFile(Exception):  # noqa: N818 (named as people say it)
    """The file cannot be used. `str(error)` is one or two sentences: what is wrong and what to do; no path in it."""

    @property
    def sentence(self) -> str:
        """What is wrong and what to do, ready to be shown after the file's name."""
        return str(self)


class Unreadable(UnusableFile):
    """The file is missing, broken off, damaged, or contradicts itself."""


class Protected(UnusableFile):
    """The file is encrypted with a password or by rights management."""


class NotAWorkbook(UnusableFile):
    """The file is something other than an .xlsx or .xlsm workbook."""


class TooLarge(UnusableFile):
    """The file exceeds a limit on size, members, or what it unpacks to."""


class Signed(UnusableFile):
    """The file carries a digital signature, which any rewriting would break."""


class Locked(UnusableFile):
    """Somebody else has the file open, or changed it while it was being worked on."""


class Unwritable(UnusableFile):
    """The file, its folder or its disk does not take a new version."""
