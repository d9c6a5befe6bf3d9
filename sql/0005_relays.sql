-- What a broker outside the process needs (src/events/shared_queue.hpp).
-- runs with 0003

-- Who moves the events of a consumer from the log to its queue, and how far the broker has
-- confirmed them. The life names the queue: one that lost what it held is followed by one of
-- another name. It is empty before the first, the owner while nobody relays. The beat grows with
-- each sign of life.
CREATE TABLE relay_positions (
  consumer TEXT NOT NULL,
  origin TEXT NOT NULL,
  life TEXT NOT NULL,
  position BIGINT NOT NULL,
  owner TEXT NOT NULL,
  beat BIGINT NOT NULL,
  PRIMARY KEY (consumer, origin)
) /*sqlite WITHOUT ROWID */;

-- Messages that are no events, as they came (base64url).
CREATE TABLE parked_messages (
  id TEXT NOT NULL,
  consumer TEXT NOT NULL,
  reason TEXT NOT NULL,
  body TEXT NOT NULL,
  parked_at BIGINT NOT NULL,
  PRIMARY KEY (id)
) /*sqlite WITHOUT ROWID */;

-- 1 when somebody asked for one more try.
ALTER TABLE parked_events ADD COLUMN replay BIGINT NOT NULL DEFAULT 0;
