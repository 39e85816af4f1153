-- Everything an installation of many processes keeps. Times are microseconds since 1970-01-01 UTC, as in the file of one process,
-- so that what is moved from there is the same; moments that only the database compares are timestamptz of its own clock.

CREATE TABLE setting (
    name  text PRIMARY KEY,
    value bytea NOT NULL
);

-- A bucket of tenants with one owner. A commit names the token it believes in, and stores nothing if that is not this one.
-- session, attempt: which journal took its next token itself when it connected anew, and for the how manieth time, so that it
-- knows its own token again when the answer to that was lost.
CREATE TABLE partition (
    name       text PRIMARY KEY,
    token      bigint NOT NULL DEFAULT 0,
    owner      text,
    session    text,
    attempt    bigint,
    decided_at bigint
) WITH (fillfactor = 20);
INSERT INTO partition (name) SELECT 'p' || lpad(n::text, 2, '0') FROM generate_series(0, 15) AS n;

-- Site files as they were imported. A tenant stays in the partition it was put into first: the one with the fewest residents.
CREATE TABLE site (
    tenant      text PRIMARY KEY,
    partition   text NOT NULL REFERENCES partition,
    residents   integer NOT NULL,
    imported_at bigint NOT NULL,
    document    text NOT NULL
);
CREATE INDEX site_of_partition ON site (partition);

CREATE TABLE credential (
    digest     bytea PRIMARY KEY,
    tenant     text NOT NULL,
    role       text NOT NULL,
    subject    text NOT NULL,
    created_at bigint NOT NULL,
    revoked_at bigint
);
CREATE INDEX credential_of_tenant ON credential (tenant, role);

-- Signs of life and leases, for when there is no Redis, or it does not answer. Losing them loses nothing. A database that was not
-- shut down in good order, or took over as a standby, has emptied all three tables: `remembered` shows it.
CREATE UNLOGGED TABLE remembered (
    since timestamptz NOT NULL
);
CREATE UNLOGGED TABLE worker (
    name  text PRIMARY KEY,
    until timestamptz NOT NULL
);
CREATE UNLOGGED TABLE lease (
    partition text PRIMARY KEY,
    owner     text NOT NULL,
    token     bigint NOT NULL,
    until     timestamptz NOT NULL
);

-- One machine's state under one key. wake_at is stored beside it so that an auditor can ask without decoding.
CREATE TABLE state (
    machine text NOT NULL,
    key     text NOT NULL,
    tenant  text NOT NULL,
    wake_at bigint,
    data    bytea NOT NULL,
    PRIMARY KEY (machine, key)
) WITH (fillfactor = 70);
CREATE INDEX state_of_tenant ON state (tenant);

-- Every alarm there ever was. At most one is open in a slot: the database says so too.
CREATE TABLE alarm (
    id        text PRIMARY KEY,
    tenant    text NOT NULL,
    slot      text NOT NULL,
    state     text NOT NULL,
    raised_at bigint NOT NULL,
    data      bytea NOT NULL
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX alarm_open ON alarm (slot) WHERE state <> 'resolved';
CREATE INDEX alarm_by_time ON alarm (tenant, raised_at);

-- The places of events have no gaps and become visible in their order: the last thing that a commit with events does is to take
-- its places from `counter`, whose row it holds until it has committed.
CREATE TABLE counter (
    name text PRIMARY KEY,
    last bigint NOT NULL
);
INSERT INTO counter VALUES ('event', 0);
CREATE TABLE event (
    seq    bigint PRIMARY KEY,
    tenant text NOT NULL,
    alarm  text,
    data   bytea NOT NULL
);
CREATE INDEX event_of_alarm ON event (alarm);

-- What must be performed outside and has not been settled. held_until: who performs it has it until then ('infinity': the owner of
-- its partition does, which takes it up again itself); NULL: nobody has it yet.
CREATE TABLE effect (
    place      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id         text NOT NULL UNIQUE,
    partition  text NOT NULL REFERENCES partition,
    data       bytea NOT NULL,
    held_by    text,
    held_until timestamptz
);
CREATE INDEX effect_of_partition ON effect (partition, place);

CREATE TABLE identity (
    identity bigint PRIMARY KEY,
    digest   bigint NOT NULL,
    seen_at  bigint NOT NULL
);

CREATE TABLE quarantine (
    place       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    received_at bigint NOT NULL,
    tenant      text NOT NULL,
    device      text NOT NULL,
    kind        text NOT NULL,
    reason      text NOT NULL,
    field       text,
    payload     bytea NOT NULL
);
CREATE INDEX quarantine_by_tenant ON quarantine (tenant, place);

-- What another process received for the owner of a tenant. The owner's commit answers it.
CREATE TABLE inbox (
    place     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant    text NOT NULL,
    kind      text NOT NULL,
    data      bytea NOT NULL,
    stored_at bigint NOT NULL,
    answer    bytea
);
CREATE INDEX inbox_waiting ON inbox (tenant, place) WHERE answer IS NULL;
