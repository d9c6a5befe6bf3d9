-- Merchants' own functions on orders, what they said, and the orders people must look at.
CREATE TABLE functions (
  shop_id TEXT NOT NULL REFERENCES shops (id),
  id TEXT NOT NULL,
  name TEXT NOT NULL,
  trigger_on TEXT NOT NULL,               -- before_completion, order_placed
  on_failure TEXT NOT NULL,               -- open: as if it had accepted; closed: as said in docs
  timeout_ms BIGINT NOT NULL,
  enabled BIGINT NOT NULL,
  active_version BIGINT NOT NULL,
  latest_version BIGINT NOT NULL,
  version BIGINT NOT NULL DEFAULT 1,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (shop_id, id),
  CHECK (trigger_on IN ('before_completion', 'order_placed')),
  CHECK (on_failure IN ('open', 'closed')),
  CHECK (enabled IN (0, 1)),
  CHECK (active_version BETWEEN 1 AND latest_version)
);
CREATE UNIQUE INDEX functions_by_name ON functions (shop_id, name);

-- The source of a version never changes.
CREATE TABLE function_versions (
  shop_id TEXT NOT NULL,
  function_id TEXT NOT NULL,
  number BIGINT NOT NULL,
  source TEXT NOT NULL,
  note TEXT NOT NULL DEFAULT '',
  actor TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (shop_id, function_id, number),
  FOREIGN KEY (shop_id, function_id) REFERENCES functions (shop_id, id)
);

CREATE TABLE function_runs (
  shop_id TEXT NOT NULL,
  id TEXT NOT NULL,
  function_id TEXT NOT NULL,
  function_version BIGINT NOT NULL,
  order_id TEXT NOT NULL DEFAULT '',      -- '' when the order was refused and never came to be
  outcome TEXT NOT NULL,                  -- finished, threw, timed_out, out_of_memory, …
  decision TEXT NOT NULL,                 -- accept, review, reject: what was done about it
  report TEXT NOT NULL,                   -- JSON: score, reasons, logs, error, time, memory
  at BIGINT NOT NULL,
  PRIMARY KEY (shop_id, id),
  FOREIGN KEY (shop_id, function_id) REFERENCES functions (shop_id, id),
  CHECK (decision IN ('accept', 'review', 'reject'))
);
CREATE INDEX function_runs_by_function ON function_runs (shop_id, function_id, id);
CREATE INDEX function_runs_by_order ON function_runs (shop_id, order_id);
CREATE INDEX function_runs_by_time ON function_runs (at);

-- An order that functions flagged. While it is held nothing of it leaves.
CREATE TABLE order_reviews (
  shop_id TEXT NOT NULL,
  order_id TEXT NOT NULL,
  status TEXT NOT NULL,                   -- held, released, cancelled
  flags TEXT NOT NULL,                    -- JSON array: what each function said
  decided_by TEXT NOT NULL DEFAULT '',
  decided_at BIGINT,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (shop_id, order_id),
  CHECK (status IN ('held', 'released', 'cancelled'))
);
CREATE INDEX order_reviews_by_status ON order_reviews (shop_id, status, created_at);
