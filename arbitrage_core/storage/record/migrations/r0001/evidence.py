"""Campaigns, stages, tuning and presets, as revision 0001 makes them."""

SQL = """
CREATE TABLE stage_verdicts (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    stage TEXT NOT NULL,
    verdict TEXT NOT NULL,
    checks JSONB NOT NULL,
    report TEXT NOT NULL,
    code_version TEXT NOT NULL,
    flow_run_id TEXT,
    decided_ns BIGINT NOT NULL,
    decided_at TIMESTAMP WITH TIME ZONE GENERATED ALWAYS AS
        (timezone('UTC', timestamp '1970-01-01' + (decided_ns / 1000) * interval '1 microsecond')) VIRTUAL,
    CONSTRAINT stage_verdicts_pk PRIMARY KEY (id),
    CONSTRAINT stage_verdicts_stage_must_be_known CHECK (
        (stage ~ '^D[0-9]{2}$') AND (verdict IN ('ACCEPTED', 'REJECTED'))
    ),
    CONSTRAINT stage_verdicts_checks_must_be_a_list CHECK ((jsonb_typeof(checks) = 'array')),
    CONSTRAINT stage_verdicts_times_must_be_positive CHECK ((decided_ns > 0))
);
CREATE INDEX stage_verdicts_by_stage ON stage_verdicts (stage, decided_ns);
COMMENT ON TABLE stage_verdicts IS 'Verdicts on stages';
COMMENT ON COLUMN stage_verdicts.id IS 'number of this verdict';
COMMENT ON COLUMN stage_verdicts.stage IS 'D64 to D74';
COMMENT ON COLUMN stage_verdicts.verdict IS 'ACCEPTED or REJECTED';
COMMENT ON COLUMN stage_verdicts.checks IS 'each check: name, passed, observed, expected';
COMMENT ON COLUMN stage_verdicts.report IS 'the report, in Markdown';
COMMENT ON COLUMN stage_verdicts.code_version IS 'the program that judged';
COMMENT ON COLUMN stage_verdicts.flow_run_id IS 'the Prefect run that asked for it';
COMMENT ON COLUMN stage_verdicts.decided_ns IS 'when, by the clock; nanoseconds UTC';
COMMENT ON COLUMN stage_verdicts.decided_at IS 'decided_ns, cut to microseconds; virtual';

CREATE TABLE campaign_runs (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    campaign TEXT NOT NULL,
    stage TEXT,
    stage_verdict_id BIGINT,
    mode TEXT NOT NULL,
    bands JSONB NOT NULL,
    outcome JSONB,
    status TEXT NOT NULL,
    code_version TEXT NOT NULL,
    flow_run_id TEXT,
    sessions_planned BIGINT NOT NULL,
    started_ns BIGINT NOT NULL,
    started_at TIMESTAMP WITH TIME ZONE GENERATED ALWAYS AS
        (timezone('UTC', timestamp '1970-01-01' + (started_ns / 1000) * interval '1 microsecond')) VIRTUAL,
    ended_ns BIGINT,
    ended_at TIMESTAMP WITH TIME ZONE GENERATED ALWAYS AS
        (timezone('UTC', timestamp '1970-01-01' + (ended_ns / 1000) * interval '1 microsecond')) VIRTUAL,
    CONSTRAINT campaign_runs_pk PRIMARY KEY (id),
    CONSTRAINT campaign_runs_campaign_must_be_named CHECK (
        (campaign <> '') AND (stage ~ '^D[0-9]{2}$') AND (mode IN ('backtest', 'paper', 'live'))
    ),
    CONSTRAINT campaign_runs_status_must_be_known CHECK (
        (status IN ('running', 'passed', 'failed', 'abandoned'))
        AND ((status = 'running') = (ended_ns IS NULL))
    ),
    CONSTRAINT campaign_runs_figures_must_fit CHECK (
        (sessions_planned >= 0) AND (started_ns > 0) AND (ended_ns > 0)
    ),
    CONSTRAINT campaign_runs_stage_verdict_id_known FOREIGN KEY(stage_verdict_id)
        REFERENCES stage_verdicts (id) ON DELETE SET NULL
);
CREATE INDEX campaign_runs_by_start ON campaign_runs (campaign, started_ns);
COMMENT ON TABLE campaign_runs IS 'Runs of campaigns';
COMMENT ON COLUMN campaign_runs.id IS 'number of this run';
COMMENT ON COLUMN campaign_runs.campaign IS 'name of the campaign';
COMMENT ON COLUMN campaign_runs.stage IS 'the stage it was run for, if any';
COMMENT ON COLUMN campaign_runs.stage_verdict_id IS 'the verdict it was evidence for, if any';
COMMENT ON COLUMN campaign_runs.mode IS 'backtest, paper or live';
COMMENT ON COLUMN campaign_runs.bands IS 'what the outcome must lie in';
COMMENT ON COLUMN campaign_runs.outcome IS 'what came out; none while it runs';
COMMENT ON COLUMN campaign_runs.status IS 'running, passed, failed or abandoned';
COMMENT ON COLUMN campaign_runs.code_version IS 'the program that ran it';
COMMENT ON COLUMN campaign_runs.flow_run_id IS 'the Prefect run that ran it';
COMMENT ON COLUMN campaign_runs.sessions_planned IS 'sessions it is made of';
COMMENT ON COLUMN campaign_runs.started_ns IS 'when it began, by the clock; nanoseconds UTC';
COMMENT ON COLUMN campaign_runs.started_at IS 'started_ns, cut to microseconds; virtual';
COMMENT ON COLUMN campaign_runs.ended_ns IS 'when it ended; none while it runs; nanoseconds UTC';
COMMENT ON COLUMN campaign_runs.ended_at IS 'ended_ns, cut to microseconds; virtual';

CREATE TABLE tuning_studies (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    name TEXT NOT NULL,
    strategy TEXT NOT NULL,
    space JSONB NOT NULL,
    objective TEXT NOT NULL,
    data_digest TEXT NOT NULL,
    seed BIGINT NOT NULL,
    status TEXT NOT NULL,
    trials BIGINT NOT NULL,
    deflated_sharpe DOUBLE PRECISION,
    overfit_probability DOUBLE PRECISION,
    code_version TEXT NOT NULL,
    started_ns BIGINT NOT NULL,
    started_at TIMESTAMP WITH TIME ZONE GENERATED ALWAYS AS
        (timezone('UTC', timestamp '1970-01-01' + (started_ns / 1000) * interval '1 microsecond')) VIRTUAL,
    ended_ns BIGINT,
    CONSTRAINT tuning_studies_pk PRIMARY KEY (id),
    CONSTRAINT tuning_studies_name_once UNIQUE (name),
    CONSTRAINT tuning_studies_status_must_be_known CHECK (
        (status IN ('running', 'complete', 'failed', 'abandoned'))
        AND ((status = 'running') = (ended_ns IS NULL))
    ),
    CONSTRAINT tuning_studies_figures_must_fit CHECK (
        (name <> '') AND (seed >= 0) AND (trials >= 0) AND (deflated_sharpe BETWEEN 0 AND 1)
        AND (overfit_probability BETWEEN 0 AND 1) AND (started_ns > 0) AND (ended_ns > 0)
        AND (data_digest ~ '^[0-9a-f]{64}$')
    )
);
COMMENT ON TABLE tuning_studies IS 'Searches for parameters';
COMMENT ON COLUMN tuning_studies.id IS 'number of this study';
COMMENT ON COLUMN tuning_studies.name IS 'name of the study';
COMMENT ON COLUMN tuning_studies.strategy IS 'name of the strategy';
COMMENT ON COLUMN tuning_studies.space IS 'the parameters searched, and where';
COMMENT ON COLUMN tuning_studies.objective IS 'what was maximised';
COMMENT ON COLUMN tuning_studies.data_digest IS 'SHA-256 of the identity of the rows, hexadecimal';
COMMENT ON COLUMN tuning_studies.seed IS 'seed of the search';
COMMENT ON COLUMN tuning_studies.status IS 'running, complete, failed or abandoned';
COMMENT ON COLUMN tuning_studies.trials IS 'parameter sets tried so far';
COMMENT ON COLUMN tuning_studies.deflated_sharpe IS
    'Sharpe ratio less what so many trials give by chance, as a probability';
COMMENT ON COLUMN tuning_studies.overfit_probability IS 'that the best in sample is below the median out of sample';
COMMENT ON COLUMN tuning_studies.code_version IS 'the program that searched';
COMMENT ON COLUMN tuning_studies.started_ns IS 'when it began, by the clock; nanoseconds UTC';
COMMENT ON COLUMN tuning_studies.started_at IS 'started_ns, cut to microseconds; virtual';
COMMENT ON COLUMN tuning_studies.ended_ns IS 'when it ended; none while it runs; nanoseconds UTC';

CREATE TABLE tuning_results (
    study_id BIGINT NOT NULL,
    trial BIGINT NOT NULL,
    params JSONB NOT NULL,
    params_digest TEXT NOT NULL,
    in_sample DOUBLE PRECISION NOT NULL,
    out_of_sample DOUBLE PRECISION,
    figures JSONB,
    CONSTRAINT tuning_results_pk PRIMARY KEY (study_id, trial),
    CONSTRAINT tuning_results_figures_must_fit CHECK (
        (trial >= 0) AND (params_digest ~ '^[0-9a-f]{64}$')
        AND (abs(in_sample) < 'Infinity'::double precision)
        AND (abs(out_of_sample) < 'Infinity'::double precision)
    ),
    CONSTRAINT tuning_results_study_id_known FOREIGN KEY(study_id) REFERENCES tuning_studies (id) ON DELETE CASCADE
);
COMMENT ON TABLE tuning_results IS 'Parameter sets tried, with what they brought';
COMMENT ON COLUMN tuning_results.study_id IS 'tuning_studies.id';
COMMENT ON COLUMN tuning_results.trial IS 'number of the parameter set in its study, from 0 on';
COMMENT ON COLUMN tuning_results.params IS 'the parameters';
COMMENT ON COLUMN tuning_results.params_digest IS 'SHA-256 of the parameters, hexadecimal';
COMMENT ON COLUMN tuning_results.in_sample IS 'the objective on the rows it was chosen by';
COMMENT ON COLUMN tuning_results.out_of_sample IS 'the objective on rows it had not seen; none: not tried there';
COMMENT ON COLUMN tuning_results.figures IS 'whatever else was measured';

CREATE TABLE strategy_presets (
    name TEXT NOT NULL,
    version INTEGER NOT NULL,
    strategy TEXT NOT NULL,
    params JSONB NOT NULL,
    params_digest TEXT NOT NULL,
    study_id BIGINT,
    note TEXT,
    created_ns BIGINT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE GENERATED ALWAYS AS
        (timezone('UTC', timestamp '1970-01-01' + (created_ns / 1000) * interval '1 microsecond')) VIRTUAL,
    CONSTRAINT strategy_presets_pk PRIMARY KEY (name, version),
    CONSTRAINT strategy_presets_figures_must_fit CHECK (
        (name <> '') AND (version >= 1) AND (created_ns > 0) AND (params_digest ~ '^[0-9a-f]{64}$')
    ),
    CONSTRAINT strategy_presets_study_id_known FOREIGN KEY(study_id)
        REFERENCES tuning_studies (id) ON DELETE SET NULL
);
COMMENT ON TABLE strategy_presets IS 'Named, hashed sets of parameters';
COMMENT ON COLUMN strategy_presets.name IS 'name of the preset';
COMMENT ON COLUMN strategy_presets.version IS '1, 2, …; a version never changes';
COMMENT ON COLUMN strategy_presets.strategy IS 'name of the strategy';
COMMENT ON COLUMN strategy_presets.params IS 'the parameters';
COMMENT ON COLUMN strategy_presets.params_digest IS 'SHA-256 of the parameters, hexadecimal';
COMMENT ON COLUMN strategy_presets.study_id IS 'the study it came of, if any';
COMMENT ON COLUMN strategy_presets.note IS 'why it was made';
COMMENT ON COLUMN strategy_presets.created_ns IS 'when, by the clock; nanoseconds UTC';
COMMENT ON COLUMN strategy_presets.created_at IS 'created_ns, cut to microseconds; virtual';
"""
