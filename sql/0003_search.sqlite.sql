-- Full-text search over products. The documents are ordinary rows, written in the batch that
-- changes the product; triggers keep the index, so it is never stale and statements stay portable.
--
-- Documents of one shop lie in one range of `row` (sqlite_search.cpp), so that a search touches
-- only the part of the index that is the shop's.
CREATE TABLE search_documents (
  row INTEGER PRIMARY KEY,
  shop_id TEXT NOT NULL,
  product_id TEXT NOT NULL,
  title TEXT NOT NULL,
  type TEXT NOT NULL,
  vendor TEXT NOT NULL,
  tags TEXT NOT NULL,
  options TEXT NOT NULL,
  description TEXT NOT NULL,              -- without markup
  skus TEXT NOT NULL,
  FOREIGN KEY (shop_id, product_id) REFERENCES products (shop_id, id)
);
CREATE UNIQUE INDEX search_documents_by_product ON search_documents (shop_id, product_id);

CREATE VIRTUAL TABLE product_search USING fts5 (
  title, type, vendor, tags, options, description, skus,
  content = 'search_documents', content_rowid = 'row',
  tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3'
);

CREATE TRIGGER search_documents_insert AFTER INSERT ON search_documents BEGIN
  INSERT INTO product_search (rowid, title, type, vendor, tags, options, description, skus)
  VALUES (new.row, new.title, new.type, new.vendor, new.tags, new.options,
          new.description, new.skus);
END;
CREATE TRIGGER search_documents_delete AFTER DELETE ON search_documents BEGIN
  INSERT INTO product_search (product_search, rowid, title, type, vendor, tags, options,
                              description, skus)
  VALUES ('delete', old.row, old.title, old.type, old.vendor, old.tags, old.options,
          old.description, old.skus);
END;
CREATE TRIGGER search_documents_update AFTER UPDATE ON search_documents BEGIN
  INSERT INTO product_search (product_search, rowid, title, type, vendor, tags, options,
                              description, skus)
  VALUES ('delete', old.row, old.title, old.type, old.vendor, old.tags, old.options,
          old.description, old.skus);
  INSERT INTO product_search (rowid, title, type, vendor, tags, options, description, skus)
  VALUES (new.row, new.title, new.type, new.vendor, new.tags, new.options,
          new.description, new.skus);
END;
