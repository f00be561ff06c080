"""Logs of the engine: trades, incidents, equity, funding, as revision 0001 makes them."""

SQL = """
CREATE TABLE trades (
    session_id BIGINT NOT NULL,
    number BIGINT NOT NULL,
    trade BIGINT NOT NULL,
    decided_ns BIGINT NOT NULL,
    opened_ns BIGINT,
    hedged_ns BIGINT,
    leaving_ns BIGINT,
    ended_ns BIGINT NOT NULL,
    leg_gap_ns BIGINT,
    initial_lots BIGINT NOT NULL,
    entry_notional_amount BIGINT NOT NULL,
    realised_amount BIGINT NOT NULL,
    fees_amount BIGINT NOT NULL,
    funding_amount BIGINT NOT NULL,
    slippage_amount BIGINT NOT NULL,
    incident_amount BIGINT NOT NULL,
    risk_amount BIGINT NOT NULL,
    spread_bps DOUBLE PRECISION NOT NULL,
    net_edge_bps DOUBLE PRECISION NOT NULL,
    unhedged_quote_s DOUBLE PRECISION NOT NULL,
    partial_closes BIGINT NOT NULL,
    incidents BIGINT NOT NULL,
    phase_code SMALLINT NOT NULL,
    exit_reason_code SMALLINT NOT NULL,
    slot SMALLINT NOT NULL,
    stale BOOLEAN NOT NULL,
    flagged BOOLEAN NOT NULL,
    symbol TEXT NOT NULL,
    buy_venue TEXT NOT NULL,
    sell_venue TEXT NOT NULL,
    phase TEXT GENERATED ALWAYS AS (
        CASE phase_code
        WHEN 0 THEN 'FREE' WHEN 1 THEN 'OPENING' WHEN 2 THEN 'OPEN' WHEN 3 THEN 'CLOSING'
        WHEN 4 THEN 'UNWINDING' WHEN 5 THEN 'VOID' WHEN 6 THEN 'UNWOUND' WHEN 7 THEN 'CLOSED'
        END
    ) VIRTUAL,
    exit_reason TEXT GENERATED ALWAYS AS (
        CASE exit_reason_code
        WHEN 0 THEN 'NONE' WHEN 1 THEN 'CONVERGED' WHEN 2 THEN 'TAKE_PROFIT' WHEN 3 THEN 'HOLD_TIME'
        WHEN 4 THEN 'STOP_LOSS' WHEN 5 THEN 'FEED_ENDED' WHEN 6 THEN 'SESSION_END'
        END
    ) VIRTUAL,
    decided_at TIMESTAMP WITH TIME ZONE GENERATED ALWAYS AS
        (timezone('UTC', timestamp '1970-01-01' + (decided_ns / 1000) * interval '1 microsecond')) VIRTUAL,
    opened_at TIMESTAMP WITH TIME ZONE GENERATED ALWAYS AS
        (timezone('UTC', timestamp '1970-01-01' + (opened_ns / 1000) * interval '1 microsecond')) VIRTUAL,
    ended_at TIMESTAMP WITH TIME ZONE GENERATED ALWAYS AS
        (timezone('UTC', timestamp '1970-01-01' + (ended_ns / 1000) * interval '1 microsecond')) VIRTUAL,
    CONSTRAINT trades_pk PRIMARY KEY (session_id, number),
    CONSTRAINT trades_codes_must_be_known CHECK (
        (phase_code BETWEEN 5 AND 7) AND (exit_reason_code BETWEEN 0 AND 6)
    ),
    CONSTRAINT trades_figures_must_fit CHECK (
        (number >= 0) AND (trade > 0) AND (leg_gap_ns >= 0) AND (initial_lots >= 0)
        AND (entry_notional_amount >= 0) AND (risk_amount >= 0) AND (partial_closes >= 0)
        AND (incidents >= 0) AND (slot >= 0) AND (unhedged_quote_s >= 0)
        AND (abs(spread_bps) < 'Infinity'::double precision)
        AND (abs(net_edge_bps) < 'Infinity'::double precision)
        AND (abs(unhedged_quote_s) < 'Infinity'::double precision)
    ),
    CONSTRAINT trades_times_must_be_in_order CHECK (
        (decided_ns > 0) AND (opened_ns >= decided_ns) AND (hedged_ns >= opened_ns)
        AND (ended_ns >= decided_ns)
    )
);
CREATE UNIQUE INDEX trades_end_once ON trades (session_id, symbol, trade);
COMMENT ON TABLE trades IS 'Round trips that ended: closed, unwound or void';
COMMENT ON COLUMN trades.session_id IS 'sessions.id';
COMMENT ON COLUMN trades.number IS 'place in the session''s log, from 0 on';
COMMENT ON COLUMN trades.trade IS 'number of the trade, counted per symbol';
COMMENT ON COLUMN trades.decided_ns IS 'when its entry was decided; nanoseconds UTC';
COMMENT ON COLUMN trades.opened_ns IS 'first fill; none: it never filled; nanoseconds UTC';
COMMENT ON COLUMN trades.hedged_ns IS 'when both legs first stood; none: never; nanoseconds UTC';
COMMENT ON COLUMN trades.leaving_ns IS 'first exit order; none: it sent none; nanoseconds UTC';
COMMENT ON COLUMN trades.ended_ns IS 'when it ended; nanoseconds UTC';
COMMENT ON COLUMN trades.leg_gap_ns IS 'between the two legs'' first fills; none: not both filled; nanoseconds';
COMMENT ON COLUMN trades.initial_lots IS 'lots meant to be held on each leg';
COMMENT ON COLUMN trades.entry_notional_amount IS
    'mean of both legs'' opening cost; booking units of the reporting currency';
COMMENT ON COLUMN trades.realised_amount IS 'PnL, net of fees, with funding; booking units of the reporting currency';
COMMENT ON COLUMN trades.fees_amount IS 'fees; booking units of the reporting currency';
COMMENT ON COLUMN trades.funding_amount IS
    'funding received (positive) or paid; booking units of the reporting currency';
COMMENT ON COLUMN trades.slippage_amount IS
    'worse than the decision prices is positive; booking units of the reporting currency';
COMMENT ON COLUMN trades.incident_amount IS 'what its incidents cost; booking units of the reporting currency';
COMMENT ON COLUMN trades.risk_amount IS
    'one R, the loss its stop stands at; 0 without a stop; booking units of the reporting currency';
COMMENT ON COLUMN trades.spread_bps IS 'gross entry spread at decision, bps';
COMMENT ON COLUMN trades.net_edge_bps IS 'net edge at decision, bps';
COMMENT ON COLUMN trades.unhedged_quote_s IS 'notional x seconds with unequal legs, reporting currency';
COMMENT ON COLUMN trades.partial_closes IS 'exits before the last';
COMMENT ON COLUMN trades.incidents IS 'legs left alone';
COMMENT ON COLUMN trades.phase_code IS 'number of phase';
COMMENT ON COLUMN trades.exit_reason_code IS 'number of exit_reason';
COMMENT ON COLUMN trades.slot IS 'place in the engine''s state';
COMMENT ON COLUMN trades.stale IS 'one of its reductions was sent on a book that was not fresh';
COMMENT ON COLUMN trades.flagged IS 'an order of it was never answered';
COMMENT ON COLUMN trades.symbol IS 'what is traded';
COMMENT ON COLUMN trades.buy_venue IS 'where it bought at entry';
COMMENT ON COLUMN trades.sell_venue IS 'where it sold at entry';
COMMENT ON COLUMN trades.phase IS 'how it ended: VOID, UNWOUND or CLOSED; virtual';
COMMENT ON COLUMN trades.exit_reason IS 'why it left; NONE for VOID and UNWOUND; virtual';
COMMENT ON COLUMN trades.decided_at IS 'decided_ns, cut to microseconds; virtual';
COMMENT ON COLUMN trades.opened_at IS 'opened_ns, cut to microseconds; virtual';
COMMENT ON COLUMN trades.ended_at IS 'ended_ns, cut to microseconds; virtual';

CREATE TABLE incidents (
    session_id BIGINT NOT NULL,
    number BIGINT NOT NULL,
    trade BIGINT NOT NULL,
    began_ns BIGINT NOT NULL,
    ended_ns BIGINT NOT NULL,
    lots BIGINT NOT NULL,
    cost_amount BIGINT NOT NULL,
    unhedged_quote_s DOUBLE PRECISION NOT NULL,
    attempts BIGINT NOT NULL,
    leg SMALLINT NOT NULL,
    phase_code SMALLINT NOT NULL,
    resolution_code SMALLINT,
    forced BOOLEAN NOT NULL,
    symbol TEXT NOT NULL,
    venue TEXT NOT NULL,
    phase TEXT GENERATED ALWAYS AS (
        CASE phase_code
        WHEN 0 THEN 'FREE' WHEN 1 THEN 'OPENING' WHEN 2 THEN 'OPEN' WHEN 3 THEN 'CLOSING'
        WHEN 4 THEN 'UNWINDING' WHEN 5 THEN 'VOID' WHEN 6 THEN 'UNWOUND' WHEN 7 THEN 'CLOSED'
        END
    ) VIRTUAL,
    resolution TEXT GENERATED ALWAYS AS (
        CASE resolution_code
        WHEN 0 THEN 'ENTRY' WHEN 1 THEN 'COMPLETE' WHEN 2 THEN 'EXIT' WHEN 3 THEN 'REVERSE'
        END
    ) VIRTUAL,
    began_at TIMESTAMP WITH TIME ZONE GENERATED ALWAYS AS
        (timezone('UTC', timestamp '1970-01-01' + (began_ns / 1000) * interval '1 microsecond')) VIRTUAL,
    CONSTRAINT incidents_pk PRIMARY KEY (session_id, number),
    CONSTRAINT incidents_codes_must_be_known CHECK (
        (leg BETWEEN 0 AND 1) AND (phase_code BETWEEN 0 AND 7) AND (resolution_code BETWEEN 0 AND 3)
    ),
    CONSTRAINT incidents_figures_must_fit CHECK (
        (number >= 0) AND (trade > 0) AND (lots > 0) AND (attempts >= 0) AND (began_ns > 0)
        AND (ended_ns >= began_ns) AND (unhedged_quote_s >= 0)
        AND (abs(unhedged_quote_s) < 'Infinity'::double precision)
    )
);
COMMENT ON TABLE incidents IS 'Legs left alone for a while, and what that cost';
COMMENT ON COLUMN incidents.session_id IS 'sessions.id';
COMMENT ON COLUMN incidents.number IS 'place in the session''s log, from 0 on';
COMMENT ON COLUMN incidents.trade IS 'number of the trade, counted per symbol';
COMMENT ON COLUMN incidents.began_ns IS 'when the legs became unequal; nanoseconds UTC';
COMMENT ON COLUMN incidents.ended_ns IS 'when they were equal again, or gone; nanoseconds UTC';
COMMENT ON COLUMN incidents.lots IS 'unequal lots when it was found';
COMMENT ON COLUMN incidents.cost_amount IS 'what it cost; booking units of the reporting currency';
COMMENT ON COLUMN incidents.unhedged_quote_s IS 'notional x seconds with unequal legs, reporting currency';
COMMENT ON COLUMN incidents.attempts IS 'orders sent to end it';
COMMENT ON COLUMN incidents.leg IS '0: the leg bought at entry, 1: the leg sold; the one left alone';
COMMENT ON COLUMN incidents.phase_code IS 'number of phase';
COMMENT ON COLUMN incidents.resolution_code IS 'number of resolution';
COMMENT ON COLUMN incidents.forced IS 'its deadline passed';
COMMENT ON COLUMN incidents.symbol IS 'what is traded';
COMMENT ON COLUMN incidents.venue IS 'where';
COMMENT ON COLUMN incidents.phase IS 'the trade''s phase when it was found; virtual';
COMMENT ON COLUMN incidents.resolution IS 'purpose of the last order that worked at it; none: none did; virtual';
COMMENT ON COLUMN incidents.began_at IS 'began_ns, cut to microseconds; virtual';

CREATE TABLE equity (
    session_id BIGINT NOT NULL,
    number BIGINT NOT NULL,
    now_ns BIGINT NOT NULL,
    equity_amount BIGINT NOT NULL,
    realised_amount BIGINT NOT NULL,
    unrealised_amount BIGINT NOT NULL,
    revaluation_amount BIGINT NOT NULL,
    now_at TIMESTAMP WITH TIME ZONE GENERATED ALWAYS AS
        (timezone('UTC', timestamp '1970-01-01' + (now_ns / 1000) * interval '1 microsecond')) VIRTUAL,
    CONSTRAINT equity_pk PRIMARY KEY (session_id, number),
    CONSTRAINT equity_figures_must_fit CHECK ((number >= 0) AND (now_ns > 0))
);
COMMENT ON TABLE equity IS 'Marks of the session''s equity: after bookings and at full seconds';
COMMENT ON COLUMN equity.session_id IS 'sessions.id';
COMMENT ON COLUMN equity.number IS 'place in the session''s log, from 0 on';
COMMENT ON COLUMN equity.now_ns IS 'when it was marked; nanoseconds UTC';
COMMENT ON COLUMN equity.equity_amount IS
    'start + realised + unrealised + revaluation; booking units of the reporting currency';
COMMENT ON COLUMN equity.realised_amount IS 'realised so far, net of fees; booking units of the reporting currency';
COMMENT ON COLUMN equity.unrealised_amount IS
    'what closing at the touch would add; booking units of the reporting currency';
COMMENT ON COLUMN equity.revaluation_amount IS
    'change in worth of starting inventory and foreign cash; booking units of the reporting currency';
COMMENT ON COLUMN equity.now_at IS 'now_ns, cut to microseconds; virtual';

CREATE TABLE funding (
    session_id BIGINT NOT NULL,
    number BIGINT NOT NULL,
    now_ns BIGINT NOT NULL,
    trade BIGINT NOT NULL,
    amount BIGINT NOT NULL,
    leg SMALLINT NOT NULL,
    symbol TEXT NOT NULL,
    venue TEXT NOT NULL,
    now_at TIMESTAMP WITH TIME ZONE GENERATED ALWAYS AS
        (timezone('UTC', timestamp '1970-01-01' + (now_ns / 1000) * interval '1 microsecond')) VIRTUAL,
    CONSTRAINT funding_pk PRIMARY KEY (session_id, number),
    CONSTRAINT funding_figures_must_fit CHECK (
        (number >= 0) AND (now_ns > 0) AND (trade > 0) AND (leg BETWEEN 0 AND 1)
    )
);
COMMENT ON TABLE funding IS 'Funding booked to the legs of trades';
COMMENT ON COLUMN funding.session_id IS 'sessions.id';
COMMENT ON COLUMN funding.number IS 'place in the session''s log, from 0 on';
COMMENT ON COLUMN funding.now_ns IS 'when it was booked; nanoseconds UTC';
COMMENT ON COLUMN funding.trade IS 'number of the trade, counted per symbol';
COMMENT ON COLUMN funding.amount IS 'received is positive, paid negative; booking units of the reporting currency';
COMMENT ON COLUMN funding.leg IS '0: the leg bought at entry, 1: the leg sold';
COMMENT ON COLUMN funding.symbol IS 'what is traded';
COMMENT ON COLUMN funding.venue IS 'where';
COMMENT ON COLUMN funding.now_at IS 'now_ns, cut to microseconds; virtual';

-- The logs of the engine have no foreign key to their session (checking one row by row trebles the time of a load), so
-- this removes a session's entries with it.
CREATE FUNCTION remove_session_logs() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM orders WHERE session_id = OLD.id;
    DELETE FROM order_changes WHERE session_id = OLD.id;
    DELETE FROM fills WHERE session_id = OLD.id;
    DELETE FROM trades WHERE session_id = OLD.id;
    DELETE FROM incidents WHERE session_id = OLD.id;
    DELETE FROM equity WHERE session_id = OLD.id;
    DELETE FROM funding WHERE session_id = OLD.id;
    RETURN OLD;
END
$$;
CREATE TRIGGER sessions_take_their_logs BEFORE DELETE ON sessions
    FOR EACH ROW EXECUTE FUNCTION remove_session_logs();
"""
