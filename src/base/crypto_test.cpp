#include "base/crypto.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "base/prng.hpp"
#include "tests/support/seed.hpp"

namespace securecart {
namespace {

TEST(Hash, AgreesWithFips180AndRfc4231) {
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(to_hex(hmac_sha256("Jefe", "what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(to_hex(hmac_sha256("", "")),
            "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

TEST(Base64, AgreesWithRfc4648) {
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foobar"), "Zm9vYmFy");
  EXPECT_EQ(base64url("\xFB\xFF"), "-_8");
}

TEST(Base64, TakesOneTextForOneValue) {
  for (const std::string_view text :
       {"Zg", "Zg=", "Zg===", "Zh==", "Z g==", "Zg==\n", "Zm9v=", "=", "Zm9-", "Zm9", "Zm9\xF0"}) {
    EXPECT_EQ(from_base64(text), std::nullopt) << text;
  }
  for (const std::string_view text : {"Zg==", "Zh", "Z", "Zm9+", "Zm 9"}) {
    EXPECT_EQ(from_base64url(text), std::nullopt) << text;
  }
}

RC_GTEST_PROP(Encodings, ReadWhatTheyWrote, (const std::string& bytes)) {
  RC_ASSERT(from_base64(base64(bytes)) == bytes);
  RC_ASSERT(from_base64url(base64url(bytes)) == bytes);
  RC_ASSERT(from_hex(to_hex(bytes)) == bytes);
}

RC_GTEST_PROP(Encodings, WriteWhatTheyRead, (const std::string& text)) {
  if (const auto bytes = from_base64(text)) {
    RC_ASSERT(base64(*bytes) == text);
  }
  if (const auto bytes = from_base64url(text)) {
    RC_ASSERT(base64url(*bytes) == text);
  }
}

TEST(Hex, RefusesOthers) {
  EXPECT_EQ(from_hex("0"), std::nullopt);
  EXPECT_EQ(from_hex("0g"), std::nullopt);
  EXPECT_EQ(from_hex("00 0"), std::nullopt);
  EXPECT_EQ(from_hex("FF"), "\xFF");
}

TEST(ConstantTime, ComparesAll) {
  EXPECT_TRUE(equal_in_constant_time("", ""));
  EXPECT_TRUE(equal_in_constant_time("abc", "abc"));
  EXPECT_FALSE(equal_in_constant_time("abc", "abd"));
  EXPECT_FALSE(equal_in_constant_time("abc", "ab"));
}

TEST(Ed25519, AgreesWithRfc8032) {
  const std::string seed =
      *from_hex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb");
  const SigningKey key = signing_key_from_seed(seed);
  EXPECT_EQ(to_hex(key.public_key),
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
  EXPECT_EQ(to_hex(sign(key, "\x72")),
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
            "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00");
}

RC_GTEST_PROP(Ed25519, VerifiesOnlyWhatWasSigned, (std::uint64_t seed, std::string message)) {
  Prng prng(seed);
  const SigningKey key = make_signing_key(prng);
  std::string signature = sign(key, message);
  RC_ASSERT(verify(key.public_key, message, signature));
  RC_ASSERT(!verify(key.public_key, message + "x", signature));
  RC_ASSERT(!verify(make_signing_key(prng).public_key, message, signature));
  const auto at = *rc::gen::inRange<std::size_t>(0, signature.size());
  signature[at] = static_cast<char>(signature[at] ^ (1 << *rc::gen::inRange(0, 8)));
  RC_ASSERT(!verify(key.public_key, message, signature));
  RC_ASSERT(!verify(key.public_key, message, ""));
  RC_ASSERT(!verify("", message, signature));
}

TEST(Password, MatchesOnlyItself) {
  const std::string phc = hash_password("correct horse", PasswordCost::cheap);
  EXPECT_TRUE(phc.starts_with("$argon2id$v=19$m=8,t=1,p=1$")) << phc;
  EXPECT_TRUE(password_matches(phc, "correct horse"));
  EXPECT_FALSE(password_matches(phc, "correct horsf"));
  EXPECT_FALSE(password_matches("", ""));
  EXPECT_FALSE(password_matches("$argon2id$nonsense", "correct horse"));
  EXPECT_FALSE(password_matches(std::string(500, 'a'), "correct horse"));
  EXPECT_NE(phc, hash_password("correct horse", PasswordCost::cheap)) << "salted";
}

TEST(Password, CostsWhatItSays) {
  const std::string phc = hash_password("x", PasswordCost::interactive);
  EXPECT_TRUE(phc.starts_with("$argon2id$v=19$m=65536,t=2,p=1$")) << phc;
  EXPECT_TRUE(password_matches(phc, "x"));
}

TEST(Seal, OpensWithItsKeyAndContextOnly) {
  Prng random(7);
  const std::string key(sealing_key_bytes, 'k');
  const std::string sealed = seal(key, "shop_1 stripe", "sk_test_secret", random);
  EXPECT_EQ(sealed.find("sk_test"), std::string::npos);
  EXPECT_NE(seal(key, "shop_1 stripe", "sk_test_secret", random), sealed) << "a nonce of its own";
  EXPECT_EQ(unseal(key, "shop_1 stripe", sealed), "sk_test_secret");
  EXPECT_EQ(unseal(key, "shop_2 stripe", sealed), std::nullopt);
  EXPECT_EQ(unseal(std::string(sealing_key_bytes, 'l'), "shop_1 stripe", sealed), std::nullopt);
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    std::string changed = sealed;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_EQ(unseal(key, "shop_1 stripe", changed), std::nullopt) << i;
    EXPECT_EQ(unseal(key, "shop_1 stripe", sealed.substr(0, i)), std::nullopt) << i;
  }
  EXPECT_EQ(unseal(key, "", seal(key, "", "", random)), "");
}

}  // namespace
}  // namespace securecart
