"""The schema: migrations make what the tables say; an older one is migrated, a newer or foreign one refused."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Computed, Connection, create_engine, text

from arbitrage_core.domain.errors import BadInput, InvariantBroken
from arbitrage_core.storage.record import database
from arbitrage_core.storage.record.availability import Limits, RecordAway
from arbitrage_core.storage.record.database import Record
from arbitrage_core.storage.record.schema_version import VERSION_TABLE, newest_revision, revision_of
from arbitrage_core.storage.record.tables import LOG_TABLES, METADATA
from tests.storage.record.runs import mixed_run, record_run

COLUMNS = """
    SELECT c.table_name, c.column_name, c.data_type, c.is_nullable, c.is_identity, c.generation_expression,
           col_description(c.table_name::regclass, c.ordinal_position), obj_description(c.table_name::regclass)
    FROM information_schema.columns c WHERE c.table_schema = 'public' AND c.table_name <> 'record_version'
"""
CONSTRAINTS = """
    SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace AND conrelid <> coalesce(to_regclass('record_version'), 0)
"""
INDEXES = """
    SELECT tablename, indexname, indexdef FROM pg_indexes
    WHERE schemaname = 'public' AND tablename <> 'record_version'
"""
DESIGNED = {
    *("sessions", "orders", "order_changes", "fills", "trades", "equity", "incidents", "funding", "refusals"),
    *("campaign_runs", "stage_verdicts", "tuning_studies", "tuning_results", "strategy_presets", "presets_in_use"),
    *("guard_events", "operator_actions", "session_logs"),
    *("session_snapshots", "position_snapshots", "metrics_snapshots", "risk_guard_snapshots"),
}


def schema_of(connection: Connection) -> set[tuple]:
    """Every column with its comment and its table's, constraint and index of a database."""
    return {
        (query, *map(str, row))
        for query in (COLUMNS, CONSTRAINTS, INDEXES)
        for row in connection.exec_driver_sql(query)
    }


def test_the_record_has_the_tables_of_the_design():
    assert set(METADATA.tables) == DESIGNED


def test_the_migrations_make_exactly_what_the_tables_say(record: Record, new_database: Callable[[], str]):
    with record.begin() as connection:
        migrated = schema_of(connection)
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
        assert compare_metadata(context, METADATA) == []
    other = create_engine(new_database().replace("postgresql:", "postgresql+psycopg:"))
    with other.begin() as connection:
        METADATA.create_all(connection)
        assert schema_of(connection) == migrated
        connection.execute(text("ALTER TABLE fills ALTER lots DROP NOT NULL"))
        assert schema_of(connection) != migrated
    other.dispose()


def test_every_table_and_column_says_what_it_holds():
    silent = [str(column) for table in METADATA.tables.values() for column in table.columns if not column.comment]
    assert not silent
    assert all(table.comment for table in METADATA.tables.values())


def test_every_amount_and_time_says_its_unit():
    for table in METADATA.tables.values():
        for column in table.columns:
            if isinstance(column.server_default, Computed):
                continue
            if column.name.endswith("_amount"):
                assert "booking units of" in column.comment, column
            if column.name.endswith("_ns"):
                assert "nanoseconds" in column.comment, column


def test_a_new_database_is_migrated_and_an_opened_one_left_alone(empty_url: str):
    with Record.open(empty_url) as record:
        assert record.migrated_from is None
    with Record.open(empty_url) as record:
        assert record.migrated_from == newest_revision()


def test_what_is_recorded_survives_opening_again(empty_url: str):
    with Record.open(empty_url) as record:
        record_run(record, mixed_run())
    with Record.open(empty_url) as record, record.begin() as connection:
        assert connection.execute(text("SELECT count(*) FROM sessions")).scalar_one() == 1


def test_a_newer_schema_is_refused_and_left_as_it_is(empty_url: str):
    with Record.open(empty_url) as record, record.begin() as connection:
        connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '9999'"))
    with pytest.raises(BadInput, match=f"9999.*up to {newest_revision()}.*newer one"):
        Record.open(empty_url)
    engine = create_engine(empty_url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.connect() as connection:
        assert revision_of(connection) == "9999"
    engine.dispose()


def test_a_database_with_tables_of_another_program_is_refused_and_left_as_it_is(empty_url: str):
    with psycopg.connect(empty_url, autocommit=True) as connection:
        connection.execute("CREATE TABLE fills (mine text)")
        with pytest.raises(BadInput, match=r"another program.*fills.*database of its own"):
            Record.open(empty_url)
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        assert tables == [("fills",)]


def test_a_record_stands_beside_the_versions_of_prefect_and_optuna(empty_url: str):
    with psycopg.connect(empty_url, autocommit=True) as connection:
        connection.execute("CREATE TABLE alembic_version (version_num text); INSERT INTO alembic_version VALUES ('x')")
        with Record.open(empty_url) as record:
            assert record.migrated_from is None
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [("x",)]


def test_of_programs_that_start_at_once_one_migrates_and_all_go_on(empty_url: str):
    with ThreadPoolExecutor(4) as starters:
        records = list(starters.map(lambda _: Record.open(empty_url), range(4)))
    assert sorted(str(record.migrated_from) for record in records) == [newest_revision()] * 3 + ["None"]


def test_a_migration_that_is_waited_for_too_long_is_said(empty_url: str):
    with psycopg.connect(empty_url) as connection:
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [database.migrate.__globals__["_LOCK"]])
        with pytest.raises(RecordAway, match=r"did not answer in time.*lock timeout"):
            Record.open(empty_url, limits=Limits(lock_s=0.2))


def test_a_database_that_loses_what_it_acknowledged_is_refused(empty_url: str):
    with psycopg.connect(empty_url, autocommit=True) as connection:
        name = connection.info.dbname
        connection.execute(f"ALTER DATABASE {name} SET synchronous_commit = off")
    with pytest.raises(BadInput, match="synchronous_commit=off"):
        Record.open(empty_url)


def test_a_server_too_old_is_refused(empty_url: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(database, "SERVER_VERSION_MIN", 99)
    with pytest.raises(BadInput, match=r"is PostgreSQL 18.*needs 99"):
        Record.open(empty_url)


SNAPSHOT = """
    INSERT INTO session_snapshots
        (session_id, generation, epoch, cause, schema_version, state_hash, journal_rows, payload, sha256)
    VALUES (1, 1, 1, 'exit', 1, repeat('0', 64), 0, {})
"""
VERDICT = """
    INSERT INTO stage_verdicts (stage, verdict, checks, report, code_version, decided_ns)
    VALUES ('D65', 'MAYBE', '[]', '', '', 1)
"""
SHORT_DIGEST = """
    INSERT INTO stage_verdicts (stage, verdict, checks, report, code_version, decided_ns, code_digest)
    VALUES ('D65', 'ACCEPTED', '[]', '', '', 1, 'abc')
"""
CAMPAIGN_DIGEST = """
    INSERT INTO campaign_runs (campaign, mode, bands, status, code_version, sessions_planned, started_ns, code_digest)
    VALUES ('C1', 'backtest', '[]', 'running', '', 1, 1, 'abc')
"""
HALF_AN_ANSWER = """
    INSERT INTO operator_actions (command_id, action, operator, source, asked_ns, answered_ns)
    VALUES ('a', 'pause', 'x', 'y', 1, 2)
"""
LOUD = "INSERT INTO session_logs (session_id, logged_ns, level, event) VALUES (1, 1, 'LOUD', 'x')"
BROKEN_ENTRIES = [
    ("UPDATE fills SET lots = 0", "fills_figures_must_fit"),
    ("UPDATE fills SET side = 0", "fills_codes_must_be_known"),
    ("UPDATE fills SET purpose_code = 4", "fills_codes_must_be_known"),
    ("UPDATE fills SET now_ns = 0", "fills_figures_must_fit"),
    ("UPDATE fills SET lots = NULL", "null value"),
    ("UPDATE orders SET limit_px = 'NaN' WHERE number = 0", "orders_figures_must_fit"),
    ("UPDATE orders SET decision_px = 'Infinity' WHERE number = 0", "orders_figures_must_fit"),
    ("UPDATE orders SET approval_code = 0 WHERE action_code = 0", "orders_submits_must_be_approved"),
    ("UPDATE orders SET client_id = 7 WHERE action_code = 0", "orders_sent_once"),
    ("UPDATE order_changes SET filled_lots = lots + 1", "order_changes_figures_must_fit"),
    ("UPDATE order_changes SET after_code = before_code", "order_changes_codes_must_be_known"),
    ("UPDATE trades SET phase_code = 1", "trades_codes_must_be_known"),
    ("UPDATE trades SET ended_ns = decided_ns - 1", "trades_times_must_be_in_order"),
    ("UPDATE trades SET spread_bps = 'NaN'", "trades_figures_must_fit"),
    ("UPDATE trades SET trade = 1, symbol = 'x'", "trades_end_once"),
    ("UPDATE incidents SET ended_ns = began_ns - 1", "incidents_figures_must_fit"),
    ("UPDATE equity SET number = -1 WHERE number = 0", "equity_figures_must_fit"),
    ("UPDATE refusals SET refused = -1", "refusals_counts_must_fit"),
    ("UPDATE sessions SET mode = 'dream'", "sessions_mode_must_be_known"),
    ("UPDATE sessions SET status = 'running'", "sessions_status_must_be_known"),
    ("UPDATE sessions SET config_digest = 'x'", "sessions_digests_must_be_sha256"),
    ("UPDATE sessions SET recorded_fills = -1", "sessions_counts_must_not_be_negative"),
    ("UPDATE fills SET purpose = 'EXIT'", "can only be updated to DEFAULT"),
    ("INSERT INTO refusals VALUES (99, 'A', 4, 'X', 1, 1, 1)", "refusals_session_id_known"),
    (VERDICT, "stage_verdicts_stage_must_be_known"),
    (SHORT_DIGEST, "stage_verdicts_digests_must_be_sha256"),
    (CAMPAIGN_DIGEST, "campaign_runs_digest_must_be_sha256"),
    (LOUD, "session_logs_level_must_be_known"),
    (HALF_AN_ANSWER, "operator_actions_answer_must_be_whole"),
    (SNAPSHOT.format("'abc', 'abc'"), "session_snapshots_payload_must_match_its_sha256"),
    (SNAPSHOT.format("'', sha256('')"), "session_snapshots_size_must_fit"),
]


@pytest.fixture(scope="module")
def recorded_url(postgres_url: str) -> str:
    """A record with one run in it, which tests leave as it is."""
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE record_with_a_run")
    url = postgres_url.rpartition("/")[0] + "/record_with_a_run"
    with Record.open(url) as record:
        record_run(record, mixed_run())
    return url


@pytest.mark.parametrize("statement, rule", BROKEN_ENTRIES)
def test_an_entry_that_breaks_a_rule_is_refused_by_name(recorded_url: str, statement: str, rule: str):
    with psycopg.connect(recorded_url) as connection, pytest.raises(psycopg.Error, match=rule):
        connection.execute(statement)


def test_a_broken_rule_is_a_broken_invariant(recorded_url: str):
    broken = pytest.raises(InvariantBroken, match="fills_figures_must_fit")
    with Record.open(recorded_url) as record, broken, record.begin() as connection:
        connection.execute(text("UPDATE fills SET lots = -1"))


def test_a_deleted_session_takes_its_entries_with_it(record: Record):
    kept, gone = record_run(record, mixed_run()), record_run(record, mixed_run(), started_ns=5)
    with record.begin() as connection:
        connection.execute(text("DELETE FROM sessions WHERE id = :id"), {"id": gone.session.id})
        for table in (*LOG_TABLES.values(), METADATA.tables["refusals"]):
            left = set(connection.execute(text(f"SELECT DISTINCT session_id FROM {table.name}")).scalars())
            assert left <= {kept.session.id}, table.name
