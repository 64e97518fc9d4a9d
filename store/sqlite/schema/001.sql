-- All times are UTC unix nanoseconds, 0 for none. An operator may read all of it,
-- also while the process runs.

-- Idempotency keys that were answered, or whose effect is outside of the database.
CREATE TABLE parlance_key (
	scope       TEXT NOT NULL,
	key         TEXT NOT NULL,
	fingerprint BLOB NOT NULL,
	outside     INTEGER NOT NULL,
	claimed     INTEGER NOT NULL,
	expires     INTEGER NOT NULL,
	activity    TEXT NOT NULL,
	answered    INTEGER NOT NULL, -- 0: it is being served, or nobody knows
	answer_at   INTEGER NOT NULL,
	status      INTEGER NOT NULL,
	header      TEXT NOT NULL,    -- JSON
	body        BLOB,
	PRIMARY KEY (scope, key)
);
CREATE INDEX parlance_key_open ON parlance_key (claimed) WHERE answered = 0;
CREATE INDEX parlance_key_expires ON parlance_key (expires) WHERE answered = 1;

CREATE TABLE parlance_seat (
	pool   TEXT NOT NULL,
	holder TEXT NOT NULL,
	until  INTEGER NOT NULL,
	PRIMARY KEY (pool, holder)
) WITHOUT ROWID;
CREATE INDEX parlance_seat_until ON parlance_seat (until);

CREATE TABLE parlance_cap (
	name TEXT NOT NULL PRIMARY KEY,
	used INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE parlance_job (
	seq          INTEGER PRIMARY KEY, -- in the order they were put
	id           TEXT NOT NULL UNIQUE,
	kind         TEXT NOT NULL,
	input        BLOB,
	owner        TEXT NOT NULL,
	activity     TEXT NOT NULL,
	created      INTEGER NOT NULL,
	worker       TEXT NOT NULL DEFAULT '',
	attempt      INTEGER NOT NULL DEFAULT 0,
	lease        INTEGER NOT NULL DEFAULT 0,
	progress     REAL NOT NULL DEFAULT 0,
	note         TEXT NOT NULL DEFAULT '',
	stopping     INTEGER NOT NULL DEFAULT 0,
	ended        INTEGER NOT NULL DEFAULT 0, -- 1: what follows is its result
	outcome      TEXT NOT NULL DEFAULT '',   -- JSON
	content_type TEXT NOT NULL DEFAULT '',
	body         BLOB,
	result_at    INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX parlance_job_open ON parlance_job (created, seq) WHERE ended = 0;
CREATE INDEX parlance_job_ended ON parlance_job (result_at) WHERE ended = 1;

CREATE TABLE parlance_token (
	hash      BLOB NOT NULL PRIMARY KEY,
	family    TEXT NOT NULL,
	refresh   INTEGER NOT NULL,
	principal TEXT NOT NULL,
	tenant    TEXT NOT NULL,
	scopes    TEXT NOT NULL, -- with a space between two (RFC 6749, 3.3)
	expires   INTEGER NOT NULL,
	spent     INTEGER NOT NULL,
	revoked   INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX parlance_token_family ON parlance_token (family);
CREATE INDEX parlance_token_expires ON parlance_token (expires);

CREATE TABLE parlance_activity (
	id     TEXT NOT NULL PRIMARY KEY,
	start  INTEGER NOT NULL,
	caller TEXT NOT NULL,
	route  TEXT NOT NULL,
	status INTEGER NOT NULL,
	kind   TEXT NOT NULL,
	size   INTEGER NOT NULL, -- bytes of the record
	record TEXT NOT NULL     -- JSON
);
CREATE INDEX parlance_activity_start ON parlance_activity (start, size);
