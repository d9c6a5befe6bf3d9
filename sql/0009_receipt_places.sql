-- An entry of the chain of receipts holds the statements of all orders that waited for it; this
-- says in which entry an order's is. Entries of one order, as earlier versions wrote them, are
-- found by receipt_chain.order_id; later ones have the first of their orders there.
CREATE TABLE receipt_places (
  shop_id TEXT NOT NULL,
  order_id TEXT NOT NULL,
  sequence BIGINT NOT NULL,
  PRIMARY KEY (shop_id, order_id)
) /*sqlite WITHOUT ROWID */;
