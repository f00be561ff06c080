"""What strangers wrote is read on a terminal and does nothing there: no escape, no line of its own, no markup."""

import io
import json
import logging
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from rich.color import ColorSystem
from rich.table import Table

from console.complaint import complain, tell_of_defect
from console.document import print_document
from console.guard_list import print_guards
from console.page import Page, shown, shown_of
from console.plain import PlainRecord, aside, line, plain
from console.preset_list import print_presets
from console.progress import RowsProgress, SeedsProgress
from console.session_list import print_sessions
from console.tune_page import print_study

EVIL = (
    "\x1b]52;c;cm0gLXJm\x07\x1b[2J\x9b31m\u202eevil\u200b\r\nerror: forged\ncure: rm\u2028 [red]x[/red] [link=file:///]"
)
"""Fills the clipboard, clears the screen, turns red in 8 bits, writes backwards, forges lines, and is Rich's markup."""

PLAIN = [
    ("BTCUSDT", "BTCUSDT"),
    ("Zürich €/₿ 日本", "Zürich €/₿ 日本"),
    ("\x1b[31mred", r"\x1b[31mred"),
    ("a\nerror: b", r"a\nerror: b"),
    ("tab\tend", r"tab\tend"),
    ("\x9b1m\x85", r"\x9b1m\x85"),
    ("\u202e\u2066\u200b\ufeff", r"\u202e\u2066\u200b\ufeff"),
    ("\U000e0041\udc80", r"\U000e0041\udc80"),
    ("", ""),
]


@pytest.mark.parametrize("text, made", PLAIN)
def test_what_does_not_print_is_shown_by_its_number(text: str, made: str):
    assert plain(text) == made
    assert made.isprintable()


def harmless(text: str) -> None:
    """Nothing a terminal obeys but line ends, and no line that a stranger began."""
    assert all(one == "\n" or one.isprintable() for one in text), [
        hex(ord(one)) for one in text if not one.isprintable()
    ]
    assert not re.search(r"^(error|cure): (forged|rm)", text, re.MULTILINE)


def test_a_complaint_is_two_lines_whatever_is_in_it(capsys: pytest.CaptureFixture[str]):
    complain(f"no session {EVIL}", f"name {EVIL}", as_json=True)
    out, err = capsys.readouterr()
    harmless(err)
    assert len(err.splitlines()) == 2
    assert json.loads(out)["error"].endswith(EVIL)
    harmless(out)


def test_a_traceback_shows_no_more(capsys: pytest.CaptureFixture[str]):
    try:
        raise KeyError(EVIL + "\x1b")
    except KeyError as error:
        tell_of_defect(type(error), error, error.__traceback__)
    try:
        raise RuntimeError("\x1b[2J")
    except RuntimeError as error:
        tell_of_defect(type(error), error, error.__traceback__)
    said = capsys.readouterr().err
    assert all(one == "\n" or one.isprintable() for one in said)


def test_what_a_library_logs_on_the_terminal_is_plain(capsys: pytest.CaptureFixture[str]):
    handler = logging.StreamHandler(sys.stderr)
    try:
        raise ValueError("\x1b[2J")
    except ValueError:
        raised = sys.exc_info()
    handler.handle(PlainRecord("prefect", logging.ERROR, "", 0, "run %s", (EVIL,), raised))
    said = capsys.readouterr().err
    assert all(one == "\n" or one.isprintable() for one in said)
    assert said.startswith(r"run \x1b]52;c")
    assert "Traceback" in said


def test_lines_are_lines(capsys: pytest.CaptureFixture[str]):
    line(EVIL)
    aside(EVIL)
    with RowsProgress(1, "x") as rows, SeedsProgress() as seeds:
        rows.notice(EVIL)
        seeds.told(EVIL, 1, 1)
    out, err = capsys.readouterr()
    harmless(out + err)
    assert (out.count("\n"), err.count("\n")) == (1, 3)


def test_a_json_document_says_it_and_no_terminal_obeys(capsys: pytest.CaptureFixture[str]):
    print_document({"name": EVIL, "ü": "日本"})
    out = capsys.readouterr().out
    assert json.loads(out) == {"name": EVIL, "ü": "日本"}
    assert "日本" in out
    harmless(out)


def test_a_page_shows_no_escape_even_of_text_that_was_handed_to_it_raw():
    told = io.StringIO()
    page = Page()
    page.file = told
    table = Table("a")
    table.add_row("\x1b[31mraw\x9b\u202e")
    page.print(table)
    page.print("[bold]ours[/bold] \x1b]52;c;x\x07")
    harmless(told.getvalue())


def test_the_colours_of_a_page_stay():
    told = io.StringIO()
    page = Page()
    page._force_terminal, page._color_system, page.file = True, ColorSystem.STANDARD, told
    page.print("[red]ours[/red]", shown("\x1b[31mtheirs"))
    assert told.getvalue() == "\x1b[31mours\x1b[0m \\x1b[31mtheirs\n"


def test_markup_of_strangers_is_text():
    told = io.StringIO()
    page = Page()
    page.file = told
    page.print(shown_of({"[bold]name[/bold]": ["[link=file:///x]here[/link]\\"]}))
    page.print(f"[bold]{shown('[red]a[/red]')}[/bold] {shown('b[/bold]')}")
    assert "[red]a[/red] b[/bold]" in told.getvalue()


def study() -> dict[str, Any]:
    figures = {"pnl_quote": 1.0, "trades": 3}
    best = {"trial": 1, "params": {EVIL: 1.0}, "in_sample": figures, "out_of_sample": figures, "worst": EVIL}
    return {
        "best": [best], "objectives": ["pnl_quote"], "pruned": 0, "param_rows_per_s": 1, "trials": 1, "failed": 0,
        "deflated_sharpe": None, "overfit_probability": None, "plateau": None, "importance": {EVIL: 0.5},
        "objections": [EVIL], "study": EVIL, "preset": {"name": EVIL, "version": 1},
    }  # fmt: skip


def presets() -> list[dict[str, Any]]:
    known = dict.fromkeys(("name", "digest", "study", "flaw"), EVIL)
    figures = {"in_sample": 1.0, "out_of_sample": 1.0, "in_use": 1, "newest": 1, "created_ns": 1}
    return [{**known, **figures, "trials": None, "chosen": False}]


def guards() -> dict[str, Any]:
    event = {"now_ns": 1, "guard": EVIL, "symbol": EVIL, "venue": None, "kind": EVIL, "cause": EVIL}
    return {"session": EVIL, "standing": [event], "events": [{**event, "observed": 1, "limit": 1, "release_ns": None}]}


def sessions() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    alive = {"session": EVIL, "state": EVIL, "phase": EVIL, "pnl_quote": 1.0, "currency": EVIL}
    latest = {"name": EVIL, "status": EVIL, "started_ns": 1, "state_hash": EVIL, "fills": 1, "trades": 1}
    return [alive], [latest]


PAGES = {
    "study": lambda: print_study(study(), [f"{EVIL}=1:2"]),
    "presets": lambda: print_presets(presets(), as_json=False),
    "guards": lambda: print_guards(guards(), as_json=False),
    "sessions": lambda: print_sessions(*sessions(), as_json=False),
}


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_no_page_obeys_what_the_record_holds(page, capsys: pytest.CaptureFixture[str], monkeypatch):
    monkeypatch.setenv("COLUMNS", "2000")
    page()
    out = capsys.readouterr().out
    harmless(out)
    assert r"\x1b]52;c" in out
    assert "[red]x[/red] [link=file:///]" in out, "it stands there to be read"


CONSOLE = Path(__file__).resolve().parents[2] / "console"
ONLY = {"plain.py", "page.py", "document.py", "complaint.py", "bootstrap.py", "__main__.py", "services.py", "cli.py"}
OTHER_WAYS = re.compile(r"(?<![\w.])print\(|sys\.stdout\.write|sys\.stderr\.write|rich\.markup|(?<![\w.])Console\(")


def test_the_console_speaks_through_lines_pages_and_documents_only():
    for file in sorted(CONSOLE.glob("*.py")):
        found = OTHER_WAYS.findall(file.read_text(encoding="utf-8"))
        assert not found or file.name in ONLY, f"{file.name}: {found}"
    assert sys.excepthook is not None
