-- What the test provider remembers, behind 0001_log of the shop. A file of its own: it
-- stands for somebody else's computer.
CREATE TABLE charges (
  key TEXT PRIMARY KEY,                   -- the idempotency key it was asked under
  id TEXT NOT NULL,
  amount BIGINT NOT NULL,
  currency TEXT NOT NULL,
  method TEXT NOT NULL,
  status TEXT NOT NULL,                   -- captured, declined, requires_action
  reason TEXT NOT NULL,
  shop_id TEXT NOT NULL,                  -- what the asker wants to hear again in the webhook
  payment_id TEXT NOT NULL,
  webhook_url TEXT NOT NULL,
  return_url TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  CHECK (status IN ('captured', 'declined', 'requires_action'))
);
CREATE UNIQUE INDEX charges_by_id ON charges (id);

CREATE TABLE provider_refunds (
  key TEXT PRIMARY KEY,
  id TEXT NOT NULL,
  charge_id TEXT NOT NULL,
  amount BIGINT NOT NULL,
  created_at BIGINT NOT NULL
);
CREATE INDEX provider_refunds_by_charge ON provider_refunds (charge_id);
