-- The shop. Portable between SQLite and PostgreSQL: TEXT, BIGINT (also for booleans 0/1, for times
-- in milliseconds since 1970 UTC and for money in minor units); JSON documents are TEXT.
-- Every row belongs to a shop, every key starts with it: one shop can never reach another's rows.

-- Shops ------------------------------------------------------------------------------------------
CREATE TABLE shops (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  tagline TEXT NOT NULL DEFAULT '',
  default_currency TEXT NOT NULL,
  currencies TEXT NOT NULL,               -- JSON array of ISO 4217 codes, default first
  countries TEXT NOT NULL,                -- JSON array of ISO 3166-1 codes it ships to
  home_country TEXT NOT NULL DEFAULT '',  -- taxes of a cart whose address is not known yet
  default_tax_class_id TEXT,              -- of products and shipping that name none
  prices_include_tax BIGINT NOT NULL DEFAULT 1,
  tax_included_in TEXT NOT NULL DEFAULT '{}', -- JSON: by country, where it is otherwise
  contact_email TEXT NOT NULL DEFAULT '',
  presentation TEXT NOT NULL DEFAULT '{}', -- JSON: logo, hero, texts of the storefront
  version BIGINT NOT NULL DEFAULT 1,
  -- Grows with each change of what carts are priced by: this row, taxes, shipping, locations.
  terms_version BIGINT NOT NULL DEFAULT 1,
  created_at BIGINT NOT NULL,
  CHECK (prices_include_tax IN (0, 1))
);

CREATE TABLE shop_hosts (
  host TEXT PRIMARY KEY,                  -- lower case, without port; one host names one shop
  shop_id TEXT NOT NULL REFERENCES shops (id)
);
CREATE INDEX shop_hosts_by_shop ON shop_hosts (shop_id);

CREATE TABLE signing_keys (
  shop_id TEXT NOT NULL REFERENCES shops (id),
  id TEXT NOT NULL,
  public_key TEXT NOT NULL,               -- base64url, Ed25519
  secret_seed TEXT NOT NULL,              -- base64url
  created_at BIGINT NOT NULL,
  PRIMARY KEY (shop_id, id)
);

-- Accounts ---------------------------------------------------------------------------------------
CREATE TABLE api_keys (
  shop_id TEXT NOT NULL REFERENCES shops (id),
  id TEXT NOT NULL,
  kind TEXT NOT NULL,                     -- publishable, secret
  name TEXT NOT NULL,
  prefix TEXT NOT NULL,                   -- its first characters, to recognise it by
  key_hash TEXT NOT NULL,                 -- SHA-256 of the whole key
  role TEXT,                              -- of a secret key; as staff.role
  created_at BIGINT NOT NULL,
  revoked_at BIGINT,
  PRIMARY KEY (shop_id, id),
  CHECK (kind IN ('publishable', 'secret'))
);
CREATE UNIQUE INDEX api_keys_by_hash ON api_keys (key_hash);

CREATE TABLE staff (
  shop_id TEXT NOT NULL REFERENCES shops (id),
  id TEXT NOT NULL,
  email TEXT NOT NULL,                    -- lower case
  name TEXT NOT NULL,
  role TEXT NOT NULL,
  password TEXT NOT NULL,                 -- argon2id, PHC string
  disabled BIGINT NOT NULL DEFAULT 0,
  version BIGINT NOT NULL DEFAULT 1,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (shop_id, id),
  CHECK (role IN ('owner', 'manager', 'fulfilment', 'support', 'viewer'))
);
CREATE UNIQUE INDEX staff_by_email ON staff (shop_id, email);

CREATE TABLE customers (
  shop_id TEXT NOT NULL REFERENCES shops (id),
  id TEXT NOT NULL,
  email TEXT NOT NULL,                    -- lower case
  name TEXT NOT NULL,
  password TEXT,                          -- argon2id; NULL: ordered as a guest, cannot sign in
  version BIGINT NOT NULL DEFAULT 1,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (shop_id, id)
);
CREATE UNIQUE INDEX customers_by_email ON customers (shop_id, email);
CREATE INDEX customers_by_time ON customers (shop_id, created_at, id);

CREATE TABLE customer_addresses (
  shop_id TEXT NOT NULL,
  id TEXT NOT NULL,
  customer_id TEXT NOT NULL,
  address TEXT NOT NULL,                  -- JSON
  created_at BIGINT NOT NULL,
  PRIMARY KEY (shop_id, id),
  FOREIGN KEY (shop_id, customer_id) REFERENCES customers (shop_id, id)
);
CREATE INDEX customer_addresses_by_customer ON customer_addresses (shop_id, customer_id);

CREATE TABLE sessions (
  token_hash TEXT PRIMARY KEY,            -- SHA-256 of the token; the token itself is never stored
  shop_id TEXT NOT NULL REFERENCES shops (id),
  subject_kind TEXT NOT NULL,
  subject_id TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  CHECK (subject_kind IN ('customer', 'staff'))
);
CREATE INDEX sessions_by_subject ON sessions (shop_id, subject_kind, subject_id);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

-- Failed logins, by what was tried (shop + e-mail) and by where from (shop + address).
CREATE TABLE login_attempts (
  shop_id TEXT NOT NULL,
  bucket TEXT NOT NULL,
  failures BIGINT NOT NULL,
  window_start BIGINT NOT NULL,
  PRIMARY KEY (shop_id, bucket)
);

-- Taxes and shipping -----------------------------------------------------------------------------
CREATE TABLE tax_classes (
  shop_id TEXT NOT NULL REFERENCES shops (id),
  id TEXT NOT NULL,
  name TEXT NOT NULL,
  version BIGINT NOT NULL DEFAULT 1,
  PRIMARY KEY (shop_id, id)
);
CREATE UNIQUE INDEX tax_classes_by_name ON tax_classes (shop_id, name);

CREATE TABLE tax_rates (
  shop_id TEXT NOT NULL,
  id TEXT NOT NULL,
  tax_class_id TEXT NOT NULL,
  country TEXT NOT NULL,
  province TEXT NOT NULL DEFAULT '',      -- '' applies to the whole country
  name TEXT NOT NULL,                     -- "MwSt. 19 %"
  basis_points BIGINT NOT NULL,           -- 1900 is 19 %
  PRIMARY KEY (shop_id, id),
  FOREIGN KEY (shop_id, tax_class_id) REFERENCES tax_classes (shop_id, id),
  CHECK (basis_points >= 0 AND basis_points <= 10000)
);
CREATE UNIQUE INDEX tax_rates_by_place ON tax_rates (shop_id, tax_class_id, country, province);

CREATE TABLE shipping_zones (
  shop_id TEXT NOT NULL REFERENCES shops (id),
  id TEXT NOT NULL,
  name TEXT NOT NULL,
  countries TEXT NOT NULL,                -- JSON array; '*' is every country no other zone names
  version BIGINT NOT NULL DEFAULT 1,
  PRIMARY KEY (shop_id, id)
);

CREATE TABLE shipping_methods (
  shop_id TEXT NOT NULL,
  id TEXT NOT NULL,
  zone_id TEXT NOT NULL,
  name TEXT NOT NULL,
  description TEXT NOT NULL DEFAULT '',
  -- JSON array of {"max_grams": 2000 or null, "prices": {"EUR": 490, …}}, rising
  bands TEXT NOT NULL,
  tax_class_id TEXT,
  position BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (shop_id, id),
  FOREIGN KEY (shop_id, zone_id) REFERENCES shipping_zones (shop_id, id)
);
CREATE INDEX shipping_methods_by_zone ON shipping_methods (shop_id, zone_id);

-- Catalog ----------------------------------------------------------------------------------------
CREATE TABLE products (
  shop_id TEXT NOT NULL REFERENCES shops (id),
  id TEXT NOT NULL,
  handle TEXT NOT NULL,
  title TEXT NOT NULL,
  title_key TEXT NOT NULL DEFAULT '',     -- to sort by: lower case, without accents
  description TEXT NOT NULL DEFAULT '',   -- HTML of a safe subset
  vendor TEXT NOT NULL DEFAULT '',
  type TEXT NOT NULL DEFAULT '',
  tags TEXT NOT NULL DEFAULT '[]',        -- JSON array
  options TEXT NOT NULL DEFAULT '[]',     -- JSON array of {"name", "values"}
  status TEXT NOT NULL,
  tax_class_id TEXT,
  seo_title TEXT NOT NULL DEFAULT '',
  seo_description TEXT NOT NULL DEFAULT '',
  attributes TEXT NOT NULL DEFAULT '{}',  -- JSON: columns of an import we keep but do not use
  version BIGINT NOT NULL DEFAULT 1,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (shop_id, id),
  CHECK (status IN ('draft', 'published', 'archived'))
);
CREATE UNIQUE INDEX products_by_handle ON products (shop_id, handle);
CREATE INDEX products_by_time ON products (shop_id, status, created_at, id);
CREATE INDEX products_by_creation ON products (shop_id, created_at, id);
CREATE INDEX products_by_title ON products (shop_id, status, title_key, id);

-- What is counted: one physical thing. Two variants may share one (a set and its single piece).
CREATE TABLE inventory_items (
  shop_id TEXT NOT NULL REFERENCES shops (id),
  id TEXT NOT NULL,
  sku TEXT NOT NULL DEFAULT '',
  created_at BIGINT NOT NULL,
  PRIMARY KEY (shop_id, id)
);

CREATE TABLE variants (
  shop_id TEXT NOT NULL,
  id TEXT NOT NULL,
  product_id TEXT NOT NULL,
  position BIGINT NOT NULL,
  title TEXT NOT NULL,                    -- "Blue / Large"
  option_values TEXT NOT NULL,            -- JSON array, in the order of products.options
  sku TEXT NOT NULL DEFAULT '',
  barcode TEXT NOT NULL DEFAULT '',
  grams BIGINT NOT NULL DEFAULT 0,
  requires_shipping BIGINT NOT NULL DEFAULT 1,
  taxable BIGINT NOT NULL DEFAULT 1,
  track_stock BIGINT NOT NULL DEFAULT 1,
  backorder BIGINT NOT NULL DEFAULT 0,    -- 1: sell beyond the stock
  image_id TEXT,
  inventory_item_id TEXT,                 -- NULL when stock is not tracked
  units BIGINT NOT NULL DEFAULT 1,        -- of the item in one of this variant
  attributes TEXT NOT NULL DEFAULT '{}',
  version BIGINT NOT NULL DEFAULT 1,
  PRIMARY KEY (shop_id, id),
  FOREIGN KEY (shop_id, product_id) REFERENCES products (shop_id, id),
  FOREIGN KEY (shop_id, inventory_item_id) REFERENCES inventory_items (shop_id, id),
  CHECK (units > 0 AND grams >= 0 AND track_stock IN (0, 1) AND backorder IN (0, 1)),
  CHECK (track_stock = 0 OR inventory_item_id IS NOT NULL)
);
CREATE INDEX variants_by_product ON variants (shop_id, product_id, position);
CREATE UNIQUE INDEX variants_by_options ON variants (shop_id, product_id, option_values);
CREATE INDEX variants_by_sku ON variants (shop_id, sku);
CREATE INDEX variants_by_item ON variants (shop_id, inventory_item_id);

CREATE TABLE variant_prices (
  shop_id TEXT NOT NULL,
  variant_id TEXT NOT NULL,
  currency TEXT NOT NULL,
  amount BIGINT NOT NULL,
  compare_at BIGINT,
  PRIMARY KEY (shop_id, variant_id, currency),
  FOREIGN KEY (shop_id, variant_id) REFERENCES variants (shop_id, id),
  CHECK (amount >= 0 AND (compare_at IS NULL OR compare_at >= 0))
);

-- A product's lowest price in each currency it can be bought in, kept by the batch that changes the
-- product: lists sort by it.
CREATE TABLE product_prices (
  shop_id TEXT NOT NULL,
  product_id TEXT NOT NULL,
  currency TEXT NOT NULL,
  lowest BIGINT NOT NULL,
  PRIMARY KEY (shop_id, product_id, currency),
  FOREIGN KEY (shop_id, product_id) REFERENCES products (shop_id, id)
);
CREATE INDEX product_prices_by_amount ON product_prices (shop_id, currency, lowest, product_id);

CREATE TABLE images (
  shop_id TEXT NOT NULL,
  id TEXT NOT NULL,
  product_id TEXT NOT NULL,
  position BIGINT NOT NULL,
  src TEXT NOT NULL,
  alt TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (shop_id, id),
  FOREIGN KEY (shop_id, product_id) REFERENCES products (shop_id, id)
);
CREATE INDEX images_by_product ON images (shop_id, product_id, position);

CREATE TABLE collections (
  shop_id TEXT NOT NULL REFERENCES shops (id),
  id TEXT NOT NULL,
  handle TEXT NOT NULL,
  title TEXT NOT NULL,
  description TEXT NOT NULL DEFAULT '',
  image TEXT NOT NULL DEFAULT '',
  published BIGINT NOT NULL DEFAULT 1,
  position BIGINT NOT NULL DEFAULT 0,
  version BIGINT NOT NULL DEFAULT 1,
  PRIMARY KEY (shop_id, id)
);
CREATE UNIQUE INDEX collections_by_handle ON collections (shop_id, handle);
CREATE INDEX collections_by_position ON collections (shop_id, position, id);

CREATE TABLE collection_products (
  shop_id TEXT NOT NULL,
  collection_id TEXT NOT NULL,
  product_id TEXT NOT NULL,
  position BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (shop_id, collection_id, product_id),
  FOREIGN KEY (shop_id, collection_id) REFERENCES collections (shop_id, id),
  FOREIGN KEY (shop_id, product_id) REFERENCES products (shop_id, id)
);
CREATE INDEX collection_products_by_position
  ON collection_products (shop_id, collection_id, position, product_id);
CREATE INDEX collection_products_by_product ON collection_products (shop_id, product_id);

-- Inventory --------------------------------------------------------------------------------------
CREATE TABLE locations (
  shop_id TEXT NOT NULL REFERENCES shops (id),
  id TEXT NOT NULL,
  name TEXT NOT NULL,
  priority BIGINT NOT NULL DEFAULT 0,     -- lower is taken from first
  PRIMARY KEY (shop_id, id)
);
CREATE UNIQUE INDEX locations_by_name ON locations (shop_id, name);

-- What is physically there. on_hand = sum of the movements' on_hand.
CREATE TABLE stock_levels (
  shop_id TEXT NOT NULL,
  item_id TEXT NOT NULL,
  location_id TEXT NOT NULL,
  on_hand BIGINT NOT NULL,
  PRIMARY KEY (shop_id, item_id, location_id),
  FOREIGN KEY (shop_id, item_id) REFERENCES inventory_items (shop_id, id),
  FOREIGN KEY (shop_id, location_id) REFERENCES locations (shop_id, id),
  CHECK (on_hand >= 0)
);

-- The part of the stock a region may sell. One machine is one region, 'local', that is granted all.
-- granted - sold = on_hand; units promised beyond the stock are counted apart, in backordered.
CREATE TABLE allotments (
  shop_id TEXT NOT NULL,
  item_id TEXT NOT NULL,
  location_id TEXT NOT NULL,
  region TEXT NOT NULL,
  granted BIGINT NOT NULL DEFAULT 0,
  reserved BIGINT NOT NULL DEFAULT 0,
  sold BIGINT NOT NULL DEFAULT 0,
  backordered BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (shop_id, item_id, location_id, region),
  FOREIGN KEY (shop_id, item_id, location_id)
    REFERENCES stock_levels (shop_id, item_id, location_id),
  CHECK (reserved + sold <= granted),
  CHECK (reserved >= 0 AND sold >= 0 AND backordered >= 0 AND granted >= 0)
);

-- The ledger of stock: levels and allotments are the sums of its columns, always.
CREATE TABLE stock_movements (
  shop_id TEXT NOT NULL,
  id TEXT NOT NULL,
  item_id TEXT NOT NULL,
  location_id TEXT NOT NULL,
  region TEXT NOT NULL,
  kind TEXT NOT NULL,
  on_hand BIGINT NOT NULL DEFAULT 0,      -- each column: the change of the counter of that name
  granted BIGINT NOT NULL DEFAULT 0,
  reserved BIGINT NOT NULL DEFAULT 0,
  sold BIGINT NOT NULL DEFAULT 0,
  backordered BIGINT NOT NULL DEFAULT 0,
  order_id TEXT,
  actor TEXT NOT NULL,
  reason TEXT NOT NULL DEFAULT '',
  at BIGINT NOT NULL,
  PRIMARY KEY (shop_id, id),
  CHECK (kind IN ('receive', 'adjust', 'reserve', 'release', 'fulfil', 'return', 'transfer'))
);
CREATE INDEX stock_movements_by_item ON stock_movements (shop_id, item_id, at, id);
CREATE INDEX stock_movements_by_order ON stock_movements (shop_id, order_id);

-- What an order line holds, until it is fulfilled or released.
CREATE TABLE reservations (
  shop_id TEXT NOT NULL,
  order_id TEXT NOT NULL,
  line_id TEXT NOT NULL,
  item_id TEXT NOT NULL,
  location_id TEXT NOT NULL,
  region TEXT NOT NULL,
  quantity BIGINT NOT NULL,               -- units of the item held from stock
  backordered BIGINT NOT NULL DEFAULT 0,  -- units promised beyond it
  PRIMARY KEY (shop_id, order_id, line_id, item_id, location_id),
  CHECK (quantity >= 0 AND backordered >= 0)
);

-- Carts ------------------------------------------------------------------------------------------
CREATE TABLE carts (
  shop_id TEXT NOT NULL REFERENCES shops (id),
  id TEXT NOT NULL,
  token_hash TEXT NOT NULL,               -- SHA-256 of the cart token: only its holder may touch it
  customer_id TEXT,
  currency TEXT NOT NULL,
  email TEXT NOT NULL DEFAULT '',
  shipping_address TEXT,                  -- JSON
  billing_address TEXT,                   -- JSON; NULL: as shipping
  shipping_country TEXT NOT NULL DEFAULT '',   -- of the shipping address, for joins
  shipping_province TEXT NOT NULL DEFAULT '',
  shipping_method_id TEXT,
  status TEXT NOT NULL DEFAULT 'open',
  version BIGINT NOT NULL DEFAULT 1,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (shop_id, id),
  CHECK (status IN ('open', 'completed'))
);
CREATE INDEX carts_by_customer ON carts (shop_id, customer_id, status);
CREATE INDEX carts_by_update ON carts (status, updated_at);

CREATE TABLE cart_lines (
  shop_id TEXT NOT NULL,
  cart_id TEXT NOT NULL,
  id TEXT NOT NULL,
  position BIGINT NOT NULL,
  variant_id TEXT NOT NULL,
  quantity BIGINT NOT NULL,
  PRIMARY KEY (shop_id, cart_id, id),
  FOREIGN KEY (shop_id, cart_id) REFERENCES carts (shop_id, id),
  FOREIGN KEY (shop_id, variant_id) REFERENCES variants (shop_id, id),
  CHECK (quantity > 0 AND quantity <= 10000)
);
CREATE UNIQUE INDEX cart_lines_by_variant ON cart_lines (shop_id, cart_id, variant_id);
CREATE INDEX cart_lines_of_variant ON cart_lines (shop_id, variant_id);

-- Orders -----------------------------------------------------------------------------------------
CREATE TABLE orders (
  shop_id TEXT NOT NULL REFERENCES shops (id),
  id TEXT NOT NULL,
  number TEXT NOT NULL,                   -- for people
  cart_id TEXT NOT NULL,
  token_hash TEXT NOT NULL,               -- of the guest's order token
  customer_id TEXT,
  email TEXT NOT NULL,
  currency TEXT NOT NULL,
  status TEXT NOT NULL,
  payment_status TEXT NOT NULL,
  fulfilment_status TEXT NOT NULL,
  prices_include_tax BIGINT NOT NULL,
  tax_country TEXT NOT NULL DEFAULT '',   -- whose taxes apply
  subtotal BIGINT NOT NULL,               -- of the lines, as priced
  shipping_total BIGINT NOT NULL,
  tax_total BIGINT NOT NULL,
  total BIGINT NOT NULL,
  refunded_total BIGINT NOT NULL DEFAULT 0,
  captured_total BIGINT NOT NULL DEFAULT 0,
  shipping_tax BIGINT NOT NULL DEFAULT 0, -- the part of tax_total that is on shipping
  shipping_address TEXT,
  billing_address TEXT,
  shipping_method TEXT,                   -- JSON: name and price as chosen
  tax_lines TEXT NOT NULL,                -- JSON array of {"name", "basis_points", "amount"}
  receipt TEXT NOT NULL,                  -- JSON: the signed statement given with the 201
  home_region TEXT NOT NULL,
  version BIGINT NOT NULL DEFAULT 1,
  placed_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (shop_id, id),
  CHECK (subtotal >= 0 AND shipping_total >= 0 AND tax_total >= 0 AND total >= 0),
  CHECK (refunded_total >= 0 AND refunded_total <= captured_total AND captured_total <= total)
);
-- One order a cart: the last line of defence against a doubled order.
CREATE UNIQUE INDEX orders_by_cart ON orders (shop_id, cart_id);
CREATE UNIQUE INDEX orders_by_number ON orders (shop_id, number);
CREATE INDEX orders_by_time ON orders (shop_id, placed_at, id);
CREATE INDEX orders_by_status ON orders (shop_id, status, placed_at, id);
CREATE INDEX orders_by_customer ON orders (shop_id, customer_id, placed_at, id);
CREATE INDEX orders_by_email ON orders (shop_id, email, placed_at, id);

CREATE TABLE order_lines (
  shop_id TEXT NOT NULL,
  order_id TEXT NOT NULL,
  id TEXT NOT NULL,
  position BIGINT NOT NULL,
  product_id TEXT NOT NULL,
  variant_id TEXT NOT NULL,
  title TEXT NOT NULL,
  variant_title TEXT NOT NULL,
  sku TEXT NOT NULL,
  image TEXT NOT NULL DEFAULT '',
  quantity BIGINT NOT NULL,
  unit_price BIGINT NOT NULL,
  total BIGINT NOT NULL,
  tax BIGINT NOT NULL,
  fulfilled BIGINT NOT NULL DEFAULT 0,
  refunded BIGINT NOT NULL DEFAULT 0,
  requires_shipping BIGINT NOT NULL,
  PRIMARY KEY (shop_id, order_id, id),
  FOREIGN KEY (shop_id, order_id) REFERENCES orders (shop_id, id),
  CHECK (quantity > 0 AND fulfilled >= 0 AND fulfilled <= quantity),
  CHECK (refunded >= 0 AND refunded <= quantity)
);

-- The order's story, as people read it. Written in the batch that changes the order.
CREATE TABLE order_history (
  shop_id TEXT NOT NULL,
  order_id TEXT NOT NULL,
  id TEXT NOT NULL,
  at BIGINT NOT NULL,
  kind TEXT NOT NULL,                     -- placed, payment_captured, fulfilled, …
  actor TEXT NOT NULL,
  detail TEXT NOT NULL DEFAULT '{}',      -- JSON
  PRIMARY KEY (shop_id, order_id, id),
  FOREIGN KEY (shop_id, order_id) REFERENCES orders (shop_id, id)
);

CREATE TABLE fulfilments (
  shop_id TEXT NOT NULL,
  order_id TEXT NOT NULL,
  id TEXT NOT NULL,
  lines TEXT NOT NULL,                    -- JSON array of {"line_id", "quantity"}
  carrier TEXT NOT NULL DEFAULT '',
  tracking_number TEXT NOT NULL DEFAULT '',
  tracking_url TEXT NOT NULL DEFAULT '',
  at BIGINT NOT NULL,
  PRIMARY KEY (shop_id, order_id, id),
  FOREIGN KEY (shop_id, order_id) REFERENCES orders (shop_id, id)
);

-- The chain of receipts of a shop: entry n signs the digest of entry n-1.
CREATE TABLE receipt_chain (
  shop_id TEXT NOT NULL REFERENCES shops (id),
  sequence BIGINT NOT NULL,
  order_id TEXT NOT NULL,
  previous TEXT NOT NULL,                 -- hex SHA-256 of the entry before; 64 zeros for the first
  digest TEXT NOT NULL,                   -- hex SHA-256 of this entry
  entry TEXT NOT NULL,                    -- JSON, signed
  PRIMARY KEY (shop_id, sequence)
);
CREATE UNIQUE INDEX receipt_chain_by_order ON receipt_chain (shop_id, order_id);

-- Payments ---------------------------------------------------------------------------------------
CREATE TABLE payments (
  shop_id TEXT NOT NULL,
  id TEXT NOT NULL,
  order_id TEXT NOT NULL,
  attempt BIGINT NOT NULL,                -- 1, 2, … : a declined card may be followed by another
  provider TEXT NOT NULL,
  method TEXT NOT NULL,                   -- the provider's token of card or wallet
  currency TEXT NOT NULL,
  amount BIGINT NOT NULL,
  status TEXT NOT NULL,
  provider_key TEXT NOT NULL,             -- idempotency key towards the provider: order and attempt
  provider_reference TEXT NOT NULL DEFAULT '',
  action_url TEXT NOT NULL DEFAULT '',
  failure TEXT NOT NULL DEFAULT '',
  next_check_at BIGINT,                   -- when the reaper asks the provider; NULL: settled
  checks BIGINT NOT NULL DEFAULT 0,
  version BIGINT NOT NULL DEFAULT 1,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (shop_id, id),
  FOREIGN KEY (shop_id, order_id) REFERENCES orders (shop_id, id),
  CHECK (amount >= 0),
  CHECK (status IN ('pending', 'requires_action', 'captured', 'declined', 'unknown', 'cancelled'))
);
CREATE UNIQUE INDEX payments_by_attempt ON payments (shop_id, order_id, attempt);
CREATE UNIQUE INDEX payments_by_key ON payments (provider, provider_key);
CREATE INDEX payments_due ON payments (next_check_at);

CREATE TABLE refunds (
  shop_id TEXT NOT NULL,
  id TEXT NOT NULL,
  order_id TEXT NOT NULL,
  payment_id TEXT NOT NULL,
  amount BIGINT NOT NULL,
  reason TEXT NOT NULL DEFAULT '',
  lines TEXT NOT NULL DEFAULT '[]',       -- JSON array of {"line_id", "quantity"}
  status TEXT NOT NULL,
  provider_key TEXT NOT NULL,
  provider_reference TEXT NOT NULL DEFAULT '',
  failure TEXT NOT NULL DEFAULT '',
  next_check_at BIGINT,
  checks BIGINT NOT NULL DEFAULT 0,
  version BIGINT NOT NULL DEFAULT 1,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (shop_id, id),
  FOREIGN KEY (shop_id, payment_id) REFERENCES payments (shop_id, id),
  CHECK (amount > 0),
  CHECK (status IN ('pending', 'succeeded', 'failed'))
);
CREATE INDEX refunds_by_order ON refunds (shop_id, order_id);
CREATE INDEX refunds_due ON refunds (next_check_at);

-- Double entry: a row debits one account and credits another with the same amount, so a journal
-- (the rows of one journal_id) balances by construction.
CREATE TABLE ledger_transfers (
  shop_id TEXT NOT NULL,
  id TEXT NOT NULL,
  journal_id TEXT NOT NULL,               -- what happened: the order, the capture, the refund
  debit TEXT NOT NULL,
  credit TEXT NOT NULL,
  currency TEXT NOT NULL,
  amount BIGINT NOT NULL,
  order_id TEXT,
  at BIGINT NOT NULL,
  PRIMARY KEY (shop_id, id),
  CHECK (amount > 0),
  CHECK (debit <> credit)
);
CREATE INDEX ledger_transfers_by_order ON ledger_transfers (shop_id, order_id);
CREATE INDEX ledger_transfers_by_journal ON ledger_transfers (shop_id, journal_id);

-- Imports ----------------------------------------------------------------------------------------
CREATE TABLE imports (
  shop_id TEXT NOT NULL REFERENCES shops (id),
  id TEXT NOT NULL,
  file_name TEXT NOT NULL,
  file_hash TEXT NOT NULL,
  dry_run BIGINT NOT NULL,
  status TEXT NOT NULL,
  csv TEXT,                               -- until it has run
  products_total BIGINT NOT NULL DEFAULT 0,
  products_done BIGINT NOT NULL DEFAULT 0,
  created BIGINT NOT NULL DEFAULT 0,
  updated BIGINT NOT NULL DEFAULT 0,
  unchanged BIGINT NOT NULL DEFAULT 0,
  failed BIGINT NOT NULL DEFAULT 0,
  problems TEXT NOT NULL DEFAULT '[]',    -- JSON array of {"line", "handle", "column", "what"}
  created_at BIGINT NOT NULL,
  finished_at BIGINT,
  PRIMARY KEY (shop_id, id),
  CHECK (status IN ('waiting', 'running', 'finished', 'failed'))
);
CREATE INDEX imports_by_time ON imports (shop_id, created_at, id);
CREATE INDEX imports_unfinished ON imports (status);
