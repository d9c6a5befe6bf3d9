#include "shop/api/admin/catalog_routes.hpp"

#include <algorithm>

#include "shop/api/cursor.hpp"
#include "shop/api/errc.hpp"
#include "shop/api/read_catalog.hpp"
#include "shop/api/render_catalog.hpp"
#include "shop/catalog/errc.hpp"
#include "shop/catalog/limits.hpp"

namespace securecart::shop::api {
namespace {

using catalog::Collection;
using catalog::Product;
using catalog::ProductInput;

Reply reply_with(int status, const Product& product) {
  return reply(status, render_admin_product(product), product.version);
}

Reply reply_with(int status, const Collection& collection) {
  return reply(status, render_admin_collection(collection), collection.version);
}

json::object page_of(json::array items, json::value next_cursor) {
  return {{"items", std::move(items)}, {"next_cursor", std::move(next_cursor)}};
}

json::array render(const std::vector<catalog::AdminSummary>& summaries) {
  json::array items;
  for (const catalog::AdminSummary& summary : summaries) {
    items.emplace_back(render_admin_product_summary(summary));
  }
  return items;
}

// Of lists whose keys are an integer and an id.
Result<std::optional<catalog::PageKey>> page_key(const Call& call, std::string_view list) {
  Result<std::optional<CursorKeys>> keys = cursor_of(call, list, "is");
  if (!keys) {
    return std::unexpected(std::move(keys.error()));
  }
  if (!*keys) {
    return std::nullopt;
  }
  return catalog::PageKey{integer_at(**keys, 0), text_at(**keys, 1)};
}

json::value cursor_after(const std::optional<catalog::PageKey>& key, std::string_view list) {
  if (!key) {
    return nullptr;
  }
  CursorKeys keys;
  keys.emplace_back(std::get<std::int64_t>(key->value));
  keys.emplace_back(key->id);
  return json::value(encode_cursor(list, keys));
}

// The part of the input the path names; null when the product has no such part.
template <class Part>
Part* part_of(std::vector<Part>& parts, const std::string& id) {
  const auto found = std::ranges::find(parts, std::optional(id), &Part::id);
  return found == parts.end() ? nullptr : &*found;
}

std::unexpected<Error> no_part() {
  return fail(errc::not_found, "The product has no such part.");
}

// Moves the part at `from` to the body's `position`, when it names one; past the end is the end.
template <class Part>
void move_to(const json::object& body, std::vector<Part>& parts, std::size_t from) {
  if (!body.contains("position")) {
    return;
  }
  const auto wanted = static_cast<std::size_t>(get_int(body, "position"));
  const std::size_t to = std::min(wanted, parts.size() - 1);
  const auto begin = parts.begin();
  const auto at = [begin](std::size_t index) { return begin + static_cast<std::ptrdiff_t>(index); };
  if (from < to) {
    std::rotate(at(from), at(from + 1), at(to + 1));
  } else {
    std::rotate(at(to), at(from), at(from + 1));
  }
}

}  // namespace

void AdminCatalogRoutes::mount(Operations& operations) {
  mount_products(operations);
  mount_variants(operations);
  mount_images(operations);
  mount_collections(operations);
  mount_members(operations);
}

void AdminCatalogRoutes::mount_products(Operations& operations) {
  using net::Method;
  operations.add(
      {.id = "adminListProducts",
       .method = Method::get,
       .path = "/v1/admin/products",
       .tag = "Products (admin)",
       .summary = "List products of every status",
       .description = "The newest first; with `q`, the best match first.",
       .access = Access::admin,
       .permission = Permission::catalog_read,
       .query = page_parameters({{.name = "status",
                                  .description = "Only products of this status. Not with `q`.",
                                  .maximum = 16,
                                  .choices = {"draft", "published", "archived"}},
                                 {.name = "q",
                                  .description = "Words in title, description, tags, SKUs, …",
                                  .maximum = limits::search_query_bytes}}),
       .response_schema = "AdminProductSummary[]"},
      *this, &AdminCatalogRoutes::list_products);
  operations.add({.id = "createProduct",
                  .method = Method::post,
                  .path = "/v1/admin/products",
                  .tag = "Products (admin)",
                  .summary = "Create a product with all its parts",
                  .description = "Options, variants, images and collections in one body; all of it "
                                 "is stored, or nothing.",
                  .access = Access::admin,
                  .permission = Permission::catalog_write,
                  .request_schema = "ProductInput",
                  .success = 201,
                  .response_schema = "AdminProduct",
                  .errors = {&catalog::errc::product_invalid, &catalog::errc::handle_taken,
                             &catalog::errc::product_busy}},
                 *this, &AdminCatalogRoutes::create_product);
  operations.add({.id = "adminGetProduct",
                  .method = Method::get,
                  .path = "/v1/admin/products/{product_id}",
                  .tag = "Products (admin)",
                  .summary = "Read a product",
                  .access = Access::admin,
                  .permission = Permission::catalog_read,
                  .response_schema = "AdminProduct",
                  .errors = {&errc::not_found}},
                 *this, &AdminCatalogRoutes::get_product);
  operations.add({.id = "updateProduct",
                  .method = Method::patch,
                  .path = "/v1/admin/products/{product_id}",
                  .tag = "Products (admin)",
                  .summary = "Change a product",
                  .description = "Members that are left out stay as they are. `variants` and "
                                 "`images`, when sent, are all "
                                 "there will be; one that carries the id of a part the product has "
                                 "keeps what it does not "
                                 "mention.",
                  .access = Access::admin,
                  .permission = Permission::catalog_write,
                  .request_schema = "ProductUpdate",
                  .response_schema = "AdminProduct",
                  .if_match = true,
                  .errors = {&catalog::errc::product_invalid, &catalog::errc::handle_taken,
                             &catalog::errc::product_busy}},
                 *this, &AdminCatalogRoutes::update_product);
  operations.add({.id = "archiveProduct",
                  .method = Method::del,
                  .path = "/v1/admin/products/{product_id}",
                  .tag = "Products (admin)",
                  .summary = "Archive a product",
                  .description = "It is not sold any more; orders that name it keep it. Setting "
                                 "another status brings it back.",
                  .access = Access::admin,
                  .permission = Permission::catalog_write,
                  .success = 204,
                  .if_match = true},
                 *this, &AdminCatalogRoutes::archive_product);
}

void AdminCatalogRoutes::mount_variants(Operations& operations) {
  using net::Method;
  operations.add({.id = "createVariant",
                  .method = Method::post,
                  .path = "/v1/admin/products/{product_id}/variants",
                  .tag = "Products (admin)",
                  .summary = "Add a variant",
                  .description = "If-Match is the product's version, as for each of its parts.",
                  .access = Access::admin,
                  .permission = Permission::catalog_write,
                  .request_schema = "VariantInput",
                  .success = 201,
                  .response_schema = "AdminProduct",
                  .if_match = true,
                  .errors = {&catalog::errc::product_invalid}},
                 *this, &AdminCatalogRoutes::add_variant);
  operations.add({.id = "updateVariant",
                  .method = Method::patch,
                  .path = "/v1/admin/products/{product_id}/variants/{variant_id}",
                  .tag = "Products (admin)",
                  .summary = "Change a variant",
                  .description = "Members that are left out stay as they are; `prices`, when sent, "
                                 "are all there will be.",
                  .access = Access::admin,
                  .permission = Permission::catalog_write,
                  .request_schema = "VariantUpdate",
                  .response_schema = "AdminProduct",
                  .if_match = true,
                  .errors = {&catalog::errc::product_invalid}},
                 *this, &AdminCatalogRoutes::update_variant);
  operations.add({.id = "deleteVariant",
                  .method = Method::del,
                  .path = "/v1/admin/products/{product_id}/variants/{variant_id}",
                  .tag = "Products (admin)",
                  .summary = "Remove a variant",
                  .description = "Open carts lose their lines of it; orders keep theirs.",
                  .access = Access::admin,
                  .permission = Permission::catalog_write,
                  .response_schema = "AdminProduct",
                  .if_match = true,
                  .errors = {&catalog::errc::last_variant}},
                 *this, &AdminCatalogRoutes::remove_variant);
}

void AdminCatalogRoutes::mount_images(Operations& operations) {
  using net::Method;
  operations.add({.id = "createImage",
                  .method = Method::post,
                  .path = "/v1/admin/products/{product_id}/images",
                  .tag = "Products (admin)",
                  .summary = "Add an image",
                  .access = Access::admin,
                  .permission = Permission::catalog_write,
                  .request_schema = "ImageInput",
                  .success = 201,
                  .response_schema = "AdminProduct",
                  .if_match = true,
                  .errors = {&catalog::errc::product_invalid}},
                 *this, &AdminCatalogRoutes::add_image);
  operations.add({.id = "updateImage",
                  .method = Method::patch,
                  .path = "/v1/admin/products/{product_id}/images/{image_id}",
                  .tag = "Products (admin)",
                  .summary = "Change or move an image",
                  .access = Access::admin,
                  .permission = Permission::catalog_write,
                  .request_schema = "ImageUpdate",
                  .response_schema = "AdminProduct",
                  .if_match = true,
                  .errors = {&catalog::errc::product_invalid}},
                 *this, &AdminCatalogRoutes::update_image);
  operations.add({.id = "deleteImage",
                  .method = Method::del,
                  .path = "/v1/admin/products/{product_id}/images/{image_id}",
                  .tag = "Products (admin)",
                  .summary = "Remove an image",
                  .description = "Variants that show it show none.",
                  .access = Access::admin,
                  .permission = Permission::catalog_write,
                  .response_schema = "AdminProduct",
                  .if_match = true},
                 *this, &AdminCatalogRoutes::remove_image);
}

void AdminCatalogRoutes::mount_collections(Operations& operations) {
  using net::Method;
  operations.add({.id = "adminListCollections",
                  .method = Method::get,
                  .path = "/v1/admin/collections",
                  .tag = "Collections (admin)",
                  .summary = "List collections",
                  .access = Access::admin,
                  .permission = Permission::catalog_read,
                  .query = page_parameters(),
                  .response_schema = "AdminCollection[]"},
                 *this, &AdminCatalogRoutes::list_collections);
  operations.add({.id = "createCollection",
                  .method = Method::post,
                  .path = "/v1/admin/collections",
                  .tag = "Collections (admin)",
                  .summary = "Create a collection",
                  .access = Access::admin,
                  .permission = Permission::catalog_write,
                  .request_schema = "CollectionInput",
                  .success = 201,
                  .response_schema = "AdminCollection",
                  .errors = {&catalog::errc::collection_invalid, &catalog::errc::handle_taken}},
                 *this, &AdminCatalogRoutes::create_collection);
  operations.add({.id = "adminGetCollection",
                  .method = Method::get,
                  .path = "/v1/admin/collections/{collection_id}",
                  .tag = "Collections (admin)",
                  .summary = "Read a collection",
                  .access = Access::admin,
                  .permission = Permission::catalog_read,
                  .response_schema = "AdminCollection",
                  .errors = {&errc::not_found}},
                 *this, &AdminCatalogRoutes::get_collection);
  operations.add({.id = "updateCollection",
                  .method = Method::patch,
                  .path = "/v1/admin/collections/{collection_id}",
                  .tag = "Collections (admin)",
                  .summary = "Change a collection",
                  .access = Access::admin,
                  .permission = Permission::catalog_write,
                  .request_schema = "CollectionUpdate",
                  .response_schema = "AdminCollection",
                  .if_match = true,
                  .errors = {&errc::not_found, &catalog::errc::collection_invalid,
                             &catalog::errc::handle_taken}},
                 *this, &AdminCatalogRoutes::update_collection);
  operations.add({.id = "deleteCollection",
                  .method = Method::del,
                  .path = "/v1/admin/collections/{collection_id}",
                  .tag = "Collections (admin)",
                  .summary = "Delete a collection",
                  .description = "Its products stay.",
                  .access = Access::admin,
                  .permission = Permission::catalog_write,
                  .success = 204,
                  .if_match = true,
                  .errors = {&errc::not_found}},
                 *this, &AdminCatalogRoutes::delete_collection);
}

void AdminCatalogRoutes::mount_members(Operations& operations) {
  using net::Method;
  operations.add({.id = "putCollectionProduct",
                  .method = Method::put,
                  .path = "/v1/admin/collections/{collection_id}/products/{product_id}",
                  .tag = "Collections (admin)",
                  .summary = "Put a product into a collection",
                  .description = "Behind the others, or at `position`. May be repeated.",
                  .access = Access::admin,
                  .permission = Permission::catalog_write,
                  .query = {{.name = "position",
                             .type = Parameter::Type::integer,
                             .description = "Lower comes first.",
                             .minimum = 0,
                             .maximum = 1'000'000}},
                  .success = 204,
                  .errors = {&errc::not_found}},
                 *this, &AdminCatalogRoutes::put_collection_product);
  operations.add({.id = "deleteCollectionProduct",
                  .method = Method::del,
                  .path = "/v1/admin/collections/{collection_id}/products/{product_id}",
                  .tag = "Collections (admin)",
                  .summary = "Take a product out of a collection",
                  .access = Access::admin,
                  .permission = Permission::catalog_write,
                  .success = 204,
                  .errors = {&errc::not_found}},
                 *this, &AdminCatalogRoutes::remove_collection_product);
}

Task<Result<Reply>> AdminCatalogRoutes::list_products(Call& call) {
  if (std::optional<std::string> words = call.query("q"); words && !words->empty()) {
    co_return co_await find_products(call, std::move(*words));
  }
  std::optional<catalog::ProductStatus> status;
  if (const std::optional<std::string> named = call.query("status")) {
    status = catalog::parse_product_status(*named);
  }
  const std::string list = "admin/products";
  Result<std::optional<catalog::PageKey>> after = page_key(call, list);
  if (!after) {
    co_return std::unexpected(std::move(after.error()));
  }
  const catalog::PageOf<catalog::AdminSummary, catalog::PageKey> found =
      co_await catalog_.list(call.shop(), status, std::move(*after), call.limit());
  co_return reply(200, page_of(render(found.items), cursor_after(found.next, list)));
}

Task<Result<Reply>> AdminCatalogRoutes::find_products(Call& call, std::string words) {
  if (call.query("status")) {
    co_return fail(errc::invalid_request, "Search in products of every status.",
                   {{"query.status", "not together with `q`"}});
  }
  const std::string list = "admin/products/search";
  Result<std::optional<CursorKeys>> keys = cursor_of(call, list, "iii");
  if (!keys) {
    co_return std::unexpected(std::move(keys.error()));
  }
  std::optional<catalog::SearchPosition> after;
  if (*keys) {
    after = {integer_at(**keys, 0) != 0, integer_at(**keys, 1), integer_at(**keys, 2)};
  }
  const catalog::PageOf<catalog::AdminSummary, catalog::SearchPosition> found =
      co_await catalog_.find(call.shop(), std::move(words), after, call.limit());
  json::value next = nullptr;
  if (found.next) {
    CursorKeys next_keys;
    next_keys.emplace_back(std::int64_t{found.next->any_word ? 1 : 0});
    next_keys.emplace_back(found.next->score);
    next_keys.emplace_back(found.next->row);
    next = encode_cursor(list, next_keys);
  }
  co_return reply(200, page_of(render(found.items), std::move(next)));
}

Task<Result<Reply>> AdminCatalogRoutes::create_product(Call& call) {
  ProductInput input;
  read_product(call.body(), input);
  const Result<Product> product = co_await catalog_.create(call.shop(), std::move(input));
  if (!product) {
    co_return std::unexpected(product.error());
  }
  co_return reply_with(201, *product);
}

Task<Result<Reply>> AdminCatalogRoutes::get_product(Call& call) {
  const Result<Product> product = co_await catalog_.product(call.shop(), call.path("product_id"));
  if (!product) {
    co_return std::unexpected(product.error());
  }
  co_return reply_with(200, *product);
}

Task<Result<Product>> AdminCatalogRoutes::product_to_change(Call& call) {
  return catalog_.product_at(call.shop(), call.path("product_id"), call.if_match());
}

Task<Result<Reply>> AdminCatalogRoutes::save(Call& call, Product stored, ProductInput input,
                                             int status) {
  const Result<Product> product =
      co_await catalog_.change(call.shop(), std::move(stored), std::move(input));
  if (!product) {
    co_return std::unexpected(product.error());
  }
  co_return reply_with(status, *product);
}

Task<Result<Reply>> AdminCatalogRoutes::update_product(Call& call) {
  Result<Product> stored = co_await product_to_change(call);
  if (!stored) {
    co_return std::unexpected(std::move(stored.error()));
  }
  ProductInput input = input_of(*stored);
  read_product(call.body(), input);
  co_return co_await save(call, std::move(*stored), std::move(input));
}

Task<Result<Reply>> AdminCatalogRoutes::archive_product(Call& call) {
  Result<Product> stored = co_await product_to_change(call);
  if (!stored) {
    co_return std::unexpected(std::move(stored.error()));
  }
  ProductInput input = input_of(*stored);
  input.status = catalog::ProductStatus::archived;
  const Result<Reply> saved = co_await save(call, std::move(*stored), std::move(input));
  if (!saved) {
    co_return std::unexpected(saved.error());
  }
  co_return no_content();
}

Task<Result<Reply>> AdminCatalogRoutes::add_variant(Call& call) {
  Result<Product> stored = co_await product_to_change(call);
  if (!stored) {
    co_return std::unexpected(std::move(stored.error()));
  }
  ProductInput input = input_of(*stored);
  input.variants.emplace_back();
  read_variant(call.body(), input.variants.back());
  move_to(call.body(), input.variants, input.variants.size() - 1);
  co_return co_await save(call, std::move(*stored), std::move(input), 201);
}

Task<Result<Reply>> AdminCatalogRoutes::update_variant(Call& call) {
  Result<Product> stored = co_await product_to_change(call);
  if (!stored) {
    co_return std::unexpected(std::move(stored.error()));
  }
  ProductInput input = input_of(*stored);
  catalog::VariantInput* variant = part_of(input.variants, call.path("variant_id"));
  if (variant == nullptr) {
    co_return no_part();
  }
  read_variant(call.body(), *variant);
  move_to(call.body(), input.variants, static_cast<std::size_t>(variant - input.variants.data()));
  co_return co_await save(call, std::move(*stored), std::move(input));
}

Task<Result<Reply>> AdminCatalogRoutes::remove_variant(Call& call) {
  Result<Product> stored = co_await product_to_change(call);
  if (!stored) {
    co_return std::unexpected(std::move(stored.error()));
  }
  ProductInput input = input_of(*stored);
  const catalog::VariantInput* variant = part_of(input.variants, call.path("variant_id"));
  if (variant == nullptr) {
    co_return no_part();
  }
  if (input.variants.size() == 1) {
    co_return fail(catalog::errc::last_variant, "Archive the product instead.");
  }
  input.variants.erase(input.variants.begin() + (variant - input.variants.data()));
  co_return co_await save(call, std::move(*stored), std::move(input));
}

Task<Result<Reply>> AdminCatalogRoutes::add_image(Call& call) {
  Result<Product> stored = co_await product_to_change(call);
  if (!stored) {
    co_return std::unexpected(std::move(stored.error()));
  }
  ProductInput input = input_of(*stored);
  input.images.emplace_back();
  read_image(call.body(), input.images.back());
  move_to(call.body(), input.images, input.images.size() - 1);
  co_return co_await save(call, std::move(*stored), std::move(input), 201);
}

Task<Result<Reply>> AdminCatalogRoutes::update_image(Call& call) {
  Result<Product> stored = co_await product_to_change(call);
  if (!stored) {
    co_return std::unexpected(std::move(stored.error()));
  }
  ProductInput input = input_of(*stored);
  catalog::ImageInput* image = part_of(input.images, call.path("image_id"));
  if (image == nullptr) {
    co_return no_part();
  }
  read_image(call.body(), *image);
  move_to(call.body(), input.images, static_cast<std::size_t>(image - input.images.data()));
  co_return co_await save(call, std::move(*stored), std::move(input));
}

Task<Result<Reply>> AdminCatalogRoutes::remove_image(Call& call) {
  Result<Product> stored = co_await product_to_change(call);
  if (!stored) {
    co_return std::unexpected(std::move(stored.error()));
  }
  ProductInput input = input_of(*stored);
  const catalog::ImageInput* image = part_of(input.images, call.path("image_id"));
  if (image == nullptr) {
    co_return no_part();
  }
  for (catalog::VariantInput& variant : input.variants) {
    if (variant.image_id == image->id) {
      variant.image_id.reset();
    }
  }
  input.images.erase(input.images.begin() + (image - input.images.data()));
  co_return co_await save(call, std::move(*stored), std::move(input));
}

Task<Result<Reply>> AdminCatalogRoutes::list_collections(Call& call) {
  const std::string list = "admin/collections";
  Result<std::optional<catalog::PageKey>> after = page_key(call, list);
  if (!after) {
    co_return std::unexpected(std::move(after.error()));
  }
  const catalog::PageOf<Collection, catalog::PageKey> found = co_await collections_.list(
      call.shop(), catalog::Audience::merchant, std::move(*after), call.limit());
  json::array items;
  for (const Collection& collection : found.items) {
    items.emplace_back(render_admin_collection(collection));
  }
  co_return reply(200, page_of(std::move(items), cursor_after(found.next, list)));
}

Task<Result<Reply>> AdminCatalogRoutes::create_collection(Call& call) {
  catalog::CollectionInput input;
  read_collection(call.body(), input);
  const Result<Collection> made = co_await collections_.create(call.shop(), std::move(input));
  if (!made) {
    co_return std::unexpected(made.error());
  }
  co_return reply_with(201, *made);
}

Task<Result<Reply>> AdminCatalogRoutes::get_collection(Call& call) {
  const Result<Collection> found = co_await collections_.collection(
      call.shop(), call.path("collection_id"), catalog::Audience::merchant);
  if (!found) {
    co_return std::unexpected(found.error());
  }
  co_return reply_with(200, *found);
}

Task<Result<Reply>> AdminCatalogRoutes::update_collection(Call& call) {
  Result<Collection> stored = co_await collections_.collection(
      call.shop(), call.path("collection_id"), catalog::Audience::merchant);
  if (!stored) {
    co_return std::unexpected(std::move(stored.error()));
  }
  if (stored->version != call.if_match()) {
    co_return fail(errc::version_conflict, "Read the collection again and repeat the change.");
  }
  catalog::CollectionInput input = input_of(*stored);
  read_collection(call.body(), input);
  const Result<Collection> changed =
      co_await collections_.change(call.shop(), std::move(*stored), std::move(input));
  if (!changed) {
    co_return std::unexpected(changed.error());
  }
  co_return reply_with(200, *changed);
}

Task<Result<Reply>> AdminCatalogRoutes::delete_collection(Call& call) {
  const Result<void> removed =
      co_await collections_.remove(call.shop(), call.path("collection_id"), call.if_match());
  if (!removed) {
    co_return std::unexpected(removed.error());
  }
  co_return no_content();
}

Task<Result<Reply>> AdminCatalogRoutes::put_collection_product(Call& call) {
  const Result<void> put = co_await collections_.put_product(
      call.shop(), call.path("collection_id"), call.path("product_id"), call.query_int("position"));
  if (!put) {
    co_return std::unexpected(put.error());
  }
  co_return no_content();
}

Task<Result<Reply>> AdminCatalogRoutes::remove_collection_product(Call& call) {
  const Result<void> removed = co_await collections_.remove_product(
      call.shop(), call.path("collection_id"), call.path("product_id"));
  if (!removed) {
    co_return std::unexpected(removed.error());
  }
  co_return no_content();
}

}  // namespace securecart::shop::api
