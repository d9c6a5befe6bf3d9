// One trace from the shopper's request through the log to the payment provider, by the wire and by
// what the program writes at the level people run it with.
#include <algorithm>
#include <fstream>

#include <gtest/gtest.h>

#include "tests/support/eventually.hpp"
#include "tests/support/shop_client.hpp"
#include "tests/support/temp_dir.hpp"

namespace securecart::test {
namespace {

constexpr std::string_view trace = "4bf92f3577b34da6a3ce929d0e0e4736";

class Trace : public testing::Test {
 protected:
  // A checkout of a cart of one lamp, within the trace.
  lab::ApiAnswer check_out(const std::string& payment_method, Fields fields = {}) {
    const TestVariant lamp = client_.add_product("Lamp", 1);
    ShopClient::Request request = ShopClient::completion(client_.cart_of({{lamp.variant_id, 1}}),
                                                         client_.key(), payment_method);
    fields.emplace_back("traceparent", "00-" + std::string(trace) + "-00f067aa0ba902b7-01");
    request.fields.insert(request.fields.end(), fields.begin(), fields.end());
    return client_.call(request.method, request.target, request.body, request.fields);
  }

  // Whether a line of the trace says so of a request to this listener.
  bool says(std::string_view message, std::string_view listener, std::string_view target_end) {
    std::ifstream lines(log_);
    for (std::string line; std::getline(lines, line);) {
      const Result<json::value> parsed = parse_json(line);
      if (!parsed) {
        continue;  // half written
      }
      const json::object& said = parsed->as_object();
      if (get_string_or(said, "trace_id", "") == trace &&
          get_string_or(said, "message", "") == message &&
          get_string_or(said, "listener", "") == listener &&
          get_string_or(said, "target", "").ends_with(target_end)) {
        return true;
      }
    }
    return false;
  }

  const TempDir folder_;
  const std::filesystem::path log_ = folder_.path() / "log.jsonl";
  ShopProcess shop_{folder_.path() / "data", {}, log_};
  ShopClient client_{shop_};
};

TEST_F(Trace, AFailedCheckoutIsFoundInTheLog) {
  const lab::ApiAnswer late = check_out("tok_approved", {{"X-Request-Deadline-Ms", "0"}});
  EXPECT_EQ(late.status, 503) << late.describe();
  EXPECT_TRUE(eventually([this] { return says("a request failed", "api", "/complete"); }));
}

// The provider fails one call, and says in whose trace: it was given it by the payment that the
// order's event asked for, long after the checkout was answered.
TEST_F(Trace, TheCallToThePaymentProviderCarriesTheCheckoutsTrace) {
  const lab::ApiAnswer placed = check_out("tok_unknown");
  EXPECT_EQ(placed.status, 201) << placed.describe();
  EXPECT_TRUE(eventually([this] { return says("a request failed", "test-payments", "/charges"); }));
  EXPECT_FALSE(says("a request failed", "api", "/complete"));
}

}  // namespace
}  // namespace securecart::test
