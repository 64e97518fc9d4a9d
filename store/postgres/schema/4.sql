-- Tasks of the queue, in the place of jobs.
ALTER TABLE parlance.job RENAME TO task;
ALTER TABLE parlance.task RENAME COLUMN lease TO due; -- when it can be taken next: while a worker has it, when the lease ends
ALTER TABLE parlance.task
	ADD COLUMN lane     text NOT NULL DEFAULT '',
	ADD COLUMN key      text NOT NULL DEFAULT '',
	ADD COLUMN deadline timestamptz,
	ADD COLUMN held     boolean NOT NULL DEFAULT false, -- it waits for another of its key
	ADD COLUMN lost     boolean NOT NULL DEFAULT false, -- the worker before never ended its turn
	ADD COLUMN taken    timestamptz,
	ADD COLUMN shut     integer NOT NULL DEFAULT 0,     -- how often its lane was shut when it was taken
	ADD COLUMN data     bytea,
	ADD COLUMN state    text NOT NULL DEFAULT '',       -- how it ended
	ADD COLUMN blocks   boolean NOT NULL DEFAULT false, -- the others of its key wait although it has ended
	ADD COLUMN erased   boolean NOT NULL DEFAULT false, -- its bodies are gone
	ADD COLUMN erase    timestamptz,                    -- when its bodies go
	ADD COLUMN forget   timestamptz;                    -- when all of it goes
ALTER TABLE parlance.task ALTER COLUMN due SET DEFAULT clock_timestamp();
UPDATE parlance.task SET due = coalesce(created, clock_timestamp()) WHERE NOT ended AND due IS NULL;
UPDATE parlance.task SET due = NULL, forget = result_at + interval '7 days' WHERE ended;
DROP INDEX parlance.job_open;
DROP INDEX parlance.job_ended;
CREATE INDEX task_ready ON parlance.task (kind, lane, due, seq) WHERE NOT ended AND NOT held;
CREATE INDEX task_busy ON parlance.task (kind, lane, due) WHERE NOT ended AND worker <> '';
CREATE INDEX task_deadline ON parlance.task (deadline) WHERE NOT ended AND deadline IS NOT NULL;
CREATE INDEX task_key ON parlance.task (kind, key, seq) WHERE key <> '' AND (NOT ended OR blocks);
CREATE INDEX task_turn ON parlance.task (kind, key) WHERE key <> '' AND NOT ended AND NOT held;
CREATE INDEX task_open ON parlance.task (kind, lane, seq) WHERE NOT ended;
CREATE INDEX task_state ON parlance.task (kind, state, seq);
CREATE INDEX task_erase ON parlance.task (erase) WHERE erase IS NOT NULL;
CREATE INDEX task_forget ON parlance.task (forget) WHERE forget IS NOT NULL;

CREATE TABLE parlance.lane (
	kind    text NOT NULL,
	name    text NOT NULL,
	opens   timestamptz,                -- shut until then
	shut_at timestamptz,
	shut    integer NOT NULL DEFAULT 0, -- how often in a row
	width   integer NOT NULL DEFAULT 0, -- how many at the same time while it recovers; 0: as many as the worker allows
	PRIMARY KEY (kind, name)
);
INSERT INTO parlance.lane (kind, name) SELECT DISTINCT kind, '' FROM parlance.task;

-- Whoever puts a task, its lane is there.
CREATE FUNCTION parlance.make_lane() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO parlance.lane (kind, name) VALUES (NEW.kind, NEW.lane) ON CONFLICT DO NOTHING;
	RETURN NULL;
END $$;
CREATE TRIGGER make_lane AFTER INSERT ON parlance.task FOR EACH ROW EXECUTE FUNCTION parlance.make_lane();

-- The table as programs of version 3 know it, which may run beside this one.
CREATE VIEW parlance.job AS
SELECT seq, id, kind, input, owner, activity, created, worker, attempt, due AS lease, progress, note, stopping, ended, outcome, content_type, body, result_at, location
FROM parlance.task;

-- What each turn of a task left.
CREATE TABLE parlance.step (
	task    bigint NOT NULL REFERENCES parlance.task ON DELETE CASCADE,
	attempt integer NOT NULL,
	record  json NOT NULL,
	PRIMARY KEY (task, attempt)
);

-- Leases up to n tasks that a condition on (seq) selects, and lists them.
CREATE FUNCTION parlance.lease(which bigint[], by text, hold interval) RETURNS SETOF parlance.task LANGUAGE sql VOLATILE AS $$
	UPDATE parlance.task AS t SET lost = t.worker <> '', worker = by, due = clock_timestamp() + hold, taken = clock_timestamp(), attempt = t.attempt + 1,
		shut = coalesce((SELECT l.shut FROM parlance.lane l WHERE l.kind = t.kind AND l.name = t.lane), 0)
	WHERE t.seq = ANY (which) RETURNING t.*
$$;

-- Takes up to most tasks: those whose deadline is over, and then of each lane that is
-- not shut, in any order, as many as may be done at the same time. Tasks and lanes that
-- others are just taking are passed over, so that nobody waits.
CREATE FUNCTION parlance.take_tasks(kinds text[], by text, hold interval, most integer, wide integer) RETURNS SETOF parlance.task LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	moment CONSTANT timestamptz := clock_timestamp();
	which  bigint[];
	lanes  record;
	room   integer;
	alone  boolean;
BEGIN
	which := ARRAY(
		SELECT seq FROM parlance.task
		WHERE NOT ended AND deadline IS NOT NULL AND deadline <= moment AND (worker = '' OR due <= moment) AND kind = ANY (kinds)
		LIMIT most FOR UPDATE SKIP LOCKED);
	IF cardinality(which) > 0 THEN
		RETURN QUERY SELECT * FROM parlance.lease(which, by, hold);
		most := most - cardinality(which);
	END IF;
	FOR lanes IN
		SELECT l.kind, l.name, l.width FROM parlance.lane l
		WHERE l.kind = ANY (kinds) AND (l.opens IS NULL OR l.opens <= moment) AND EXISTS (
			SELECT FROM parlance.task t WHERE t.kind = l.kind AND t.lane = l.name AND NOT t.ended AND NOT t.held AND t.due <= moment)
		ORDER BY random()
	LOOP
		EXIT WHEN most <= 0;
		room := most;
		IF lanes.width > 0 OR wide > 0 THEN
			-- Who counts what others do has the lane for itself.
			SELECT true INTO alone FROM parlance.lane l WHERE l.kind = lanes.kind AND l.name = lanes.name FOR UPDATE SKIP LOCKED;
			CONTINUE WHEN NOT FOUND;
			SELECT least(nullif(l.width, 0), nullif(wide, 0)) - (
				SELECT count(*) FROM parlance.task t
				WHERE t.kind = l.kind AND t.lane = l.name AND NOT t.ended AND t.worker <> '' AND t.due > moment)
			INTO room FROM parlance.lane l
			WHERE l.kind = lanes.kind AND l.name = lanes.name AND (l.opens IS NULL OR l.opens <= moment);
			room := least(coalesce(room, CASE WHEN FOUND THEN most ELSE 0 END), most);
			CONTINUE WHEN room <= 0;
		END IF;
		which := ARRAY(
			SELECT t.seq FROM parlance.task t
			WHERE t.kind = lanes.kind AND t.lane = lanes.name AND NOT t.ended AND NOT t.held AND t.due <= moment
			ORDER BY t.due, t.seq LIMIT room FOR UPDATE SKIP LOCKED);
		IF cardinality(which) > 0 THEN
			RETURN QUERY SELECT * FROM parlance.lease(which, by, hold);
			most := most - cardinality(which);
		END IF;
	END LOOP;
END $$;

-- Lets the first task of a key have its turn, unless another has it.
CREATE FUNCTION parlance.advance(of_kind text, of_key text) RETURNS void LANGUAGE sql VOLATILE AS $$
	UPDATE parlance.task SET held = false
	WHERE seq = (SELECT min(seq) FROM parlance.task WHERE kind = of_kind AND key = of_key AND key <> '' AND (NOT ended OR blocks)) AND held
		AND NOT EXISTS (SELECT FROM parlance.task WHERE kind = of_kind AND key = of_key AND key <> '' AND NOT ended AND NOT held)
$$;
