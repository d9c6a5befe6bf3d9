#include "shop/api/store/catalog_routes.hpp"

#include <algorithm>

#include "base/limits.hpp"
#include "shop/api/cursor.hpp"
#include "shop/api/errc.hpp"
#include "shop/api/render_catalog.hpp"
#include "shop/catalog/cache_tags.hpp"

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

std::string key_of(std::string_view kind, const Call& call) {
  std::string key(kind);
  add_part(key, call.shop());
  return key;
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

}  // namespace

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

Task<Result<Reply>> StoreCatalogRoutes::cached(
    Call& call, std::string key, Task<Result<Page>> (StoreCatalogRoutes::*make)(Call&)) {
  Reply reply;
  reply.shared_body = cache_.get(key);
  if (reply.shared_body == nullptr) {
    const storage::Cache::Ticket ticket = cache_.ticket();
    Result<Page> page = co_await (this->*make)(call);
    if (!page) {
      co_return std::unexpected(std::move(page.error()));
    }
    reply.shared_body = std::make_shared<const std::string>(std::move(page->body));
    cache_.put(key, reply.shared_body, page->tags, limits::catalog_page_lifetime, ticket);
  }
  co_return reply;
}

Task<Result<Reply>> StoreCatalogRoutes::get_product(Call& call) {
  std::string key = key_of("product", call);
  add_part(key, call.path("product"));
  add_query(key, call, "currency");
  return cached(call, std::move(key), &StoreCatalogRoutes::make_product);
}

Task<Result<StoreCatalogRoutes::Page>> StoreCatalogRoutes::make_product(Call& call) {
  Result<std::string> currency = co_await catalog_.currency(call.shop(), call.query("currency"));
  if (!currency) {
    co_return std::unexpected(std::move(currency.error()));
  }
  const Result<catalog::StoreProduct> found =
      co_await catalog_.store_product(call.shop(), call.path("product"), std::move(*currency));
  if (!found) {
    co_return std::unexpected(found.error());
  }
  Page page;
  page.body = to_string(json::value(render_product(*found)));
  page.tags = {catalog::product_tag(call.shop(), found->product.id),
               catalog::shop_tag(call.shop())};
  for (const std::string& id : found->collection_ids) {
    page.tags.push_back(catalog::collection_tag(call.shop(), id));
  }
  for (const catalog::Variant& variant : found->product.variants) {
    if (variant.inventory_item_id) {
      page.tags.push_back(catalog::item_tag(call.shop(), *variant.inventory_item_id));
    }
  }
  co_return page;
}

Task<Result<Reply>> StoreCatalogRoutes::list_products(Call& call) {
  std::string key = key_of("products", call);
  for (const std::string_view name : {"collection", "currency", "sort", "cursor"}) {
    add_query(key, call, name);
  }
  add_part(key, std::to_string(call.limit()));
  return cached(call, std::move(key), &StoreCatalogRoutes::make_product_list);
}

Task<Result<StoreCatalogRoutes::Page>> StoreCatalogRoutes::make_product_list(Call& call) {
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
    co_return std::unexpected(found.error());
  }
  Page page;
  page.body = body_of(render(found->items), cursor_after(found->next, list));
  page.tags = {catalog::catalog_tag(call.shop()), catalog::shop_tag(call.shop())};
  for (const catalog::StoreSummary& item : found->items) {
    for (const std::string& id : item.item_ids) {
      page.tags.push_back(catalog::item_tag(call.shop(), id));
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
  std::string key = key_of("collections", call);
  add_query(key, call, "cursor");
  add_part(key, std::to_string(call.limit()));
  return cached(call, std::move(key), &StoreCatalogRoutes::make_collection_list);
}

Task<Result<StoreCatalogRoutes::Page>> StoreCatalogRoutes::make_collection_list(Call& call) {
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
  Page page;
  page.body = body_of(std::move(items), cursor_after(found.next, "collections"));
  page.tags = {catalog::catalog_tag(call.shop())};
  co_return page;
}

Task<Result<Reply>> StoreCatalogRoutes::get_collection(Call& call) {
  std::string key = key_of("collection", call);
  add_part(key, call.path("collection"));
  return cached(call, std::move(key), &StoreCatalogRoutes::make_collection);
}

Task<Result<StoreCatalogRoutes::Page>> StoreCatalogRoutes::make_collection(Call& call) {
  const Result<catalog::Collection> found = co_await collections_.collection(
      call.shop(), call.path("collection"), catalog::Audience::shopper);
  if (!found) {
    co_return std::unexpected(found.error());
  }
  Page page;
  page.body = to_string(json::value(render_collection(*found)));
  page.tags = {catalog::catalog_tag(call.shop())};
  co_return page;
}

}  // namespace securecart::shop::api
