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
#include "storage/cache/loading_cache.hpp"

namespace securecart::shop::api {

class StoreCatalogRoutes {
 public:
  // All outlive this, and this the table it mounts on. keep_fresh(database, cache) was called.
  StoreCatalogRoutes(catalog::Catalog& catalog, catalog::Collections& collections,
                     storage::LoadingCache& cache);
  void mount(Operations& operations);

 private:
  using Use = storage::LoadingCache::Use;
  // Makes an answer; outlives the request it was asked for.
  using Make = Task<Result<storage::Loaded>> (StoreCatalogRoutes::*)(Call);

  void mount_products(Operations& operations);
  void mount_collections(Operations& operations);

  Task<Result<Reply>> list_products(Call& call);
  Task<Result<Reply>> get_product(Call& call);
  Task<Result<Reply>> recommendations(Call& call);
  Task<Result<Reply>> search(Call& call);
  Task<Result<Reply>> list_collections(Call& call);
  Task<Result<Reply>> get_collection(Call& call);

  // From the cache, or made by `make` and kept.
  Task<Result<Reply>> cached(Call& call, const Use& use, std::string key, Make make);
  Task<Result<storage::Loaded>> make_product(Call call);
  Task<Result<storage::Loaded>> make_product_list(Call call);
  Task<Result<storage::Loaded>> make_recommendations(Call call);
  Task<Result<storage::Loaded>> make_collection(Call call);
  Task<Result<storage::Loaded>> make_collection_list(Call call);

  catalog::Catalog& catalog_;
  catalog::Collections& collections_;
  storage::LoadingCache& cache_;
  const Use products_;
  const Use product_lists_;
  const Use recommendations_;
  const Use collection_pages_;
  const Use collection_lists_;
};

}  // namespace securecart::shop::api
