#include "shop/catalog/collections.hpp"

#include <fmt/format.h>

#include "base/json.hpp"
#include "base/limits.hpp"
#include "base/text.hpp"
#include "shop/catalog/errc.hpp"
#include "shop/catalog/limits.hpp"
#include "shop/catalog/sanitise_html.hpp"

namespace securecart::shop::catalog {

using storage::Query;
using storage::Rows;

namespace {

#define COLUMNS                                                                         \
  "SELECT collection.id, collection.handle, collection.title, collection.description, " \
  "collection.image, collection.published, collection.position, collection.version, "
#define ALL_PRODUCTS                                                            \
  "(SELECT COUNT(*) FROM collection_products AS member WHERE member.shop_id = " \
  "collection.shop_id AND member.collection_id = collection.id) "
#define PUBLISHED_PRODUCTS                                                            \
  "(SELECT COUNT(*) FROM collection_products AS member JOIN products AS product ON "  \
  "product.shop_id = member.shop_id AND product.id = member.product_id WHERE "        \
  "member.shop_id = collection.shop_id AND member.collection_id = collection.id AND " \
  "product.status = 'published') "
#define FROM_COLLECTIONS "FROM collections AS collection WHERE collection.shop_id = $1 "
#define PAGE                                             \
  "AND (collection.position, collection.id) > ($2, $3) " \
  "ORDER BY collection.position, collection.id LIMIT $4"
#define ONE "AND (collection.id = $2 OR collection.handle = $2)"

Query list_query(const std::string& shop_id, Audience audience, const PageKey& after,
                 std::size_t limit) {
  return {audience == Audience::shopper ? COLUMNS PUBLISHED_PRODUCTS FROM_COLLECTIONS
              "AND collection.published = 1 " PAGE
                                        : COLUMNS ALL_PRODUCTS FROM_COLLECTIONS PAGE,
          {shop_id, after.value, after.id, static_cast<std::int64_t>(limit) + 1}};
}

Query one_query(const std::string& shop_id, Audience audience, const std::string& id_or_handle) {
  return {audience == Audience::shopper ? COLUMNS PUBLISHED_PRODUCTS FROM_COLLECTIONS
              "AND collection.published = 1 " ONE
                                        : COLUMNS ALL_PRODUCTS FROM_COLLECTIONS ONE,
          {shop_id, id_or_handle}};
}

#undef COLUMNS
#undef ALL_PRODUCTS
#undef PUBLISHED_PRODUCTS
#undef FROM_COLLECTIONS
#undef PAGE
#undef ONE

Collection collection_from(const storage::Row& row) {
  return {row.text(0),    row.text(1),    row.text(2),    row.text(3),   row.text(4),
          row.boolean(5), row.integer(6), row.integer(7), row.integer(8)};
}

CollectionInput cleaned(CollectionInput input) {
  input.title = std::string(trim(input.title));
  input.handle = std::string(trim(input.handle));
  if (input.handle.empty()) {
    input.handle = slugify(input.title);
  }
  input.image = std::string(trim(input.image));
  input.description = sanitise_html(input.description);
  return input;
}

Result<void> check(const CollectionInput& input) {
  std::vector<FieldError> errors;
  if (input.title.empty() || input.title.size() > limits::text_bytes || !is_utf8(input.title)) {
    errors.push_back({"/title", fmt::format("between 1 and {} bytes", limits::text_bytes)});
  }
  if (!is_handle(input.handle)) {
    errors.push_back({"/handle", "lower-case letters, digits, '-' and '_', at most 255 bytes"});
  }
  if (input.description.size() > limits::long_text_bytes) {
    errors.push_back({"/description", fmt::format("at most {} bytes", limits::long_text_bytes)});
  }
  if (!input.image.empty() &&
      (!is_image_source(input.image) || input.image.size() > limits::url_bytes)) {
    errors.push_back({"/image", "an http or https address or a path beginning with '/'"});
  }
  if (!errors.empty()) {
    return fail(errc::collection_invalid, "See `errors` for what to change.", std::move(errors));
  }
  return {};
}

std::string payload(const std::string& handle) {
  json::object object;
  object["handle"] = handle;
  return securecart::to_string(json::value(std::move(object)));
}

// `products`: those whose membership changed.
std::string membership_payload(const std::string& product_id) {
  json::object object;
  object["products"] = json::array{json::value(product_id)};
  return securecart::to_string(json::value(std::move(object)));
}

std::unexpected<Error> no_collection() {
  return fail(errc::not_found, "There is no such collection in this shop.");
}

bool says_the_same(const CollectionInput& input, const Collection& stored) {
  return input.handle == stored.handle && input.title == stored.title &&
         input.description == stored.description && input.image == stored.image &&
         input.published == stored.published &&
         input.position.value_or(stored.position) == stored.position;
}

}  // namespace

CollectionInput input_of(const Collection& stored) {
  return {stored.handle, stored.title,     stored.description,
          stored.image,  stored.published, stored.position};
}

Task<PageOf<Collection, PageKey>> Collections::list(std::string shop_id, Audience audience,
                                                    std::optional<PageKey> after,
                                                    std::size_t limit) {
  const PageKey from = after.value_or(PageKey{INT64_MIN, ""});
  const Rows rows = co_await database_.read(list_query(shop_id, audience, from, limit));
  PageOf<Collection, PageKey> page;
  for (const storage::Row row : rows) {
    page.items.push_back(collection_from(row));
  }
  if (page.items.size() > limit) {
    page.items.resize(limit);
    page.next = PageKey{page.items.back().position, page.items.back().id};
  }
  co_return page;
}

Task<Result<Collection>> Collections::collection(std::string shop_id, std::string id_or_handle,
                                                 Audience audience) {
  const Rows rows = co_await database_.read(one_query(shop_id, audience, id_or_handle));
  if (rows.empty()) {
    co_return no_collection();
  }
  co_return collection_from(rows[0]);
}

Task<Result<void>> Collections::commit(storage::Batch batch) {
  const storage::Commit outcome = co_await database_.commit(std::move(batch));
  if (const auto* refused = std::get_if<storage::Refused>(&outcome)) {
    co_return fail(*refused->kind, "Read the collection again and repeat the change.");
  }
  co_return Result<void>();
}

Task<Result<Collection>> Collections::create(std::string shop_id, CollectionInput input) {
  input = cleaned(std::move(input));
  if (Result<void> sound = check(input); !sound) {
    co_return std::unexpected(std::move(sound.error()));
  }
  const std::string id = ids_.make("col");
  storage::Batch batch;
  batch
      .add(
          "INSERT INTO collections (shop_id, id, handle, title, description, image, published, "
          "position) VALUES ($1, $2, $3, $4, $5, $6, $7, COALESCE($8, (SELECT "
          "COALESCE(MAX(position), -1) + 1 FROM collections WHERE shop_id = $1)))",
          {shop_id, id, input.handle, input.title, input.description, input.image,
           std::int64_t{input.published ? 1 : 0}, storage::nullable(input.position)})
      .expect(1, errc::handle_taken);
  batch.event("collection.created", shop_id, id, payload(input.handle));
  if (Result<void> written = co_await commit(std::move(batch)); !written) {
    co_return std::unexpected(std::move(written.error()));
  }
  co_return co_await collection(shop_id, id, Audience::merchant);
}

Task<Result<Collection>> Collections::change(std::string shop_id, Collection stored,
                                             CollectionInput input) {
  input = cleaned(std::move(input));
  if (Result<void> sound = check(input); !sound) {
    co_return std::unexpected(std::move(sound.error()));
  }
  if (says_the_same(input, stored)) {
    co_return stored;
  }
  storage::Batch batch;
  batch
      .add(
          "UPDATE collections SET version = version + 1 WHERE shop_id = $1 AND id = $2 AND "
          "version = $3",
          {shop_id, stored.id, stored.version})
      .expect(1, errc::version_conflict);
  batch
      .add(
          "UPDATE collections SET handle = $3, title = $4, description = $5, image = $6, "
          "published = $7, position = $8 WHERE shop_id = $1 AND id = $2",
          {shop_id, stored.id, input.handle, input.title, input.description, input.image,
           std::int64_t{input.published ? 1 : 0}, input.position.value_or(stored.position)})
      .expect(1, errc::handle_taken);
  batch.event("collection.updated", shop_id, stored.id, payload(input.handle));
  if (Result<void> written = co_await commit(std::move(batch)); !written) {
    co_return std::unexpected(std::move(written.error()));
  }
  co_return co_await collection(shop_id, stored.id, Audience::merchant);
}

Task<Result<Collection>> Collections::upsert(std::string shop_id, CollectionInput input) {
  input = cleaned(std::move(input));
  Result<Collection> stored = co_await collection(shop_id, input.handle, Audience::merchant);
  if (!stored) {
    co_return co_await create(std::move(shop_id), std::move(input));
  }
  co_return co_await change(std::move(shop_id), std::move(*stored), std::move(input));
}

Task<Result<void>> Collections::remove(std::string shop_id, std::string id, std::int64_t version) {
  Result<Collection> stored = co_await collection(shop_id, id, Audience::merchant);
  if (!stored) {
    co_return std::unexpected(std::move(stored.error()));
  }
  storage::Batch batch;
  batch
      .add(
          "UPDATE collections SET version = version + 1 WHERE shop_id = $1 AND id = $2 AND "
          "version = $3",
          {shop_id, stored->id, version})
      .expect(1, errc::version_conflict);
  batch.add("DELETE FROM collection_products WHERE shop_id = $1 AND collection_id = $2",
            {shop_id, stored->id});
  batch.add("DELETE FROM collections WHERE shop_id = $1 AND id = $2", {shop_id, stored->id});
  batch.event("collection.deleted", shop_id, stored->id, payload(stored->handle));
  co_return co_await commit(std::move(batch));
}

Task<Result<void>> Collections::put_product(std::string shop_id, std::string id,
                                            std::string product_id,
                                            std::optional<std::int64_t> position) {
  storage::Batch batch;
  batch
      .add("UPDATE collections SET version = version + 1 WHERE shop_id = $1 AND id = $2",
           {shop_id, id})
      .expect(1, errc::not_found);
  batch
      .add(
          "INSERT INTO collection_products (shop_id, collection_id, product_id, position) SELECT "
          "$1, $2, id, COALESCE($4, (SELECT COALESCE(MAX(position), -1) + 1 FROM "
          "collection_products WHERE shop_id = $1 AND collection_id = $2)) FROM products WHERE "
          "shop_id = $1 AND id = $3 ON CONFLICT (shop_id, collection_id, product_id) DO UPDATE "
          "SET position = COALESCE($4, collection_products.position)",
          {shop_id, id, product_id, storage::nullable(position)})
      .expect(1, errc::not_found);
  batch.event("collection.updated", shop_id, id, membership_payload(product_id));
  co_return co_await commit(std::move(batch));
}

Task<Result<void>> Collections::remove_product(std::string shop_id, std::string id,
                                               std::string product_id) {
  storage::Batch batch;
  batch
      .add("UPDATE collections SET version = version + 1 WHERE shop_id = $1 AND id = $2",
           {shop_id, id})
      .expect(1, errc::not_found);
  batch
      .add(
          "DELETE FROM collection_products WHERE shop_id = $1 AND collection_id = $2 AND "
          "product_id = $3",
          {shop_id, id, product_id})
      .expect(1, errc::not_found);
  batch.event("collection.updated", shop_id, id, membership_payload(product_id));
  co_return co_await commit(std::move(batch));
}

}  // namespace securecart::shop::catalog
