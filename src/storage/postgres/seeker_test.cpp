#include "storage/postgres/seeker.hpp"

#include <string>

#include <gtest/gtest.h>

#include "tests/support/raw_listener.hpp"

namespace securecart::storage::postgres {
namespace {

using namespace std::chrono_literals;

// A server that is overwhelmed: its kernel takes connections, it takes none of them.
class Overwhelmed : public test::RawListener {
 public:
  // Takes all that waits and says that it cannot serve it. How many there were.
  int refuse_all() {
    int count = 0;
    for (; wait(0); ++count) {
      accept();
    }
    return count;
  }
};

class SeekerTest : public testing::Test {
 protected:
  static std::vector<Endpoint> endpoints(std::initializer_list<std::uint16_t> ports) {
    std::string hosts;
    for (const std::uint16_t port : ports) {
      hosts += (hosts.empty() ? "127.0.0.1:" : ",127.0.0.1:") + std::to_string(port);
    }
    return parse_address("postgres://shop@" + hosts + "/shop?sslmode=disable");
  }
  // Lets `span` pass while `seeker` looks.
  void pass(Seeker& seeker, Duration span, bool may_begin = true) {
    for (Duration passed{}; passed < span; passed += 10ms) {
      EXPECT_FALSE(seeker.step(may_begin));
      std::vector<pollfd> sockets;
      seeker.watch(sockets);
      poll(sockets.data(), sockets.size(), 0);
      seeker.hear(sockets);
      clock_.advance(10ms);
    }
  }
  ManualClock clock_;
};

// At 0, 2, 6, 14, 30 and 46 seconds or so: what waits may wait in vain, but hardly so many do.
TEST_F(SeekerTest, LeavesNextToNothingWithAServerThatIsOverwhelmed) {
  Overwhelmed server;
  const std::vector<Endpoint> hosts = endpoints({server.port()});
  Seeker seeker(hosts, Purpose::write, "", clock_);
  pass(seeker, 59s);
  const int left = server.refuse_all();
  EXPECT_GE(left, 4);
  EXPECT_LE(left, 6) << "and not one every two seconds";
  EXPECT_NE(seeker.problem().find("does not answer"), std::string::npos) << seeker.problem();
}

TEST_F(SeekerTest, AsksTheOthersBesideIt) {
  Overwhelmed server;
  Overwhelmed other;
  const std::vector<Endpoint> hosts = endpoints({server.port(), other.port()});
  Seeker seeker(hosts, Purpose::write, "", clock_);
  int asked = 0;
  for (int i = 0; i < 400; ++i) {
    pass(seeker, 100ms);
    asked += other.refuse_all();
  }
  EXPECT_GT(asked, 15) << "the other host may have become the primary at any moment";
  EXPECT_LE(server.refuse_all(), 6);
}

TEST_F(SeekerTest, AHostThatIsGoneHoldsNobodyUp) {
  const test::RawListener gone;
  std::vector<std::unique_ptr<test::RawConnection>> queue;
  for (int i = 0; i <= test::RawListener::backlog; ++i) {
    queue.push_back(std::make_unique<test::RawConnection>(gone.port()));
  }
  Overwhelmed other;
  const std::vector<Endpoint> hosts = endpoints({gone.port(), other.port()});
  Seeker seeker(hosts, Purpose::write, "", clock_);
  pass(seeker, 400ms);
  EXPECT_EQ(other.refuse_all(), 1);
  pass(seeker, 4s);
  EXPECT_GT(other.refuse_all(), 0);
  EXPECT_NE(seeker.problem().find("does not answer"), std::string::npos) << seeker.problem();
}

TEST_F(SeekerTest, BeginsOnlyWhenItMay) {
  Overwhelmed server;
  const std::vector<Endpoint> hosts = endpoints({server.port()});
  Seeker seeker(hosts, Purpose::write, "", clock_);
  pass(seeker, 1s, false);
  EXPECT_FALSE(seeker.seeking());
  EXPECT_EQ(server.refuse_all(), 0);
}

}  // namespace
}  // namespace securecart::storage::postgres
