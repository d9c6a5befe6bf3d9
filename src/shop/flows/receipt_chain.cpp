#include "shop/flows/receipt_chain.hpp"

#include <map>

#include <boost/json/parse.hpp>

#include "shop/orders/errc.hpp"

namespace securecart::shop::flows {
namespace {

constexpr std::size_t chain_page = 100;  // events: an entry has no more statements
constexpr std::string_view cursor_sql =
    "SELECT position FROM consumer_cursors WHERE consumer = $1 AND origin = $2";
constexpr std::string_view end_sql =
    "SELECT sequence, digest FROM receipt_chain WHERE shop_id = $1 ORDER BY sequence DESC LIMIT 1";

void move_cursor(storage::Batch& batch, const std::string& origin, std::int64_t from,
                 std::int64_t to) {
  if (from == 0) {
    batch
        .add("INSERT INTO consumer_cursors (consumer, origin, position) VALUES ($1, $2, $3)",
             {std::string(ReceiptChain::consumer), origin, to})
        .or_refuse(orders::errc::order_changed);
    return;
  }
  batch
      .add(
          "UPDATE consumer_cursors SET position = $4 WHERE consumer = $1 AND origin = $2 AND "
          "position = $3",
          {std::string(ReceiptChain::consumer), origin, from, to})
      .expect(1, orders::errc::order_changed);
}

}  // namespace

Task<std::int64_t> ReceiptChain::cursor() {
  storage::Query query{cursor_sql, {std::string(consumer), log_.origin()}};
  const storage::Rows rows = co_await deps_.database.read(std::move(query));
  co_return rows.empty() ? 0 : rows[0].integer(0);
}

Task<ReceiptChain::End> ReceiptChain::end_of(std::string shop_id) {
  storage::Query query{end_sql, {std::move(shop_id)}};
  const storage::Rows rows = co_await deps_.database.read(std::move(query));
  if (rows.empty()) {
    co_return End{0, orders::first_link()};
  }
  co_return End{rows[0].integer(0), rows[0].text(1)};
}

Task<void> ReceiptChain::add_entry(storage::Batch& batch, std::string shop_id,
                                   std::vector<events::EventPtr> placed) {
  const End end = co_await end_of(shop_id);
  const orders::ReceiptKey key = co_await keys_.current(shop_id);
  std::vector<std::string> statements;
  for (const events::EventPtr& event : placed) {
    const json::value payload = json::parse(event->payload);
    statements.emplace_back(get_string(payload.as_object(), "statement"));
    batch.add("INSERT INTO receipt_places (shop_id, order_id, sequence) VALUES ($1, $2, $3)",
              {shop_id, event->subject, end.sequence + 1});
  }
  const orders::ChainEntry entry =
      orders::chain_statements(shop_id, statements, end.sequence + 1, end.digest, key);
  batch.add(
      "INSERT INTO receipt_chain (shop_id, sequence, order_id, previous, digest, entry) "
      "VALUES ($1, $2, $3, $4, $5, $6)",
      {shop_id, entry.sequence, placed.front()->subject, entry.previous, entry.digest,
       to_string(json::value(entry.document))});
}

Task<std::int64_t> ReceiptChain::step() {
  const std::int64_t from = co_await cursor();
  const events::Page page = co_await log_.read_after(from, {{"order.placed"}}, chain_page);
  if (page.through == from) {
    co_return from;
  }
  storage::Batch batch;
  // First: it refuses the batch when another instance was faster.
  move_cursor(batch, log_.origin(), from, page.through);
  std::map<std::string, std::vector<events::EventPtr>> by_shop;
  for (const events::EventPtr& event : page.events) {
    by_shop[event->shop_id].push_back(event);
  }
  for (auto& [shop_id, placed] : by_shop) {
    co_await add_entry(batch, shop_id, std::move(placed));
  }
  const storage::Commit outcome = co_await deps_.database.commit(std::move(batch));
  // Refused: another instance moved on; its entries are as good as ours.
  co_return std::holds_alternative<storage::Committed>(outcome) ? page.through : from;
}

}  // namespace securecart::shop::flows
