-- What storage and events need for themselves. Runs on SQLite and on PostgreSQL; a comment that
-- begins with the name of an engine is text for that engine (storage/migrations.hpp).

-- A key is stored in the transaction of the batch it protects, with the response to repeat.
CREATE TABLE idempotency_keys (
  shop_id TEXT NOT NULL,
  scope TEXT NOT NULL,
  key TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  status BIGINT NOT NULL,
  body TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (shop_id, scope, key)
);
CREATE INDEX idempotency_keys_created ON idempotency_keys (created_at);

-- The event log. Positions are dense from 1 in each origin: the one writer of an origin gives them.
CREATE TABLE event_log (
  origin TEXT NOT NULL,
  position BIGINT NOT NULL,
  shop_id TEXT NOT NULL,
  type TEXT NOT NULL,
  subject TEXT NOT NULL,
  payload TEXT NOT NULL,
  at BIGINT NOT NULL,
  trace TEXT NOT NULL,
  PRIMARY KEY (origin, position)
) /*sqlite WITHOUT ROWID */;
CREATE INDEX event_log_shop ON event_log (shop_id, origin, position);

-- Every event up to `position` has been handled or parked by the consumer.
CREATE TABLE consumer_cursors (
  consumer TEXT NOT NULL,
  origin TEXT NOT NULL,
  position BIGINT NOT NULL,
  PRIMARY KEY (consumer, origin)
) /*sqlite WITHOUT ROWID */;

-- Written in the transaction of the effect itself, so an event delivered twice has its effect once.
-- Rows at or below the cursor are pruned.
CREATE TABLE consumer_effects (
  consumer TEXT NOT NULL,
  origin TEXT NOT NULL,
  position BIGINT NOT NULL,
  PRIMARY KEY (consumer, origin, position)
) /*sqlite WITHOUT ROWID */;

-- Events a consumer gave up on, kept until somebody replays them.
CREATE TABLE parked_events (
  consumer TEXT NOT NULL,
  origin TEXT NOT NULL,
  position BIGINT NOT NULL,
  reason TEXT NOT NULL,
  attempts BIGINT NOT NULL,
  parked_at BIGINT NOT NULL,
  PRIMARY KEY (consumer, origin, position)
) /*sqlite WITHOUT ROWID */;
