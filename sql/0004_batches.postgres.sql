-- What storage needs on PostgreSQL alone (src/storage/postgres/).

-- A marker for each transaction of the writer. When the answer to COMMIT is lost, it tells whether
-- the transaction took place; tail -1 bars one that did not and must not any more.
CREATE TABLE storage_batches (
  id TEXT PRIMARY KEY,
  tail BIGINT NOT NULL,                   -- of the event log before the transaction
  at BIGINT NOT NULL
);
CREATE INDEX storage_batches_by_time ON storage_batches (at);

-- A statement of a batch changed another number of rows than it must.
CREATE FUNCTION storage_row_count(changed BIGINT, expected BIGINT) RETURNS BIGINT
LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% rows instead of %', changed, expected USING ERRCODE = 'SC001';
END $$;

-- A session whose commits would wait for less than the operator asked for.
CREATE FUNCTION storage_weak_commit(wanted TEXT) RETURNS VOID LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'synchronous_commit is % instead of %',
    current_setting('synchronous_commit'), wanted USING ERRCODE = 'SC002';
END $$;
