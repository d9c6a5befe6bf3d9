// The DNS labs of docs/labs run as they stand.
#include <gtest/gtest.h>

#include "tests/support/dns_node.hpp"
#include "tests/support/places.hpp"
#include "tests/support/raw_listener.hpp"

namespace securecart {
namespace {

// What the script printed, with "exit N" at its end.
std::string run_lab(const std::string& script, const std::string& settings = "") {
  return test::shell("SECURECART=" + test::program() + " " + settings + " " + test::source_dir() +
                     "/docs/labs/" + script + " 2>&1; echo exit $?");
}

TEST(DnsLabs, LatencyRouting) {
  const std::string output = run_lab("dns-latency.sh");
  EXPECT_TRUE(output.ends_with("exit 0\n")) << output;
}

TEST(DnsLabs, HealthCheckFailover) {
  int port = 0;
  {
    const test::RawListener free;
    port = free.port();
  }
  // A machine that builds beside the test may be slow to ask.
  const std::string output =
      run_lab("dns-failover.sh", "LAB_PORT=" + std::to_string(port) + " LAB_DETECTION_MS=10000");
  EXPECT_TRUE(output.ends_with("exit 0\n")) << output;
}

}  // namespace
}  // namespace securecart
