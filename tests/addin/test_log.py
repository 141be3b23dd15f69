"""What stands in a log came from files, too: it steers no terminal and fakes no line."""

import logging

import pytest

from capexrisk_addin.excel import log
from capexrisk_addin.terminal import HarmlessFormatter

HOSTILE = ("\x1b[31mred", "a\nERROR root: forged", "\u202egnp.exe", "bell\x07", "c1 \x9b2J")


@pytest.mark.parametrize("text", HOSTILE)
def test_text_from_a_file_stays_one_harmless_line(text, tmp_path, monkeypatch):
    monkeypatch.setattr(log, "log_file", lambda: tmp_path / "logs" / "add-in.log")
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    try:
        path = log.start_log()
        logging.getLogger("capexrisk").warning("The workbook %s cannot be read.", text)
    finally:
        for handler in set(root.handlers) - set(before):
            handler.close()
            root.removeHandler(handler)
        root.setLevel(level)
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if "cannot be read" in line]
    assert len(lines) == 1
    assert not any(ord(mark) < 32 or 127 <= ord(mark) < 160 or mark == "\u202e" for mark in lines[0])


def test_a_traceback_keeps_its_lines():
    try:
        raise ValueError("no\x1b[2J")
    except ValueError:
        record = logging.getLogger().makeRecord("a", logging.ERROR, "f", 1, "failed", (), __import__("sys").exc_info())
    text = HarmlessFormatter("%(message)s").format(record)
    assert text.count("\n") > 1
    assert "\x1b" not in text
