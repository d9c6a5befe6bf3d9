// kill -9 under open-loop load, again and again, of the shop and of its database; then the history
// check, from outside. And the same with a protection switched off: the check must find what is
// broken then.
#include <chrono>
#include <filesystem>
#include <thread>

#include "base/prng.hpp"
#include "tests/support/engines.hpp"
#include "tests/support/fleet.hpp"
#include "tests/support/postgres_proxy.hpp"
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
      status_ = run_program({"load",
                             "run",
                             "--credentials",
                             file.string(),
                             "--rate",
                             rate,
                             "--duration",
                             duration,
                             "--history",
                             history.string(),
                             "--seed",
                             std::to_string(seed() % 1'000'000),
                             "--create-products",
                             "5",
                             "--stock",
                             "40",
                             "--double-clicks",
                             "10",
                             "--promotion-uses",
                             "30"},
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
  EXPECT_EQ(story.check, 1) << story.load << story.findings;
}

TEST(Crash, TheCheckFindsWhatAcknowledgingBeforeTheCommitLoses) {
  const Story story = kill_under_load({"--sabotage", "ack-before-commit"}, 4);
  EXPECT_EQ(story.check, 1) << story.load << story.findings;
}

TEST(Crash, TheCheckFindsWhatSkippingTheKeysDoubles) {
  const Story story = kill_under_load({"--sabotage", "skip-dedupe"}, 2);
  EXPECT_EQ(story.check, 1) << story.load << story.findings;
}

TEST(Crash, TheCheckFindsWhatSkippingTheKeysDoublesOnPostgres) {
  const Story story = kill_under_load({"--sabotage", "skip-dedupe"}, 2, Engine::postgres);
  EXPECT_EQ(story.check, 1) << story.load << story.findings;
  EXPECT_NE(story.findings.find("one order: "), std::string::npos) << story.findings;
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

TEST(Crash, APoliteEndAnswersWhatItTook) {
  const TempDir folder;
  ShopProcess shop(folder.path());
  {
    ShopClient client(shop);
    EXPECT_EQ(client.call(net::Method::get, "/v1/store/shop").status, 200);
  }
  EXPECT_EQ(shop.end(), 0);
}

}  // namespace
}  // namespace securecart::test
