// The event log and the chain of receipts.
#include <optional>

#include <fmt/format.h>

#include "base/crypto.hpp"
#include "base/json.hpp"
#include "lab/checks.hpp"
#include "lab/fields.hpp"
#include "lab/world_reader.hpp"

namespace securecart::lab {
namespace {

struct OrderEvents {
  std::int64_t placed = 0;
  std::int64_t paid = 0;
  std::int64_t cancelled = 0;
};

void check_positions(const CheckContext& context) {
  std::int64_t last = 0;
  for (const WorldEvent& event : context.world.events) {
    const bool good =
        context.options.only_shop ? event.position == last + 1 : event.position > last;
    context.report.expect(
        "events", good, fmt::format("event {} ({})", event.position, event.type),
        [&] {
          return context.options.only_shop ? fmt::format("position {}", last + 1)
                                           : fmt::format("a position after {}", last);
        },
        [&] { return fmt::format("{}", event.position); });
    last = event.position;
  }
  if (context.options.only_shop) {
    context.report.equal("events", "the log", "a last position of", context.world.events_tail,
                         last);
  }
}

void check_order_events(const CheckContext& context) {
  std::unordered_map<std::string_view, OrderEvents> seen;
  for (const WorldEvent& event : context.world.events) {
    if (!event.type.starts_with("order.")) {
      continue;
    }
    OrderEvents& events = seen[event.subject];
    events.placed += event.type == "order.placed" ? 1 : 0;
    events.paid += event.type == "order.paid" ? 1 : 0;
    events.cancelled += event.type == "order.cancelled" ? 1 : 0;
    context.report.that("events", context.index.orders.contains(event.subject),
                        fmt::format("event {} ({})", event.position, event.type),
                        "the order it is about", "no such order: " + event.subject);
  }
  for (const WorldOrder& order : context.world.orders) {
    const std::string name = context.index.name(order);
    const OrderEvents& events = seen[order.id];
    const bool cancelled = order.status == "cancelled";
    const bool paid =
        order.payment_status == "paid" || order.payment_status == "partially_refunded";
    context.report.equal("events", name, "order.placed events:", 1, events.placed);
    context.report.equal("events", name, "order.cancelled events:", cancelled ? 1 : 0,
                         events.cancelled);
    // A refunded order may have been paid first, or its money came after it was cancelled.
    if (order.payment_status != "refunded") {
      context.report.equal("events", name, "order.paid events:", paid && order.total > 0 ? 1 : 0,
                           events.paid);
    } else {
      context.report.that("events", events.paid <= 1, name, "at most one order.paid event",
                          fmt::format("{}", events.paid));
    }
  }
}

// The signed facts; nullopt (and a finding) when the signature does not hold.
std::optional<json::object> verified(const CheckContext& context, const std::string& name,
                                     const WorldDocument& document, std::string_view what) {
  const auto key = context.world.receipt_keys.find(document.key_id);
  if (!context.report.that("receipts", key != context.world.receipt_keys.end(), name,
                           fmt::format("a {} signed with a key of the shop", what),
                           "key " + document.key_id)) {
    return std::nullopt;
  }
  const std::optional<std::string> signature = from_base64url(document.signature);
  const bool sound = signature && signature->size() == 64 && key->second.size() == 32 &&
                     verify(key->second, document.payload, *signature);
  if (!context.report.that("receipts", sound, name, fmt::format("a {} whose signature holds", what),
                           "a signature that does not")) {
    return std::nullopt;
  }
  Result<json::value> parsed = parse_json(document.payload);
  if (!context.report.that("receipts", parsed && parsed->is_object(), name,
                           fmt::format("a {} that is a JSON object", what), "something else")) {
    return std::nullopt;
  }
  return std::move(parsed->as_object());
}

void check_statement(const CheckContext& context, const WorldOrder& order) {
  const std::string name = context.index.name(order);
  const auto facts = verified(context, name, order.statement, "statement");
  if (!facts) {
    return;
  }
  context.report.same("receipts", name, "a statement of order", order.id,
                      text_of(*facts, "order_id"));
  context.report.same("receipts", name, "a statement of number", order.number,
                      text_of(*facts, "number"));
  context.report.same("receipts", name, "a statement in", order.currency,
                      text_of(*facts, "currency"));
  context.report.equal("receipts", name, "a statement over", order.total,
                       int_of(*facts, "total", -1));
}

// The digests of the statements that the entry chains, when it holds.
std::vector<std::string> check_entry(const CheckContext& context, const std::string& name,
                                     const WorldEntry& entry, std::int64_t sequence,
                                     const std::string& previous) {
  context.report.equal("receipts", name, "sequence", sequence, entry.sequence);
  context.report.same("receipts", name, "a digest of", sha256_hex(entry.document.payload),
                      entry.digest);
  context.report.same("receipts", name, "to follow", previous, entry.previous);
  const auto link = verified(context, name, entry.document, "chain entry");
  if (!link) {
    return {};
  }
  context.report.equal("receipts", name, "a signed sequence of", sequence,
                       int_of(*link, "sequence", -1));
  context.report.same("receipts", name, "a signed link to", previous, text_of(*link, "previous"));
  return chained_statements(*link);
}

}  // namespace

void check_events(const CheckContext& context) {
  check_positions(context);
  check_order_events(context);
  for (const auto& [consumer, behind] : context.world.unsettled_events) {
    context.report.equal("handled", "consumer " + consumer, "unsettled events:", 0, behind);
  }
}

void check_receipts(const CheckContext& context) {
  std::unordered_map<std::string, std::int64_t> chained;  // how often, by digest
  std::string previous(64, '0');
  std::int64_t sequence = 0;
  for (const WorldEntry& entry : context.world.receipt_chain) {
    const std::string name = fmt::format("entry {} of the chain of receipts", entry.sequence);
    for (std::string& statement : check_entry(context, name, entry, ++sequence, previous)) {
      ++chained[std::move(statement)];
    }
    previous = entry.digest;
  }
  std::size_t known = 0;
  for (const WorldOrder& order : context.world.orders) {
    check_statement(context, order);
    const auto found = chained.find(sha256_hex(order.statement.payload));
    known += found != chained.end() ? 1 : 0;
    context.report.equal("receipts", context.index.name(order), "times in the chain:", 1,
                         found != chained.end() ? found->second : 0);
  }
  context.report.equal("receipts", "the chain", "statements of no order (lost):", 0,
                       static_cast<std::int64_t>(chained.size() - known));
}

}  // namespace securecart::lab
