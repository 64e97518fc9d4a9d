-- The list of a vendor's requests in a state, and the oldest of them, without looking at others.
DROP INDEX parlance_task_open;
CREATE INDEX parlance_task_lane ON parlance_task (kind, lane, state, seq);
