// /v1/store/products, /collections and /search: what shoppers browse. Products and lists are
// answered from the cache; what they are made from is in its tags (shop/catalog/cache_tags.hpp), so
// an answer is never older than the last change its writer was told of.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "shop/api/operation.hpp"
#include "shop/catalog/collections.hpp"
#include "shop/catalog/service.hpp"
#include "storage/cache/cache.hpp"

namespace securecart::shop::api {

class StoreCatalogRoutes {
 public:
  // All outlive this, and this the table it mounts on. keep_fresh(database, cache) was called.
  StoreCatalogRoutes(catalog::Catalog& catalog, catalog::Collections& collections,
                     storage::Cache& cache)
      : catalog_(catalog), collections_(collections), cache_(cache) {}
  void mount(Operations& operations);

 private:
  // An answer before it is kept.
  struct Page {
    std::string body;
    std::vector<std::string> tags;
  };

  void mount_products(Operations& operations);
  void mount_collections(Operations& operations);

  Task<Result<Reply>> list_products(Call& call);
  Task<Result<Reply>> get_product(Call& call);
  Task<Result<Reply>> search(Call& call);
  Task<Result<Reply>> list_collections(Call& call);
  Task<Result<Reply>> get_collection(Call& call);

  // From the cache, or made by `make` and kept.
  Task<Result<Reply>> cached(Call& call, std::string key,
                             Task<Result<Page>> (StoreCatalogRoutes::*make)(Call&));
  Task<Result<Page>> make_product(Call& call);
  Task<Result<Page>> make_product_list(Call& call);
  Task<Result<Page>> make_collection(Call& call);
  Task<Result<Page>> make_collection_list(Call& call);

  catalog::Catalog& catalog_;
  catalog::Collections& collections_;
  storage::Cache& cache_;
};

}  // namespace securecart::shop::api
