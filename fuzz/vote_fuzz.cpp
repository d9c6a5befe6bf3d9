// Any bytes as a peer's votes, unsigned and with a signature put behind them: refused, or a message
// that is written the same way again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/crypto.hpp"
#include "traffic/health/vote_message.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace securecart;
  using namespace securecart::traffic::health;
  constexpr std::string_view secret = "fuzz";
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  if (decode(bytes, secret)) {
    std::abort();  // nobody guesses a signature
  }
  const std::string signed_bytes = bytes + hmac_sha256(secret, bytes);
  const Result<VoteMessage> message = decode(signed_bytes, secret);
  if (message && encode(*message, secret) != signed_bytes) {
    std::abort();
  }
  return 0;
}
