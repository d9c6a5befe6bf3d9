#include "shop/flows/bought_together.hpp"

#include <string>
#include <utility>
#include <vector>

#include "shop/flows/limits.hpp"

namespace securecart::shop::flows {
namespace {

constexpr std::string_view products_sql =
    "SELECT product_id FROM order_lines WHERE shop_id = $1 AND order_id = $2 "
    "GROUP BY product_id ORDER BY MIN(position), product_id LIMIT $3";
constexpr std::string_view count_sql =
    "INSERT INTO bought_together (shop_id, product_id, other_id, orders) VALUES ($1, $2, $3, 1) "
    "ON CONFLICT (shop_id, product_id, other_id) "
    "DO UPDATE SET orders = bought_together.orders + 1";

}  // namespace

Task<events::ConsumerOutcome> count_bought_together(const Deps& deps, const events::Event& event) {
  storage::Query query{
      products_sql,
      {event.shop_id, event.subject, static_cast<std::int64_t>(limits::paired_products)}};
  Task<storage::Rows> reading = deps.database.read(std::move(query));
  const storage::Rows products = co_await reading;
  storage::Batch batch;  // nothing to do for an order of one product
  for (const storage::Row one : products) {
    for (const storage::Row other : products) {
      if (one.text(0) != other.text(0)) {
        batch.add(count_sql, {event.shop_id, one.text(0), other.text(0)});
      }
    }
  }
  co_return batch;
}

}  // namespace securecart::shop::flows
