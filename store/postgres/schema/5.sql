-- Recording a response changes no index: then PostgreSQL keeps the new row on the page of
-- the old one, if there is room. Only a key whose effect is outside is listed while open.
ALTER TABLE parlance.key ADD COLUMN open boolean GENERATED ALWAYS AS (outside AND NOT answered) STORED;
DROP INDEX parlance.key_open;
DROP INDEX parlance.key_expires;
CREATE INDEX key_open ON parlance.key (claimed) WHERE open;
CREATE INDEX key_expires ON parlance.key (expires);
ALTER TABLE parlance.key SET (fillfactor = 80);
