#include "lab/world_reader.hpp"

#include <algorithm>
#include <charconv>
#include <set>

#include <fmt/format.h>

#include "base/crypto.hpp"
#include "base/executor.hpp"
#include "lab/fields.hpp"
#include "lab/limits.hpp"
#include "lab/parallel.hpp"

namespace securecart::lab {
namespace {

using namespace std::chrono_literals;

constexpr Duration settle_pause = 200ms;
constexpr Duration cursor_patience = 10s;
constexpr Duration process_patience = 2s;  // with a page of metrics
constexpr std::size_t provider_page = 1'000;

WorldDocument document_of(const json::object& object) {
  return {text_of(object, "payload"), text_of(object, "key_id"), text_of(object, "signature")};
}

WorldTransfer transfer_of(const json::object& object) {
  return {text_of(object, "id"),      text_of(object, "journal_id"), text_of(object, "debit"),
          text_of(object, "credit"),  text_of(object, "currency"),   int_of(object, "amount"),
          text_of(object, "order_id")};
}

WorldMovement movement_of(const json::object& object) {
  return {text_of(object, "id"),      text_of(object, "item_id"), text_of(object, "location_id"),
          text_of(object, "kind"),    int_of(object, "on_hand"),  int_of(object, "granted"),
          int_of(object, "reserved"), int_of(object, "sold"),     int_of(object, "backordered"),
          text_of(object, "order_id")};
}

WorldLevel level_of(const json::object& object) {
  return {text_of(object, "item_id"), text_of(object, "sku"),       text_of(object, "location_id"),
          int_of(object, "on_hand"),  int_of(object, "granted"),    int_of(object, "reserved"),
          int_of(object, "sold"),     int_of(object, "backordered")};
}

WorldEntry entry_of(const json::object& object) {
  return {int_of(object, "sequence"), text_of(object, "previous"), text_of(object, "digest"),
          document_of(object_of(object, "entry"))};
}

WorldCharge charge_of(const json::object& object) {
  return {text_of(object, "id"),     text_of(object, "key"),    text_of(object, "currency"),
          int_of(object, "amount"),  text_of(object, "status"), text_of(object, "payment_id"),
          int_of(object, "refunded")};
}

void read_parts(const json::object& object, WorldOrder& order) {
  for (const json::value& value : array_of(object, "lines")) {
    const json::object& line = as_object(value);
    order.lines.push_back({text_of(line, "id"), text_of(line, "variant_id"),
                           int_of(line, "quantity"), int_of(line, "unit_price"),
                           int_of(line, "total"), int_of(line, "tax"), int_of(line, "refunded"),
                           int_of(line, "discount")});
  }
  for (const json::value& value : array_of(object, "discounts")) {
    const json::object& discount = as_object(value);
    order.discounts.push_back({text_of(discount, "promotion_id"), int_of(discount, "amount")});
  }
  for (const json::value& value : array_of(object, "payments")) {
    const json::object& payment = as_object(value);
    order.payments.push_back({text_of(payment, "id"), text_of(payment, "provider_key"),
                              text_of(payment, "currency"), int_of(payment, "amount"),
                              text_of(payment, "status")});
  }
  for (const json::value& value : array_of(object, "refunds")) {
    const json::object& refund = as_object(value);
    order.refunds.push_back({text_of(refund, "id"), text_of(refund, "payment_id"),
                             int_of(refund, "amount"), text_of(refund, "status")});
  }
  for (const json::value& value : array_of(object, "reservations")) {
    const json::object& hold = as_object(value);
    order.reservations.push_back({text_of(hold, "item_id"), text_of(hold, "location_id"),
                                  int_of(hold, "quantity"), int_of(hold, "backordered")});
  }
}

}  // namespace

WorldOrder world_order(const json::object& object) {
  const json::object& totals = object_of(object, "totals");
  WorldOrder order;
  order.id = text_of(object, "id");
  order.number = text_of(object, "number");
  order.cart_id = text_of(object, "cart_id");
  order.status = text_of(object, "status");
  order.payment_status = text_of(object, "payment_status");
  order.currency = text_of(object, "currency");
  order.country = text_of(object_of(object, "shipping_address"), "country");
  order.subtotal = int_of(totals, "subtotal");
  order.discount = int_of(totals, "discount");
  order.shipping = int_of(totals, "shipping");
  order.tax = int_of(totals, "tax");
  order.total = int_of(totals, "total");
  order.refunded = int_of(totals, "refunded");
  order.tax_included = bool_of(totals, "tax_included");
  order.captured = int_of(object, "captured_total");
  order.statement = document_of(object_of(object, "receipt"));
  read_parts(object, order);
  return order;
}

std::vector<std::string> chained_statements(const json::object& entry) {
  std::vector<std::string> digests;
  for (const json::value& statement : array_of(entry, "statements")) {
    digests.emplace_back(statement.is_string() ? std::string_view(statement.get_string()) : "");
  }
  if (entry.contains("statement")) {
    digests.push_back(text_of(entry, "statement"));
  }
  return digests;
}

Task<bool> WorldReader::none_with(std::string payment_status) {
  ApiCall call{.target = "/v1/admin/orders?limit=1&payment_status=" + payment_status,
               .headers = headers_};
  const json::object page = co_await api_.must(std::move(call), patience_);
  co_return array_of(page, "items").empty();
}

// Reads on in the log from where it was: how many orders were placed, how many refunds are open.
Task<void> WorldReader::follow_events() {
  for (;;) {
    ApiCall call{.target = fmt::format("/v1/events?limit=100&types=order.placed,"
                                       "order.refund_requested,order.refunded,order.refund_failed"
                                       "&after={}",
                                       followed_),
                 .headers = headers_};
    const json::object page = co_await api_.must(std::move(call), patience_);
    for (const json::value& event : array_of(page, "items")) {
      const std::string type = text_of(as_object(event), "type");
      placed_ += type == "order.placed" ? 1 : 0;
      open_refunds_ += type == "order.refund_requested" ? 1 : 0;
      open_refunds_ -= type == "order.refunded" || type == "order.refund_failed" ? 1 : 0;
    }
    const std::int64_t next = int_of(page, "next_after");
    if (next <= followed_) {
      co_return;
    }
    followed_ = next;
  }
}

std::map<std::string, std::int64_t> unsettled_events(std::string_view metrics) {
  constexpr std::string_view name = "securecart_consumer_lag_events{consumer=\"";
  std::map<std::string, std::int64_t> found;
  while (!metrics.empty()) {
    const std::size_t end = std::min(metrics.find('\n'), metrics.size() - 1);
    const std::string_view line = metrics.substr(0, end);
    metrics.remove_prefix(end + 1);
    const std::size_t quote = line.find('"', name.size());
    if (!line.starts_with(name) || quote == std::string_view::npos || quote + 3 > line.size()) {
      continue;
    }
    const std::string_view number = line.substr(quote + 3);
    double value = 0;
    std::from_chars(number.data(), number.data() + number.size(), value);
    // Below zero: the tail is not known to the instance yet.
    found[std::string(line.substr(name.size(), quote - name.size()))] =
        static_cast<std::int64_t>(std::max(value, 0.0));
  }
  return found;
}

// The worst that any process knows of a consumer. One that cannot be asked may know of something.
Task<std::map<std::string, std::int64_t>> WorldReader::look_at_consumers() {
  std::optional<std::string> page = co_await api_.text("/metrics", patience_);
  std::map<std::string, std::int64_t> unsettled = unsettled_events(page.value_or(""));
  for (Api& process : processes_) {
    page = co_await process.text("/metrics", process_patience);
    if (!page) {
      unsettled["of a process that does not answer (" + process.address() + ")"] = 1;
    }
    for (const auto& [consumer, behind] : unsettled_events(page.value_or(""))) {
      std::int64_t& known = unsettled[consumer];
      known = std::max(known, behind);
    }
  }
  co_return unsettled;
}

// Waits for consumers that are a moment behind: cursors are stored once a second.
Task<std::map<std::string, std::int64_t>> WorldReader::read_unsettled(Duration patience) {
  const SteadyTime until = api_.clock().steady() + patience;
  for (;;) {
    std::map<std::string, std::int64_t> unsettled = co_await look_at_consumers();
    const bool behind =
        std::ranges::any_of(unsettled, [](const auto& entry) { return entry.second > 0; });
    if (!behind || api_.clock().steady() >= until) {
      co_return unsettled;
    }
    co_await sleep_for(settle_pause);
  }
}

Task<bool> WorldReader::is_settled() {
  if (!co_await none_with("pending")) {
    co_return false;
  }
  co_await follow_events();
  if (open_refunds_ > 0) {
    co_return false;
  }
  const std::vector<json::object> entries =
      co_await api_.list("/v1/admin/receipts", headers_, patience_);
  std::size_t chained = 0;
  for (const json::object& entry : entries) {
    const Result<json::value> link = parse_json(entry_of(entry).document.payload);
    chained += link ? chained_statements(as_object(*link)).size() : 0;
  }
  const std::map<std::string, std::int64_t> unsettled = co_await read_unsettled(0ms);
  co_return chained >=
      placed_&& std::ranges::all_of(unsettled, [](const auto& entry) { return entry.second == 0; });
}

Task<bool> WorldReader::wait_until_settled(Duration settle) {
  const SteadyTime until = api_.clock().steady() + settle;
  for (;;) {
    if (co_await is_settled()) {
      co_return true;
    }
    if (api_.clock().steady() >= until) {
      co_return false;
    }
    co_await sleep_for(settle_pause);
  }
}

Task<void> WorldReader::read_order(std::string id, json::object& into) {
  ApiCall call{.target = "/v1/admin/orders/" + id, .headers = headers_};
  into = co_await api_.must(std::move(call), patience_);
}

Task<std::vector<json::object>> WorldReader::read_orders(
    std::function<void(std::string_view)> progress) {
  progress("orders");
  const std::vector<json::object> listed =
      co_await api_.list("/v1/admin/orders", headers_, patience_);
  std::vector<json::object> orders(listed.size());
  auto read = [this, &listed, &orders](std::size_t i) -> Task<void> {
    return read_order(text_of(listed[i], "id"), orders[i]);
  };
  co_await in_parallel(listed.size(), limits::check_requests_at_once, read);
  co_return orders;
}

Task<void> WorldReader::read_movements(std::string item_id, World& world) {
  const std::string target = "/v1/admin/inventory/" + item_id + "/movements";
  const std::vector<json::object> movements = co_await api_.list(target, headers_, patience_);
  for (const json::object& movement : movements) {
    world.movements.push_back(movement_of(movement));
  }
}

Task<void> WorldReader::read_stock(World& world) {
  const std::vector<json::object> levels =
      co_await api_.list("/v1/admin/inventory", headers_, patience_);
  std::set<std::string> distinct;
  for (const json::object& level : levels) {
    world.levels.push_back(level_of(level));
    distinct.insert(world.levels.back().item_id);
  }
  const std::vector<std::string> items(distinct.begin(), distinct.end());
  auto read = [this, &items, &world](std::size_t i) -> Task<void> {
    return read_movements(items[i], world);
  };
  co_await in_parallel(items.size(), limits::check_requests_at_once, read);
}

Task<void> WorldReader::read_ledger(World& world) {
  const std::vector<json::object> transfers =
      co_await api_.list("/v1/admin/ledger/transfers", headers_, patience_);
  for (const json::object& transfer : transfers) {
    world.transfers.push_back(transfer_of(transfer));
  }
  ApiCall call{.target = "/v1/admin/ledger/balances", .headers = headers_};
  const json::object balances = co_await api_.must(std::move(call), patience_);
  for (const json::value& value : array_of(balances, "items")) {
    const json::object& balance = as_object(value);
    world.balances.push_back(
        {text_of(balance, "account"), text_of(balance, "currency"), int_of(balance, "balance")});
  }
}

Task<void> WorldReader::read_receipts(World& world) {
  const StoreKey store = co_await borrow_store_key(api_, secret_key_, patience_);
  ApiCall call{.target = "/v1/store/receipt-keys",
               .headers = {{"X-Publishable-Key", store.secret}}};
  const json::object keys = co_await api_.must(std::move(call), patience_);
  co_await return_store_key(api_, secret_key_, store, patience_);
  for (const json::value& value : array_of(keys, "items")) {
    const json::object& key = as_object(value);
    world.receipt_keys.emplace(text_of(key, "id"),
                               from_base64url(text_of(key, "public_key")).value_or(""));
  }
  const std::vector<json::object> entries =
      co_await api_.list("/v1/admin/receipts", headers_, patience_);
  for (const json::object& entry : entries) {
    world.receipt_chain.push_back(entry_of(entry));
  }
}

Task<void> WorldReader::read_events(World& world) {
  for (std::int64_t after = 0;;) {
    ApiCall call{.target = fmt::format("/v1/events?limit=100&after={}", after),
                 .headers = headers_};
    const json::object page = co_await api_.must(std::move(call), patience_);
    for (const json::value& value : array_of(page, "items")) {
      const json::object& event = as_object(value);
      world.events.push_back(
          {int_of(event, "position"), text_of(event, "type"), text_of(event, "subject")});
    }
    world.events_tail = int_of(page, "tail");
    const std::int64_t next = int_of(page, "next_after");
    if (next <= after || next >= world.events_tail) {
      co_return;
    }
    after = next;
  }
}

Task<void> WorldReader::read_charges(ProviderAccess provider, World& world) {
  world.charges.emplace();
  std::string after;
  for (;;) {
    ApiCall call{.target = fmt::format("/charges?limit={}&after={}", provider_page, after),
                 .headers = {{"Authorization", "Bearer " + provider.secret}}};
    const json::object page = co_await provider.api->must(std::move(call), patience_);
    const json::array& items = array_of(page, "items");
    for (const json::value& value : items) {
      world.charges->push_back(charge_of(as_object(value)));
    }
    if (items.size() < provider_page) {
      co_return;
    }
    after = world.charges->back().id;
  }
}

Task<World> WorldReader::read(std::optional<ProviderAccess> provider,
                              std::function<void(std::string_view)> progress) {
  World world;
  ApiCall call{.target = "/v1/admin/shop", .headers = headers_};
  const json::object shop = co_await api_.must(std::move(call), patience_);
  world.shop_id = text_of(shop, "id");
  const std::vector<json::object> listed =
      co_await api_.list("/v1/admin/orders", headers_, patience_);
  for (const json::object& row : listed) {
    world.listings.push_back({text_of(row, "id"), text_of(row, "cart_id"), int_of(row, "total")});
  }
  const std::vector<json::object> orders = co_await read_orders(progress);
  for (const json::object& order : orders) {
    world.orders.push_back(world_order(order));
  }
  const std::vector<json::object> promotions =
      co_await api_.list("/v1/admin/promotions", headers_, patience_);
  for (const json::object& promotion : promotions) {
    world.promotions.push_back({text_of(promotion, "id"), int_of(promotion, "used"),
                                int_of(promotion, "usage_limit", -1)});
  }
  progress("stock");
  co_await read_stock(world);
  progress("ledger");
  co_await read_ledger(world);
  progress("receipts");
  co_await read_receipts(world);
  progress("events");
  co_await read_events(world);
  world.unsettled_events = co_await read_unsettled(std::min(patience_, cursor_patience));
  if (provider) {
    progress("the provider's charges");
    co_await read_charges(*provider, world);
  }
  co_return world;
}

}  // namespace securecart::lab
