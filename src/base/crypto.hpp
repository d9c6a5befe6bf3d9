// Hashes, signatures and encodings over OpenSSL 3 and libsodium. Pure: no files, no sockets.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/prng.hpp"

namespace securecart {

// Must run once before anything below; main() and test_main do. Throws when libsodium cannot start.
void initialise_crypto();

std::string sha256_hex(std::string_view bytes);
std::string hmac_sha256(std::string_view key, std::string_view bytes);  // 32 raw bytes
std::string to_hex(std::string_view bytes);
std::string base64(std::string_view bytes);     // RFC 4648 section 4, with padding
std::string base64url(std::string_view bytes);  // RFC 4648 section 5, without padding
std::optional<std::string> from_base64(std::string_view text);
std::optional<std::string> from_base64url(std::string_view text);
std::optional<std::string> from_hex(std::string_view text);

// Takes the same time wherever the difference is. Different lengths are unequal.
bool equal_in_constant_time(std::string_view a, std::string_view b);

// Encrypts a secret to be stored (XChaCha20-Poly1305, a nonce of its own before it). `context` is
// bound in: what was sealed for one place does not open at another. `key` has 32 bytes.
inline constexpr std::size_t sealing_key_bytes = 32;
std::string seal(std::string_view key, std::string_view context, std::string_view secret,
                 Random& random);
// nullopt: another key or context, or changed bytes.
std::optional<std::string> unseal(std::string_view key, std::string_view context,
                                  std::string_view sealed);

// Ed25519 (RFC 8032). Raw bytes: seed 32, public key 32, signature 64.
struct SigningKey {
  std::string seed;
  std::string public_key;
};
SigningKey make_signing_key(Random& random);
SigningKey signing_key_from_seed(std::string_view seed);
std::string sign(const SigningKey& key, std::string_view message);
bool verify(std::string_view public_key, std::string_view message, std::string_view signature);

// argon2id (RFC 9106) in PHC string format; 64 MiB and 2 passes take tens of milliseconds: call it
// on a worker thread, never on an io thread. `cheap` is for tests (8 KiB, 1 pass).
enum class PasswordCost { interactive, cheap };
std::string hash_password(std::string_view password, PasswordCost cost);
bool password_matches(std::string_view phc, std::string_view password);

}  // namespace securecart
