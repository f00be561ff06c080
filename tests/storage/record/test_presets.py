"""Presets: named, hashed, each version for good; a name means its newest version or the one an operator chose."""

import pytest
from sqlalchemy import Connection, select, text

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.domain.identity import digest_of
from arbitrage_core.storage.record.database import Record
from arbitrage_core.storage.record.presets import (
    PresetTampered,
    StrategyPreset,
    add_preset,
    list_presets,
    name_and_version,
    read_preset,
    use_preset,
)
from arbitrage_core.storage.record.tables import OPERATOR_ACTIONS

FIRST, SECOND = {"entry_spread_bps": 24.5}, {"entry_spread_bps": 30.0}
EVIDENCE = {
    "study": "night",
    "trials": 500,
    "objectives": ["pnl_quote"],
    "in_sample": {"pnl_quote": 1e22},
    "out_of_sample": {"pnl_quote": -0.0, "sharpe": float("inf")},
    "data_digest": "0" * 64,
}
"""Figures that a JSON document in Postgres spells otherwise than Python does."""


def saved(connection: Connection, params: dict, name: str = "calm", **more: object) -> StrategyPreset:
    return add_preset(connection, name, "taker_taker", params, None, "tried", **more)


def chosen(connection: Connection, name: str, version: int | None, command: str = "one") -> StrategyPreset:
    return use_preset(
        connection, name, version, command_id=command, operator="kim", source="command line", reason="it lost"
    )


def test_a_preset_is_read_as_it_was_made_and_other_parameters_are_another_version(record: Record):
    with record.begin() as connection:
        made = saved(connection, FIRST)
        assert saved(connection, FIRST) == made
        assert saved(connection, SECOND).version == 2
    with record.begin() as connection:
        assert read_preset(connection, "calm", 1) == made
        assert read_preset(connection, "calm").params == SECOND
        assert made.digest == digest_of(FIRST)
        assert (made.evidence, made.study, made.trials) == (None, None, None)


def test_evidence_is_kept_hashed_and_other_evidence_is_another_version(record: Record):
    with record.begin() as connection:
        made = saved(connection, FIRST, evidence=EVIDENCE)
        assert saved(connection, FIRST, evidence=EVIDENCE) == made
        more = saved(connection, FIRST, evidence=EVIDENCE | {"trials": 5_000})
    assert (made.study, made.trials, made.evidence["out_of_sample"]["sharpe"]) == ("night", 500, "Infinity")
    assert (more.version, more.digest, more.trials) == (2, made.digest, 5_000)
    assert more.whole_digest != made.whole_digest
    assert made.cited == {
        "name": "calm", "version": 1, "digest": made.digest, "study": "night", "trials": 500, "data_digest": "0" * 64,
    }  # fmt: skip


@pytest.mark.parametrize(
    "version, said",
    [
        ("wild", "no preset 'wild'; there are calm, calmer"),
        ("calmest", "no preset 'calmest'; there are calmer, calm"),
        ("calm@3", "no preset 'calm' of version 3; there is version 1, 2"),
        ("calm@", "names no preset"),
        ("calm@0", "names no preset"),
        ("calm@x", "names no preset"),
        ("@1", "names no preset"),
    ],
)
def test_a_preset_that_is_not_there_is_said_with_those_that_are(record: Record, version: str, said: str):
    with record.begin() as connection:
        for params in (FIRST, SECOND):
            saved(connection, params)
        saved(connection, FIRST, "calmer")
        with pytest.raises(BadInput, match=said):
            read_preset(connection, *name_and_version(version))


def test_an_empty_record_says_how_presets_are_made(record: Record):
    with record.begin() as connection, pytest.raises(BadInput, match="arb tune --save"):
        read_preset(connection, "calm")


def test_a_name_holds_no_version(record: Record):
    with record.begin() as connection:
        for name in ("calm@2", "", "@"):
            with pytest.raises(BadInput, match="cannot name a preset"):
                saved(connection, FIRST, name)


@pytest.mark.parametrize(
    "change",
    [
        """params = '{"entry_spread_bps": 1}'""",
        "strategy = 'another'",
        "evidence = jsonb_set(evidence, '{trials}', '1')",
        "version = 7",
    ],
)
def test_a_preset_that_was_changed_is_refused_and_listed_with_its_flaw(record: Record, change: str):
    with record.begin() as connection:
        saved(connection, FIRST, evidence=EVIDENCE)
        connection.execute(text(f"UPDATE strategy_presets SET {change}"))
        with pytest.raises(PresetTampered, match=r"is not what it was|not those it was made with") as caught:
            read_preset(connection, "calm")
        (listed,) = list_presets(connection)
    assert caught.value.from_outside
    assert listed.used.flaw in str(caught.value)


def test_a_name_means_the_version_chosen_until_the_newest_is_chosen_again(record: Record):
    with record.begin() as connection:
        for number in (10.0, 20.0, 30.0):
            saved(connection, {"entry_spread_bps": number})
        assert chosen(connection, "calm", 2, "one").version == read_preset(connection, "calm").version == 2
        assert chosen(connection, "calm", 1, "two").version == read_preset(connection, "calm").version == 1
        assert saved(connection, {"entry_spread_bps": 40.0}).version == 4
        (listed,) = list_presets(connection)
        assert (listed.used.version, listed.newest, listed.chosen) == (1, 4, True)
        assert chosen(connection, "calm", None, "three").version == read_preset(connection, "calm").version == 4
        (listed,) = list_presets(connection)
        assert (listed.used.version, listed.newest, listed.chosen) == (4, 4, False)


def test_a_choice_is_an_operators_action(record: Record):
    with record.begin() as connection:
        for params in (FIRST, SECOND):
            saved(connection, params)
        chosen(connection, "calm", 1, "one")
        chosen(connection, "calm", None, "two")
        query = select(OPERATOR_ACTIONS).order_by(OPERATOR_ACTIONS.c.asked_ns)
        first, second = connection.execute(query).mappings()
    assert (first["action"], first["session_id"], first["accepted"]) == ("preset_use", None, True)
    assert first["arguments"] == {"target": "calm@1", "reason": "it lost"}
    assert (first["operator"], first["source"]) == ("kim", "command line")
    assert first["answer"] == "calm means version 1; before, its newest"
    assert second["answer"] == "calm means its newest, version 2; before, version 1"


def test_what_is_not_there_or_was_changed_cannot_be_chosen(record: Record):
    with record.begin() as connection:
        saved(connection, FIRST)
    for name, version, said in (("wild", 1, "no preset 'wild'"), ("calm", 2, "of version 2"), ("wild", None, "wild")):
        with pytest.raises(BadInput, match=said), record.begin() as connection:
            chosen(connection, name, version)
    with record.begin() as connection:
        connection.execute(text("UPDATE strategy_presets SET params = '{}'"))
    with pytest.raises(PresetTampered), record.begin() as connection:
        chosen(connection, "calm", 1)
    with record.begin() as connection:
        assert not list_presets(connection)[0].chosen
        assert connection.execute(select(OPERATOR_ACTIONS)).all() == []


def test_a_preset_from_before_there_was_evidence_is_used_and_knows_its_study(record: Record):
    study = """
        INSERT INTO tuning_studies (name, strategy, space, objective, data_digest, seed, status, trials, code_version,
            started_ns, ended_ns, definition, code_digest, config_digest)
        VALUES ('old', 'taker_taker', '{}', 'pnl_quote', :digest, 0, 'complete', 70, '', 1, 2, '{}', :digest, :digest)
        RETURNING id
    """
    with record.begin() as connection:
        number = connection.execute(text(study), {"digest": "0" * 64}).scalar_one()
        add_preset(connection, "calm", "taker_taker", FIRST, number, "tried")
        connection.execute(text("UPDATE strategy_presets SET whole_digest = NULL"))
        found = read_preset(connection, "calm")
    assert (found.study, found.trials, found.evidence, found.flaw) == ("old", 70, None, None)
