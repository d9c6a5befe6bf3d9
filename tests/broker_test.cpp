// The shop on RabbitMQ: the broker hangs, is killed and comes back with an empty disk, under
// open-loop load; then the history check, from outside. And the same with the confirms switched
// off: the check must find what is lost then.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <functional>
#include <poll.h>
#include <thread>

#include "base/prng.hpp"
#include "observe/metrics.hpp"
#include "storage/open.hpp"
#include "tests/support/engines.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/rabbitmq.hpp"
#include "tests/support/seed.hpp"
#include "tests/support/shop_client.hpp"
#include "tests/support/temp_dir.hpp"

namespace securecart::test {
namespace {

using namespace std::chrono_literals;

// A number of /metrics; -1 when it is not there.
double metric(ShopClient& client, const std::string& series) {
  const std::string page = "\n" + client.page("/metrics");
  const std::size_t at = page.find("\n" + series + " ");
  return at == std::string::npos ? -1 : std::stod(page.substr(at + series.size() + 2));
}

struct Story {
  int check = -1;
  std::string load;
  std::string findings;
};

constexpr std::string_view payments_refills =
    "securecart_relay_refills_total{consumer=\"payments\"}";

// Load, while the broker stops answering for a while, is killed, and starts with nothing.
Story broker_is_lost_under_load(Engine engine, std::vector<std::string> shop_options, int rounds) {
  const TempDir folder;
  const EngineHome home(engine);
  RabbitMq& server = RabbitMq::shared();
  const std::filesystem::path history = folder.path() / "history.jsonl";
  shop_options.insert(shop_options.end(), {"--broker", server.url()});
  ShopProcess shop(folder.path() / "data", home.behind(shop_options));
  ShopClient client(shop);
  const bool filled_again = std::ranges::find(shop_options, "confirms-off") == shop_options.end();
  Story story;
  std::atomic<bool> loading = true;
  std::thread load([&] {
    run_program({"load", "run", "--credentials", shop.credentials_file().string(), "--rate", "40",
                 "--duration", std::to_string(12 * rounds) + "s", "--history", history.string(),
                 "--seed", std::to_string(seed() % 1'000'000), "--create-products", "5", "--stock",
                 "400", "--double-clicks", "10"},
                &story.load);
    loading = false;
  });
  const std::string confirmed = "securecart_broker_confirmed_total{queue=\"securecart.payments\"}";
  for (int round = 0; round < rounds; ++round) {
    const double before = metric(client, confirmed);
    EXPECT_TRUE(
        test::eventually([&] { return metric(client, confirmed) > before + 20 || !loading; }));
    server.pause();
    // Events go into a socket that nobody reads.
    const std::string placed = "securecart_broker_published_total{queue=\"securecart.payments\"}";
    const double sent = metric(client, placed);
    EXPECT_TRUE(test::eventually([&] { return metric(client, placed) > sent || !loading; }));
    server.kill_all();
    server.wipe();
    EXPECT_TRUE(test::eventually(
        [&] { return client.page("/readyz").find("degraded: broker") != std::string::npos; }));
    server.start();
    if (filled_again) {
      EXPECT_TRUE(test::eventually(
          [&] { return metric(client, std::string(payments_refills)) >= 2 + round; }));
    }
  }
  load.join();
  EXPECT_TRUE(test::eventually([&] { return client.page("/readyz") == "ready\n"; }));
  story.check =
      run_program({"history", "check", history.string(), "--credentials",
                   shop.credentials_file().string(), "--settle", filled_again ? "30s" : "5s"},
                  &story.findings);
  if (story.check == 0) {
    EXPECT_EQ(metric(client, "securecart_consumer_lag_events{consumer=\"payments\"}"), 0);
  }
  return story;
}

TEST(BrokerLoss, OnSqliteEveryOrderIsPaidAndTheCheckIsClean) {
  const Story story = broker_is_lost_under_load(Engine::sqlite, {}, 2);
  EXPECT_EQ(story.check, 0) << story.load << story.findings;
}

TEST(BrokerLoss, OnPostgresEveryOrderIsPaidAndTheCheckIsClean) {
  const Story story = broker_is_lost_under_load(Engine::postgres, {}, 1);
  EXPECT_EQ(story.check, 0) << story.load << story.findings;
}

class WithoutConfirms : public testing::TestWithParam<Engine> {};

TEST_P(WithoutConfirms, TheCheckFindsWhatIsLost) {
  const Story story = broker_is_lost_under_load(GetParam(), {"--sabotage", "confirms-off"}, 1);
  EXPECT_EQ(story.check, 1) << story.load << story.findings;
  EXPECT_NE(story.findings.find("consumer payments"), std::string::npos) << story.findings;
}

INSTANTIATE_TEST_SUITE_P(BrokerLoss, WithoutConfirms,
                         testing::Values(Engine::sqlite, Engine::postgres), engine_name);

// No broker at all: the shop opens, sells, and what happens later happens a little later.
TEST(BrokerLoss, WithoutABrokerTheShopOpensAndOrdersArePaidFromTheLog) {
  const TempDir folder;
  const std::filesystem::path history = folder.path() / "history.jsonl";
  const std::string nobody = "amqp://guest:guest@127.0.0.1:" + std::to_string(free_port());
  ShopProcess shop(folder.path() / "data", {"--broker", nobody, "--sweep-after-ms", "500"});
  ShopClient client(shop);
  EXPECT_EQ(client.page("/readyz"), "ready\ndegraded: broker\n");
  std::string output;
  run_program({"load", "run", "--credentials", shop.credentials_file().string(), "--rate", "30",
               "--duration", "4s", "--history", history.string(), "--seed",
               std::to_string(seed() % 1'000'000), "--create-products", "5", "--stock", "100"},
              &output);
  EXPECT_EQ(run_program({"history", "check", history.string(), "--credentials",
                         shop.credentials_file().string()},
                        &output),
            0)
      << output;
  EXPECT_GT(metric(client, "securecart_swept_total{consumer=\"payments\"}"), 0);
  EXPECT_EQ(shop.end(), 0);
}

// The shop ends and starts again: the queue is the same, nothing is filled anew.
TEST(BrokerLoss, ARestartOfTheShopGoesOnWhereItWas) {
  const TempDir folder;
  RabbitMq& server = RabbitMq::shared();
  ShopProcess shop(folder.path() / "data", {"--broker", server.url()});
  {
    ShopClient client(shop);
    EXPECT_TRUE(
        test::eventually([&] { return metric(client, std::string(payments_refills)) == 1; }));
  }
  EXPECT_EQ(shop.end(), 0);
  shop.start();
  ShopClient client(shop);
  EXPECT_TRUE(test::eventually(
      [&] { return metric(client, "securecart_relay_leading{consumer=\"payments\"}") == 1; }));
  EXPECT_EQ(metric(client, std::string(payments_refills)), 0);
}

TEST(ParkedWords, ListReplayAndDrop) {
  const TempDir folder;
  const std::filesystem::path data = folder.path() / "data";
  const auto words = [&data](std::vector<std::string> more, std::string& output) {
    std::vector<std::string> all{"events", "parked"};
    all.insert(all.end(), more.begin(), more.end());
    all.insert(all.end(), {"--data", data.string()});
    output.clear();
    return run_program(all, &output);
  };
  const auto park = [&data](std::int64_t position) {
    const SystemClock clock;
    observe::Metrics metrics;
    const auto database = storage::open_database({data}, clock, metrics);
    storage::Batch batch;
    batch.add(
        "INSERT INTO parked_events (consumer, origin, position, reason, attempts, parked_at) "
        "VALUES ('payments', 'local', $1, 'no such variant', 10, 0)",
        {position});
    batch.add(
        "INSERT INTO parked_messages (id, consumer, reason, body, parked_at) "
        "VALUES ('m1', 'payments', 'no JSON', 'G2hp', 0) ON CONFLICT (id) DO NOTHING");
    run_ready(database->commit(std::move(batch)));
  };
  std::string output;
  EXPECT_EQ(words({}, output), 0) << output;
  park(7);
  park(8);
  EXPECT_EQ(words({"list"}, output), 1);
  EXPECT_NE(output.find("payments at 7: ? of ?, 10 attempts: no such variant"), std::string::npos)
      << output;
  EXPECT_NE(output.find("message m1 of payments: no JSON: .hi"), std::string::npos) << output;
  EXPECT_NE(words({"replay"}, output), 0) << "one of --position and --all is needed";
  EXPECT_EQ(words({"replay", "--position", "7"}, output), 0) << output;
  EXPECT_EQ(words({}, output), 1);
  EXPECT_NE(output.find("payments at 7: ? of ?, 10 attempts, to be replayed"), std::string::npos)
      << output;
  EXPECT_EQ(words({"drop", "--position", "7", "--consumer", "refunds"}, output), 1) << output;
  EXPECT_EQ(words({"drop", "--message", "m1"}, output), 0) << output;
  EXPECT_EQ(words({"drop", "--all"}, output), 0) << output;
  EXPECT_NE(output.find("2 parked events and messages"), std::string::npos) << output;
  EXPECT_EQ(words({}, output), 0) << output;
}

}  // namespace
}  // namespace securecart::test
