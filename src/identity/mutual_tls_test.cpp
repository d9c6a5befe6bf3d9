// Client and server that prove to each other who they are, over real sockets.
#include <atomic>
#include <future>

#include <gtest/gtest.h>

#include "base/executor.hpp"
#include "identity/folder.hpp"
#include "net/client.hpp"
#include "net/hop.hpp"
#include "net/server.hpp"
#include "tests/support/raw_listener.hpp"
#include "tests/support/seed.hpp"
#include "tests/support/temp_dir.hpp"

namespace securecart::identity {
namespace {

using namespace std::chrono_literals;

// Says who asked, and for whom.
class WhoAsks final : public net::Handler {
 public:
  Task<net::Response> handle(net::Request request) override {
    std::string text;
    for (const std::string& role : request.peer_roles) {
      text += role + " ";
    }
    const auto left =
        std::chrono::duration_cast<std::chrono::seconds>(request.deadline - clock_.steady());
    net::Response answer;
    answer.body = text + request.peer + " " + request.request_id + " " +
                  std::to_string(left.count()) + " " + std::to_string(request.body.size());
    co_return answer;
  }
  std::size_t body_limit(net::Method, std::string_view) const override { return 64UL << 20; }

 private:
  SystemClock clock_;
};

class MutualTlsTest : public testing::Test {
 protected:
  MutualTlsTest() {
    runtime_.run();
    authority_.init("shop.test", 24h * 365);
    issue("orders", "orders");
    issue("web", "web");
  }
  ~MutualTlsTest() override {
    server_.reset();
    client_.reset();
    runtime_.stop();
    runtime_.join();
  }

  std::filesystem::path file(const std::string& name) const {
    return folder_.path() / (name + ".pem");
  }
  void issue(const std::string& name, const std::string& role, Duration lifetime = 24h) {
    authority_.issue(file(name), {.roles = {role}}, lifetime);
  }
  std::shared_ptr<net::TlsIdentity> identity(const std::string& name) const {
    return std::make_shared<net::TlsIdentity>(read_material(file(name)));
  }
  void serve(std::shared_ptr<const net::TlsIdentity> who) {
    net::ServerOptions options;
    options.name = "orders";
    options.identity = std::move(who);
    options.forwarding_roles = {"web"};
    server_ = std::make_unique<net::Server>(runtime_, options, handler_, metrics_);
    server_->start();
  }
  void become(std::shared_ptr<const net::TlsIdentity> who) {
    net::Client::Options options;
    options.identity = std::move(who);
    client_ = std::make_unique<net::Client>(runtime_, options);
  }
  // What the server says, or why there is no answer.
  std::string ask(const std::string& expected_role = "orders", std::string body = "",
                  Duration timeout = 10s) {
    std::promise<std::string> promise;
    runtime_.executor(0).post([&] {
      net::ClientRequest request;
      request.method = net::Method::post;
      request.target = "/";
      request.headers.add("X-Forwarded-For", "203.0.113.9");
      request.headers.add("X-Request-Id", "req_of_web");
      request.headers.add(std::string(net::deadline_field), "5500");
      request.body = std::move(body);
      request.timeout = timeout;
      start(client_->send({"127.0.0.1", server_->port(), true, expected_role}, std::move(request)),
            [&promise](std::variant<net::Response, std::exception_ptr> outcome) {
              try {
                if (outcome.index() == 1) {
                  std::rethrow_exception(std::get<1>(outcome));
                }
                promise.set_value(std::string(std::get<0>(outcome).bytes()));
              } catch (const std::exception& error) {
                promise.set_value(std::string("no answer: ") + error.what());
              }
            });
    });
    return promise.get_future().get();
  }
  bool refused(const std::string& answer) const { return answer.starts_with("no answer: "); }

  test::TempDir folder_;
  SystemClock clock_;
  Prng random_{test::seed()};
  AuthorityFolder authority_{folder_.path() / "ca", clock_, random_};
  net::Runtime runtime_{1, 1, clock_};
  observe::Metrics metrics_;
  WhoAsks handler_;
  std::unique_ptr<net::Server> server_;
  std::unique_ptr<net::Client> client_;
};

TEST_F(MutualTlsTest, APeerIsWhoItsCertificateSays) {
  serve(identity("orders"));
  become(identity("web"));
  EXPECT_EQ(ask(), "web 203.0.113.9 req_of_web 5 0");
  const std::string large(5'000'000, 'x');
  EXPECT_EQ(ask("orders", large), "web 203.0.113.9 req_of_web 5 5000000");
}

TEST_F(MutualTlsTest, OnlyARoleThatForwardsSpeaksForOthers) {
  issue("catalog", "catalog");
  serve(identity("orders"));
  become(identity("catalog"));
  const std::string answer = ask();
  EXPECT_TRUE(answer.starts_with("catalog 127.0.0.1 req_")) << answer;
  EXPECT_EQ(answer.find("req_of_web"), std::string::npos) << answer;
}

TEST_F(MutualTlsTest, RefusesAnInstanceOfAnotherRole) {
  serve(identity("orders"));
  become(identity("web"));
  EXPECT_TRUE(refused(ask("payments")));
}

TEST_F(MutualTlsTest, RefusesAnotherAuthority) {
  AuthorityFolder other(folder_.path() / "other", clock_, random_);
  other.init("shop.test", 24h * 365);
  other.issue(file("stranger"), {.roles = {"web"}}, 24h);
  serve(identity("orders"));
  become(identity("stranger"));
  EXPECT_TRUE(refused(ask()));
  // One that believes the server, but is not believed.
  net::TlsMaterial spy = read_material(file("stranger"));
  spy.trust = read_material(file("web")).trust;
  become(std::make_shared<net::TlsIdentity>(spy));
  EXPECT_TRUE(refused(ask()));
  become(nullptr);
  EXPECT_TRUE(refused(ask())) << "no certificate at all";
}

TEST_F(MutualTlsTest, RefusesAnotherTrustDomain) {
  // Signed by an authority that is trusted, but for another installation.
  AuthorityFolder other(folder_.path() / "other", clock_, random_);
  other.init("another.test", 24h * 365);
  other.issue(file("stranger"), {.roles = {"web"}}, 24h);
  net::TlsMaterial mine = read_material(file("orders"));
  mine.trust += read_material(file("stranger")).trust;
  serve(std::make_shared<net::TlsIdentity>(mine));
  net::TlsMaterial theirs = read_material(file("stranger"));
  theirs.trust += read_material(file("orders")).trust;
  become(std::make_shared<net::TlsIdentity>(theirs));
  EXPECT_TRUE(refused(ask())) << "the server names no role in the client's domain";
}

TEST_F(MutualTlsTest, RefusesAnExpiredCertificate) {
  const ManualClock past(clock_.now() - 48h);
  AuthorityFolder earlier(folder_.path() / "ca", past, random_);
  earlier.issue(file("old"), {.roles = {"web"}}, 24h);
  serve(identity("orders"));
  become(identity("old"));
  EXPECT_TRUE(refused(ask()));
}

TEST_F(MutualTlsTest, TellsAPlainClientNothing) {
  serve(identity("orders"));
  test::RawConnection plain(server_->port());
  plain.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_FALSE(plain.read_response()) << "an alert of TLS at most";
}

// The authority is replaced while requests are under way; not one of them fails.
TEST_F(MutualTlsTest, RotatesUnderLoadWithoutAFailure) {
  const std::shared_ptr<net::TlsIdentity> server = identity("orders");
  const std::shared_ptr<net::TlsIdentity> client = identity("web");
  serve(server);
  int asked = 0;
  const auto load = [&] {
    for (int i = 0; i < 8; ++i) {
      become(client);  // a new client: a new connection, with what holds now
      const std::string answer = ask();
      ASSERT_FALSE(refused(answer)) << answer;
      ++asked;
    }
  };
  for (int step = 0; step < 3; ++step) {
    authority_.rotate(24h * 365);
    authority_.renew(file("orders"), 24h);
    server->replace(read_material(file("orders")));
    load();  // the one side is new, the other old
    authority_.renew(file("web"), 24h);
    client->replace(read_material(file("web")));
    load();
  }
  EXPECT_EQ(asked, 48);
}

}  // namespace
}  // namespace securecart::identity
