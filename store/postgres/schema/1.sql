-- An operator may read all of it. NULL is a time that is not set. A text that
-- PostgreSQL could not hold has \xHH in it, and \\ for a backslash.

-- The processes that are there: each holds a lock on a number of its own for as
-- long as its session lives. Locks of other programs are listed too and harm
-- nothing.
CREATE VIEW parlance.instance AS
SELECT (classid::bigint << 32) | objid::bigint AS id, pid
FROM pg_locks
WHERE locktype = 'advisory' AND objsubid = 1 AND mode = 'ExclusiveLock' AND granted
	AND database = (SELECT oid FROM pg_database WHERE datname = current_database());

CREATE TABLE parlance.key (
	id          bytea PRIMARY KEY, -- a hash of scope and key, for a path may be longer than an index holds
	scope       text NOT NULL,
	key         text NOT NULL,
	fingerprint bytea NOT NULL,
	outside     boolean NOT NULL,
	claimed     timestamptz,
	expires     timestamptz,
	activity    text NOT NULL,
	owner       bigint,            -- the instance that claimed it; NULL where that let go of it
	ticket      bigint NOT NULL,   -- a random number of this claim
	answered    boolean NOT NULL DEFAULT false,
	answer_at   timestamptz,
	status      integer,
	header      json,
	body        bytea
);
CREATE INDEX key_open ON parlance.key (claimed) WHERE NOT answered;
CREATE INDEX key_expires ON parlance.key (expires) WHERE answered;

CREATE TABLE parlance.seat (
	pool   text NOT NULL,
	holder text NOT NULL,
	until  timestamptz,
	PRIMARY KEY (pool, holder)
);
CREATE INDEX seat_until ON parlance.seat (until);

CREATE TABLE parlance.cap (
	name text PRIMARY KEY,
	used bigint NOT NULL
);

CREATE TABLE parlance.job (
	seq          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, -- the order of those created at the same time
	id           text NOT NULL UNIQUE,
	kind         text NOT NULL,
	input        bytea,
	owner        text NOT NULL,
	activity     text NOT NULL,
	created      timestamptz,
	worker       text NOT NULL DEFAULT '',
	attempt      integer NOT NULL DEFAULT 0,
	lease        timestamptz,           -- NULL where it waits, or has ended
	progress     double precision NOT NULL DEFAULT 0,
	note         text NOT NULL DEFAULT '',
	stopping     boolean NOT NULL DEFAULT false,
	ended        boolean NOT NULL DEFAULT false,
	outcome      json,
	content_type text NOT NULL DEFAULT '',
	body         bytea,
	result_at    timestamptz
);
CREATE INDEX job_open ON parlance.job (created NULLS FIRST, seq) WHERE NOT ended;
CREATE INDEX job_ended ON parlance.job (result_at) WHERE ended;

CREATE TABLE parlance.token (
	hash      bytea PRIMARY KEY,
	family    text NOT NULL,
	refresh   boolean NOT NULL,
	principal text NOT NULL,
	tenant    text NOT NULL,
	scopes    text[],
	expires   timestamptz,
	spent     boolean NOT NULL,
	revoked   boolean NOT NULL
);
CREATE INDEX token_family ON parlance.token (family) WHERE family <> '';
CREATE INDEX token_expires ON parlance.token (expires);

CREATE TABLE parlance.activity (
	id      text PRIMARY KEY,
	started timestamptz,
	caller  text NOT NULL,
	route   text NOT NULL,
	status  integer NOT NULL,
	kind    text NOT NULL,
	size    bigint NOT NULL, -- bytes of the record
	record  json NOT NULL
);
CREATE INDEX activity_started ON parlance.activity (started, id) INCLUDE (size);

CREATE TABLE parlance.rate (
	id      bytea PRIMARY KEY, -- a hash of the key and the rate
	key     text NOT NULL,
	quota   bigint NOT NULL,
	span    bigint NOT NULL,   -- the window, in nanoseconds
	full_at bigint NOT NULL    -- when all of the quota is there again, in unix nanoseconds
);
CREATE INDEX rate_full ON parlance.rate (full_at);

-- What time it is, in unix nanoseconds.
CREATE FUNCTION parlance.nanos() RETURNS bigint LANGUAGE sql VOLATILE AS $$
	SELECT (extract(epoch FROM clock_timestamp()) * 1000000000)::bigint
$$;

-- Uses n of a rate, by the generic cell rate algorithm, as far as that is allowed,
-- and leases up to want more, which are used within hold nanoseconds or never.
-- What is leased is charged as if it were used at the end of the lease, so that
-- what is really used stays within the rate at each moment. It is at most an
-- eighth of what is there, so that the others find something too.
CREATE FUNCTION parlance.take(
	rate_id bytea, rate_key text, quota bigint, span bigint, n bigint, want bigint, hold bigint,
	OUT allowed boolean, OUT leased bigint, OUT remaining bigint, OUT reset bigint, OUT after bigint
) LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	step   CONSTANT bigint := greatest(span / quota, 1); -- what one use costs
	most   CONSTANT bigint := step * quota;              -- the window, less what does not divide
	moment bigint;
	was    bigint; -- when all of the quota would be there again
	next   bigint;
	base   bigint;
BEGIN
	IF n = 0 THEN
		SELECT full_at INTO was FROM parlance.rate WHERE id = rate_id;
	ELSE
		LOOP
			SELECT full_at INTO was FROM parlance.rate WHERE id = rate_id FOR UPDATE;
			EXIT WHEN FOUND;
			INSERT INTO parlance.rate VALUES (rate_id, rate_key, quota, span, 0) ON CONFLICT DO NOTHING;
		END LOOP;
	END IF;
	moment := parlance.nanos(); -- after the wait for the row
	was := greatest(coalesce(was, 0), moment);
	next := was + step * n;
	allowed := next - moment <= most;
	leased := 0;
	after := 0;
	IF allowed AND n > 0 THEN
		was := next;
		base := greatest(was, moment + hold);
		leased := greatest(least(want, (moment + most - base) / step / 8), 0);
		IF leased > 0 THEN
			was := base + step * leased;
		END IF;
		UPDATE parlance.rate SET full_at = was WHERE id = rate_id;
	ELSIF NOT allowed THEN
		after := next - moment - most;
	END IF;
	remaining := greatest(most - (was - moment), 0) / step;
	reset := was - moment;
END $$;
