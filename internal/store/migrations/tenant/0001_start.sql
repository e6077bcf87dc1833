-- One tenant's house. Instants are milliseconds since 1970 UTC, 0 = none; doc, body and payloads are JSON.
CREATE TABLE counter (
    name  TEXT   NOT NULL PRIMARY KEY,
    value BIGINT NOT NULL
);
CREATE TABLE interaction (
    id             TEXT     NOT NULL PRIMARY KEY,
    transaction_no BIGINT   NOT NULL UNIQUE,
    ref            TEXT     NOT NULL,
    medium         TEXT     NOT NULL,
    state          TEXT     NOT NULL,
    final          SMALLINT NOT NULL,
    queue          BIGINT   NOT NULL,
    channel        BIGINT   NOT NULL,
    created_at     BIGINT   NOT NULL,
    closed_at      BIGINT   NOT NULL,
    node           TEXT     NOT NULL,
    fence          BIGINT   NOT NULL,
    version        BIGINT   NOT NULL,
    doc            TEXT     NOT NULL
);
CREATE UNIQUE INDEX interaction_ref ON interaction (ref) WHERE ref <> '';
CREATE INDEX interaction_open ON interaction (transaction_no) WHERE final = 0;
CREATE INDEX interaction_created ON interaction (created_at);
-- Who has (open = 1) or had a part in an interaction.
CREATE TABLE handler (
    agent       TEXT     NOT NULL,
    interaction TEXT     NOT NULL REFERENCES interaction (id),
    open        SMALLINT NOT NULL,
    final       SMALLINT NOT NULL,
    at          BIGINT   NOT NULL,
    PRIMARY KEY (agent, interaction)
);
CREATE INDEX handler_recent ON handler (agent, open, final, at, interaction);
CREATE INDEX handler_interaction ON handler (interaction);
-- version is also the number of the agent's live stream.
CREATE TABLE agent (
    id      TEXT   NOT NULL PRIMARY KEY,
    status  BIGINT NOT NULL,
    version BIGINT NOT NULL,
    doc     TEXT   NOT NULL
);
CREATE TABLE delivery (
    key         TEXT   NOT NULL PRIMARY KEY,
    seq         BIGINT NOT NULL,
    lane        TEXT   NOT NULL,
    kind        TEXT   NOT NULL,
    interaction TEXT   NOT NULL,
    handling    BIGINT NOT NULL,
    agent       TEXT   NOT NULL,
    ord         TEXT   NOT NULL,
    state       TEXT   NOT NULL,
    intent      TEXT   NOT NULL,
    frozen      TEXT   NOT NULL,
    result      TEXT   NOT NULL,
    code        TEXT   NOT NULL,
    reason      TEXT   NOT NULL,
    tries       BIGINT NOT NULL,
    attempts    TEXT   NOT NULL,
    created_at  BIGINT NOT NULL,
    since       BIGINT NOT NULL,
    next_at     BIGINT NOT NULL,
    lease       BIGINT NOT NULL,
    finished_at BIGINT NOT NULL,
    by_lane     BIGINT NOT NULL, -- 1: parked because its lane was, not for a reason of its own
    version     BIGINT NOT NULL
);
CREATE INDEX delivery_due ON delivery (state, seq, next_at, lane);
CREATE INDEX delivery_next ON delivery (state, next_at, lane);
CREATE INDEX delivery_order ON delivery (ord, seq, state) WHERE ord <> '';
CREATE INDEX delivery_interaction ON delivery (interaction);
CREATE INDEX delivery_created ON delivery (created_at);
CREATE INDEX delivery_agent ON delivery (agent, created_at);
-- Lanes whose credential was found broken: what is promised in them is parked at once.
CREATE TABLE parked_lane (
    lane   TEXT NOT NULL PRIMARY KEY,
    code   TEXT NOT NULL,
    reason TEXT NOT NULL
);
CREATE TABLE document (
    kind    TEXT   NOT NULL,
    id      BIGINT NOT NULL,
    name    TEXT   NOT NULL,
    version BIGINT NOT NULL,
    body    TEXT   NOT NULL,
    at      BIGINT NOT NULL,
    by_whom TEXT   NOT NULL,
    PRIMARY KEY (kind, id, name)
);
-- Every version that ever was, the current one included; body '' marks a removal.
CREATE TABLE document_history (
    kind    TEXT   NOT NULL,
    id      BIGINT NOT NULL,
    name    TEXT   NOT NULL,
    version BIGINT NOT NULL,
    body    TEXT   NOT NULL,
    at      BIGINT NOT NULL,
    by_whom TEXT   NOT NULL,
    PRIMARY KEY (kind, id, name, version)
);
CREATE TABLE sign_on (
    agent TEXT NOT NULL PRIMARY KEY,
    doc   TEXT NOT NULL
);
CREATE TABLE secret (
    owner  TEXT  NOT NULL,
    name   TEXT  NOT NULL,
    sealed BYTEA NOT NULL,
    PRIMARY KEY (owner, name)
);
CREATE TABLE audit (
    number  BIGINT NOT NULL PRIMARY KEY,
    at      BIGINT NOT NULL,
    who     TEXT   NOT NULL,
    what    TEXT   NOT NULL,
    about   TEXT   NOT NULL,
    details TEXT   NOT NULL,
    before  TEXT   NOT NULL,
    hash    TEXT   NOT NULL
);
-- Where the audit chain ends, apart from its rows so that a cut-off end shows.
CREATE TABLE audit_head (
    id     BIGINT NOT NULL PRIMARY KEY,
    number BIGINT NOT NULL,
    hash   TEXT   NOT NULL
);
