-- Tasks of the queue, in the place of jobs.
ALTER TABLE parlance_job RENAME TO parlance_task;
ALTER TABLE parlance_task RENAME COLUMN lease TO due; -- when it can be taken next: while a worker has it, when the lease ends
ALTER TABLE parlance_task ADD COLUMN lane TEXT NOT NULL DEFAULT '';
ALTER TABLE parlance_task ADD COLUMN key TEXT NOT NULL DEFAULT '';
ALTER TABLE parlance_task ADD COLUMN deadline INTEGER NOT NULL DEFAULT 0;
ALTER TABLE parlance_task ADD COLUMN held INTEGER NOT NULL DEFAULT 0;   -- 1: it waits for another of its key
ALTER TABLE parlance_task ADD COLUMN lost INTEGER NOT NULL DEFAULT 0;   -- 1: the worker before never ended its turn
ALTER TABLE parlance_task ADD COLUMN taken INTEGER NOT NULL DEFAULT 0;
ALTER TABLE parlance_task ADD COLUMN shut INTEGER NOT NULL DEFAULT 0;   -- how often its lane was shut when it was taken
ALTER TABLE parlance_task ADD COLUMN data BLOB;
ALTER TABLE parlance_task ADD COLUMN state TEXT NOT NULL DEFAULT '';    -- how it ended
ALTER TABLE parlance_task ADD COLUMN blocks INTEGER NOT NULL DEFAULT 0; -- 1: the others of its key wait although it has ended
ALTER TABLE parlance_task ADD COLUMN erased INTEGER NOT NULL DEFAULT 0; -- 1: its bodies are gone
ALTER TABLE parlance_task ADD COLUMN erase INTEGER NOT NULL DEFAULT 0;  -- when its bodies go
ALTER TABLE parlance_task ADD COLUMN forget INTEGER NOT NULL DEFAULT 0; -- when all of it goes
UPDATE parlance_task SET due = created WHERE ended = 0 AND due = 0;
UPDATE parlance_task SET due = 0, forget = result_at + 604800000000000 WHERE ended = 1;
DROP INDEX parlance_job_open;
DROP INDEX parlance_job_ended;
CREATE INDEX parlance_task_ready ON parlance_task (kind, lane, due, seq) WHERE ended = 0 AND held = 0;
CREATE INDEX parlance_task_busy ON parlance_task (kind, lane, due) WHERE ended = 0 AND worker <> '';
CREATE INDEX parlance_task_deadline ON parlance_task (deadline) WHERE ended = 0 AND deadline <> 0;
CREATE INDEX parlance_task_key ON parlance_task (kind, key, seq) WHERE key <> '' AND (ended = 0 OR blocks = 1);
CREATE INDEX parlance_task_turn ON parlance_task (kind, key) WHERE key <> '' AND ended = 0 AND held = 0;
CREATE INDEX parlance_task_open ON parlance_task (kind, lane, seq) WHERE ended = 0;
CREATE INDEX parlance_task_state ON parlance_task (kind, state, seq);
CREATE INDEX parlance_task_erase ON parlance_task (erase) WHERE erase <> 0;
CREATE INDEX parlance_task_forget ON parlance_task (forget) WHERE forget <> 0;

CREATE TABLE parlance_lane (
	kind    TEXT NOT NULL,
	name    TEXT NOT NULL,
	opens   INTEGER NOT NULL DEFAULT 0, -- shut until then
	shut_at INTEGER NOT NULL DEFAULT 0,
	shut    INTEGER NOT NULL DEFAULT 0, -- how often in a row
	width   INTEGER NOT NULL DEFAULT 0, -- how many at the same time while it recovers; 0: as many as the worker allows
	PRIMARY KEY (kind, name)
) WITHOUT ROWID;
INSERT INTO parlance_lane (kind, name) SELECT DISTINCT kind, '' FROM parlance_task;

-- What each turn of a task left.
CREATE TABLE parlance_step (
	task    INTEGER NOT NULL,
	attempt INTEGER NOT NULL,
	record  TEXT NOT NULL, -- JSON
	PRIMARY KEY (task, attempt)
) WITHOUT ROWID;
