// Collections: named, ordered groups of products. Products are members; either side may say so (a
// product's `collections`, or put_product here).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/ids.hpp"
#include "shop/catalog/model.hpp"
#include "shop/catalog/service.hpp"
#include "storage/database.hpp"

namespace securecart::shop::catalog {

struct CollectionInput {
  std::string handle;  // empty: made from the title
  std::string title;
  std::string description;  // any HTML; only the safe subset is kept
  std::string image;        // an address, or empty
  bool published = true;
  std::optional<std::int64_t> position;  // none: behind the others
};
CollectionInput input_of(const Collection& stored);

// Who asks: shoppers see published collections, and count published products.
enum class Audience : std::uint8_t { shopper, merchant };

class Collections {
 public:
  // Both must outlive it.
  Collections(storage::Database& database, const Ids& ids) : database_(database), ids_(ids) {}

  // By position. The keys' value is the position.
  Task<PageOf<Collection, PageKey>> list(std::string shop_id, Audience audience,
                                         std::optional<PageKey> after, std::size_t limit);
  // By id or handle. Errors: not_found.
  Task<Result<Collection>> collection(std::string shop_id, std::string id_or_handle,
                                      Audience audience);

  // Errors: collection_invalid, handle_taken.
  Task<Result<Collection>> create(std::string shop_id, CollectionInput input);
  // Errors: not_found, version_conflict, collection_invalid, handle_taken.
  Task<Result<Collection>> change(std::string shop_id, Collection stored, CollectionInput input);
  // Creates or changes the collection of input.handle. Errors as create() and change().
  Task<Result<Collection>> upsert(std::string shop_id, CollectionInput input);
  // Its products stay. Errors: not_found, version_conflict.
  Task<Result<void>> remove(std::string shop_id, std::string id, std::int64_t version);

  // Makes the product a member; one that is moves to `position` when there is one, and otherwise
  // stays where it is. Errors: not_found.
  Task<Result<void>> put_product(std::string shop_id, std::string id, std::string product_id,
                                 std::optional<std::int64_t> position);
  // Errors: not_found, also when it is no member.
  Task<Result<void>> remove_product(std::string shop_id, std::string id, std::string product_id);

 private:
  Task<Result<void>> commit(storage::Batch batch);

  storage::Database& database_;
  const Ids& ids_;
};

}  // namespace securecart::shop::catalog
