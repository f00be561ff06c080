"""The allow-list: which fields of a log are written with their values. Of all others only the type and the length are.

A list of what is forbidden would miss the secret nobody thought of. Texts that are allowed are cleaned all the same:
what stands before the `@` of a URL goes, what follows words like `password=` goes, and so does every secret known to
this process. Exceptions are told by type and place, never by their text, which may quote anything.

Where it is wrong: names of fields, events and loggers are trusted, since they stand in the source; a secret passed as
one, or as the value of an allowed field without being known, would be written.
"""

import math
import re
from collections.abc import Iterable
from enum import Enum

import numpy as np

from arbitrage_core.domain.errors import BadInput

_NAMES = """
action address age_ms amount attempt away_s beats bid_px ask_px bytes capacity cause checks client_id code_version
command_id command_kind conflated count cpu_pct cure currency data_digest database day detail direction doubled dropped
duration_ms duration_s elapsed_s entries epoch equity_amount errno exit_code exit_reason expected failures fault
fees_amount feed file_name fill_lots filled_lots free_bytes from_state gap_ms generation guard heard host incident
interval_s journal_bytes kind lag_ms latency_ms leg level limit limit_px lines losses lots lost market memory_mb method
missed mode name net_edge_bps newest number observed older operator order_state orders path pause_ms phase pid
pnl_amount port position_lots preset px purpose qty_base quantity queue rate reason received reconnects refusal refused
retries row_ns rows rows_per_s seed segment sequence service session session_key side signal size spread_bps stage state
state_hash status step strategy style symbol symbols table target thread timeout_s to_state torn trade trades
unreachable url venue venues version waiting worker written
"""
ALLOWED_FIELDS = frozenset(_NAMES.split())
"""Names from the glossary and of plain measurements. Add a name here when its values can never hold a secret."""

TEXT_CHARACTERS_MAX = 300
ITEMS_MAX = 32
SECRET_CHARACTERS_MIN = 4
NAMED_SECRET_CHARACTERS_MIN = len("pass=x")
HIDDEN = "***"

_USERINFO = re.compile(r"(\b[A-Za-z][A-Za-z0-9+.-]*://)[^\s\"'<>]*@")
_NAMED_SECRET = re.compile(
    r"(?i)((?:pass(?:word|wd|phrase)?|secret|token|api[_-]?key|authorization|signature|credentials?|cookie)"
    r"[\w-]*[\"']?\s*(?:=|:|\bis\b)\s*)(?:bearer\s+|basic\s+)?[^\s,;&]+"
)

Told = str | int | float | bool | None | list


class KnownSecrets:
    """The secrets this process knows: passwords of servers, keys of venues. `clean` takes them out of a text."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        """Raises BadInput for one so short that hiding it would hide ordinary words."""
        self._secrets: tuple[str, ...] = ()
        for secret in secrets:
            self.add(secret)

    def add(self, secret: str) -> None:
        """From now on this one is hidden, too. The empty text is none."""
        if not secret:
            return
        if len(secret) < SECRET_CHARACTERS_MIN:
            raise BadInput(
                f"a secret of {len(secret)} characters cannot be kept out of logs",
                f"use one of at least {SECRET_CHARACTERS_MIN}",
            )
        self._secrets = tuple(sorted({*self._secrets, secret}, key=len, reverse=True))  # the longest goes first

    def hide(self, text: str) -> str:
        """The text without the secrets themselves."""
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        return text

    def clean(self, text: str) -> str:
        """The text without secrets, at most TEXT_CHARACTERS_MAX characters."""
        text = self.hide(text)
        if "@" in text:
            text = _USERINFO.sub(rf"\1{HIDDEN}@", text)
        if len(text) >= NAMED_SECRET_CHARACTERS_MIN:
            text = _NAMED_SECRET.sub(rf"\1{HIDDEN}", text)
        return text if len(text) <= TEXT_CHARACTERS_MAX else f"{text[:TEXT_CHARACTERS_MAX]}…"


def told(name: str, value: object, secrets: KnownSecrets) -> Told:
    """What is written of a field: its value if the name is allowed and the value plain, else type and length."""
    if name not in ALLOWED_FIELDS:
        return outline(value)
    if type(value) in (list, tuple, set, frozenset) and len(value) <= ITEMS_MAX:
        return [_plain(item, secrets) for item in value]
    return _plain(value, secrets)


def outline(value: object) -> str:
    """Type and, where one can ask without running code of the value's own, length: `str[12]`."""
    kind = type(value)
    if kind in (str, bytes, bytearray, list, tuple, dict, set, frozenset):
        return f"{kind.__name__}[{len(value)}]"
    return kind.__name__


def _plain(value: object, secrets: KnownSecrets) -> Told:
    if value is None or value is True or value is False:
        return value
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, np.bool_):
        return bool(value)
    if isinstance(value, int | np.integer):
        number = int(value)
        return number if abs(number) < 2**64 else outline(value)
    if isinstance(value, float | np.floating):
        return float(value) if math.isfinite(value) else str(float(value))
    if type(value) is str:
        return secrets.clean(value)
    return outline(value)
