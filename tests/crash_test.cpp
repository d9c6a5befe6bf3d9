// kill -9 under open-loop load, again and again, of the shop and of its database; then the history
// check, from outside. And the same with a protection switched off: the check must find what is
// broken then.
#include <atomic>
#include <chrono>
#include <filesystem>
#include <future>
#include <sstream>
#include <thread>

#include <fmt/format.h>

#include "base/prng.hpp"
#include "tests/support/engines.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/fleet.hpp"
#include "tests/support/postgres_proxy.hpp"
#include "tests/support/raw_connection.hpp"
#include "tests/support/seed.hpp"
#include "tests/support/shop_client.hpp"
#include "tests/support/temp_dir.hpp"

namespace securecart::test {
namespace {

using namespace std::chrono_literals;

// The load tool on a thread of its own, beside the killing.
class Load {
 public:
  Load(const ShopProcess& shop, const std::filesystem::path& history, const std::string& rate,
       const std::string& duration) {
    thread_ = std::thread([this, rate, duration, history, file = shop.credentials_file()] {
      status_ = run_program(
          {"load", "run", "--credentials", file.string(), "--rate", rate, "--duration", duration,
           "--history", history.string(), "--seed", std::to_string(seed() % 1'000'000),
           "--create-products", "5", "--stock", "40", "--double-clicks", "10"},
          &output_);
    });
  }
  ~Load() {
    if (thread_.joinable()) {
      thread_.join();
    }
  }
  const std::string& output() {
    thread_.join();
    return output_;
  }

 private:
  std::thread thread_;
  std::string output_;
  int status_ = -1;
};

struct Story {
  int check = -1;
  std::string load;
  std::string findings;
};

// The check names it: the rule, the order, and what became of it.
struct Harm {
  std::string_view rule;
  std::string_view what;
};
constexpr Harm lost{"acknowledged: order ord_",
                    ": expected the order that was acknowledged, found no such order: lost"};
constexpr Harm doubled{"one order: order ord_", ": doubled"};

void expect_found(const Story& story, const Harm& harm) {
  EXPECT_EQ(story.check, 1) << story.load << story.findings;
  std::istringstream lines(story.findings);
  bool found = false;
  for (std::string line; std::getline(lines, line);) {
    found |= line.find(harm.rule) != std::string::npos && line.ends_with(harm.what);
  }
  EXPECT_TRUE(found) << story.findings;
}

// The sabotage begins when the shop is made: what it breaks is what shoppers do.
void make_shop(const std::filesystem::path& data, std::vector<std::string> options = {}) {
  ShopProcess shop(data, std::move(options));
  shop.end();
}

// Load while the shop is killed and started again, each time after a time drawn from the seed.
Story kill_under_load(std::vector<std::string> shop_options, int kills,
                      Engine engine = Engine::sqlite) {
  const TempDir folder;
  const EngineHome home(engine);
  const std::filesystem::path history = folder.path() / "history.jsonl";
  Prng random(seed());
  make_shop(folder.path() / "data", home.options());
  shop_options = home.behind(std::move(shop_options));
  ShopProcess shop(folder.path() / "data", std::move(shop_options));
  Story story;
  {
    Load load(shop, history, "40", std::to_string(3 * kills + 3) + "s");
    for (int i = 0; i < kills; ++i) {
      std::this_thread::sleep_for(1s + std::chrono::milliseconds(random.below(2'000)));
      shop.kill_now();
      shop.start();
    }
    story.load = load.output();
  }
  story.check = run_program(
      {"history", "check", history.string(), "--credentials", shop.credentials_file().string()},
      &story.findings);
  return story;
}

TEST(Crash, KillNineUnderLoadLosesDoublesAndOversellsNothing) {
  const Story story = kill_under_load({}, 4);
  EXPECT_EQ(story.check, 0) << story.load << story.findings;
}

TEST(Crash, KillNineOnPostgresLosesDoublesAndOversellsNothing) {
  const Story story = kill_under_load({}, 3, Engine::postgres);
  EXPECT_EQ(story.check, 0) << story.load << story.findings;
}

// What happens to the database under load.
struct Deaths {
  int kills = 0;
  int cut_every = 0;  // commits are cut off by the proxy, before and after they reach the server
  bool keeps_in_memory = false;  // commits that nobody waits for, until it is killed
};

// Load while the database itself is killed and started again; the shop stays.
Story database_dies_under_load(const Postgres::Settings& settings,
                               std::vector<std::string> shop_options, const Deaths& deaths) {
  const TempDir folder;
  const std::filesystem::path history = folder.path() / "history.jsonl";
  Prng random(seed());
  Postgres server(settings);
  const std::string url = server.make_database();
  PostgresProxy proxy(server.port());
  make_shop(folder.path() / "data", {"--database", url});
  shop_options.insert(shop_options.end(),
                      {"--database", proxy.url(url.substr(url.rfind('/') + 1))});
  ShopProcess shop(folder.path() / "data", std::move(shop_options));
  Story story;
  {
    Load load(shop, history, "40", std::to_string(3 * deaths.kills + 3) + "s");
    proxy.cut_every(deaths.cut_every);
    for (int i = 0; i < deaths.kills; ++i) {
      if (deaths.keeps_in_memory) {
        server.pause_wal_writer();
      }
      std::this_thread::sleep_for(1s + std::chrono::milliseconds(random.below(2'000)));
      server.kill_all();
      server.start();
    }
    proxy.cut_every(0);
    story.load = load.output();
  }
  story.check = run_program(
      {"history", "check", history.string(), "--credentials", shop.credentials_file().string()},
      &story.findings);
  return story;
}

TEST(Crash, APrimaryKilledAndCommitsCutLoseDoubleAndOversellNothing) {
  const Story story = database_dies_under_load({}, {}, {.kills = 3, .cut_every = 25});
  EXPECT_EQ(story.check, 0) << story.load << story.findings;
}

// A server that keeps acknowledged commits in memory for long, and sessions that let it: the
// sabotage is synchronous_commit=off there.
TEST(Crash, TheCheckFindsWhatAnAsynchronousCommitLoses) {
  const Story story = database_dies_under_load(
      {"wal_buffers=64MB", "autovacuum=off", "bgwriter_lru_maxpages=0"},
      {"--sabotage", "ack-before-commit"}, {.kills = 1, .keeps_in_memory = true});
  expect_found(story, lost);
}

TEST(Crash, TheCheckFindsWhatAcknowledgingBeforeTheCommitLoses) {
  const Story story = kill_under_load({"--sabotage", "ack-before-commit"}, 4);
  expect_found(story, lost);
}

TEST(Crash, TheCheckFindsWhatSkippingTheKeysDoubles) {
  const Story story = kill_under_load({"--sabotage", "skip-dedupe"}, 2);
  expect_found(story, doubled);
}

TEST(Crash, TheCheckFindsWhatSkippingTheKeysDoublesOnPostgres) {
  const Story story = kill_under_load({"--sabotage", "skip-dedupe"}, 2, Engine::postgres);
  expect_found(story, doubled);
}

// While it makes its tables, and the sample shop in them.
TEST(Crash, KilledWhileItOpensForTheFirstTimeItOpensInTheEnd) {
  const TempDir folder;
  const EngineHome home(Engine::postgres);
  const std::filesystem::path data = folder.path() / "data";
  Prng random(seed());
  constexpr int kills = 8;
  for (int i = 0; i < kills; ++i) {
    RoleProcess opening(
        "opening", home.behind({"--data", data.string(), "--port", "0", "--test-payments-port", "0",
                                "--log-level", "error"}));
    opening.launch();
    std::this_thread::sleep_for(std::chrono::milliseconds(random.below(900)));
  }
  ShopProcess shop(data, home.options());
  ShopClient client(shop);
  const TestVariant variant = client.add_product("Survivor", 10);
  const TestCart cart = client.cart_of({{variant.variant_id, 1}});
  const ShopClient::Request completion = ShopClient::completion(cart, client.key());
  const lab::ApiAnswer order =
      client.call(completion.method, completion.target, completion.body, completion.fields);
  EXPECT_EQ(order.status, 201) << order.describe();
}

// A request as its bytes; `fields` besides those it has.
std::string bytes_of(const ShopClient::Request& request, const Fields& fields = {}) {
  const std::string body = to_string(request.body);
  std::string bytes = fmt::format(
      "{} {} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
      "Content-Length: {}\r\n",
      net::to_string(request.method), request.target, body.size());
  for (const Fields& some : {request.fields, fields}) {
    for (const auto& [name, value] : some) {
      bytes.append(name).append(": ").append(value).append("\r\n");
    }
  }
  return bytes.append("\r\n").append(body);
}

// Fills carts on connections that are kept, as a balancer keeps them, each until an answer says
// that its connection closes.
class KeptConnections {
 public:
  KeptConnections(std::uint16_t port, const std::string& variant, int count) {
    const ShopClient::Request filled{
        net::Method::post,
        "/v1/store/carts",
        json::object{
            {"lines", json::array{json::object{{"variant_id", variant}, {"quantity", 1}}}}},
        {}};
    for (int i = 0; i < count; ++i) {
      threads_.emplace_back([this, port, bytes = bytes_of(filled)] { ask(port, bytes); });
    }
  }
  ~KeptConnections() { join(); }
  void join() {
    for (std::thread& thread : threads_) {
      if (thread.joinable()) {
        thread.join();
      }
    }
  }

  std::atomic<int> answered = 0;
  std::atomic<int> unanswered = 0;

 private:
  void ask(std::uint16_t port, const std::string& bytes) {
    RawConnection connection(port);
    bool closing = false;
    while (!closing) {
      const bool sent = connection.send(bytes);
      const std::optional<RawResponse> response = connection.read_response();
      const bool good = sent && response && response->status == 201;
      ++(good ? answered : unanswered);
      closing = !good || response->header("connection") == "close";
    }
  }

  std::vector<std::thread> threads_;
};

// A checkout of which the shop has the head and waits for the body.
struct HalfSent {
  RawConnection connection;
  std::string body;
};
HalfSent half_sent(std::uint16_t port, const ShopClient::Request& checkout) {
  const std::string bytes = bytes_of(checkout, {{"Expect", "100-continue"}});
  const std::size_t head = bytes.find("\r\n\r\n") + 4;
  HalfSent half{RawConnection(port), bytes.substr(head)};
  EXPECT_TRUE(half.connection.send(bytes.substr(0, head)));
  EXPECT_TRUE(half.connection.receive_until("HTTP/1.1 100 Continue\r\n\r\n"));
  return half;
}

// What /readyz says to one new connection after the other, until there is no port any more.
std::vector<int> readiness_until_closed(std::uint16_t port) {
  std::vector<int> seen;
  try {
    for (;;) {
      RawConnection connection(port);
      connection.send("GET /readyz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
      const std::optional<RawResponse> response = connection.read_response();
      if (response && (seen.empty() || seen.back() != response->status)) {
        seen.push_back(response->status);
      }
    }
  } catch (const std::runtime_error&) {
    return seen;
  }
}

TEST(Crash, APoliteEndAnswersWhatItTook) {
  constexpr auto notice = 700ms;
  const TempDir folder;
  ShopProcess shop(folder.path(), {"--drain-notice-ms", std::to_string(notice.count())});
  const std::uint16_t port = net::parse_url(shop.url()).value().peer.port;
  std::vector<HalfSent> checkouts;
  std::string variant;
  {
    ShopClient client(shop);
    variant = client.add_product("Lamp", 100).variant_id;
    for (int i = 0; i < 8; ++i) {
      const TestCart cart = client.cart_of({{variant, 1}});
      checkouts.push_back(half_sent(port, ShopClient::completion(cart, client.key())));
    }
  }
  KeptConnections kept(port, variant, 8);
  ASSERT_TRUE(eventually([&kept] { return kept.answered > 50; }));

  const auto told = std::chrono::steady_clock::now();
  std::future<int> ended = std::async(std::launch::async, [&shop] { return shop.end(); });
  const std::vector<int> readiness = readiness_until_closed(port);
  const auto closed_after = std::chrono::steady_clock::now() - told;
  kept.join();
  EXPECT_EQ(kept.unanswered, 0);
  ASSERT_FALSE(readiness.empty());
  EXPECT_EQ(readiness.back(), 503) << "balancers are told";
  EXPECT_LE(readiness.size(), 2U) << "and never again that it is ready";
  EXPECT_GE(closed_after, notice) << "before the port closes";

  // Now that nobody new comes in, the rest of what it had taken.
  std::vector<std::string> orders;
  for (HalfSent& checkout : checkouts) {
    EXPECT_TRUE(checkout.connection.send(checkout.body));
    const std::optional<RawResponse> response = checkout.connection.read_response();
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, 201) << response->body;
    EXPECT_EQ(response->header("connection"), "close");
    orders.emplace_back(get_string(parse_json(response->body).value().as_object(), "id"));
  }
  EXPECT_EQ(ended.get(), 0);
  shop.start();
  ShopClient client(shop);
  for (const std::string& order : orders) {
    EXPECT_EQ(client.admin(net::Method::get, "/v1/admin/orders/" + order).status, 200);
  }
}

// Without a balancer nobody needs notice: the port closes at once.
TEST(Crash, APoliteEndTakesNoLongerThanItsRequests) {
  const TempDir folder;
  ShopProcess shop(folder.path());
  const std::uint16_t port = net::parse_url(shop.url()).value().peer.port;
  ShopClient::Request checkout;
  {
    ShopClient client(shop);
    const TestVariant lamp = client.add_product("Lamp", 1);
    checkout = ShopClient::completion(client.cart_of({{lamp.variant_id, 1}}), client.key());
  }
  HalfSent half = half_sent(port, checkout);
  std::future<int> ended = std::async(std::launch::async, [&shop] { return shop.end(); });
  readiness_until_closed(port);
  EXPECT_TRUE(half.connection.send(half.body));
  const std::optional<RawResponse> response = half.connection.read_response();
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 201) << response->body;
  EXPECT_EQ(ended.get(), 0);
}

}  // namespace
}  // namespace securecart::test
