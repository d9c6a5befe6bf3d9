// Any bytes as a receipt file: verifying ends, and nothing that was not signed is called valid.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/crypto.hpp"
#include "shop/orders/receipts.hpp"

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  securecart::initialise_crypto();
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace securecart::shop::orders;
  const std::string_view file(reinterpret_cast<const char*>(data), size);
  const Verification own = verify_receipt(file, std::nullopt);
  // A key that signed nothing in this world.
  const std::string stranger =
      securecart::base64url(securecart::signing_key_from_seed(std::string(32, 'z')).public_key);
  const Verification trusted = verify_receipt(file, stranger);
  if (trusted.valid || (own.valid && own.sequence < 1) || own.valid != own.failure.empty()) {
    std::abort();
  }
  static_cast<void>(chain_break({own, own}));
  return 0;
}
