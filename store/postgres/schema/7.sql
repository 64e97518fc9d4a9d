-- What is due is found without looking at each lane.
CREATE INDEX task_due ON parlance.task (kind, due) WHERE NOT ended AND NOT held;

-- Takes up to most tasks: those whose deadline is over, and then of each lane that is
-- not shut, in any order, as many as may be done at the same time. Tasks and lanes that
-- others are just taking are passed over, so that nobody waits. Those in except are left out.
CREATE FUNCTION parlance.take_tasks(kinds text[], by text, hold interval, most integer, wide integer, except_ids text[]) RETURNS SETOF parlance.task LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	moment CONSTANT timestamptz := clock_timestamp();
	many   CONSTANT integer := 1000; -- due tasks are looked at to find the lanes that have some
	which  bigint[];
	names  text[];
	n      integer;
	lanes  record;
	room   integer;
	alone  boolean;
BEGIN
	which := ARRAY(
		SELECT seq FROM parlance.task
		WHERE NOT ended AND deadline IS NOT NULL AND deadline <= moment AND (worker = '' OR due <= moment) AND kind = ANY (kinds) AND id <> ALL (except_ids)
		LIMIT most FOR UPDATE SKIP LOCKED);
	IF cardinality(which) > 0 THEN
		RETURN QUERY SELECT * FROM parlance.lease(which, by, hold);
		most := most - cardinality(which);
	END IF;
	SELECT array_agg(DISTINCT w.lane), count(*) INTO names, n FROM (
		SELECT t.lane FROM parlance.task t WHERE t.kind = ANY (kinds) AND NOT t.ended AND NOT t.held AND t.due <= moment LIMIT many) w;
	IF n = 0 THEN
		RETURN;
	ELSIF n = many THEN
		names := ARRAY(SELECT name FROM parlance.lane WHERE kind = ANY (kinds));
	END IF;
	FOR lanes IN
		SELECT l.kind, l.name, l.width FROM parlance.lane l
		WHERE l.kind = ANY (kinds) AND l.name = ANY (names) AND (l.opens IS NULL OR l.opens <= moment) AND (
			SELECT true FROM parlance.task t WHERE t.kind = l.kind AND t.lane = l.name AND NOT t.ended AND NOT t.held AND t.due <= moment LIMIT 1)
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
			WHERE t.kind = lanes.kind AND t.lane = lanes.name AND NOT t.ended AND NOT t.held AND t.due <= moment AND t.id <> ALL (except_ids)
			ORDER BY t.due, t.seq LIMIT room FOR UPDATE SKIP LOCKED);
		IF cardinality(which) > 0 THEN
			RETURN QUERY SELECT * FROM parlance.lease(which, by, hold);
			most := most - cardinality(which);
		END IF;
	END LOOP;
END $$;

-- For programs of version 6.
CREATE OR REPLACE FUNCTION parlance.take_tasks(kinds text[], by text, hold interval, most integer, wide integer) RETURNS SETOF parlance.task LANGUAGE sql VOLATILE AS $$
	SELECT * FROM parlance.take_tasks(kinds, by, hold, most, wide, '{}')
$$;

-- A lane goes with its last task. Who puts a task keeps its lane, and those with the same hash,
-- until the commit.
CREATE FUNCTION parlance.keep_lane(of_kind text, of_name text) RETURNS integer LANGUAGE sql IMMUTABLE AS $$
	SELECT hashtext(of_kind || chr(1) || of_name) & 255
$$;
CREATE OR REPLACE FUNCTION parlance.make_lane() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	PERFORM pg_advisory_xact_lock_shared(1886157061, parlance.keep_lane(NEW.kind, NEW.lane));
	INSERT INTO parlance.lane (kind, name) VALUES (NEW.kind, NEW.lane) ON CONFLICT DO NOTHING;
	RETURN NULL;
END $$;
CREATE FUNCTION parlance.drop_lanes() RETURNS void LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	idle record;
BEGIN
	FOR idle IN
		SELECT kind, name FROM parlance.lane l WHERE (opens IS NULL OR opens <= clock_timestamp())
			AND (SELECT true FROM parlance.task t WHERE t.kind = l.kind AND t.lane = l.name LIMIT 1) IS NULL
		LIMIT 1000
	LOOP
		IF pg_try_advisory_xact_lock(1886157061, parlance.keep_lane(idle.kind, idle.name)) THEN
			DELETE FROM parlance.lane l WHERE kind = idle.kind AND name = idle.name
				AND NOT EXISTS (SELECT FROM parlance.task t WHERE t.kind = idle.kind AND t.lane = idle.name);
		END IF;
	END LOOP;
END $$;
