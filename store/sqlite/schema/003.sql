ALTER TABLE parlance_key ADD COLUMN not_kept INTEGER NOT NULL DEFAULT 0; -- 1: the body is missing, or a part of it
UPDATE parlance_key SET not_kept = 1 WHERE header LIKE '%"parlance: not kept"%'; -- as version 2 marked it
