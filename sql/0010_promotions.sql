-- What a shop takes off its prices. A promotion with a code is for carts that name it; one without
-- applies by itself, to every cart that meets its terms, and has no limits of use: a counter that
-- every checkout of a shop must wait for would be one.
CREATE TABLE promotions (
  shop_id TEXT NOT NULL REFERENCES shops (id),
  id TEXT NOT NULL,
  title TEXT NOT NULL,                    -- as shoppers read it
  code TEXT NOT NULL DEFAULT '',          -- upper case; '' applies by itself
  kind TEXT NOT NULL,
  terms TEXT NOT NULL,                    -- JSON: how much off what (carts/promotion_terms.hpp)
  combines BIGINT NOT NULL DEFAULT 0,     -- 1: may stand beside others that do
  active BIGINT NOT NULL DEFAULT 1,
  starts_at BIGINT,
  ends_at BIGINT,
  usage_limit BIGINT,                     -- orders altogether; NULL: any number
  customer_limit BIGINT,                  -- orders of one e-mail address
  used BIGINT NOT NULL DEFAULT 0,         -- by orders that are not cancelled; counted of codes only
  version BIGINT NOT NULL DEFAULT 1,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (shop_id, id),
  CHECK (kind IN ('percentage', 'fixed_amount', 'free_shipping', 'buy_x_get_y')),
  CHECK (used >= 0 AND (usage_limit IS NULL OR used <= usage_limit)),
  CHECK (code <> '' OR (usage_limit IS NULL AND customer_limit IS NULL AND used = 0)),
  CHECK (combines IN (0, 1) AND active IN (0, 1))
);
CREATE UNIQUE INDEX promotions_by_code ON promotions (shop_id, code) WHERE code <> '';
CREATE INDEX promotions_automatic ON promotions (shop_id, active) WHERE code = '';
CREATE INDEX promotions_by_time ON promotions (shop_id, created_at, id);

-- What each order got of which promotion: a row for every use.
CREATE TABLE promotion_redemptions (
  shop_id TEXT NOT NULL,
  order_id TEXT NOT NULL,
  promotion_id TEXT NOT NULL,
  code TEXT NOT NULL,
  amount BIGINT NOT NULL,                 -- minor units of the order's currency
  customer TEXT,                          -- e-mail address, where uses by customer are counted
  at BIGINT NOT NULL,
  released_at BIGINT,                     -- when the order was cancelled: it counts no longer
  PRIMARY KEY (shop_id, order_id, promotion_id),
  FOREIGN KEY (shop_id, promotion_id) REFERENCES promotions (shop_id, id),
  FOREIGN KEY (shop_id, order_id) REFERENCES orders (shop_id, id),
  CHECK (amount >= 0)
);
CREATE INDEX promotion_redemptions_by_promotion
  ON promotion_redemptions (shop_id, promotion_id, at, order_id);

-- Uses by one e-mail address. `most` is the promotion's limit when it was last used, beside the
-- count, so that the row alone can refuse one use too many.
CREATE TABLE promotion_customers (
  shop_id TEXT NOT NULL,
  promotion_id TEXT NOT NULL,
  customer TEXT NOT NULL,                 -- e-mail address, lower case
  used BIGINT NOT NULL,
  most BIGINT NOT NULL,
  PRIMARY KEY (shop_id, promotion_id, customer),
  FOREIGN KEY (shop_id, promotion_id) REFERENCES promotions (shop_id, id),
  CHECK (used >= 0 AND used <= most)
);
CREATE INDEX promotion_customers_by_customer ON promotion_customers (shop_id, customer);

-- Codes a shopper entered, as long as the cart is one.
CREATE TABLE cart_codes (
  shop_id TEXT NOT NULL,
  cart_id TEXT NOT NULL,
  code TEXT NOT NULL,                     -- upper case
  position BIGINT NOT NULL,
  PRIMARY KEY (shop_id, cart_id, code),
  FOREIGN KEY (shop_id, cart_id) REFERENCES carts (shop_id, id)
);

-- Of an order: what was taken off, in all, of shipping and of each line. Prices stay as they were.
ALTER TABLE orders ADD COLUMN discount_total BIGINT NOT NULL DEFAULT 0;
ALTER TABLE orders ADD COLUMN shipping_discount BIGINT NOT NULL DEFAULT 0;
ALTER TABLE orders ADD COLUMN discounts TEXT NOT NULL DEFAULT '[]';
ALTER TABLE order_lines ADD COLUMN discount BIGINT NOT NULL DEFAULT 0;
