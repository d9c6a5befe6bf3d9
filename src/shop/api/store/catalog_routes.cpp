#include "shop/api/store/catalog_routes.hpp"

#include <algorithm>

#include "base/limits.hpp"
#include "shop/api/cursor.hpp"
#include "shop/api/errc.hpp"
#include "shop/api/limits.hpp"
#include "shop/api/render_catalog.hpp"
#include "shop/catalog/cache_tags.hpp"
#include "shop/catalog/limits.hpp"

namespace securecart::shop::api {
namespace {

using catalog::Sort;

const Parameter currency_parameter = {
    .name = "currency",
    .description =
        "One of the shop's currencies; its own when left out. Products without a price "
        "in it are not there.",
    .maximum = 3};

// A part of a cache key; parts never run into each other, since no parameter holds control
// characters.
void add_part(std::string& key, std::string_view part) {
  key += '\n';
  key += part;
}

void add_query(std::string& key, const Call& call, std::string_view name) {
  add_part(key, call.query(name).value_or(""));
}

Sort sort_of(const Call& call) {
  const std::optional<std::string> sort = call.query("sort");
  if (!sort) {
    return call.query("collection") ? Sort::position : Sort::newest;
  }
  return *sort == "title"        ? Sort::title
         : *sort == "price_asc"  ? Sort::price_asc
         : *sort == "price_desc" ? Sort::price_desc
                                 : Sort::newest;
}

std::string_view name_of(Sort sort) {
  switch (sort) {
    case Sort::newest:
      return "newest";
    case Sort::title:
      return "title";
    case Sort::price_asc:
      return "price_asc";
    case Sort::price_desc:
      return "price_desc";
    case Sort::position:
      return "position";
  }
  return "";
}

// Prices of two currencies do not compare: a cursor goes on in the list it came from.
std::string list_name(Sort sort, const std::string& currency) {
  return "products/" + std::string(name_of(sort)) + "/" + currency;
}

Result<std::optional<catalog::PageKey>> page_key(const Call& call, std::string_view list,
                                                 bool by_text) {
  Result<std::optional<CursorKeys>> keys = cursor_of(call, list, by_text ? "ss" : "is");
  if (!keys) {
    return std::unexpected(std::move(keys.error()));
  }
  if (!*keys) {
    return std::nullopt;
  }
  return catalog::PageKey{
      by_text ? storage::Value(text_at(**keys, 0)) : storage::Value(integer_at(**keys, 0)),
      text_at(**keys, 1)};
}

json::value cursor_after(const std::optional<catalog::PageKey>& key, std::string_view list) {
  if (!key) {
    return nullptr;
  }
  const auto* text = std::get_if<std::string>(&key->value);
  CursorKeys keys;
  if (text != nullptr) {
    keys.emplace_back(*text);
  } else {
    keys.emplace_back(std::get<std::int64_t>(key->value));
  }
  keys.emplace_back(key->id);
  return json::value(encode_cursor(list, keys));
}

constexpr std::string_view search_list = "search";

Result<std::optional<catalog::SearchPosition>> search_position(const Call& call) {
  Result<std::optional<CursorKeys>> keys = cursor_of(call, search_list, "iii");
  if (!keys) {
    return std::unexpected(std::move(keys.error()));
  }
  if (!*keys) {
    return std::nullopt;
  }
  return catalog::SearchPosition{integer_at(**keys, 0) != 0, integer_at(**keys, 1),
                                 integer_at(**keys, 2)};
}

json::value cursor_after(const std::optional<catalog::SearchPosition>& position) {
  if (!position) {
    return nullptr;
  }
  CursorKeys keys;
  keys.emplace_back(std::int64_t{position->any_word ? 1 : 0});
  keys.emplace_back(position->score);
  keys.emplace_back(position->row);
  return json::value(encode_cursor(search_list, keys));
}

json::array render(const std::vector<catalog::StoreSummary>& summaries) {
  json::array items;
  for (const catalog::StoreSummary& summary : summaries) {
    items.emplace_back(render_product_summary(summary));
  }
  return items;
}

std::string body_of(json::array items, json::value next_cursor) {
  return to_string(
      json::value({{"items", std::move(items)}, {"next_cursor", std::move(next_cursor)}}));
}

// A version of the form of the bytes, for all of them: the next program may render other JSON.
constexpr int form_version = 1;

storage::LoadingCache::Settings kept_as(std::string_view name) {
  return {.name = name,
          .version = form_version,
          .fresh = limits::catalog_page_fresh,
          .keep = limits::catalog_page_lifetime,
          .keep_absence = limits::catalog_absence_lifetime};
}

// "There is nothing here" may be kept like an answer; other errors are the caller's own.
Result<storage::Loaded> absent(const Error& error) {
  if (!error.is(errc::not_found)) {
    return std::unexpected(error);
  }
  return storage::Loaded{error.detail, {catalog::catalog_tag(), catalog::shop_tag()}, true};
}

}  // namespace

StoreCatalogRoutes::StoreCatalogRoutes(catalog::Catalog& catalog, catalog::Collections& collections,
                                       storage::LoadingCache& cache)
    : catalog_(catalog),
      collections_(collections),
      cache_(cache),
      products_(cache.use(kept_as("product"))),
      product_lists_(cache.use(kept_as("products"))),
      recommendations_(cache.use({.name = "recommendations",
                                  .version = form_version,
                                  .fresh = limits::recommendations_fresh,
                                  .keep = limits::recommendations_lifetime,
                                  .keep_absence = limits::catalog_absence_lifetime})),
      collection_pages_(cache.use(kept_as("collection"))),
      collection_lists_(cache.use(kept_as("collections"))) {}

void StoreCatalogRoutes::mount(Operations& operations) {
  mount_products(operations);
  mount_collections(operations);
}

void StoreCatalogRoutes::mount_products(Operations& operations) {
  using net::Method;
  operations.add(
      {.id = "listProducts",
       .method = Method::get,
       .path = "/v1/store/products",
       .tag = "Products",
       .summary = "List products",
       .description =
           "Without `sort`, the newest first; a collection in the order its merchant gave "
           "it.",
       .query =
           page_parameters({{.name = "collection",
                             .description = "Only products of this collection, by handle or id.",
                             .maximum = limits::text_bytes},
                            currency_parameter,
                            {.name = "sort",
                             .description = "The order.",
                             .maximum = 16,
                             .choices = {"newest", "title", "price_asc", "price_desc"}}}),
       .response_schema = "ProductSummary[]",
       .errors = {&errc::not_found}},
      *this, &StoreCatalogRoutes::list_products);
  operations.add({.id = "getProduct",
                  .method = Method::get,
                  .path = "/v1/store/products/{product}",
                  .tag = "Products",
                  .summary = "Read a product by id or handle",
                  .query = {currency_parameter},
                  .response_schema = "Product",
                  .errors = {&errc::not_found}},
                 *this, &StoreCatalogRoutes::get_product);
  operations.add({.id = "listRecommendations",
                  .method = Method::get,
                  .path = "/v1/store/products/{product}/recommendations",
                  .tag = "Products",
                  .summary = "List what is bought together with a product",
                  .description = "The most often first, and only what can be bought now; one page.",
                  .query = {currency_parameter},
                  .response_schema = "ProductSummary[]",
                  .errors = {&errc::not_found}},
                 *this, &StoreCatalogRoutes::recommendations);
  operations.add(
      {.id = "searchProducts",
       .method = Method::get,
       .path = "/v1/store/search",
       .tag = "Products",
       .summary = "Search products",
       .description =
           "Best match first, accents and case aside; the last word also matches as a beginning. "
           "When no product has all the words, products with any of them.",
       .query = page_parameters({{.name = "q",
                                  .description = "Words, as typed.",
                                  .required = true,
                                  .maximum = limits::search_query_bytes},
                                 currency_parameter}),
       .response_schema = "ProductSummary[]"},
      *this, &StoreCatalogRoutes::search);
}

void StoreCatalogRoutes::mount_collections(Operations& operations) {
  using net::Method;
  operations.add({.id = "listCollections",
                  .method = Method::get,
                  .path = "/v1/store/collections",
                  .tag = "Products",
                  .summary = "List collections",
                  .query = page_parameters(),
                  .response_schema = "Collection[]"},
                 *this, &StoreCatalogRoutes::list_collections);
  operations.add({.id = "getCollection",
                  .method = Method::get,
                  .path = "/v1/store/collections/{collection}",
                  .tag = "Products",
                  .summary = "Read a collection by id or handle",
                  .response_schema = "Collection",
                  .errors = {&errc::not_found}},
                 *this, &StoreCatalogRoutes::get_collection);
}

Task<Result<Reply>> StoreCatalogRoutes::cached(Call& call, const Use& use, std::string key,
                                               Make make) {
  // The load owns a copy of the call: it may go on when this one is answered.
  storage::Loader load = [this, &call, make] { return (this->*make)(call); };
  storage::CacheKey place{call.shop(), std::move(key)};
  Task<Result<storage::Kept>> looking = cache_.get(use, std::move(place), std::move(load));
  Result<storage::Kept> kept = co_await looking;
  if (!kept) {
    co_return std::unexpected(std::move(kept.error()));
  }
  if (kept->absence) {
    co_return fail(errc::not_found, *kept->bytes);
  }
  Reply reply;
  reply.shared_body = std::move(kept->bytes);
  co_return reply;
}

Task<Result<Reply>> StoreCatalogRoutes::get_product(Call& call) {
  std::string key = call.path("product");
  add_query(key, call, "currency");
  return cached(call, products_, std::move(key), &StoreCatalogRoutes::make_product);
}

Task<Result<storage::Loaded>> StoreCatalogRoutes::make_product(Call call) {
  Result<std::string> currency = co_await catalog_.currency(call.shop(), call.query("currency"));
  if (!currency) {
    co_return std::unexpected(std::move(currency.error()));
  }
  const Result<catalog::StoreProduct> found =
      co_await catalog_.store_product(call.shop(), call.path("product"), std::move(*currency));
  if (!found) {
    co_return absent(found.error());
  }
  storage::Loaded page;
  page.bytes = to_string(json::value(render_product(*found)));
  page.tags = {catalog::product_tag(found->product.id), catalog::shop_tag()};
  for (const std::string& id : found->collection_ids) {
    page.tags.push_back(catalog::collection_tag(id));
  }
  for (const catalog::Variant& variant : found->product.variants) {
    if (variant.inventory_item_id) {
      page.tags.push_back(catalog::item_tag(*variant.inventory_item_id));
    }
  }
  co_return page;
}

Task<Result<Reply>> StoreCatalogRoutes::recommendations(Call& call) {
  std::string key = call.path("product");
  add_query(key, call, "currency");
  return cached(call, recommendations_, std::move(key), &StoreCatalogRoutes::make_recommendations);
}

// New orders do not outdate it; it is counted anew when it is no longer fresh.
Task<Result<storage::Loaded>> StoreCatalogRoutes::make_recommendations(Call call) {
  Result<std::string> currency = co_await catalog_.currency(call.shop(), call.query("currency"));
  if (!currency) {
    co_return std::unexpected(std::move(currency.error()));
  }
  const Result<std::vector<catalog::StoreSummary>> found =
      co_await catalog_.recommendations(call.shop(), call.path("product"), std::move(*currency));
  if (!found) {
    co_return absent(found.error());
  }
  storage::Loaded page;
  page.bytes = body_of(render(*found), nullptr);
  page.tags = {catalog::shop_tag()};
  for (const catalog::StoreSummary& item : *found) {
    page.tags.push_back(catalog::product_tag(item.id));
    for (const std::string& id : item.item_ids) {
      page.tags.push_back(catalog::item_tag(id));
    }
  }
  co_return page;
}

Task<Result<Reply>> StoreCatalogRoutes::list_products(Call& call) {
  std::string key;
  for (const std::string_view name : {"collection", "currency", "sort", "cursor"}) {
    add_query(key, call, name);
  }
  add_part(key, std::to_string(call.limit()));
  return cached(call, product_lists_, std::move(key), &StoreCatalogRoutes::make_product_list);
}

Task<Result<storage::Loaded>> StoreCatalogRoutes::make_product_list(Call call) {
  Result<std::string> currency = co_await catalog_.currency(call.shop(), call.query("currency"));
  if (!currency) {
    co_return std::unexpected(std::move(currency.error()));
  }
  catalog::ListRequest request;
  request.shop_id = call.shop();
  request.currency = *currency;
  request.sort = sort_of(call);
  request.collection = call.query("collection");
  request.limit = call.limit();
  const std::string list = list_name(request.sort, *currency);
  Result<std::optional<catalog::PageKey>> after = page_key(call, list, request.sort == Sort::title);
  if (!after) {
    co_return std::unexpected(std::move(after.error()));
  }
  request.after = std::move(*after);
  const Result<catalog::PageOf<catalog::StoreSummary, catalog::PageKey>> found =
      co_await catalog_.store_list(std::move(request));
  if (!found) {
    co_return absent(found.error());
  }
  storage::Loaded page;
  page.bytes = body_of(render(found->items), cursor_after(found->next, list));
  page.tags = {catalog::catalog_tag(), catalog::shop_tag()};
  for (const catalog::StoreSummary& item : found->items) {
    for (const std::string& id : item.item_ids) {
      page.tags.push_back(catalog::item_tag(id));
    }
  }
  co_return page;
}

Task<Result<Reply>> StoreCatalogRoutes::search(Call& call) {
  Result<std::string> currency = co_await catalog_.currency(call.shop(), call.query("currency"));
  if (!currency) {
    co_return std::unexpected(std::move(currency.error()));
  }
  Result<std::optional<catalog::SearchPosition>> after = search_position(call);
  if (!after) {
    co_return std::unexpected(std::move(after.error()));
  }
  const catalog::PageOf<catalog::StoreSummary, catalog::SearchPosition> found =
      co_await catalog_.store_find(call.shop(), std::move(*currency), call.query("q").value_or(""),
                                   *after, call.limit());
  Reply reply;
  reply.body = body_of(render(found.items), cursor_after(found.next));
  co_return reply;
}

Task<Result<Reply>> StoreCatalogRoutes::list_collections(Call& call) {
  std::string key;
  add_query(key, call, "cursor");
  add_part(key, std::to_string(call.limit()));
  return cached(call, collection_lists_, std::move(key), &StoreCatalogRoutes::make_collection_list);
}

Task<Result<storage::Loaded>> StoreCatalogRoutes::make_collection_list(Call call) {
  Result<std::optional<catalog::PageKey>> after = page_key(call, "collections", false);
  if (!after) {
    co_return std::unexpected(std::move(after.error()));
  }
  const catalog::PageOf<catalog::Collection, catalog::PageKey> found = co_await collections_.list(
      call.shop(), catalog::Audience::shopper, std::move(*after), call.limit());
  json::array items;
  for (const catalog::Collection& collection : found.items) {
    items.emplace_back(render_collection(collection));
  }
  storage::Loaded page;
  page.bytes = body_of(std::move(items), cursor_after(found.next, "collections"));
  page.tags = {catalog::catalog_tag()};
  co_return page;
}

Task<Result<Reply>> StoreCatalogRoutes::get_collection(Call& call) {
  std::string key = call.path("collection");
  return cached(call, collection_pages_, std::move(key), &StoreCatalogRoutes::make_collection);
}

Task<Result<storage::Loaded>> StoreCatalogRoutes::make_collection(Call call) {
  const Result<catalog::Collection> found = co_await collections_.collection(
      call.shop(), call.path("collection"), catalog::Audience::shopper);
  if (!found) {
    co_return absent(found.error());
  }
  storage::Loaded page;
  page.bytes = to_string(json::value(render_collection(*found)));
  page.tags = {catalog::catalog_tag()};
  co_return page;
}

}  // namespace securecart::shop::api
