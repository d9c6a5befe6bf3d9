// /v1/admin/products and /collections: the catalog as its merchant edits it. A product is one unit:
// whatever of it changes (a variant, an image), the request names the product's version in If-Match
// and is answered with the product as it then is.
#pragma once

#include <string>

#include "shop/api/operation.hpp"
#include "shop/catalog/collections.hpp"
#include "shop/catalog/service.hpp"

namespace securecart::shop::api {

class AdminCatalogRoutes {
 public:
  // Both outlive this, and this the table it mounts on.
  AdminCatalogRoutes(catalog::Catalog& catalog, catalog::Collections& collections)
      : catalog_(catalog), collections_(collections) {}
  void mount(Operations& operations);

 private:
  void mount_products(Operations& operations);
  void mount_variants(Operations& operations);
  void mount_images(Operations& operations);
  void mount_collections(Operations& operations);
  void mount_members(Operations& operations);

  Task<Result<Reply>> list_products(Call& call);
  Task<Result<Reply>> create_product(Call& call);
  Task<Result<Reply>> get_product(Call& call);
  Task<Result<Reply>> update_product(Call& call);
  Task<Result<Reply>> archive_product(Call& call);

  Task<Result<Reply>> add_variant(Call& call);
  Task<Result<Reply>> update_variant(Call& call);
  Task<Result<Reply>> remove_variant(Call& call);

  Task<Result<Reply>> add_image(Call& call);
  Task<Result<Reply>> update_image(Call& call);
  Task<Result<Reply>> remove_image(Call& call);

  Task<Result<Reply>> list_collections(Call& call);
  Task<Result<Reply>> create_collection(Call& call);
  Task<Result<Reply>> get_collection(Call& call);
  Task<Result<Reply>> update_collection(Call& call);
  Task<Result<Reply>> delete_collection(Call& call);
  Task<Result<Reply>> put_collection_product(Call& call);
  Task<Result<Reply>> remove_collection_product(Call& call);

  // The product of the path, at the version of If-Match.
  Task<Result<catalog::Product>> product_to_change(Call& call);
  // Writes `input` over `stored`; the product as it then is, with `status`.
  Task<Result<Reply>> save(Call& call, catalog::Product stored, catalog::ProductInput input,
                           int status = 200);
  Task<Result<Reply>> find_products(Call& call, std::string words);

  catalog::Catalog& catalog_;
  catalog::Collections& collections_;
};

}  // namespace securecart::shop::api
