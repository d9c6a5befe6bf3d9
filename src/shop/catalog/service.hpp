// The catalog: products as merchants edit them and as shoppers see them. Collections are in
// collections.hpp; finding products by words goes through search.hpp.
//
// Writing a product always takes the same way: load it, say how it should be (ProductInput),
// change(). The difference becomes one Batch, guarded by the version that was loaded, with its
// events and its search document in the same transaction. Nothing to change writes nothing.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "shop/catalog/input.hpp"
#include "shop/catalog/limits.hpp"
#include "shop/catalog/model.hpp"
#include "shop/catalog/search.hpp"
#include "storage/database.hpp"

namespace securecart::shop::catalog {

struct CatalogOptions {
  std::string region = "local";  // whose allotments say what is available
};

enum class UpsertAction : std::uint8_t { created, updated, unchanged };

struct UpsertOutcome {
  UpsertAction action = UpsertAction::unchanged;
  Product product;  // as it is stored afterwards
};

// An upsert that is decided but not committed, for flows that add to it (stock of an import).
struct PlannedUpsert {
  storage::Batch batch;  // empty when nothing changes
  UpsertOutcome outcome;
  std::vector<std::string> new_variants;  // ids of those that are not there yet
};

// A product as a shopper sees it in one currency.
struct StoreProduct {
  Product product;  // variants without a price in the currency are left out; so are other prices
  std::vector<Availability> availability;   // of each variant
  std::vector<std::string> collection_ids;  // also of those a shopper does not see
};

// One line of a list for shoppers.
struct StoreSummary {
  std::string id;
  std::string handle;
  std::string title;
  std::string vendor;
  std::string type;
  std::vector<std::string> tags;
  std::optional<Image> image;
  Price price;          // the lowest
  bool varies = false;  // another variant costs more
  bool available = false;
  std::vector<std::string> item_ids;  // what `available` depends on
};

// One line of a list for merchants.
struct AdminSummary {
  std::string id;
  std::string handle;
  std::string title;
  std::string vendor;
  std::string type;
  ProductStatus status = ProductStatus::draft;
  std::optional<Image> image;
  std::int64_t variants = 0;
  std::int64_t version = 1;
  Timestamp created_at{};
  Timestamp updated_at{};
};

// `position`: as the merchant put them, inside a collection only.
enum class Sort : std::uint8_t { newest, title, price_asc, price_desc, position };

// Where a list goes on: the sort value and the id of the item before.
struct PageKey {
  storage::Value value;  // of newest: milliseconds; title: its key; prices: the amount; position
  std::string id;
};

struct ListRequest {
  std::string shop_id;
  std::string currency;
  Sort sort = Sort::newest;
  std::optional<std::string> collection;  // id or handle
  std::optional<PageKey> after;
  std::size_t limit = 0;
};

template <class Item, class Key>
struct PageOf {
  std::vector<Item> items;
  std::optional<Key> next;  // none on the last page
};

class Catalog {
 public:
  // All must outlive it.
  Catalog(storage::Database& database, ProductSearch& search, const Clock& clock, const Ids& ids,
          CatalogOptions options = {});

  // --- for merchants: every product, whatever its status ---

  // By id or handle. Errors: not_found.
  Task<Result<Product>> product(std::string shop_id, std::string id_or_handle);
  // The same when its version is `version`. Errors: not_found, version_conflict.
  Task<Result<Product>> product_at(std::string shop_id, std::string id_or_handle,
                                   std::int64_t version);
  // Errors: product_invalid, handle_taken, product_busy.
  Task<Result<Product>> create(std::string shop_id, ProductInput input);
  // Makes `stored` (as loaded) what `input` says; answers the product as it then is.
  // Errors: product_invalid, handle_taken, version_conflict, product_busy.
  Task<Result<Product>> change(std::string shop_id, Product stored, ProductInput input);
  // Newest first. `status`: none is every status.
  Task<PageOf<AdminSummary, PageKey>> list(std::string shop_id, std::optional<ProductStatus> status,
                                           std::optional<PageKey> after, std::size_t limit);
  // Best match first.
  Task<PageOf<AdminSummary, SearchPosition>> find(std::string shop_id, std::string text,
                                                  std::optional<SearchPosition> after,
                                                  std::size_t limit);

  // --- for imports and seeding ---

  // Creates or changes the product of input.handle as one batch. What an import does not state (tax
  // class, collections, shared items, prices in other currencies) stays as it is.
  // Errors: product_invalid, handle_taken, product_busy.
  Task<Result<UpsertOutcome>> upsert(std::string shop_id, ProductInput input);
  // The same without committing. The batch is refused with version_conflict or handle_taken when
  // the product changed meanwhile: plan again.
  Task<Result<PlannedUpsert>> plan_upsert(std::string shop_id, ProductInput input);

  // --- for shoppers: what is published and has a price in the currency ---

  // `asked`: a code, or none for the shop's own. Errors: invalid_request naming query.currency.
  Task<Result<std::string>> currency(std::string shop_id, std::optional<std::string> asked);
  // Errors: not_found.
  Task<Result<StoreProduct>> store_product(std::string shop_id, std::string id_or_handle,
                                           std::string currency);
  // Errors: not_found when the collection is not there or not published.
  Task<Result<PageOf<StoreSummary, PageKey>>> store_list(ListRequest request);
  // What is bought together with this product, most often first, at most
  // limits::recommended_products. Errors: not_found.
  Task<Result<std::vector<StoreSummary>>> recommendations(std::string shop_id,
                                                          std::string id_or_handle,
                                                          std::string currency);
  Task<PageOf<StoreSummary, SearchPosition>> store_find(std::string shop_id, std::string currency,
                                                        std::string text,
                                                        std::optional<SearchPosition> after,
                                                        std::size_t limit);

 private:
  struct References;
  Task<Result<References>> references(std::string shop_id, const ProductInput& input,
                                      const Product* stored);
  Task<Result<Product>> assembled(std::string shop_id, const ProductInput& input,
                                  const Product* stored);
  Task<std::vector<std::optional<StoreSummary>>> summaries(std::string shop_id,
                                                           std::string currency,
                                                           std::vector<std::string> ids);
  Task<std::vector<AdminSummary>> admin_summaries(std::string shop_id,
                                                  std::vector<std::string> ids);

  storage::Database& database_;
  ProductSearch& search_;
  const Clock& clock_;
  const Ids& ids_;
  const CatalogOptions options_;
};

}  // namespace securecart::shop::catalog
