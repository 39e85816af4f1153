-- Everything an installation of one process keeps. Times are microseconds since 1970-01-01 UTC.

-- One machine's state under one key. wake_at is stored beside it so that an auditor can ask without decoding.
CREATE TABLE IF NOT EXISTS state (
    machine TEXT NOT NULL,
    key     TEXT NOT NULL,
    tenant  TEXT NOT NULL,
    wake_at INTEGER,
    data    BLOB NOT NULL,
    PRIMARY KEY (machine, key)
) WITHOUT ROWID;

-- Every alarm there ever was. At most one is open in a slot: the database says so too.
CREATE TABLE IF NOT EXISTS alarm (
    id        TEXT PRIMARY KEY,
    tenant    TEXT NOT NULL,
    slot      TEXT NOT NULL,
    state     TEXT NOT NULL,
    raised_at INTEGER NOT NULL,
    data      BLOB NOT NULL
) WITHOUT ROWID;
CREATE UNIQUE INDEX IF NOT EXISTS alarm_open ON alarm (slot) WHERE state <> 'resolved';
CREATE INDEX IF NOT EXISTS alarm_by_time ON alarm (tenant, raised_at);

CREATE TABLE IF NOT EXISTS event (
    seq    INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant TEXT NOT NULL,
    alarm  TEXT,
    data   BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS event_of_alarm ON event (alarm);

-- What must be performed outside and has not been settled.
CREATE TABLE IF NOT EXISTS effect (
    place INTEGER PRIMARY KEY AUTOINCREMENT,
    id    TEXT NOT NULL UNIQUE,
    data  BLOB NOT NULL
);

-- Readings' identities. They are spread evenly over 64 bits, so that old ones can be swept out a slice of the range at a time.
CREATE TABLE IF NOT EXISTS identity (
    identity INTEGER PRIMARY KEY,
    digest   INTEGER NOT NULL,
    seen_at  INTEGER NOT NULL
);

CREATE TABLE IF NOT EXISTS quarantine (
    place       INTEGER PRIMARY KEY AUTOINCREMENT,
    received_at INTEGER NOT NULL,
    tenant      TEXT NOT NULL,
    device      TEXT NOT NULL,
    kind        TEXT NOT NULL,
    reason      TEXT NOT NULL,
    field       TEXT,
    payload     BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS quarantine_by_tenant ON quarantine (tenant, place);

-- Site files as they were imported.
CREATE TABLE IF NOT EXISTS site (
    tenant      TEXT PRIMARY KEY,
    imported_at INTEGER NOT NULL,
    document    TEXT NOT NULL
) WITHOUT ROWID;

-- Credentials by the digest of their secret, which itself is kept nowhere.
CREATE TABLE IF NOT EXISTS credential (
    digest     BLOB PRIMARY KEY,
    tenant     TEXT NOT NULL,
    role       TEXT NOT NULL,
    subject    TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    revoked_at INTEGER
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS setting (
    name  TEXT PRIMARY KEY,
    value BLOB NOT NULL
) WITHOUT ROWID;
