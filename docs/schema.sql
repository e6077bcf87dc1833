-- What the migrations in internal/store/migrations come to; written by: go test ./internal/store -run Schema -update

-- The installation's control store: control.db, or schema cordboard

CREATE TABLE account (
    user_id  TEXT     NOT NULL PRIMARY KEY,
    tenant   TEXT     NOT NULL,
    agent    TEXT     NOT NULL,
    hash     TEXT     NOT NULL,
    inactive SMALLINT NOT NULL,
    UNIQUE (tenant, agent)
);

CREATE TABLE failure (
    user_id      TEXT   NOT NULL,
    source       TEXT   NOT NULL,
    count        BIGINT NOT NULL,
    since        BIGINT NOT NULL,
    locked_until BIGINT NOT NULL,
    PRIMARY KEY (user_id, source)
);

CREATE TABLE number (
    number  TEXT   NOT NULL PRIMARY KEY,
    tenant  TEXT   NOT NULL,
    channel BIGINT NOT NULL
);

CREATE TABLE schema_version (
    version BIGINT NOT NULL PRIMARY KEY,
    name    TEXT   NOT NULL,
    at      BIGINT NOT NULL
);

CREATE TABLE secret (
    owner  TEXT  NOT NULL,
    name   TEXT  NOT NULL,
    sealed BYTEA NOT NULL,
    PRIMARY KEY (owner, name)
);

CREATE TABLE session (
    hash       TEXT   NOT NULL PRIMARY KEY,
    tenant     TEXT   NOT NULL,
    agent      TEXT   NOT NULL,
    user_id    TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    seen_at    BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    address    TEXT   NOT NULL,
    browser    TEXT   NOT NULL
);

CREATE INDEX session_agent ON session (tenant, agent);

CREATE INDEX session_expires ON session (expires_at);

CREATE TABLE sip_account (
    name   TEXT NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL,
    agent  TEXT NOT NULL
);

CREATE TABLE tenant (
    name       TEXT   NOT NULL PRIMARY KEY,
    created_at BIGINT NOT NULL
);

-- One tenant's store: tenant/<name>/tenant.db, or schema tenant_<name>

CREATE TABLE agent (
    id      TEXT   NOT NULL PRIMARY KEY,
    status  BIGINT NOT NULL,
    version BIGINT NOT NULL,
    doc     TEXT   NOT NULL
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

CREATE TABLE audit_head (
    id     BIGINT NOT NULL PRIMARY KEY,
    number BIGINT NOT NULL,
    hash   TEXT   NOT NULL
);

CREATE TABLE counter (
    name  TEXT   NOT NULL PRIMARY KEY,
    value BIGINT NOT NULL
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

CREATE INDEX delivery_agent ON delivery (agent, created_at);

CREATE INDEX delivery_created ON delivery (created_at);

CREATE INDEX delivery_due ON delivery (state, seq, next_at, lane);

CREATE INDEX delivery_interaction ON delivery (interaction);

CREATE INDEX delivery_next ON delivery (state, next_at, lane);

CREATE INDEX delivery_order ON delivery (ord, seq, state) WHERE ord <> '';

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

CREATE TABLE handler (
    agent       TEXT     NOT NULL,
    interaction TEXT     NOT NULL REFERENCES interaction (id),
    open        SMALLINT NOT NULL,
    final       SMALLINT NOT NULL,
    at          BIGINT   NOT NULL,
    PRIMARY KEY (agent, interaction)
);

CREATE INDEX handler_interaction ON handler (interaction);

CREATE INDEX handler_recent ON handler (agent, open, final, at, interaction);

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

CREATE INDEX interaction_created ON interaction (created_at);

CREATE INDEX interaction_open ON interaction (transaction_no) WHERE final = 0;

CREATE UNIQUE INDEX interaction_ref ON interaction (ref) WHERE ref <> '';

CREATE TABLE parked_lane (
    lane   TEXT NOT NULL PRIMARY KEY,
    code   TEXT NOT NULL,
    reason TEXT NOT NULL
);

CREATE TABLE schema_version (
    version BIGINT NOT NULL PRIMARY KEY,
    name    TEXT   NOT NULL,
    at      BIGINT NOT NULL
);

CREATE TABLE secret (
    owner  TEXT  NOT NULL,
    name   TEXT  NOT NULL,
    sealed BYTEA NOT NULL,
    PRIMARY KEY (owner, name)
);

CREATE TABLE sign_on (
    agent TEXT NOT NULL PRIMARY KEY,
    doc   TEXT NOT NULL
);
