-- The list of a vendor's requests in a state, and the oldest of them, without looking at others.
-- By -seq, since PostgreSQL may take the primary key for an order by seq, and look at all others
-- on the way.
DROP INDEX parlance.task_open;
DROP INDEX parlance.task_state;
CREATE INDEX task_state ON parlance.task (kind, state, (-seq)) INCLUDE (seq);
CREATE INDEX task_lane ON parlance.task (kind, lane, state, (-seq)) INCLUDE (seq);
