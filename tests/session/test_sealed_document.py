"""What a seal says is made anew by the replay: whoever writes a seal anew is found out, whatever figure it changes."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from arbitrage_core.session import backtest, replay
from arbitrage_core.session.backtest import run_backtest
from arbitrage_core.session.proof import prove
from arbitrage_core.session.replay import replay_session
from arbitrage_core.session.sealed_document import TESTIMONY, document_difference
from arbitrage_core.storage.damage import Damaged
from arbitrage_core.storage.document import read_document, write_document
from arbitrage_core.storage.manifest import MANIFEST_NAME
from arbitrage_core.storage.seal import SEAL_NAME
from tests.engine.small_market import QUIET, pulses
from tests.session.plain_session import plain_session
from tests.session.test_backtest_and_replay import CONFIG, MadeRows, bound_fold, partial

FEED = MadeRows(pulses(3))


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The journal of a session of three pulses."""
    folder = tmp_path_factory.mktemp("sealed") / "journal"
    with pytest.MonkeyPatch.context() as patched, np.errstate(**QUIET):
        patched.setattr(backtest, "Session", plain_session)
        run_backtest(CONFIG, FEED, folder=folder)
    return folder


@pytest.fixture
def journal(sealed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it to be forged, replayed as plain Python."""
    monkeypatch.setattr(replay, "bound_fold", partial(bound_fold, interpreted=True))
    for file in sealed.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    return tmp_path


def forge(journal: Path, path: str, value: Any) -> None:
    """Writes the seal anew, checksum and all, with another value at a place of its document."""
    content, _ = read_document(journal / SEAL_NAME)
    *way, last = path.split(".")
    place = content["summary"]
    for name in way:
        place = place[name]
    assert place.get(last) != value
    place[last] = value
    write_document(journal / SEAL_NAME, content)


def difference(journal: Path) -> str | None:
    with np.errstate(**QUIET):
        document = replay_session(journal, FEED).document
    assert document["identical"] is (document["difference"] is None)
    return document["difference"]


def test_a_seal_that_was_left_alone_is_identical(journal: Path):
    assert difference(journal) is None


FORGED = [
    ("equity_quote", 99_999.0),
    ("pnl_quote", 1_234.5),
    ("fees_amount", 0),
    ("closed_trades", 4_000),
    ("max_drawdown_quote", 0.0),
    ("refusals", {}),
    ("exits.STOP_LOSS", 41),
    ("opportunities.taken_share", 0.123),
    ("config_digest", "0" * 64),
    ("data_sha256", "0" * 64),
    ("state_hash", "0" * 64),
    ("session", "another"),
    ("mode", "live"),
    ("rows", 10**9),
    ("preset", {"name": "winner", "version": 1}),
    ("proved_by", "the exchange itself"),
]


@pytest.mark.parametrize("path, value", FORGED, ids=[path for path, _ in FORGED])
def test_a_seal_written_anew_with_another_figure_is_not_identical(path: str, value: Any, journal: Path):
    forge(journal, path, value)
    found = difference(journal)
    assert found is not None
    assert found.startswith("its seal says what its journal does not: ")
    assert path.split(".", maxsplit=1)[0] in found


def test_every_figure_of_a_document_is_made_anew_or_is_named_as_testimony(journal: Path):
    content, _ = read_document(journal / SEAL_NAME)
    kept = dict(content["summary"])
    for name in kept:
        content["summary"] = {**kept, name: "forged"}
        write_document(journal / SEAL_NAME, content)
        assert (difference(journal) is None) is (name in TESTIMONY), name
        content["summary"] = {other: value for other, value in kept.items() if other != name}
        write_document(journal / SEAL_NAME, content)
        assert (difference(journal) is None) is (name in TESTIMONY), name


def test_a_session_is_not_proved_by_a_seal_that_says_otherwise(journal: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(backtest, "Session", plain_session)
    with np.errstate(**QUIET):
        ran = run_backtest(CONFIG, FEED)
        forge(journal, "equity_quote", 99_999.0)
        assert prove(ran, journal, FEED) is False
    assert [violation.law for violation in ran.violations] == ["I11"]


def test_an_open_trade_is_not_said_to_have_been_closed(journal: Path):
    made = {"flat": False}
    assert document_difference({"flat": True}, made, cited=True) is not None
    assert document_difference({}, made, cited=True) is None, "a seal that says nothing says nothing false"


@pytest.mark.parametrize("name, value", [("preset", {"name": "winner"}), ("session", "another"), ("session_key", 7)])
def test_a_manifest_and_a_seal_written_anew_do_not_fit_the_rows_and_orders(name: str, value: Any, journal: Path):
    content, _ = read_document(journal / MANIFEST_NAME)
    write_document(journal / MANIFEST_NAME, {**content, name: value})
    seal, _ = read_document(journal / SEAL_NAME)
    seal["manifest_sha256"] = read_document(journal / MANIFEST_NAME)[1]
    write_document(journal / SEAL_NAME, seal)
    with pytest.raises(Damaged, match="belongs to another journal"):
        difference(journal)
