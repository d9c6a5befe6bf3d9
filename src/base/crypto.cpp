#include "base/crypto.hpp"

#include <algorithm>
#include <cassert>

#include <openssl/evp.h>
#include <sodium.h>

#include "base/errors.hpp"

namespace securecart {

namespace {

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* bytes_of(std::string& text) {
  return reinterpret_cast<unsigned char*>(text.data());
}

std::string encode(std::string_view bytes, int variant) {
  std::string text(sodium_base64_encoded_len(bytes.size(), variant), '\0');
  sodium_bin2base64(text.data(), text.size(), bytes_of(bytes), bytes.size(), variant);
  text.pop_back();  // sodium's terminating zero
  return text;
}

// Refuses white space, wrong padding and non-zero bits left over: one text for one value.
std::optional<std::string> decode(std::string_view text, int variant) {
  // libsodium 1.0.18 takes some bytes above 0x7F for '/' (it compares signed characters).
  if (std::any_of(text.begin(), text.end(), [](char c) { return (c & 0x80) != 0; })) {
    return std::nullopt;
  }
  std::string bytes(text.size() / 4 * 3 + 3, '\0');
  std::size_t length = 0;
  const char* end = nullptr;
  if (sodium_base642bin(bytes_of(bytes), bytes.size(), text.data(), text.size(), nullptr, &length,
                        &end, variant) != 0 ||
      end != text.data() + text.size()) {
    return std::nullopt;
  }
  bytes.resize(length);
  return bytes;
}

}  // namespace

void initialise_crypto() {
  if (sodium_init() < 0) {
    throw Unavailable("libsodium cannot start: no source of randomness");
  }
}

std::string sha256_hex(std::string_view bytes) {
  // Fetched once: EVP_sha256() would look the implementation up on every call.
  static EVP_MD* const sha256 = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  std::string digest(32, '\0');
  const int ok = EVP_Digest(bytes.data(), bytes.size(), bytes_of(digest), nullptr, sha256, nullptr);
  assert(ok == 1);
  static_cast<void>(ok);
  return to_hex(digest);
}

std::string hmac_sha256(std::string_view key, std::string_view bytes) {
  std::string mac(32, '\0');
  // OpenSSL's HMAC() looks its implementation up anew each time, for longer than it computes.
  crypto_auth_hmacsha256_state state;
  crypto_auth_hmacsha256_init(&state, bytes_of(key), key.size());
  crypto_auth_hmacsha256_update(&state, bytes_of(bytes), bytes.size());
  crypto_auth_hmacsha256_final(&state, bytes_of(mac));
  return mac;
}

std::string to_hex(std::string_view bytes) {
  std::string text(bytes.size() * 2 + 1, '\0');
  sodium_bin2hex(text.data(), text.size(), bytes_of(bytes), bytes.size());
  text.pop_back();
  return text;
}

std::string base64(std::string_view bytes) {
  return encode(bytes, sodium_base64_VARIANT_ORIGINAL);
}

std::string base64url(std::string_view bytes) {
  return encode(bytes, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

std::optional<std::string> from_base64(std::string_view text) {
  return decode(text, sodium_base64_VARIANT_ORIGINAL);
}

std::optional<std::string> from_base64url(std::string_view text) {
  return decode(text, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

std::optional<std::string> from_hex(std::string_view text) {
  std::string bytes(text.size() / 2, '\0');
  std::size_t length = 0;
  const char* end = nullptr;
  if (text.size() % 2 != 0 ||
      sodium_hex2bin(bytes_of(bytes), bytes.size(), text.data(), text.size(), nullptr, &length,
                     &end) != 0 ||
      end != text.data() + text.size()) {
    return std::nullopt;
  }
  return bytes;
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string seal(std::string_view key, std::string_view context, std::string_view secret,
                 Random& random) {
  assert(key.size() == crypto_aead_xchacha20poly1305_ietf_KEYBYTES);
  std::string sealed;
  while (sealed.size() < crypto_aead_xchacha20poly1305_ietf_NPUBBYTES) {
    const std::uint64_t word = random.next();
    sealed.append(reinterpret_cast<const char*>(&word), sizeof word);
  }
  sealed.resize(crypto_aead_xchacha20poly1305_ietf_NPUBBYTES);
  const std::string nonce = sealed;
  sealed.resize(nonce.size() + secret.size() + crypto_aead_xchacha20poly1305_ietf_ABYTES);
  unsigned long long length = 0;
  const int ok = crypto_aead_xchacha20poly1305_ietf_encrypt(
      bytes_of(sealed) + nonce.size(), &length, bytes_of(secret), secret.size(), bytes_of(context),
      context.size(), nullptr, bytes_of(nonce), bytes_of(key));
  assert(ok == 0);
  (void)ok;
  return sealed;
}

std::optional<std::string> unseal(std::string_view key, std::string_view context,
                                  std::string_view sealed) {
  assert(key.size() == crypto_aead_xchacha20poly1305_ietf_KEYBYTES);
  constexpr std::size_t nonce_bytes = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
  constexpr std::size_t tag_bytes = crypto_aead_xchacha20poly1305_ietf_ABYTES;
  if (sealed.size() < nonce_bytes + tag_bytes) {
    return std::nullopt;
  }
  std::string secret(sealed.size() - nonce_bytes - tag_bytes, '\0');
  const std::string_view text = sealed.substr(nonce_bytes);
  unsigned long long length = 0;
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(bytes_of(secret), &length, nullptr, bytes_of(text),
                                                 text.size(), bytes_of(context), context.size(),
                                                 bytes_of(sealed), bytes_of(key)) != 0) {
    return std::nullopt;
  }
  return secret;
}

SigningKey make_signing_key(Random& random) {
  std::string seed;
  for (std::size_t i = 0; i < crypto_sign_SEEDBYTES / 8; ++i) {
    const std::uint64_t word = random.next();
    seed.append(reinterpret_cast<const char*>(&word), sizeof word);
  }
  return signing_key_from_seed(seed);
}

SigningKey signing_key_from_seed(std::string_view seed) {
  assert(seed.size() == crypto_sign_SEEDBYTES);
  SigningKey key{std::string(seed), std::string(crypto_sign_PUBLICKEYBYTES, '\0')};
  std::string secret(crypto_sign_SECRETKEYBYTES, '\0');
  crypto_sign_seed_keypair(bytes_of(key.public_key), bytes_of(secret), bytes_of(seed));
  sodium_memzero(secret.data(), secret.size());
  return key;
}

std::string sign(const SigningKey& key, std::string_view message) {
  assert(key.seed.size() == crypto_sign_SEEDBYTES &&
         key.public_key.size() == crypto_sign_PUBLICKEYBYTES);
  std::string secret = key.seed + key.public_key;  // libsodium's form of a secret key
  std::string signature(crypto_sign_BYTES, '\0');
  crypto_sign_detached(bytes_of(signature), nullptr, bytes_of(message), message.size(),
                       bytes_of(secret));
  sodium_memzero(secret.data(), secret.size());
  return signature;
}

bool verify(std::string_view public_key, std::string_view message, std::string_view signature) {
  return public_key.size() == crypto_sign_PUBLICKEYBYTES && signature.size() == crypto_sign_BYTES &&
         crypto_sign_verify_detached(bytes_of(signature), bytes_of(message), message.size(),
                                     bytes_of(public_key)) == 0;
}

std::string hash_password(std::string_view password, PasswordCost cost) {
  const bool cheap = cost == PasswordCost::cheap;
  const unsigned long long passes =
      cheap ? crypto_pwhash_OPSLIMIT_MIN : crypto_pwhash_OPSLIMIT_INTERACTIVE;
  const std::size_t memory =
      cheap ? crypto_pwhash_MEMLIMIT_MIN : crypto_pwhash_MEMLIMIT_INTERACTIVE;
  std::string phc(crypto_pwhash_STRBYTES, '\0');
  if (crypto_pwhash_str(phc.data(), password.data(), password.size(), passes, memory) != 0) {
    throw Unavailable("not enough memory to hash a password");
  }
  phc.resize(phc.find('\0'));
  return phc;
}

bool password_matches(std::string_view phc, std::string_view password) {
  if (phc.size() >= crypto_pwhash_STRBYTES || phc.find('\0') != std::string_view::npos) {
    return false;
  }
  std::array<char, crypto_pwhash_STRBYTES> terminated{};
  phc.copy(terminated.data(), phc.size());
  return crypto_pwhash_str_verify(terminated.data(), password.data(), password.size()) == 0;
}

}  // namespace securecart
