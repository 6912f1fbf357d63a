-- The store of one wafwatch. Times are milliseconds since the epoch unless they say otherwise.
-- Tables for people: windows, incidents, events, deliveries, shards, and channels (when each last took
-- a message), which is made beside these. The rest is machinery.

CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

-- How far each input is counted, and what became of its records.
CREATE TABLE shards (
    shard     TEXT PRIMARY KEY,
    input     TEXT NOT NULL,
    position  INTEGER NOT NULL,
    sequence  TEXT, -- of a stream's shard: the last record counted
    watermark INTEGER,
    finished  INTEGER NOT NULL,
    read      INTEGER NOT NULL,
    accepted  INTEGER NOT NULL,
    rejected  INTEGER NOT NULL,
    accounts  TEXT NOT NULL -- JSON: rejected by reason, samples
) WITHOUT ROWID;

-- Counts of windows that are still open.
CREATE TABLE partials (
    id           INTEGER PRIMARY KEY,
    acl          TEXT NOT NULL,
    window_start INTEGER NOT NULL,
    window_end   INTEGER NOT NULL,
    encoded      BLOB NOT NULL
);
CREATE INDEX partials_by_window ON partials (acl, window_start);

CREATE TABLE acls (
    acl            TEXT PRIMARY KEY,
    version        INTEGER NOT NULL,
    closed_through INTEGER,
    empty_budget  INTEGER NOT NULL,
    detector       BLOB NOT NULL,
    incident       TEXT -- JSON of the open incident
) WITHOUT ROWID;

-- Closed windows: one row each, everything else in the JSON of `summary`.
CREATE TABLE windows (
    acl                TEXT NOT NULL,
    start              INTEGER NOT NULL,
    start_utc          TEXT NOT NULL,
    end                INTEGER NOT NULL,
    complete           INTEGER NOT NULL,
    total              INTEGER NOT NULL,
    allowed            INTEGER NOT NULL,
    blocked            INTEGER NOT NULL,
    counted            INTEGER NOT NULL,
    captcha            INTEGER NOT NULL,
    challenge          INTEGER NOT NULL,
    other              INTEGER NOT NULL,
    blocked_ratio      REAL NOT NULL,
    distinct_addresses REAL NOT NULL,
    late               INTEGER NOT NULL,
    stage              TEXT NOT NULL, -- JSON
    findings           TEXT NOT NULL, -- JSON
    summary            TEXT NOT NULL, -- JSON
    PRIMARY KEY (acl, start)
) WITHOUT ROWID;
CREATE INDEX windows_by_start ON windows (start);

CREATE TABLE incidents (
    id       TEXT PRIMARY KEY,
    acl      TEXT NOT NULL,
    state    TEXT NOT NULL,
    severity INTEGER NOT NULL,
    opened   INTEGER NOT NULL,
    resolved INTEGER,
    incident TEXT NOT NULL -- JSON
) WITHOUT ROWID;

-- The outbox: what people are told, committed with the window that caused it.
CREATE TABLE events (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    id       TEXT NOT NULL UNIQUE,
    incident TEXT NOT NULL,
    kind     TEXT NOT NULL,
    event    TEXT NOT NULL, -- JSON
    explanation TEXT        -- JSON: evidence and assessment, once made; 'null' if impossible
);
CREATE INDEX events_by_incident ON events (incident);

CREATE TABLE deliveries (
    event    TEXT NOT NULL,
    channel  TEXT NOT NULL,
    state    TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    next_at  INTEGER,
    error    TEXT,
    PRIMARY KEY (event, channel)
) WITHOUT ROWID;
