// The shop as separate processes by role: who answers what, and certificates that change while it
// sells. Instances that die: chaos_test.cpp.
#include "cli/roles.hpp"

#include <array>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <future>
#include <set>
#include <thread>

#include <gtest/gtest.h>

#include "cli/srv.hpp"
#include "cli/upstream_lists.hpp"
#include "tests/support/fleet.hpp"
#include "tests/support/seed.hpp"
#include "tests/support/shop_client.hpp"
#include "tests/support/temp_dir.hpp"

namespace securecart::test {
namespace {

using namespace std::chrono_literals;

// ---- Parts that need no process ----

TEST(UpstreamLists, IsReadFromFlags) {
  cli::UpstreamLists lists;
  ASSERT_TRUE(cli::add_upstream(lists, "orders=https://10.0.1.5:9001,https://10.0.1.6:9001"));
  ASSERT_TRUE(cli::add_upstream(lists, "catalog=srv://_catalog._tcp.shop.test"));
  EXPECT_EQ(lists["orders"].urls.size(), 2U);
  EXPECT_EQ(lists["catalog"].srv, "_catalog._tcp.shop.test");
  for (const char* wrong : {"orders", "nothing=https://10.0.1.5:9001", "web=https://10.0.1.5:9001",
                            "orders=ftp://10.0.1.5", "orders=https://10.0.1.5:9001/path",
                            "orders=http://10.0.1.5:9001"}) {
    EXPECT_FALSE(cli::add_upstream(lists, wrong)) << wrong;
  }
}

TEST(UpstreamLists, IsReadFromAFile) {
  const Result<cli::UpstreamLists> lists = cli::parse_upstream_lists("t.toml", R"(
[upstream.orders]
instances = ["https://10.0.1.5:9001"]
[upstream.catalog]
srv = "_catalog._tcp.shop.test"
tls = false
)");
  ASSERT_TRUE(lists) << lists.error().detail;
  EXPECT_EQ(lists->at("orders").urls, std::vector<std::string>{"https://10.0.1.5:9001"});
  EXPECT_FALSE(lists->at("catalog").srv_tls);
  for (const char* wrong :
       {"[upstream.nothing]\nsrv = \"a\"", "[upstream.orders]",
        "[upstream.orders]\ninstances = [\"http://10.0.1.5:1\"]", "[upstreams.orders]"}) {
    EXPECT_FALSE(cli::parse_upstream_lists("t.toml", wrong)) << wrong;
  }
}

TEST(UpstreamLists, ReadsSrvAnswers) {
  // _a._tcp.b. SRV 10 5 9001 c.b. and one of a worse priority, as they come over the wire.
  std::vector<unsigned char> answer{0, 1, 0x84, 0, 0, 1, 0, 2, 0, 0, 0, 0};
  const std::vector<unsigned char> name{2, '_', 'a', 4, '_', 't', 'c', 'p', 1, 'b', 0};
  const auto add = [&answer](std::initializer_list<unsigned char> bytes) {
    answer.insert(answer.end(), bytes);
  };
  answer.insert(answer.end(), name.begin(), name.end());
  add({0, 33, 0, 1});
  for (const unsigned char priority : std::initializer_list<unsigned char>{10, 20}) {
    answer.insert(answer.end(), name.begin(), name.end());
    add({0, 33, 0, 1, 0, 0, 0, 60, 0, 11, 0, priority, 0, 5, 0x23, 0x29, 1, 'c', 1, 'b', 0});
  }
  EXPECT_EQ(cli::read_srv_answer(answer, true), std::vector<std::string>{"https://c.b:9001"});
  answer.resize(answer.size() / 2);
  EXPECT_TRUE(cli::read_srv_answer(answer, true).empty()) << "cut off";
}

// ---- One process with some of the roles ----

TEST(Roles, EveryOperationBelongsToOneRoleThatThereIs) {
  const TempDir folder;
  ShopProcess shop(folder.path());
  ShopClient client(shop);
  const lab::ApiAnswer document = client.call(net::Method::get, "/openapi.json");
  std::set<std::string> known;
  for (const cli::Role& role : cli::all_roles()) {
    known.insert(std::string(role.name));
  }
  std::size_t count = 0;
  for (const auto& [path, methods] : get_object(document.body, "paths")) {
    for (const auto& [method, operation] : methods.as_object()) {
      const std::string role(get_string_or(operation.as_object(), "x-role", ""));
      const bool is_of_every_instance =
          get_array(operation.as_object(), "tags").front().as_string() == "System";
      EXPECT_EQ(role.empty(), is_of_every_instance) << method << " " << path;
      EXPECT_TRUE(role.empty() || known.contains(role)) << role;
      EXPECT_NE(role, "all");
      ++count;
    }
  }
  EXPECT_GT(count, 100U);
}

// SQLite belongs to one process: the gateway may still be another, which needs no database.
TEST(Roles, AGatewayBeforeOneProcessOnSqlite) {
  const TempDir folder;
  ShopProcess shop(folder.path() / "shop");
  const int port = free_port();
  std::vector<std::string> arguments{"--data",  (folder.path() / "web").string(),
                                     "--port",  std::to_string(port),
                                     "--roles", "web",
                                     "--cores", "1"};
  for (const char* role : {"accounts", "catalog", "inventory", "orders", "payments"}) {
    arguments.insert(arguments.end(), {"--upstream", std::string(role) + "=" + shop.url()});
  }
  RoleProcess web("web", arguments);
  web.start();
  ShopClient client("http://127.0.0.1:" + std::to_string(port), shop.secret_key());
  const TestVariant variant = client.add_product("Gateway thing", 10);
  const TestCart cart = client.cart_of({{variant.variant_id, 1}});
  const ShopClient::Request completion = ShopClient::completion(cart, client.key());
  const lab::ApiAnswer order =
      client.call(completion.method, completion.target, completion.body, completion.fields);
  EXPECT_EQ(order.status, 201) << order.describe();
  EXPECT_EQ(client.call(net::Method::get, "/readyz").status, 200) << "it needs no database";
  const lab::ApiAnswer elsewhere = client.admin(net::Method::get, "/v1/events");
  EXPECT_EQ(elsewhere.status, 421) << "nobody said where the role events is";
  EXPECT_EQ(elsewhere.code, "misdirected_request");
  const lab::ApiAnswer wrong =
      client.call(net::Method::patch, "/v1/store/carts/" + cart.id, json::object{{"email", 7}},
                  {{"X-Cart-Token", cart.token}});
  EXPECT_EQ(wrong.status, 400) << "errors come through as they are";
  EXPECT_FALSE(std::filesystem::exists(folder.path() / "web" / "securecart.db"));
  shop.kill_now();
  EXPECT_EQ(client.call(net::Method::get, "/livez").status, 200);
  shop.start();
  EXPECT_EQ(client.call(net::Method::get, "/v1/store/shop").status, 200);
}

// ---- The whole fleet ----

std::string output_of(const std::string& command) {
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
  std::string text;
  std::array<char, 4096> buffer;
  for (std::size_t n; (n = std::fread(buffer.data(), 1, buffer.size(), pipe.get())) > 0;) {
    text.append(buffer.data(), n);
  }
  return text;
}

// The status curl gets; "000" when there is no answer.
std::string run_curl(const std::vector<std::string>& arguments) {
  std::string command = "curl -s -m 10 -o /dev/null -w '%{http_code}'";
  for (const std::string& argument : arguments) {
    command += " '" + argument + "'";
  }
  return output_of(command);
}

class RolesFleet : public testing::Test {
 protected:
  static Postgres& server() {
    static Postgres postgres;
    return postgres;
  }

  // The load tool beside what the test does meanwhile.
  std::future<int> load(const Fleet& fleet, const std::string& rate, const std::string& duration) {
    return std::async(std::launch::async, [this, &fleet, rate, duration] {
      return run_program({"load", "run", "--credentials", fleet.credentials_file().string(),
                          "--rate", rate, "--duration", duration, "--history", history().string(),
                          "--seed", std::to_string(seed() % 1'000'000), "--create-products", "5",
                          "--stock", "200", "--double-clicks", "10"},
                         &output_);
    });
  }
  int check(const Fleet& fleet) {
    return run_program({"history", "check", history().string(), "--credentials",
                        fleet.credentials_file().string()},
                       &findings_);
  }
  // Until the process has taken up `times` new certificates.
  static void wait_for_certificate(const Fleet& fleet, const std::string& name, int times) {
    const std::string wanted = "securecart_identity_reloads_total " + std::to_string(times);
    const bool inner = !name.starts_with("web");
    const std::string address =
        (inner ? "https" : "http") + ("://127.0.0.1:" + std::to_string(fleet.port(name)));
    const std::string command = "curl -s -k -m 10 --cert '" + fleet.identity("web-1").string() +
                                "' " + address + "/metrics";
    constexpr int attempts = 100;
    for (int attempt = 0; attempt < attempts; ++attempt) {
      if (output_of(command).find(wanted) != std::string::npos) {
        return;
      }
      std::this_thread::sleep_for(100ms);
    }
    ADD_FAILURE() << name << " did not take up its certificate " << times;
  }

  std::filesystem::path history() const { return folder_.path() / "history.jsonl"; }
  // A number of the load tool's summary, "unknown" or "abandoned"; -1 when it is not there.
  long count_of(const std::string& word) const {
    const std::size_t line = output_.rfind(word);
    if (line == std::string::npos) {
      return -1;
    }
    const std::size_t digits = output_.find_first_of("0123456789", line);
    return digits == std::string::npos ? -1 : std::stol(output_.substr(digits));
  }

  TempDir folder_;
  std::string output_;
  std::string findings_;
};

TEST_F(RolesFleet, SellsAndLetsOnlyTheGatewayIn) {
  Fleet fleet(folder_.path(), server().make_database());
  ShopClient client(fleet.url(0), fleet.secret_key());
  const TestVariant variant = client.add_product("Fleet thing", 10);
  const TestCart cart = client.cart_of({{variant.variant_id, 2}});
  const ShopClient::Request completion = ShopClient::completion(cart, client.key());
  const lab::ApiAnswer order =
      client.call(completion.method, completion.target, completion.body, completion.fields);
  ASSERT_EQ(order.status, 201) << order.describe();
  ShopClient other(fleet.url(1), fleet.secret_key());
  const lab::ApiAnswer again =
      other.call(completion.method, completion.target, completion.body, completion.fields);
  EXPECT_EQ(get_string(again.body, "id"), get_string(order.body, "id")) << "through any instance";
  // A plain client, and a certificate of a role that may not ask.
  const std::string inner = std::to_string(fleet.port("orders-1"));
  EXPECT_NE(run_curl({"http://127.0.0.1:" + inner + "/livez"}), "200");
  EXPECT_NE(run_curl({"-k", "https://127.0.0.1:" + inner + "/livez"}), "200");
  const std::string stranger = fleet.identity("catalog-1").string();
  EXPECT_EQ(run_curl({"-k", "--cert", stranger, "https://127.0.0.1:" + inner + "/livez"}), "200");
  EXPECT_EQ(run_curl({"-k", "--cert", stranger, "https://127.0.0.1:" + inner + "/v1/store/shop"}),
            "403");
  EXPECT_EQ(run_curl({"-k", "--cert", fleet.identity("web-1").string(),
                      "https://127.0.0.1:" + inner + "/v1/store/search?q=a"}),
            "421")
      << "search belongs to the role catalog";
}

// New certificates, then a new authority in its three steps, while shoppers buy: nobody notices.
TEST_F(RolesFleet, CertificatesAndAuthorityChangeWhileItSells) {
  Fleet fleet(folder_.path(), server().make_database());
  std::future<int> loading = load(fleet, "10", "14s");
  for (int step = 0; step < 3; ++step) {
    std::this_thread::sleep_for(1s);
    Fleet::must({"ca", "rotate", "--ca", fleet.authority().string()});
    fleet.renew_all();
    for (const auto& process : fleet.processes()) {
      if (process->name() != "provider") {
        wait_for_certificate(fleet, process->name(), step + 1);
      }
    }
  }
  EXPECT_EQ(loading.get(), 0) << output_;
  EXPECT_EQ(check(fleet), 0) << output_ << findings_;
  EXPECT_EQ(count_of("retries"), 0) << output_;
}

}  // namespace
}  // namespace securecart::test
