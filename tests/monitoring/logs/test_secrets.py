"""Planted secrets appear in no output, wherever they were put; and what may be told is told."""

import ast
import json
import logging
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import IntEnum
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.monitoring.logs.allow_list import ALLOWED_FIELDS, KnownSecrets, outline, told
from arbitrage_core.monitoring.logs.entry import entry_of
from arbitrage_core.monitoring.logs.event_log import EventLog
from arbitrage_core.monitoring.logs.log_book import LogBook

SECRET = "Pl4nted-S3cret!v4lue"
KNOWN = "kn0wn-to-this-process"
LOG = EventLog("tests")


@contextmanager
def no_other_handlers() -> Iterator[None]:
    """Without the test runner's own handlers, which format every record: only ours are under test."""
    root = logging.getLogger()
    others = list(root.handlers)
    for handler in others:
        root.removeHandler(handler)
    try:
        yield
    finally:
        for handler in others:
            root.addHandler(handler)


class Talkative:
    """An object that says its secret whenever it is asked for anything."""

    def __str__(self) -> str:
        return SECRET

    def __repr__(self) -> str:
        return SECRET

    def __len__(self) -> int:
        raise RuntimeError(SECRET)

    def __format__(self, spec: str) -> str:
        return SECRET


class SecretText(str):
    """A text that is not quite one."""

    __slots__ = ()


def raised(make: Callable[[], BaseException], *, cause: BaseException | None = None) -> BaseException:
    """An exception that has been raised here, with this source line in its traceback."""
    password = SECRET  # a local of a frame of the traceback
    try:
        raise make() from cause
    except (ValueError, KeyError, OSError) as error:
        if not password:
            raise
        return error


def foreign(text: object, *args: object, **more: object) -> None:
    """Another library's record."""
    logging.getLogger("redis.connection").error(text, *args, **more)


PLANTS: dict[str, Callable[[], None]] = {
    "a field that is not allowed": lambda: LOG.info("connected", password=SECRET),
    "a field that is not allowed, in bytes": lambda: LOG.info("connected", body=SECRET.encode()),
    "a map in an allowed field": lambda: LOG.info("connected", host={"password": SECRET}),
    "a list of maps in an allowed field": lambda: LOG.info("connected", symbols=[{"x": SECRET}]),
    "an object in an allowed field": lambda: LOG.info("connected", host=Talkative()),
    "an object in any field": lambda: LOG.info("connected", whatever=Talkative()),
    "a subclass of text in any field": lambda: LOG.info("connected", whatever=SecretText(SECRET)),
    "the password of a URL": lambda: LOG.info("connected", url=f"redis://:{SECRET}@127.0.0.1:6379/0"),
    "user and password of a URL": lambda: LOG.info("connected", address=f"postgresql+psycopg://arb:{SECRET}@h/arb"),
    "a password with an @ in it": lambda: LOG.info("connected", url=f"redis://:a@b{SECRET}@c@127.0.0.1/0"),
    "a URL in a sentence": lambda: LOG.info("connected", cause=f"cannot reach redis://u:{SECRET}@h:1/0, says it"),
    "the query of a URL": lambda: LOG.info("connected", url=f"https://h/x?apiKey={SECRET}&limit=5"),
    "a sentence with a password": lambda: LOG.info("connected", reason=f"password={SECRET}, then silence"),
    "a header": lambda: LOG.info("connected", reason=f"Authorization: Bearer {SECRET}"),
    "a header as JSON": lambda: LOG.info("connected", reason=f'{{"X-API-KEY": "{SECRET}"}}'),
    "the name of the event": lambda: LOG.info(f"connected with {SECRET}"),
    "a field's name": lambda: LOG.info("connected", **{f"a {SECRET}": 1}),
    "an exception's text": lambda: LOG.error("failed", error=raised(lambda: ValueError(SECRET))),
    "the text of our own exception": lambda: LOG.error("failed", error=raised(lambda: BadInput(SECRET, SECRET))),
    "a cause's text": lambda: LOG.error("failed", error=raised(lambda: ValueError("x"), cause=KeyError(SECRET))),
    "a group's texts": lambda: LOG.error("failed", error=ExceptionGroup(SECRET, [ValueError(SECRET)])),
    "the path of an OSError": lambda: LOG.error("failed", error=raised(lambda: OSError(13, "Denied", SECRET))),
    "a note of an exception": lambda: LOG.error("failed", error=noted(ValueError("x"))),
    "another library's text": lambda: foreign(f"AUTH {SECRET} failed"),
    "another library's argument": lambda: foreign("AUTH %s failed", SECRET),
    "another library's bad format": lambda: foreign("AUTH %d %d", SECRET),
    "another library's object": lambda: foreign(Talkative()),
    "another library's exception": lambda: foreign("x", exc_info=raised(lambda: ConnectionError(SECRET))),
    "another library's stack": lambda: foreign("x", stack_info=True, extra={"password": SECRET}),
    "a forged field map": lambda: foreign("x", extra={"arb_fields": [SECRET]}),
    "a warning": lambda: logging.getLogger("py.warnings").warning(
        "%s", warnings.WarningMessage(SECRET, UserWarning, "f", 1)
    ),
}


def noted(error: BaseException) -> BaseException:
    """An exception with a note."""
    error.add_note(SECRET)
    return error


@pytest.mark.parametrize("name", PLANTS)
def test_a_planted_secret_appears_in_no_output(tmp_path: Path, capfd: pytest.CaptureFixture, name: str):
    screen = StringIO()
    with no_other_handlers():
        book = LogBook(tmp_path, "planted", console=Console(file=screen, width=500))
        PLANTS[name]()
        assert book.close()
    outputs = {
        "file": book.path.read_text(encoding="utf-8"),
        "terminal": screen.getvalue(),
        "record": "".join(str(entry) for entry in book.take()),
        "standard streams": "".join(capfd.readouterr()),
    }
    assert outputs["file"]
    assert outputs["terminal"]
    assert outputs["record"]
    for where, text in outputs.items():
        assert SECRET not in text, where
        assert SECRET[:10] not in text, where


def test_a_secret_this_process_knows_is_hidden_in_allowed_texts(tmp_path: Path):
    book = LogBook(tmp_path, KNOWN, secrets=["", KNOWN])
    book.secrets.add("later-0ne")
    LOG.info("connected", cause=f"<{KNOWN}> and later-0ne", symbols=[KNOWN], later_0ne=1)
    assert book.close()
    [entry] = book.take()
    assert entry.fields["cause"] == "<***> and ***"
    assert entry.fields["symbols"] == ["***"]


def test_of_two_secrets_of_which_one_begins_the_other_none_is_left():
    secrets = KnownSecrets(["abcd", "abcd-efgh"])
    assert secrets.clean("x abcd-efgh abcd") == "x *** ***"


def test_a_secret_too_short_to_hide_is_refused():
    with pytest.raises(BadInput, match="3 characters"):
        KnownSecrets(["abc"])


class Colour(IntEnum):
    """An enum."""

    RED = 1


PLAIN = [
    (3, 3),
    (np.int64(-3), -3),
    (True, True),
    (np.bool_(True), True),
    (None, None),
    (1.5, 1.5),
    (np.float32(0.5), 0.5),
    (float("nan"), "nan"),
    (float("-inf"), "-inf"),
    (Colour.RED, "RED"),
    ("BTC/USDT", "BTC/USDT"),
    (["a", 1, None], ["a", 1, None]),
    (("a", b"b"), ["a", "bytes[1]"]),
    (2**70, "int"),
    ("x" * 400, "x" * 300 + "…"),
    (list(range(40)), "list"),
    ({"a": 1}, "dict[1]"),
    (Talkative(), "Talkative"),
    (np.zeros(3), "ndarray"),
]


@pytest.mark.parametrize("value, expected", PLAIN, ids=[str(index) for index in range(len(PLAIN))])
def test_an_allowed_field_is_told_if_its_value_is_plain(value: object, expected: object):
    got = told("symbol", value, KnownSecrets())
    assert got == (expected if expected != "list" else "list[40]")
    assert type(got) in (int, str, float, bool, type(None), list)
    assert told("not_on_the_list", value, KnownSecrets()) == outline(value)


@given(
    st.text(min_size=4, max_size=40).filter(lambda text: "*" not in text and not text.isspace()), st.text(), st.text()
)
def test_a_known_secret_is_gone_whatever_stands_around_it(secret: str, before: str, after: str):
    assert secret not in KnownSecrets([secret]).clean(before + secret + after)


def test_names_that_tell_of_secrets_are_not_on_the_list():
    suspicious = ("pass", "secret", "token", "key", "auth", "cookie", "credential", "header", "body", "config", "env")
    assert [name for name in ALLOWED_FIELDS if any(part in name for part in suspicious)] == ["session_key"]


def made_events(source: str) -> list[int]:
    """Lines on which the name of an event is made at run time, in a source that uses an EventLog."""
    if "EventLog(" not in source:
        return []
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call) and node.args]
    levels = ("debug", "info", "warning", "error", "critical")
    named = [call for call in calls if isinstance(call.func, ast.Attribute) and call.func.attr in levels]
    return [call.lineno for call in named if not isinstance(call.args[0], ast.Constant)]


def test_every_event_of_the_platform_is_named_in_its_source():
    root = Path(__file__).resolve().parents[3]
    folders = ("arbitrage_core", "console", "flows", "checks", "deployments")
    files = [file for folder in folders for file in (root / folder).rglob("*.py")]
    made = {str(file): made_events(file.read_text(encoding="utf-8")) for file in files}
    assert not {file: lines for file, lines in made.items() if lines}
    assert made_events("log = EventLog('x')\nlog.info(f'read {secret}')\n") == [2]


def test_an_uncaught_exception_in_a_thread_of_logs_cannot_be_made_by_a_record():
    record = logging.LogRecord("x", logging.INFO, "f", 1, Talkative(), (Talkative(),), None)
    record.arb_fields = {"symbol": Talkative(), 3: SECRET, "x" * 100: 1}
    entry = entry_of(record, KnownSecrets())
    assert (entry.event, entry.fields) == ("unnamed_event", {"symbol": "Talkative", "fields_left_out": 2})


def test_a_program_that_dies_leaves_no_secret_in_its_log(tmp_path: Path):
    program = (
        "import sys, logging\nfrom pathlib import Path\n"
        "from arbitrage_core.monitoring.logs.log_book import open_logs\n"
        "from arbitrage_core.monitoring.logs.event_log import EventLog\n"
        f"secret = {SECRET!r}\n"
        "with open_logs(Path(sys.argv[1]), 'dying'):\n"
        "    try:\n        {}[secret]\n"
        "    except KeyError as error:\n        EventLog('x').critical('session_died', error=error, secret=secret)\n"
    )
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=True)
    text = (tmp_path / "logs" / "dying.jsonl").read_text()
    assert SECRET not in text + done.stdout + done.stderr
    fields = json.loads(text)["fields"]
    assert fields["secret"] == f"str[{len(SECRET)}]"
    assert fields["error"][0]["type"] == "KeyError"
