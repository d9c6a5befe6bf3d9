// A shop on Redis that loses it: no request fails, the database is not stampeded, sessions live on,
// and when Redis is back it is used again. The numbers are printed.
#include <thread>

#include <fmt/format.h>

#include "tests/support/engines.hpp"
#include "tests/support/redis.hpp"
#include "tests/support/shop_client.hpp"
#include "tests/support/temp_dir.hpp"

namespace securecart::test {
namespace {

constexpr int product_count = 30;

// What shoppers read all the time, by many at once, until it is stopped.
class Browsing {
 public:
  Browsing(const ShopProcess& shop, const std::vector<std::string>& products,
           const std::string& session)
      : client_(shop) {
    const Fields fields{{"X-Publishable-Key", shop.publishable_key()},
                        {"Authorization", "Bearer " + session}};
    for (const std::string& product : products) {
      requests_.push_back({net::Method::get, "/v1/store/products/" + product, nullptr, fields});
      requests_.push_back(
          {net::Method::get, "/v1/store/products/" + product + "?currency=EUR", nullptr, fields});
    }
    for (const char* sort : {"newest", "title", "price_asc", "price_desc"}) {
      requests_.push_back(
          {net::Method::get, std::string("/v1/store/products?sort=") + sort, nullptr, fields});
    }
    requests_.push_back({net::Method::get, "/v1/store/collections", nullptr, fields});
    requests_.push_back({net::Method::get, "/v1/store/customers/me", nullptr, fields});
    thread_ = std::thread([this] { browse(); });
  }
  ~Browsing() {
    stopping_ = true;
    thread_.join();
  }

  // Every page a shopper may ask for, but the customer's own, which is never kept.
  std::size_t pages() const { return requests_.size() - 1; }
  std::uint64_t answers() const { return answers_; }
  std::uint64_t failures() const { return failures_; }
  // Waits for so many rounds over all pages that begin from now on.
  bool rounds(std::uint64_t count) {
    const std::uint64_t until = rounds_ + count + 1;
    return eventually([this, until] { return rounds_ >= until; });
  }

 private:
  void browse() {
    while (!stopping_) {
      for (const lab::ApiAnswer& answer : client_.at_once(requests_)) {
        ++answers_;
        if (answer.status != 200) {
          ++failures_;
          ADD_FAILURE() << answer.describe();
        }
      }
      ++rounds_;
    }
  }

  ShopClient client_;
  std::vector<ShopClient::Request> requests_;
  std::atomic<bool> stopping_ = false;
  std::atomic<std::uint64_t> answers_ = 0;
  std::atomic<std::uint64_t> failures_ = 0;
  std::atomic<std::uint64_t> rounds_ = 0;
  std::thread thread_;
};

class CachedShop : public testing::TestWithParam<Engine> {
 protected:
  std::vector<std::string> options(const std::string& url) const {
    return home_.behind({"--cache", url, "--cores", "2"});
  }

  static std::vector<std::string> add_products(ShopClient& client) {
    std::vector<std::string> ids;
    for (int i = 0; i < product_count; ++i) {
      ids.push_back(client.add_product("Lamp " + std::to_string(i), 10).product_id);
    }
    return ids;
  }

  // Somebody new each time.
  static std::string sign_up(ShopClient& client) {
    static int customers = 0;
    const lab::ApiAnswer account =
        client.call(net::Method::post, "/v1/store/customers",
                    json::object{{"email", "c" + std::to_string(++customers) + "@example.com"},
                                 {"name", "Ada"},
                                 {"password", "correct horse battery"}});
    EXPECT_EQ(account.status, 201) << account.describe();
    return std::string(get_string(get_object(account.body, "session"), "token"));
  }

  static bool is_signed_in(ShopClient& client, const std::string& session) {
    return client
               .call(net::Method::get, "/v1/store/customers/me", nullptr,
                     {{"Authorization", "Bearer " + session}})
               .status == 200;
  }

  static double loads(ShopClient& client) { return client.metric("securecart_cache_loads_total"); }
  static double hits(ShopClient& client) {
    return client.metric("securecart_cache_lookups_total", "result=\"hit\"");
  }
  static double unreachable(ShopClient& client) {
    return client.metric("securecart_cache_unreachable_total");
  }
  static bool connected(ShopClient& client) {
    return eventually([&] { return client.metric("securecart_redis_connections") == 2; });
  }

  // Runs `fault` while shoppers browse, `mend` after some rounds, and says what it cost.
  static void lose(const std::string& name, const ShopProcess& shop,
                   const std::vector<std::string>& products, const std::function<void()>& fault,
                   const std::function<void()>& mend) {
    ShopClient client(shop);
    const std::string session = sign_up(client);
    Browsing browsing(shop, products, session);
    ASSERT_TRUE(browsing.rounds(3));
    const double warm = loads(client);
    const double warm_hits = hits(client);
    ASSERT_TRUE(browsing.rounds(3));
    const auto pages = static_cast<double>(browsing.pages());
    // Pages past their minute are made anew, once each and behind the scenes; nothing else is.
    EXPECT_LE(loads(client) - warm, pages);
    EXPECT_GT(hits(client), warm_hits);

    const std::uint64_t before = browsing.answers();
    const double kept = loads(client);
    const double lost_before = unreachable(client);
    fault();
    ASSERT_TRUE(eventually([&] { return unreachable(client) > lost_before; }));
    ASSERT_TRUE(browsing.rounds(10));
    const double lost = loads(client) - kept;
    const std::uint64_t answers_lost = browsing.answers() - before;
    EXPECT_TRUE(is_signed_in(client, session));

    mend();
    ASSERT_TRUE(connected(client));
    ASSERT_TRUE(browsing.rounds(10));
    const double back = loads(client) - kept - lost;
    const double hits_before = hits(client);
    const double loads_before = loads(client);
    ASSERT_TRUE(browsing.rounds(5));
    EXPECT_GT(hits(client), hits_before);
    EXPECT_LE(loads(client) - loads_before, pages);
    EXPECT_EQ(browsing.failures(), 0U);
    fmt::print(
        "{}: {} pages; {} answers while Redis was gone, {} failed, {} loads from the database "
        "(at most {} at once); {} loads when it was back\n",
        name, browsing.pages(), answers_lost, browsing.failures(), lost,
        client.metric("securecart_cache_loads_at_once_most"), back);
    // Each page and the session once from the process's own memory; a few twice, when the cache
    // went away between the lookup and the answer.
    EXPECT_LE(lost, 2 * pages + 10);
    EXPECT_LE(back, 2 * pages + 10);
  }

  EngineHome home_{GetParam()};
  TempDir folder_;
};

TEST_P(CachedShop, LosesRedisAndNothingElse) {
  Redis redis;
  const ShopProcess shop(folder_.path(), options(redis.url()));
  ShopClient client(shop);
  ASSERT_TRUE(connected(client));
  const std::vector<std::string> products = add_products(client);
  lose("killed", shop, products, [&] { redis.kill_now(); }, [&] { redis.start(); });
  lose("hanging", shop, products, [&] { redis.pause(); }, [&] { redis.resume(); });
}

TEST_P(CachedShop, FollowsTheSentinels) {
  SentinelFleet fleet;
  const ShopProcess shop(folder_.path(), options(fleet.url()));
  ShopClient client(shop);
  ASSERT_TRUE(connected(client));
  const std::vector<std::string> products = add_products(client);
  Redis& master = fleet.master();
  const int next = fleet.replica().port();
  lose(
      "failover", shop, products, [&] { master.kill_now(); },
      [&] { ASSERT_TRUE(eventually([&] { return fleet.master_port() == next; })); });
}

// A session is a row: neither Redis nor a restart ends it, and Redis spares a restart the query.
TEST_P(CachedShop, SessionsOutliveRedisAndRestarts) {
  Redis redis;
  ShopProcess shop(folder_.path(), options(redis.url()));
  std::string session;
  {
    ShopClient client(shop);
    ASSERT_TRUE(connected(client));
    session = sign_up(client);
    ASSERT_TRUE(is_signed_in(client, session));
  }
  // Whoever starts finds the session in Redis and asks the database for none. On a machine that is
  // busy with something else Redis may answer too late once, then the next one finds it.
  bool found = false;
  for (int restarts = 0; restarts < 5 && !found; ++restarts) {
    EXPECT_EQ(shop.end(), 0);
    shop.start();
    ShopClient client(shop);
    ASSERT_TRUE(connected(client));
    ASSERT_TRUE(is_signed_in(client, session));
    found = client.metric("securecart_cache_loads_total", "what=\"session\"") == 0 &&
            client.metric("securecart_cache_lookups_total", "result=\"hit\",what=\"session\"") == 1;
  }
  EXPECT_TRUE(found);
  redis.kill_now();
  shop.kill_now();
  shop.start();
  {
    ShopClient client(shop);
    EXPECT_TRUE(is_signed_in(client, session));
    // Signed out while Redis is gone: it must not know better when it is back.
    EXPECT_EQ(client
                  .call(net::Method::del, "/v1/store/sessions/current", nullptr,
                        {{"Authorization", "Bearer " + session}})
                  .status,
              204);
    EXPECT_FALSE(is_signed_in(client, session));
  }
  redis.start();
  {
    ShopClient client(shop);
    ASSERT_TRUE(connected(client));
    EXPECT_FALSE(is_signed_in(client, session));
  }
}

// Signed out while Redis hangs with the session in it, by a process that dies at once: the log
// remembers what Redis was not told.
TEST_P(CachedShop, WhatRedisWasNotToldIsToldByTheNextProcess) {
  Redis redis;
  ShopProcess shop(folder_.path(), options(redis.url()));
  std::string session;
  {
    ShopClient client(shop);
    ASSERT_TRUE(connected(client));
    session = sign_up(client);
    ASSERT_TRUE(is_signed_in(client, session));
    redis.pause();
    EXPECT_EQ(client
                  .call(net::Method::del, "/v1/store/sessions/current", nullptr,
                        {{"Authorization", "Bearer " + session}})
                  .status,
              204);
  }
  shop.kill_now();
  redis.resume();
  shop.start();
  ShopClient client(shop);
  ASSERT_TRUE(connected(client));
  EXPECT_TRUE(eventually([&] { return !is_signed_in(client, session); }));
}

// From orders to the log to a table to the page of a product.
TEST_P(CachedShop, RecommendsWhatWasBoughtTogether) {
  const Redis redis;
  const ShopProcess shop(folder_.path(), options(redis.url()));
  ShopClient client(shop);
  const TestVariant lamp = client.add_product("Lamp", 50);
  const TestVariant bulb = client.add_product("Bulb", 50);
  const TestVariant shade = client.add_product("Shade", 50);
  const std::vector<std::vector<std::pair<std::string, std::int64_t>>> carts = {
      {{lamp.variant_id, 1}, {bulb.variant_id, 2}},
      {{lamp.variant_id, 1}, {bulb.variant_id, 1}, {shade.variant_id, 1}},
      {{lamp.variant_id, 1}, {bulb.variant_id, 1}},
      {{shade.variant_id, 1}}};
  for (const auto& lines : carts) {
    const auto completion = ShopClient::completion(client.cart_of(lines), client.key());
    const lab::ApiAnswer placed =
        client.call(completion.method, completion.target, completion.body, completion.fields);
    ASSERT_EQ(placed.status, 201) << placed.describe();
  }
  ASSERT_TRUE(eventually([&] {
    return client.metric("securecart_consumer_delivered_total", "consumer=\"bought-together\"") >=
           static_cast<double>(carts.size());
  }));
  const auto recommended = [&](const std::string& product) {
    const lab::ApiAnswer answer =
        client.call(net::Method::get, "/v1/store/products/" + product + "/recommendations", nullptr,
                    {{"X-Publishable-Key", shop.publishable_key()}});
    EXPECT_EQ(answer.status, 200) << answer.describe();
    std::vector<std::string> ids;
    for (const json::value& item : get_array(answer.body, "items")) {
      ids.emplace_back(get_string(item.as_object(), "id"));
    }
    return ids;
  };
  using Ids = std::vector<std::string>;
  EXPECT_EQ(recommended(lamp.product_id), (Ids{bulb.product_id, shade.product_id}));
  EXPECT_EQ(recommended(shade.product_id).size(), 2U);
  // What is not sold any more is not recommended any more.
  const lab::ApiAnswer archived =
      client.admin(net::Method::patch, "/v1/admin/products/" + bulb.product_id,
                   json::object{{"status", "archived"}}, {{"If-Match", "\"v1\""}});
  ASSERT_EQ(archived.status, 200) << archived.describe();
  EXPECT_EQ(recommended(lamp.product_id), Ids{shade.product_id});
  EXPECT_EQ(client
                .call(net::Method::get, "/v1/store/products/nothing/recommendations", nullptr,
                      {{"X-Publishable-Key", shop.publishable_key()}})
                .status,
            404);
}

INSTANTIATE_TEST_SUITE_P(Engines, CachedShop, testing::Values(Engine::sqlite, Engine::postgres),
                         engine_name);

// What one instance keeps another finds; what one changes is gone for both.
TEST(CachedShops, ShareWhatTheyKeep) {
  EngineHome home(Engine::postgres);
  Redis redis;
  TempDir folder;
  const std::vector<std::string> options = home.behind({"--cache", redis.url(), "--cores", "2"});
  const ShopProcess first(folder.path(), options);
  std::vector<std::string> second_options = options;
  second_options.emplace_back("--no-sample");
  const TempDir second_folder;
  std::filesystem::copy_file(folder.path() / "sample-shop.json",
                             second_folder.path() / "sample-shop.json");
  const ShopProcess second(second_folder.path(), second_options);
  ShopClient one(first);
  ShopClient two(second);
  const Fields fields{{"X-Publishable-Key", first.publishable_key()}};
  ASSERT_TRUE(eventually([&] { return one.metric("securecart_redis_connections") == 2; }));
  ASSERT_TRUE(eventually([&] { return two.metric("securecart_redis_connections") == 2; }));

  const std::string product = one.add_product("Lamp", 3).product_id;
  const std::string path = "/v1/store/products/" + product;
  const auto read = [&](ShopClient& client) {
    const lab::ApiAnswer answer = client.call(net::Method::get, path, nullptr, fields);
    EXPECT_EQ(answer.status, 200) << answer.describe();
    return std::string(get_string_or(answer.body, "title", ""));
  };
  // Until the invalidation of its creation has gone through.
  ASSERT_TRUE(eventually([&] {
    read(one);
    return read(two) == "Lamp" &&
           two.metric("securecart_cache_lookups_total", "result=\"hit\",what=\"product\"") > 0;
  }));
  for (int change = 1; change <= 5; ++change) {
    const std::string title = "Lamp " + std::to_string(change);
    const lab::ApiAnswer changed = one.admin(net::Method::patch, "/v1/admin/products/" + product,
                                             json::object{{"title", title}},
                                             {{"If-Match", "\"v" + std::to_string(change) + "\""}});
    ASSERT_EQ(changed.status, 200) << changed.describe();
    EXPECT_EQ(read(one), title);  // at once
    EXPECT_TRUE(eventually([&] { return read(two) == title; }));
  }
}

}  // namespace
}  // namespace securecart::test
