// The shop's API as a client sees it: JSON in, JSON out, with patience. No retry budget on purpose:
// this is the shopper who keeps trying, and the load that must not ease off by itself.
#pragma once

#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.hpp"
#include "base/prng.hpp"
#include "net/client.hpp"

namespace securecart::lab {

struct ApiCall {
  net::Method method = net::Method::get;
  std::string target;  // below the API's address: /v1/store/shop
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::string body = {};  // JSON; empty: none
};

struct ApiAnswer {
  int status = 0;  // 0: no answer
  json::object body;
  std::string code;    // of a problem; of no answer "no_answer"
  std::string detail;  // for people
  bool retryable = false;
  Duration retry_after{};
  // Some attempt got no answer, or one that leaves it open whether it took effect.
  bool maybe_done = false;
  int attempts = 1;

  bool ok() const { return status / 100 == 2; }
  // "409 out_of_stock: …"
  std::string describe() const;
};

// Somebody else's machine is not for trying things on.
bool is_loopback(const net::Peer& peer);

// An answer that a tool cannot go on without did not come.
class ApiFailure : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class Api {
 public:
  // All outlive this; `random` belongs to the executor the API is used on.
  Api(net::Client& client, net::Url base, const Clock& clock, Random& random)
      : client_(client), base_(std::move(base)), clock_(clock), random_(random) {}

  // One attempt.
  Task<ApiAnswer> once(ApiCall call, Duration timeout);
  // Tries again, after a pause with full jitter, while there is no answer or one that says that it
  // may help (503, 504, 429, `retryable`), until `until`. The call must bear being done twice.
  Task<ApiAnswer> patiently(ApiCall call, SteadyTime until);
  // patiently() for as long as `patience`; throws ApiFailure unless the answer is 2xx.
  Task<json::object> must(ApiCall call, Duration patience);
  // Every item of a list, page by page. `target` has no query or one without limit and cursor.
  Task<std::vector<json::object>> list(std::string target,
                                       std::vector<std::pair<std::string, std::string>> headers,
                                       Duration patience);

  // One attempt at a page that is no JSON; nullopt unless it is there.
  Task<std::optional<std::string>> text(std::string target, Duration timeout);

  std::string address() const { return base_.peer.host + ":" + std::to_string(base_.peer.port); }
  const Clock& clock() const { return clock_; }
  Random& random() { return random_; }

 private:
  net::Client& client_;
  const net::Url base_;
  const Clock& clock_;
  Random& random_;
};

// A publishable key made through the admin API for a while, where none was given.
struct StoreKey {
  std::string id;
  std::string secret;
};
Task<StoreKey> borrow_store_key(Api& api, std::string secret_key, Duration patience);
// Revokes it.
Task<void> return_store_key(Api& api, std::string secret_key, StoreKey key, Duration patience);

}  // namespace securecart::lab
