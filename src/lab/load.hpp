// An open-loop load of shoppers. They arrive by a schedule drawn from a seed, whatever the shop
// does, and their latency is counted from the moment they were due: a shop that stalls is measured
// with all who would have come meanwhile (no coordinated omission).
//
// Each fills a cart with one to three lines, gives an address, picks a way of shipping and
// completes the cart, trying again with the same key for as long as the patience lasts; some press
// the button twice. What they meant to do and what they were told goes to a history.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "lab/api.hpp"
#include "lab/arrivals.hpp"
#include "lab/checkout.hpp"
#include "lab/history.hpp"
#include "lab/latency.hpp"
#include "lab/limits.hpp"

namespace securecart::lab {

struct LoadOptions {
  std::string url;  // for the history
  std::string secret_key;
  std::string publishable_key;  // empty: one is made through the admin API
  double rate = 10;             // shoppers a second
  Duration duration = std::chrono::seconds(10);
  std::uint64_t seed = 1;
  MethodMix methods;
  Duration patience = std::chrono::seconds(15);
  std::int64_t create_products = 0;  // of its own, with limited stock; 0: what the shop sells
  std::int64_t stock = 5;            // of each of those
  std::int64_t promotion_uses = 0;   // of a code that every other shopper enters; 0: no code
  int double_click_percent = 2;
};

struct LoadCounts {
  std::int64_t started = 0;
  std::int64_t placed = 0;
  std::int64_t refused = 0;    // certainly no order
  std::int64_t unknown = 0;    // no answer in time: the history check tells
  std::int64_t abandoned = 0;  // gave up before asking for an order
  std::int64_t shed = 0;       // never began: limits::shoppers_at_once were under way
  std::int64_t retries = 0;
};

struct LoadTick {
  Duration at{};  // since the beginning
  LoadCounts counts;
  std::int64_t in_flight = 0;
  LatencyHistogram last;  // of the orders placed since the last tick
};

struct LoadSummary {
  LoadCounts counts;
  Duration lasted{};
  LatencyHistogram latency;                     // from when due to the acknowledgement
  LatencyHistogram completion;                  // of the last request alone
  std::map<std::string, std::int64_t> reasons;  // why some got no order: code -> how many
};

class Load {
 public:
  // All outlive this.
  Load(Api& api, HistoryWriter& history, LoadOptions options);

  // Runs to its end: `duration`, and then at most as long as the last shoppers have patience.
  // `tick` is called each second. Throws ApiFailure when the shop cannot be shopped in, Unavailable
  // when the history cannot be written.
  Task<LoadSummary> run(std::function<void(const LoadTick&)> tick);

 private:
  struct Offer {
    std::string variant_id;
    std::int64_t most = 0;  // a sensible quantity
  };
  struct Shopper {
    std::int64_t number = 0;
    SteadyTime due{};
    CartWish wish;
    std::string method;
    bool double_click = false;
    bool other_key = false;  // of the second click
  };

  Task<void> prepare();
  Task<void> find_offers();
  Task<void> look_at(std::string product_id);
  Task<void> make_products();
  Task<void> make_product(std::int64_t number, std::string location_id);
  Task<void> make_promotion();
  Shopper next_shopper(SteadyTime due);
  json::object address_of(std::int64_t number);
  Task<void> keep_ticking(std::function<void(const LoadTick&)> tick);
  void start_shopper(Shopper shopper);
  Task<void> shop(Shopper shopper);
  Task<void> buy(Shopper shopper, ReadyCart cart);
  Task<void> click(const Shopper& shopper, const ReadyCart& cart, int number,
                   std::vector<Completion>& outcomes);
  void count(const Shopper& shopper, const std::vector<Completion>& outcomes);

  Api& api_;
  HistoryWriter& history_;
  const LoadOptions options_;
  Prng random_;
  const std::string run_;  // distinguishes this run's keys from every other's
  std::string publishable_key_;
  StoreKey borrowed_;
  std::string shop_id_;
  std::string currency_;
  std::vector<std::string> countries_;
  std::vector<Offer> offers_;
  std::string code_;  // of the run's promotion
  LoadSummary summary_;
  LatencyHistogram last_;
  SteadyTime began_{};
  std::int64_t in_flight_ = 0;
  bool over_ = false;
  std::exception_ptr failure_;
};

// The summary as people read it.
std::string describe(const LoadSummary& summary);
// One line of progress.
std::string describe(const LoadTick& tick, const LoadCounts& before);

}  // namespace securecart::lab
