#include "lab/load.hpp"

#include <algorithm>
#include <cassert>

#include <fmt/format.h>

#include "base/executor.hpp"
#include "lab/fields.hpp"
#include "lab/limits.hpp"
#include "lab/parallel.hpp"

namespace securecart::lab {
namespace {

using namespace std::chrono_literals;
using Headers = std::vector<std::pair<std::string, std::string>>;

constexpr Duration preparation = 30s;  // patience with the shop before the load begins
constexpr std::size_t requests_at_once = 8;
constexpr std::size_t products_looked_at = 100;
constexpr std::int64_t price_of_own_products = 1'250;

std::string millis(Duration duration) {
  return fmt::format("{:.1f} ms", std::chrono::duration<double, std::milli>(duration).count());
}

std::string percentiles(const LatencyHistogram& latency) {
  return fmt::format("p50 {}  p99 {}  p99.9 {}  max {}", millis(latency.percentile(50)),
                     millis(latency.percentile(99)), millis(latency.percentile(99.9)),
                     millis(latency.max()));
}

}  // namespace

Load::Load(Api& api, HistoryWriter& history, LoadOptions options)
    : api_(api),
      history_(history),
      options_(std::move(options)),
      random_(options_.seed),
      run_(fmt::format("load-{}-{}", options_.seed, to_millis(api.clock().now()))),
      publishable_key_(options_.publishable_key) {}

Task<LoadSummary> Load::run(std::function<void(const LoadTick&)> tick) {
  co_await prepare();
  RunStarted started{"load run", options_.url, shop_id_, static_cast<std::int64_t>(options_.seed),
                     api_.clock().now()};
  co_await history_.write(std::move(started));
  if (options_.create_products > 0) {
    co_await make_products();
  } else {
    co_await find_offers();
  }
  if (options_.promotion_uses > 0) {
    co_await make_promotion();
  }
  began_ = api_.clock().steady();
  bool ticking = true;
  start(keep_ticking(std::move(tick)), [&ticking](const std::exception_ptr&) { ticking = false; });
  Prng schedule(options_.seed ^ 0x5eed);
  Arrivals arrivals(options_.rate, schedule);
  for (Duration at = arrivals.next(); at < options_.duration && !failure_; at = arrivals.next()) {
    const Duration ahead = began_ + at - api_.clock().steady();
    if (ahead > Duration::zero()) {
      co_await sleep_for(ahead);
    }
    start_shopper(next_shopper(began_ + at));
  }
  while (in_flight_ > 0) {
    co_await sleep_for(10ms);
  }
  summary_.lasted = api_.clock().steady() - began_;
  over_ = true;
  while (ticking) {
    co_await sleep_for(10ms);
  }
  if (failure_) {
    std::rethrow_exception(failure_);
  }
  co_await history_.write(RunEnded{api_.clock().now()});
  if (!borrowed_.id.empty()) {
    co_await return_store_key(api_, options_.secret_key, borrowed_, options_.patience);
  }
  co_return std::move(summary_);
}

Task<void> Load::prepare() {
  if (publishable_key_.empty()) {
    borrowed_ = co_await borrow_store_key(api_, options_.secret_key, preparation);
    publishable_key_ = borrowed_.secret;
  }
  ApiCall call{.target = "/v1/store/shop", .headers = {{"X-Publishable-Key", publishable_key_}}};
  const json::object shop = co_await api_.must(std::move(call), preparation);
  shop_id_ = text_of(shop, "id");
  currency_ = text_of(shop, "default_currency");
  for (const json::value& country : array_of(shop, "countries")) {
    countries_.emplace_back(country.is_string() ? country.get_string().c_str() : "");
  }
  if (countries_.empty()) {
    throw ApiFailure("the shop ships to no country");
  }
}

Task<void> Load::find_offers() {
  ApiCall call{.target = fmt::format("/v1/store/products?limit={}", products_looked_at),
               .headers = {{"X-Publishable-Key", publishable_key_}}};
  const json::object page = co_await api_.must(std::move(call), preparation);
  const json::array& products = array_of(page, "items");
  auto look = [this, &products](std::size_t index) -> Task<void> {
    return look_at(text_of(as_object(products[index]), "id"));
  };
  co_await in_parallel(products.size(), requests_at_once, look);
  // In an order of their own, so that a seed repeats its choices.
  std::ranges::sort(offers_, {}, &Offer::variant_id);
  if (offers_.empty()) {
    throw ApiFailure("the shop has nothing to sell; use --create-products");
  }
}

Task<void> Load::look_at(std::string product_id) {
  ApiCall ask{.target = "/v1/store/products/" + product_id,
              .headers = {{"X-Publishable-Key", publishable_key_}}};
  const json::object product = co_await api_.must(std::move(ask), preparation);
  for (const json::value& value : array_of(product, "variants")) {
    const json::object& variant = as_object(value);
    if (bool_of(variant, "available") && offers_.size() < limits::load_variants) {
      offers_.push_back({text_of(variant, "id"), 2});
    }
  }
}

Task<void> Load::make_products() {
  ApiCall call{.target = "/v1/admin/locations",
               .headers = {{"Authorization", "Bearer " + options_.secret_key}}};
  const json::object locations = co_await api_.must(std::move(call), preparation);
  if (array_of(locations, "items").empty()) {
    throw ApiFailure("the shop has no location to keep stock at");
  }
  const std::string location = text_of(as_object(array_of(locations, "items")[0]), "id");
  auto make = [this, &location](std::size_t index) -> Task<void> {
    return make_product(static_cast<std::int64_t>(index) + 1, location);
  };
  co_await in_parallel(static_cast<std::size_t>(options_.create_products), requests_at_once, make);
  std::ranges::sort(offers_, {}, &Offer::variant_id);
}

Task<void> Load::make_product(std::int64_t number, std::string location_id) {
  const Headers headers{{"Authorization", "Bearer " + options_.secret_key}};
  const json::object price{{"currency", currency_}, {"amount", price_of_own_products}};
  const json::object variant{{"sku", fmt::format("{}-{}", run_, number)},
                             {"prices", json::array{price}}};
  const json::object product{{"title", fmt::format("Load product {}", number)},
                             {"handle", fmt::format("{}-{}", run_, number)},
                             {"status", "published"},
                             {"variants", json::array{variant}}};
  ApiCall create{.method = net::Method::post,
                 .target = "/v1/admin/products",
                 .headers = headers,
                 .body = to_string(json::value(product))};
  const json::object made = co_await api_.must(std::move(create), preparation);
  const json::array& variants = array_of(made, "variants");
  if (variants.empty()) {
    throw ApiFailure("a product was made without a variant");
  }
  const std::string variant_id = text_of(as_object(variants[0]), "id");
  const std::string item_id = text_of(as_object(variants[0]), "inventory_item_id");
  // Known to the history before it can be sold.
  StockGiven given{variant_id, item_id, options_.stock, api_.clock().now()};
  co_await history_.write(std::move(given));
  const json::object adjustment{{"location_id", location_id},
                                {"delta", options_.stock},
                                {"kind", "receive"},
                                {"reason", "load run"}};
  ApiCall receive{.method = net::Method::post,
                  .target = "/v1/admin/inventory/" + item_id + "/adjustments",
                  .headers = headers,
                  .body = to_string(json::value(adjustment))};
  receive.headers.emplace_back("Idempotency-Key", fmt::format("{}-stock-{}", run_, number));
  co_await api_.must(std::move(receive), preparation);
  offers_.push_back({variant_id, 1});
}

// Ten percent off, for fewer shoppers than will ask for it.
Task<void> Load::make_promotion() {
  code_ = fmt::format("LOAD-{}", to_millis(api_.clock().now()));
  const json::object promotion{{"title", "Load"},
                               {"code", code_},
                               {"kind", "percentage"},
                               {"basis_points", 1'000},
                               {"usage_limit", options_.promotion_uses}};
  ApiCall create{.method = net::Method::post,
                 .target = "/v1/admin/promotions",
                 .headers = {{"Authorization", "Bearer " + options_.secret_key}},
                 .body = to_string(json::value(promotion))};
  co_await api_.must(std::move(create), preparation);
}

json::object Load::address_of(std::int64_t number) {
  const std::string& country = countries_[random_.below(countries_.size())];
  return {{"name", fmt::format("Shopper {}", number)},
          {"line1", fmt::format("Load street {}", number % 1'000 + 1)},
          {"city", "Loadtown"},
          {"postal_code", "10001"},
          {"country", country}};
}

Load::Shopper Load::next_shopper(SteadyTime due) {
  Shopper shopper;
  shopper.number = ++summary_.counts.started;
  shopper.due = due;
  shopper.wish.publishable_key = publishable_key_;
  shopper.wish.currency = currency_;
  shopper.wish.email = fmt::format("shopper-{}@load.example", shopper.number);
  shopper.wish.address = address_of(shopper.number);
  const std::size_t lines = std::min<std::size_t>(random_.below(3) + 1, offers_.size());
  while (shopper.wish.lines.size() < lines) {
    const Offer& offer = offers_[random_.below(offers_.size())];
    const auto same =
        std::ranges::find(shopper.wish.lines, offer.variant_id, &IntentLine::variant_id);
    if (same == shopper.wish.lines.end()) {
      const auto quantity =
          static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(offer.most))) + 1;
      shopper.wish.lines.push_back({offer.variant_id, quantity});
    }
  }
  const std::uint64_t way = random_.next();
  shopper.wish.choose_shipping = [way](const json::array& methods) {
    return static_cast<std::size_t>(way % methods.size());
  };
  shopper.method = options_.methods.pick(random_);
  shopper.double_click =
      random_.below(100) < static_cast<std::uint64_t>(options_.double_click_percent);
  shopper.other_key = random_.below(2) == 1;
  shopper.wish.code = shopper.number % 2 == 0 ? code_ : "";
  return shopper;
}

Task<void> Load::keep_ticking(std::function<void(const LoadTick&)> tick) {
  SteadyTime due = began_ + 1s;
  while (!over_) {
    const Duration ahead = due - api_.clock().steady();
    co_await sleep_for(std::clamp<Duration>(ahead, 1ms, 50ms));
    if (api_.clock().steady() >= due) {
      LoadTick now{api_.clock().steady() - began_, summary_.counts, in_flight_, last_};
      last_.clear();
      tick(now);
      due += 1s;
    }
  }
}

void Load::start_shopper(Shopper shopper) {
  if (in_flight_ >= static_cast<std::int64_t>(limits::shoppers_at_once)) {
    ++summary_.counts.shed;
    return;
  }
  ++in_flight_;
  start(shop(std::move(shopper)), [this](const std::exception_ptr& error) {
    --in_flight_;
    if (error && !failure_) {
      failure_ = error;
    }
  });
}

Task<void> Load::shop(Shopper shopper) {
  const SteadyTime until = shopper.due + options_.patience;
  std::expected<ReadyCart, ApiAnswer> cart = co_await fill_cart(api_, shopper.wish, until);
  if (!cart) {
    ++summary_.counts.abandoned;
    ++summary_.reasons["before checkout: " + cart.error().code];
    co_return;
  }
  co_await buy(std::move(shopper), std::move(*cart));
}

Task<void> Load::buy(Shopper shopper, ReadyCart cart) {
  std::vector<Completion> outcomes;
  const SteadyTime asked = api_.clock().steady();
  auto press = [this, &shopper, &cart, &outcomes](std::size_t number) -> Task<void> {
    return click(shopper, cart, static_cast<int>(number), outcomes);
  };
  co_await in_parallel(shopper.double_click ? 2 : 1, 2, press);
  count(shopper, outcomes);
  if (outcomes.front().outcome == Completion::Outcome::placed) {
    summary_.completion.record(api_.clock().steady() - asked);
  }
}

Task<void> Load::click(const Shopper& shopper, const ReadyCart& cart, int number,
                       std::vector<Completion>& outcomes) {
  Intent intent;
  intent.client = shopper.number;
  intent.cart_id = cart.id;
  intent.key =
      fmt::format("{}-{}{}", run_, shopper.number, number > 0 && shopper.other_key ? "-again" : "");
  intent.currency = cart.currency;
  intent.total = cart.total;
  intent.method = shopper.method;
  intent.lines = shopper.wish.lines;
  Completion completion = co_await complete(api_, history_, std::move(intent), cart.token,
                                            publishable_key_, shopper.due + options_.patience);
  outcomes.push_back(std::move(completion));
}

// A shopper has an order when any of the clicks brought one.
void Load::count(const Shopper& shopper, const std::vector<Completion>& outcomes) {
  using Outcome = Completion::Outcome;
  const auto any = [&outcomes](Outcome outcome) {
    return std::ranges::find(outcomes, outcome, &Completion::outcome) != outcomes.end();
  };
  for (const Completion& completion : outcomes) {
    summary_.counts.retries += completion.answer.attempts - 1;
  }
  if (any(Outcome::placed)) {
    ++summary_.counts.placed;
    const Duration latency = api_.clock().steady() - shopper.due;
    summary_.latency.record(latency);
    last_.record(latency);
    return;
  }
  ++(any(Outcome::unknown) ? summary_.counts.unknown : summary_.counts.refused);
  ++summary_.reasons["checkout: " + outcomes.front().answer.code];
}

std::string describe(const LoadTick& tick, const LoadCounts& before) {
  const LoadCounts& now = tick.counts;
  return fmt::format(
      "{:>5.0f} s  came {:>5}  placed {:>5}  refused {:>4}  unknown {:>4}  gave up {:>4}  "
      "under way {:>5}  p50 {}  p99 {}",
      std::chrono::duration<double>(tick.at).count(), now.started - before.started,
      now.placed - before.placed, now.refused - before.refused, now.unknown - before.unknown,
      now.abandoned - before.abandoned, tick.in_flight, millis(tick.last.percentile(50)),
      millis(tick.last.percentile(99)));
}

std::string describe(const LoadSummary& summary) {
  const LoadCounts& counts = summary.counts;
  const double seconds = std::chrono::duration<double>(summary.lasted).count();
  std::string text = fmt::format(
      "\nshoppers    {} came in {:.1f} s ({:.1f} a second)\n"
      "placed      {}\nrefused     {} (certainly no order)\n"
      "unknown     {} (no answer in time: `securecart history check` tells)\n"
      "gave up     {} (before asking for an order)\n",
      counts.started, seconds, static_cast<double>(counts.started) / seconds, counts.placed,
      counts.refused, counts.unknown, counts.abandoned);
  if (counts.shed > 0) {
    text += fmt::format("NOT BEGUN   {}: more than {} shoppers were under way\n", counts.shed,
                        limits::shoppers_at_once);
  }
  text += fmt::format("retries     {}\n", counts.retries);
  text += "from due    " + percentiles(summary.latency) + "\n";
  text += "completion  " + percentiles(summary.completion) + "\n";
  for (const auto& [reason, times] : summary.reasons) {
    text += fmt::format("            {} x {}\n", times, reason);
  }
  return text;
}

}  // namespace securecart::lab
