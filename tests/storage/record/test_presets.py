"""Presets: named, hashed, each version for good."""

import pytest
from sqlalchemy import text

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.domain.identity import digest_of
from arbitrage_core.storage.record.database import Record
from arbitrage_core.storage.record.presets import add_preset, read_preset


def test_a_preset_is_read_as_it_was_made_and_other_parameters_are_another_version(record: Record):
    first, second = {"entry_spread_bps": 24.5}, {"entry_spread_bps": 30.0}
    with record.begin() as connection:
        made = add_preset(connection, "calm", "taker_taker", first, None, "tried")
        assert add_preset(connection, "calm", "taker_taker", first, None, "again") == made
        assert add_preset(connection, "calm", "taker_taker", second, None, "better").version == 2
    with record.begin() as connection:
        assert read_preset(connection, "calm", 1) == made
        assert read_preset(connection, "calm").params == second
        assert made.digest == digest_of(first)


def test_a_preset_that_is_not_there_or_was_changed_is_refused(record: Record):
    with record.begin() as connection:
        add_preset(connection, "calm", "taker_taker", {"entry_spread_bps": 24.5}, None, "tried")
        for version, cause in ((None, "no preset 'wild'"), (3, "of version 3")):
            with pytest.raises(BadInput, match=cause):
                read_preset(connection, "wild", version)
        connection.execute(text("""UPDATE strategy_presets SET params = '{"entry_spread_bps": 1}'"""))
        with pytest.raises(BadInput, match="not those it was made with"):
            read_preset(connection, "calm")
