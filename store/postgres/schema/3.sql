ALTER TABLE parlance.key ADD COLUMN not_kept boolean NOT NULL DEFAULT false; -- the body is missing, or a part of it
UPDATE parlance.key SET not_kept = true WHERE header::text LIKE '%"parlance: not kept"%'; -- as version 2 marked it
