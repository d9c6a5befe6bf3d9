// A shopper's way through the store's API: a cart, an address, a way of shipping, an order.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <string>
#include <vector>

#include "lab/api.hpp"
#include "lab/history.hpp"

namespace securecart::lab {

struct CartWish {
  std::string publishable_key;
  std::string session;  // of a customer; empty: a guest
  std::string currency;
  std::string email;
  std::vector<IntentLine> lines;
  json::object address;
  std::string code;  // of a promotion; empty: none
  // Of the ways to ship, the one to take: its index.
  std::function<std::size_t(const json::array& methods)> choose_shipping;
};

// A cart that can be completed.
struct ReadyCart {
  std::string id;
  std::string token;
  std::string currency;
  std::int64_t total = 0;
};

// Fills a cart; the answer that stopped it, when it is not 2xx (or names no method: its status is
// 2xx then and `code` says so).
Task<std::expected<ReadyCart, ApiAnswer>> fill_cart(Api& api, CartWish wish, SteadyTime until);

struct Completion {
  enum class Outcome { placed, refused, unknown };
  Outcome outcome = Outcome::unknown;
  ApiAnswer answer;
};

// Writes the intent, completes the cart with the intent's key until `until`, writes what became of
// it. Throws Unavailable when the history cannot be written.
Task<Completion> complete(Api& api, HistoryWriter& history, Intent intent, std::string token,
                          std::string publishable_key, SteadyTime until);

}  // namespace securecart::lab
