-- What an installation has once: names, sessions, numbers and SIP accounts, each reserved for its tenant.
CREATE TABLE tenant (
    name       TEXT   NOT NULL PRIMARY KEY,
    created_at BIGINT NOT NULL
);
CREATE TABLE account (
    user_id  TEXT     NOT NULL PRIMARY KEY,
    tenant   TEXT     NOT NULL,
    agent    TEXT     NOT NULL,
    hash     TEXT     NOT NULL,
    inactive SMALLINT NOT NULL,
    UNIQUE (tenant, agent)
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
CREATE TABLE sip_account (
    name   TEXT NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL,
    agent  TEXT NOT NULL
);
CREATE TABLE secret (
    owner  TEXT  NOT NULL,
    name   TEXT  NOT NULL,
    sealed BYTEA NOT NULL,
    PRIMARY KEY (owner, name)
);
