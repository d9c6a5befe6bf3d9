// The test provider: a payment provider of its own, behind HTTP and with its own file, that behaves
// by the card it is shown. It stands for the outside world in development, tests and drills, so it
// does what real ones do: it remembers keys, sends webhooks (twice, early, late), and loses
// answers.
//
//   tok_approved            captured
//   tok_declined            declined
//   tok_needs_action        requires_action: the shopper decides on its page, /challenge/ID
//   tok_slow                captured, after a few seconds
//   tok_unknown             captured, but the answer is lost (504)
//   tok_duplicate_webhook   captured; its webhook comes twice, the first before the answer
#pragma once

#include <string>

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "net/client.hpp"
#include "net/http.hpp"
#include "storage/database.hpp"

namespace securecart::shop::payments {

struct TestProviderOptions {
  std::string secret;      // of its API and of its webhooks
  std::string public_url;  // http://127.0.0.1:PORT, of its challenge page
  Duration slow = std::chrono::seconds(3);
};

class TestProviderService final : public net::Handler {
 public:
  // `database` was opened with the migrations of sql/test_provider. All outlive this.
  TestProviderService(storage::Database& database, net::Client& client, const Clock& clock,
                      const Ids& ids, TestProviderOptions options);

  // POST /charges, GET /charges?key= or ?after=&limit=, POST /refunds, GET /refunds?key=,
  // GET and POST /challenge/ID.
  Task<net::Response> handle(net::Request request) override;

 private:
  struct Charge;
  Task<net::Response> create_charge(net::Request request);
  Task<net::Response> find_charges(net::Request request);
  Task<net::Response> create_refund(net::Request request);
  Task<net::Response> find_refund(net::Request request);
  Task<net::Response> show_challenge(std::string id);
  Task<net::Response> decide_challenge(std::string id, std::string body);

  Task<std::optional<Charge>> read_charge(std::string_view by, std::string value);
  void send_webhook(const Charge& charge, std::string event_id);
  Task<void> deliver(std::string url, std::string event_id, std::string body);
  net::Response render(const Charge& charge, int status) const;

  storage::Database& database_;
  net::Client& client_;
  const Clock& clock_;
  const Ids& ids_;
  const TestProviderOptions options_;
};

}  // namespace securecart::shop::payments
