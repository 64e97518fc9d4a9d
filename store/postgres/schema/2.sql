ALTER TABLE parlance.job ADD COLUMN location text NOT NULL DEFAULT '';
