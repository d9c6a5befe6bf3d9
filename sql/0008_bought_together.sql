-- runs with 0007
-- How many orders held both of two products, each way round. Counted from the event log by the
-- consumer "bought-together" (shop/flows/bought_together); read by recommendations.
CREATE TABLE bought_together (
  shop_id TEXT NOT NULL,
  product_id TEXT NOT NULL,
  other_id TEXT NOT NULL,
  orders BIGINT NOT NULL,
  PRIMARY KEY (shop_id, product_id, other_id)
);
CREATE INDEX bought_together_by_orders
  ON bought_together (shop_id, product_id, orders, other_id);
