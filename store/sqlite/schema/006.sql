-- What is due is found without looking at each lane.
CREATE INDEX parlance_task_due ON parlance_task (kind, due) WHERE ended = 0 AND held = 0;

-- A long input stands beside its task, since each turn writes the row of the task anew.
CREATE TABLE parlance_input (
	task  INTEGER PRIMARY KEY,
	input BLOB NOT NULL
);
CREATE TRIGGER parlance_task_deleted AFTER DELETE ON parlance_task BEGIN
	DELETE FROM parlance_input WHERE task = old.seq;
END;
CREATE TRIGGER parlance_task_erased AFTER UPDATE OF erased ON parlance_task WHEN new.erased = 1 BEGIN
	DELETE FROM parlance_input WHERE task = new.seq;
END;
