#include "shop/catalog/service.hpp"

#include <algorithm>
#include <cassert>
#include <map>
#include <set>

#include <fmt/format.h>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "shop/catalog/change.hpp"
#include "shop/catalog/errc.hpp"
#include "shop/catalog/limits.hpp"
#include "shop/catalog/list_queries.hpp"
#include "shop/catalog/load.hpp"

namespace securecart::shop::catalog {

using storage::Query;
using storage::Rows;

// What a product's input names outside of the product.
struct Catalog::References {
  ShopCurrencies currencies;
  std::vector<CollectionRef> collections;
};

namespace {

std::unexpected<Error> no_product() {
  return fail(errc::not_found, "There is no such product in this shop.");
}

// The answer to a batch that carries no key: refused or done.
Result<void> done(const storage::Commit& outcome) {
  if (const auto* refused = std::get_if<storage::Refused>(&outcome)) {
    return fail(*refused->kind, "Read the product again and repeat the change.");
  }
  assert(std::holds_alternative<storage::Committed>(outcome));
  return {};
}

// Cuts the row that was read beyond the page, and says where the next page goes on.
std::optional<PageKey> cut_page(std::vector<PageKey>& keys, std::size_t limit) {
  if (keys.size() <= limit) {
    return std::nullopt;
  }
  keys.resize(limit);
  return keys.back();
}

std::vector<PageKey> keys_from(const Rows& rows, bool by_text) {
  std::vector<PageKey> keys;
  for (const storage::Row row : rows) {
    keys.push_back(
        {by_text ? storage::Value(row.text(1)) : storage::Value(row.integer(1)), row.text(0)});
  }
  return keys;
}

std::vector<std::string> ids_of(const std::vector<PageKey>& keys) {
  std::vector<std::string> ids;
  for (const PageKey& key : keys) {
    ids.push_back(key.id);
  }
  return ids;
}

std::vector<std::string> ids_of(const std::vector<SearchHit>& hits) {
  std::vector<std::string> ids;
  for (const SearchHit& hit : hits) {
    ids.push_back(hit.product_id);
  }
  return ids;
}

std::optional<SearchPosition> cut_page(std::vector<SearchHit>& hits, std::size_t limit) {
  if (hits.size() <= limit) {
    return std::nullopt;
  }
  hits.resize(limit);
  return hits.back().position;
}

// Those still there: a product may go between the page and its lines.
template <class Summary>
std::vector<Summary> present(std::vector<std::optional<Summary>> summaries) {
  std::vector<Summary> there;
  for (std::optional<Summary>& summary : summaries) {
    if (summary) {
      there.push_back(std::move(*summary));
    }
  }
  return there;
}

// Leaves in what can be bought in `currency`, and says how much of it there is.
StoreProduct for_sale(Product product, const std::string& currency, const Rows& stock) {
  std::map<std::string, std::int64_t> left;
  for (const storage::Row row : stock) {
    left[row.text(0)] = row.integer(1);
  }
  StoreProduct store;
  std::vector<Variant> variants;
  for (Variant& variant : product.variants) {
    std::erase_if(variant.prices, [&](const Price& price) { return price.currency != currency; });
    if (variant.prices.empty()) {
      continue;
    }
    const std::int64_t of_item = variant.inventory_item_id ? left[*variant.inventory_item_id] : 0;
    store.availability.push_back(
        availability(variant.track_stock, variant.backorder, of_item, variant.units));
    variants.push_back(std::move(variant));
  }
  product.variants = std::move(variants);
  for (const CollectionRef& ref : product.collections) {
    store.collection_ids.push_back(ref.id);
  }
  std::erase_if(product.collections, [](const CollectionRef& ref) { return !ref.published; });
  store.product = std::move(product);
  return store;
}

}  // namespace

Catalog::Catalog(storage::Database& database, ProductSearch& search, const Clock& clock,
                 const Ids& ids, CatalogOptions options)
    : database_(database),
      search_(search),
      clock_(clock),
      ids_(ids),
      options_(std::move(options)) {}

Task<Result<Product>> Catalog::product(std::string shop_id, std::string id_or_handle) {
  const std::vector<Rows> rows =
      co_await database_.read_all(product_queries(shop_id, id_or_handle));
  std::optional<Product> product = product_from(rows);
  if (!product) {
    co_return no_product();
  }
  co_return std::move(*product);
}

Task<Result<Product>> Catalog::product_at(std::string shop_id, std::string id_or_handle,
                                          std::int64_t version) {
  Result<Product> stored = co_await product(std::move(shop_id), std::move(id_or_handle));
  if (stored && stored->version != version) {
    co_return fail(errc::version_conflict,
                   fmt::format("The product is at version {} now.", stored->version));
  }
  co_return stored;
}

// Looks up, in one read, everything the input names: currencies, tax class, items, collections.
Task<Result<Catalog::References>> Catalog::references(std::string shop_id,
                                                      const ProductInput& input,
                                                      const Product* stored) {
  std::vector<Query> queries = {currencies_query(shop_id)};
  std::vector<FieldError> absent;  // one for each query behind the first, used when it has no row
  const auto look_up = [&](std::string_view sql, const std::string& id, std::string where,
                           std::string what) {
    queries.push_back({sql, {shop_id, id}});
    absent.push_back({std::move(where), std::move(what)});
  };
  if (input.collections && input.collections->size() > limits::product_collections) {
    co_return fail(errc::product_invalid, "Too many collections.",
                   {{"/collections", fmt::format("at most {}", limits::product_collections)}});
  }
  const std::size_t named = input.collections ? input.collections->size() : 0;
  for (std::size_t i = 0; i < named; ++i) {
    look_up(
        "SELECT id, handle, title, published FROM collections WHERE shop_id = $1 AND (id = $2 OR "
        "handle = $2)",
        (*input.collections)[i], fmt::format("/collections/{}", i),
        "the shop has no such collection");
  }
  if (input.tax_class_id && (stored == nullptr || stored->tax_class_id != input.tax_class_id)) {
    look_up("SELECT id FROM tax_classes WHERE shop_id = $1 AND id = $2", *input.tax_class_id,
            "/tax_class_id", "the shop has no such tax class");
  }
  for (std::size_t i = 0; i < std::min(input.variants.size(), limits::product_variants); ++i) {
    if (const auto& item = input.variants[i].inventory_item_id) {
      look_up("SELECT id FROM inventory_items WHERE shop_id = $1 AND id = $2", *item,
              fmt::format("/variants/{}/inventory_item_id", i), "the shop has no such item");
    }
  }
  const std::vector<Rows> rows = co_await database_.read_all(std::move(queries));
  std::vector<FieldError> errors;
  for (std::size_t i = 1; i < rows.size(); ++i) {
    if (rows[i].empty()) {
      errors.push_back(std::move(absent[i - 1]));
    }
  }
  if (!errors.empty()) {
    co_return fail(errc::product_invalid, "See `errors` for what to change.", std::move(errors));
  }
  References references{currencies_from(rows[0]), {}};
  if (stored != nullptr && !input.collections) {
    references.collections = stored->collections;
  }
  for (std::size_t i = 1; i <= named; ++i) {
    const storage::Row row = rows[i][0];
    CollectionRef ref{row.text(0), row.text(1), row.text(2), row.boolean(3)};
    if (std::ranges::find(references.collections, ref) == references.collections.end()) {
      references.collections.push_back(std::move(ref));
    }
  }
  co_return references;
}

Task<Result<Product>> Catalog::assembled(std::string shop_id, const ProductInput& input,
                                         const Product* stored) {
  Result<References> found = co_await references(std::move(shop_id), input, stored);
  if (!found) {
    co_return std::unexpected(std::move(found.error()));
  }
  co_return assemble(input, stored, std::move(found->collections), found->currencies, ids_,
                     clock_.now());
}

Task<Result<Product>> Catalog::create(std::string shop_id, ProductInput input) {
  Result<Product> product = co_await assembled(shop_id, input, nullptr);
  if (!product) {
    co_return product;
  }
  storage::Batch batch;
  add_creation(batch, shop_id, *product, search_);
  const Result<void> written = done(co_await database_.commit(std::move(batch)));
  if (!written) {
    co_return std::unexpected(written.error());
  }
  co_return product;
}

Task<Result<Product>> Catalog::change(std::string shop_id, Product stored, ProductInput input) {
  Result<Product> wanted = co_await assembled(shop_id, input, &stored);
  if (!wanted) {
    co_return wanted;
  }
  if (same_content(stored, *wanted)) {
    co_return stored;
  }
  storage::Batch batch;
  add_change(batch, shop_id, stored, *wanted, search_);
  const Result<void> written = done(co_await database_.commit(std::move(batch)));
  if (!written) {
    co_return std::unexpected(written.error());
  }
  co_return wanted;
}

Task<Result<PlannedUpsert>> Catalog::plan_upsert(std::string shop_id, ProductInput input) {
  if (input.handle.empty()) {
    input.handle = slugify(input.title);
  }
  const std::vector<Rows> rows =
      co_await database_.read_all(product_queries(shop_id, input.handle));
  const std::optional<Product> stored = input.handle.empty() ? std::nullopt : product_from(rows);
  if (stored) {
    keep_unstated(input, *stored);
  }
  Result<Product> wanted = co_await assembled(shop_id, input, stored ? &*stored : nullptr);
  if (!wanted) {
    co_return std::unexpected(std::move(wanted.error()));
  }
  PlannedUpsert plan;
  if (!stored) {
    plan.outcome = {UpsertAction::created, std::move(*wanted)};
    add_creation(plan.batch, shop_id, plan.outcome.product, search_);
  } else if (same_content(*stored, *wanted)) {
    plan.outcome = {UpsertAction::unchanged, *stored};
  } else {
    plan.outcome = {UpsertAction::updated, std::move(*wanted)};
    add_change(plan.batch, shop_id, *stored, plan.outcome.product, search_);
  }
  for (const Variant& variant : plan.outcome.product.variants) {
    const auto known = [&variant](const Variant& one) { return one.id == variant.id; };
    if (!stored || std::ranges::none_of(stored->variants, known)) {
      plan.new_variants.push_back(variant.id);
    }
  }
  co_return plan;
}

Task<Result<UpsertOutcome>> Catalog::upsert(std::string shop_id, ProductInput input) {
  for (int attempt = 0; attempt < limits::upsert_attempts; ++attempt) {
    Result<PlannedUpsert> plan = co_await plan_upsert(shop_id, input);
    if (!plan) {
      co_return std::unexpected(std::move(plan.error()));
    }
    if (plan->outcome.action == UpsertAction::unchanged) {
      co_return std::move(plan->outcome);
    }
    const Result<void> written = done(co_await database_.commit(std::move(plan->batch)));
    if (written) {
      co_return std::move(plan->outcome);
    }
    // Somebody else made or changed it since it was read: look again.
    const bool again =
        written.error().is(errc::version_conflict) || written.error().is(errc::product_busy) ||
        (written.error().is(errc::handle_taken) && plan->outcome.action == UpsertAction::created);
    if (!again) {
      co_return std::unexpected(written.error());
    }
  }
  co_return fail(errc::product_busy, "Others keep changing this product; try again.");
}

Task<PageOf<AdminSummary, PageKey>> Catalog::list(std::string shop_id,
                                                  std::optional<ProductStatus> status,
                                                  std::optional<PageKey> after, std::size_t limit) {
  const Rows rows = co_await database_.read(admin_list_query(shop_id, status, after, limit));
  std::vector<PageKey> keys = keys_from(rows, false);
  PageOf<AdminSummary, PageKey> page;
  page.next = cut_page(keys, limit);
  page.items = co_await admin_summaries(std::move(shop_id), ids_of(keys));
  co_return page;
}

Task<PageOf<AdminSummary, SearchPosition>> Catalog::find(std::string shop_id, std::string text,
                                                         std::optional<SearchPosition> after,
                                                         std::size_t limit) {
  SearchRequest request{shop_id, std::move(text), std::nullopt, after,
                        static_cast<std::int64_t>(limit) + 1};
  std::vector<SearchHit> hits = co_await search_.find(std::move(request));
  PageOf<AdminSummary, SearchPosition> page;
  page.next = cut_page(hits, limit);
  page.items = co_await admin_summaries(std::move(shop_id), ids_of(hits));
  co_return page;
}

Task<std::vector<AdminSummary>> Catalog::admin_summaries(std::string shop_id,
                                                         std::vector<std::string> ids) {
  std::vector<Query> queries;
  for (const std::string& id : ids) {
    queries.push_back(admin_summary_query(shop_id, id));
  }
  std::vector<std::optional<AdminSummary>> found;
  if (!queries.empty()) {
    const std::vector<Rows> results = co_await database_.read_all(std::move(queries));
    for (const Rows& rows : results) {
      found.push_back(admin_summary_from(rows));
    }
  }
  co_return present(std::move(found));
}

Task<Result<std::string>> Catalog::currency(std::string shop_id, std::optional<std::string> asked) {
  const Rows rows = co_await database_.read(currencies_query(shop_id), storage::Freshness::replica);
  const ShopCurrencies currencies = currencies_from(rows);
  if (!asked) {
    co_return currencies.standard();
  }
  if (!currencies.has(*asked)) {
    co_return fail(errc::invalid_request, "The shop does not sell in this currency.",
                   {{"query.currency", "one of the shop's currencies"}});
  }
  co_return std::move(*asked);
}

Task<Result<StoreProduct>> Catalog::store_product(std::string shop_id, std::string id_or_handle,
                                                  std::string currency) {
  std::vector<Query> queries = product_queries(shop_id, id_or_handle);
  queries.push_back(stock_query(shop_id, id_or_handle, options_.region));
  const std::vector<Rows> rows =
      co_await database_.read_all(std::move(queries), storage::Freshness::replica);
  std::optional<Product> product = product_from(rows);
  if (!product || product->status != ProductStatus::published) {
    co_return no_product();
  }
  StoreProduct store = for_sale(std::move(*product), currency, rows.back());
  if (store.product.variants.empty()) {
    co_return fail(errc::not_found, "This product is not sold in this currency.");
  }
  co_return store;
}

Task<Result<PageOf<StoreSummary, PageKey>>> Catalog::store_list(ListRequest request) {
  std::vector<Query> queries = {store_list_query(request)};
  if (request.collection) {
    queries.push_back(visible_collection_query(request.shop_id, *request.collection));
  }
  const std::vector<Rows> rows =
      co_await database_.read_all(std::move(queries), storage::Freshness::replica);
  if (request.collection && rows.back().empty()) {
    co_return fail(errc::not_found, "There is no such collection in this shop.");
  }
  std::vector<PageKey> keys = keys_from(rows.front(), request.sort == Sort::title);
  PageOf<StoreSummary, PageKey> page;
  page.next = cut_page(keys, request.limit);
  std::vector<std::optional<StoreSummary>> found =
      co_await summaries(request.shop_id, request.currency, ids_of(keys));
  page.items = present(std::move(found));
  co_return page;
}

Task<PageOf<StoreSummary, SearchPosition>> Catalog::store_find(std::string shop_id,
                                                               std::string currency,
                                                               std::string text,
                                                               std::optional<SearchPosition> after,
                                                               std::size_t limit) {
  SearchRequest request{shop_id, std::move(text), currency, after,
                        static_cast<std::int64_t>(limit) + 1};
  std::vector<SearchHit> hits = co_await search_.find(std::move(request));
  PageOf<StoreSummary, SearchPosition> page;
  page.next = cut_page(hits, limit);
  std::vector<std::optional<StoreSummary>> found =
      co_await summaries(std::move(shop_id), std::move(currency), ids_of(hits));
  page.items = present(std::move(found));
  co_return page;
}

Task<Result<std::vector<StoreSummary>>> Catalog::recommendations(std::string shop_id,
                                                                 std::string id_or_handle,
                                                                 std::string currency) {
  std::vector<Query> queries = {recommended_from_query(shop_id, id_or_handle),
                                recommendations_query(shop_id, id_or_handle, currency)};
  const std::vector<Rows> rows =
      co_await database_.read_all(std::move(queries), storage::Freshness::replica);
  if (rows[0].empty()) {
    co_return no_product();
  }
  std::vector<std::string> ids;
  for (const storage::Row row : rows[1]) {
    ids.push_back(row.text(0));
  }
  std::vector<StoreSummary> shown;
  for (std::optional<StoreSummary>& summary :
       co_await summaries(std::move(shop_id), std::move(currency), std::move(ids))) {
    if (summary) {
      shown.push_back(std::move(*summary));
    }
  }
  co_return shown;
}

Task<std::vector<std::optional<StoreSummary>>> Catalog::summaries(std::string shop_id,
                                                                  std::string currency,
                                                                  std::vector<std::string> ids) {
  std::vector<std::optional<StoreSummary>> found;
  if (ids.empty()) {
    co_return found;
  }
  std::vector<Query> queries;
  for (const std::string& id : ids) {
    queries.push_back(store_summary_query(shop_id, id, currency, options_.region));
  }
  const std::vector<Rows> results =
      co_await database_.read_all(std::move(queries), storage::Freshness::replica);
  for (const Rows& rows : results) {
    found.push_back(store_summary_from(rows, currency));
  }
  co_return found;
}

}  // namespace securecart::shop::catalog
