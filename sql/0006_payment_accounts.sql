-- A shop's account at a payment provider. Secrets are sealed with the installation's key
-- (shop/payments/accounts.hpp): base64url of nonce and ciphertext.
CREATE TABLE payment_accounts (
  shop_id TEXT NOT NULL REFERENCES shops (id),
  provider TEXT NOT NULL,                 -- test, stripe
  enabled BIGINT NOT NULL,
  mode TEXT NOT NULL DEFAULT '',          -- test, live: as its keys say; '' without keys
  publishable_key TEXT NOT NULL DEFAULT '',
  secret_key TEXT NOT NULL DEFAULT '',
  secret_hint TEXT NOT NULL DEFAULT '',   -- first and last characters, to recognise it by
  webhook_secret TEXT NOT NULL DEFAULT '',
  webhook_hint TEXT NOT NULL DEFAULT '',
  version BIGINT NOT NULL DEFAULT 1,
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (shop_id, provider),
  CHECK (provider IN ('test', 'stripe')),
  CHECK (mode IN ('', 'test', 'live')),
  CHECK (enabled IN (0, 1))
);
