-- What a change of a location is made on (If-Match).
-- runs with 0009
ALTER TABLE locations ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
