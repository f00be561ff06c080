"""Logs of the engine: orders and their changes, fills, as revision 0001 makes them."""

SQL = """
CREATE TABLE orders (
    session_id BIGINT NOT NULL,
    number BIGINT NOT NULL,
    now_ns BIGINT NOT NULL,
    client_id BIGINT NOT NULL,
    trade BIGINT NOT NULL,
    attempt BIGINT NOT NULL,
    sequence BIGINT NOT NULL,
    lots BIGINT NOT NULL,
    limit_px DOUBLE PRECISION,
    decision_px DOUBLE PRECISION NOT NULL,
    worst_exposure_quote DOUBLE PRECISION NOT NULL,
    buy_received_ns BIGINT,
    buy_bid_px DOUBLE PRECISION,
    buy_ask_px DOUBLE PRECISION,
    sell_received_ns BIGINT,
    sell_bid_px DOUBLE PRECISION,
    sell_ask_px DOUBLE PRECISION,
    leg SMALLINT NOT NULL,
    action_code SMALLINT NOT NULL,
    purpose_code SMALLINT NOT NULL,
    style_code SMALLINT NOT NULL,
    approval_code SMALLINT NOT NULL,
    side SMALLINT NOT NULL,
    stale BOOLEAN NOT NULL,
    symbol TEXT NOT NULL,
    venue TEXT NOT NULL,
    now_at TIMESTAMP WITH TIME ZONE GENERATED ALWAYS AS
        (timezone('UTC', timestamp '1970-01-01' + (now_ns / 1000) * interval '1 microsecond')) VIRTUAL,
    action TEXT GENERATED ALWAYS AS (
        CASE action_code
        WHEN 0 THEN 'SUBMIT' WHEN 1 THEN 'CANCEL' WHEN 2 THEN 'QUERY'
        END
    ) VIRTUAL,
    purpose TEXT GENERATED ALWAYS AS (
        CASE purpose_code
        WHEN 0 THEN 'ENTRY' WHEN 1 THEN 'COMPLETE' WHEN 2 THEN 'EXIT' WHEN 3 THEN 'REVERSE'
        END
    ) VIRTUAL,
    style TEXT GENERATED ALWAYS AS (
        CASE style_code
        WHEN 0 THEN 'IOC' WHEN 1 THEN 'MARKET' WHEN 2 THEN 'GTC' WHEN 3 THEN 'POST_ONLY'
        END
    ) VIRTUAL,
    approval TEXT GENERATED ALWAYS AS (
        CASE approval_code
        WHEN 0 THEN 'NONE' WHEN 1 THEN 'ENTRY' WHEN 2 THEN 'COMPLETE' WHEN 3 THEN 'REDUCE'
        END
    ) VIRTUAL,
    CONSTRAINT orders_pk PRIMARY KEY (session_id, number),
    CONSTRAINT orders_codes_must_be_known CHECK (
        (side BETWEEN -1 AND 1) AND (side <> 0) AND (leg BETWEEN 0 AND 1) AND (action_code BETWEEN 0 AND 2)
        AND (purpose_code BETWEEN 0 AND 3) AND (style_code BETWEEN 0 AND 3)
        AND (approval_code BETWEEN 0 AND 3)
    ),
    CONSTRAINT orders_figures_must_fit CHECK (
        (number >= 0) AND (now_ns > 0) AND (client_id > 0) AND (trade > 0) AND (attempt > 0)
        AND (sequence > 0) AND (lots > 0) AND (limit_px > 0) AND (decision_px > 0)
        AND (worst_exposure_quote >= 0) AND (abs(limit_px) < 'Infinity'::double precision)
        AND (abs(decision_px) < 'Infinity'::double precision)
        AND (abs(worst_exposure_quote) < 'Infinity'::double precision)
    ),
    CONSTRAINT orders_submits_must_be_approved CHECK ((action_code <> 0 OR approval_code <> 0))
);
CREATE UNIQUE INDEX orders_sent_once ON orders (session_id, client_id) WHERE action_code = 0;
COMMENT ON TABLE orders IS 'Actions asked of venues: submit, cancel, query';
COMMENT ON COLUMN orders.session_id IS 'sessions.id';
COMMENT ON COLUMN orders.number IS 'place in the session''s log, from 0 on';
COMMENT ON COLUMN orders.now_ns IS 'when it was decided; nanoseconds UTC';
COMMENT ON COLUMN orders.client_id IS 'client order id, 63 bits, derived';
COMMENT ON COLUMN orders.trade IS 'number of the trade, counted per symbol';
COMMENT ON COLUMN orders.attempt IS 'counts the orders of one leg, from 1';
COMMENT ON COLUMN orders.sequence IS 'counts what is asked for one symbol, from 1';
COMMENT ON COLUMN orders.lots IS 'quantity in lots of the symbol';
COMMENT ON COLUMN orders.limit_px IS 'limit in the quote currency; none: market';
COMMENT ON COLUMN orders.decision_px IS 'the touch it meant to take, quote currency';
COMMENT ON COLUMN orders.worst_exposure_quote IS
    'of the symbol, this order and its sibling in full, reporting currency; entries only';
COMMENT ON COLUMN orders.buy_received_ns IS
    'receipt of the book cited where it buys; none: not cited; nanoseconds UTC';
COMMENT ON COLUMN orders.buy_bid_px IS 'best bid of that book';
COMMENT ON COLUMN orders.buy_ask_px IS 'best ask of that book';
COMMENT ON COLUMN orders.sell_received_ns IS
    'receipt of the book cited where it sells; none: not cited; nanoseconds UTC';
COMMENT ON COLUMN orders.sell_bid_px IS 'best bid of that book';
COMMENT ON COLUMN orders.sell_ask_px IS 'best ask of that book';
COMMENT ON COLUMN orders.leg IS '0: the leg bought at entry, 1: the leg sold';
COMMENT ON COLUMN orders.action_code IS 'number of action';
COMMENT ON COLUMN orders.purpose_code IS 'number of purpose';
COMMENT ON COLUMN orders.style_code IS 'number of style';
COMMENT ON COLUMN orders.approval_code IS 'number of approval';
COMMENT ON COLUMN orders.side IS 'side of the order: 1 buys, -1 sells';
COMMENT ON COLUMN orders.stale IS 'a reduction on a book that was not fresh';
COMMENT ON COLUMN orders.symbol IS 'what is traded';
COMMENT ON COLUMN orders.venue IS 'where';
COMMENT ON COLUMN orders.now_at IS 'now_ns, cut to microseconds; virtual';
COMMENT ON COLUMN orders.action IS 'SUBMIT, CANCEL or QUERY; virtual';
COMMENT ON COLUMN orders.purpose IS 'ENTRY and COMPLETE open, EXIT and REVERSE close; virtual';
COMMENT ON COLUMN orders.style IS 'how it works: IOC, MARKET, GTC, POST_ONLY; virtual';
COMMENT ON COLUMN orders.approval IS 'by which list of rules it passed; virtual';

CREATE TABLE order_changes (
    session_id BIGINT NOT NULL,
    number BIGINT NOT NULL,
    now_ns BIGINT NOT NULL,
    client_id BIGINT NOT NULL,
    filled_lots BIGINT NOT NULL,
    lots BIGINT NOT NULL,
    before_code SMALLINT NOT NULL,
    after_code SMALLINT NOT NULL,
    symbol TEXT NOT NULL,
    venue TEXT NOT NULL,
    now_at TIMESTAMP WITH TIME ZONE GENERATED ALWAYS AS
        (timezone('UTC', timestamp '1970-01-01' + (now_ns / 1000) * interval '1 microsecond')) VIRTUAL,
    before TEXT GENERATED ALWAYS AS (
        CASE before_code
        WHEN 0 THEN 'NONE' WHEN 1 THEN 'PENDING' WHEN 2 THEN 'OPEN' WHEN 3 THEN 'PARTIALLY_FILLED'
        WHEN 4 THEN 'UNKNOWN' WHEN 5 THEN 'FILLED' WHEN 6 THEN 'CANCELED' WHEN 7 THEN 'REJECTED'
        WHEN 8 THEN 'EXPIRED'
        END
    ) VIRTUAL,
    after TEXT GENERATED ALWAYS AS (
        CASE after_code
        WHEN 0 THEN 'NONE' WHEN 1 THEN 'PENDING' WHEN 2 THEN 'OPEN' WHEN 3 THEN 'PARTIALLY_FILLED'
        WHEN 4 THEN 'UNKNOWN' WHEN 5 THEN 'FILLED' WHEN 6 THEN 'CANCELED' WHEN 7 THEN 'REJECTED'
        WHEN 8 THEN 'EXPIRED'
        END
    ) VIRTUAL,
    CONSTRAINT order_changes_pk PRIMARY KEY (session_id, number),
    CONSTRAINT order_changes_codes_must_be_known CHECK (
        (before_code BETWEEN 0 AND 8) AND (after_code BETWEEN 0 AND 8) AND (before_code <> after_code)
    ),
    CONSTRAINT order_changes_figures_must_fit CHECK (
        (number >= 0) AND (now_ns > 0) AND (client_id > 0) AND (filled_lots BETWEEN 0 AND lots)
    )
);
COMMENT ON TABLE order_changes IS 'Changes of an order''s state';
COMMENT ON COLUMN order_changes.session_id IS 'sessions.id';
COMMENT ON COLUMN order_changes.number IS 'place in the session''s log, from 0 on';
COMMENT ON COLUMN order_changes.now_ns IS 'when it changed; nanoseconds UTC';
COMMENT ON COLUMN order_changes.client_id IS 'client order id';
COMMENT ON COLUMN order_changes.filled_lots IS 'lots filled so far';
COMMENT ON COLUMN order_changes.lots IS 'lots ordered';
COMMENT ON COLUMN order_changes.before_code IS 'number of before';
COMMENT ON COLUMN order_changes.after_code IS 'number of after';
COMMENT ON COLUMN order_changes.symbol IS 'what is traded';
COMMENT ON COLUMN order_changes.venue IS 'where';
COMMENT ON COLUMN order_changes.now_at IS 'now_ns, cut to microseconds; virtual';
COMMENT ON COLUMN order_changes.before IS 'state it left; virtual';
COMMENT ON COLUMN order_changes.after IS 'state it is in now; virtual';

CREATE TABLE fills (
    session_id BIGINT NOT NULL,
    number BIGINT NOT NULL,
    now_ns BIGINT NOT NULL,
    client_id BIGINT NOT NULL,
    trade BIGINT NOT NULL,
    attempt BIGINT NOT NULL,
    lots BIGINT NOT NULL,
    cost_quote_amount BIGINT NOT NULL,
    fee_amount BIGINT NOT NULL,
    cash_reporting_amount BIGINT NOT NULL,
    fee_reporting_amount BIGINT NOT NULL,
    realised_amount BIGINT NOT NULL,
    slippage_amount BIGINT NOT NULL,
    leg SMALLINT NOT NULL,
    purpose_code SMALLINT NOT NULL,
    style_code SMALLINT NOT NULL,
    side SMALLINT NOT NULL,
    symbol TEXT NOT NULL,
    venue TEXT NOT NULL,
    now_at TIMESTAMP WITH TIME ZONE GENERATED ALWAYS AS
        (timezone('UTC', timestamp '1970-01-01' + (now_ns / 1000) * interval '1 microsecond')) VIRTUAL,
    purpose TEXT GENERATED ALWAYS AS (
        CASE purpose_code
        WHEN 0 THEN 'ENTRY' WHEN 1 THEN 'COMPLETE' WHEN 2 THEN 'EXIT' WHEN 3 THEN 'REVERSE'
        END
    ) VIRTUAL,
    style TEXT GENERATED ALWAYS AS (
        CASE style_code
        WHEN 0 THEN 'IOC' WHEN 1 THEN 'MARKET' WHEN 2 THEN 'GTC' WHEN 3 THEN 'POST_ONLY'
        END
    ) VIRTUAL,
    CONSTRAINT fills_pk PRIMARY KEY (session_id, number),
    CONSTRAINT fills_codes_must_be_known CHECK (
        (side BETWEEN -1 AND 1) AND (side <> 0) AND (leg BETWEEN 0 AND 1)
        AND (purpose_code BETWEEN 0 AND 3) AND (style_code BETWEEN 0 AND 3)
    ),
    CONSTRAINT fills_figures_must_fit CHECK (
        (number >= 0) AND (now_ns > 0) AND (client_id > 0) AND (trade > 0) AND (attempt > 0) AND (lots > 0)
        AND (cost_quote_amount >= 0)
    )
);
COMMENT ON TABLE fills IS 'Executed lots, booked once';
COMMENT ON COLUMN fills.session_id IS 'sessions.id';
COMMENT ON COLUMN fills.number IS 'place in the session''s log, from 0 on';
COMMENT ON COLUMN fills.now_ns IS 'when it was booked; nanoseconds UTC';
COMMENT ON COLUMN fills.client_id IS 'client order id';
COMMENT ON COLUMN fills.trade IS 'number of the trade, counted per symbol';
COMMENT ON COLUMN fills.attempt IS 'which order of the leg';
COMMENT ON COLUMN fills.lots IS 'executed lots of the symbol';
COMMENT ON COLUMN fills.cost_quote_amount IS 'cost, positive; booking units of the market''s quote currency';
COMMENT ON COLUMN fills.fee_amount IS 'fee, a rebate is negative; booking units of the market''s fee currency';
COMMENT ON COLUMN fills.cash_reporting_amount IS
    'signed cash, -side x cost, converted when booked; booking units of the reporting currency';
COMMENT ON COLUMN fills.fee_reporting_amount IS
    'the fee, converted when booked; booking units of the reporting currency';
COMMENT ON COLUMN fills.realised_amount IS
    'PnL realised by this fill, net of its fee; booking units of the reporting currency';
COMMENT ON COLUMN fills.slippage_amount IS
    'worse than the decision price is positive; booking units of the reporting currency';
COMMENT ON COLUMN fills.leg IS '0: the leg bought at entry, 1: the leg sold';
COMMENT ON COLUMN fills.purpose_code IS 'number of purpose';
COMMENT ON COLUMN fills.style_code IS 'number of style';
COMMENT ON COLUMN fills.side IS 'side of the order: 1 buys, -1 sells';
COMMENT ON COLUMN fills.symbol IS 'what is traded';
COMMENT ON COLUMN fills.venue IS 'where';
COMMENT ON COLUMN fills.now_at IS 'now_ns, cut to microseconds; virtual';
COMMENT ON COLUMN fills.purpose IS 'ENTRY and COMPLETE open, EXIT and REVERSE close; virtual';
COMMENT ON COLUMN fills.style IS 'how the order works; virtual';
"""
