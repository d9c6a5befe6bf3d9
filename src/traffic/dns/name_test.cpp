#include "traffic/dns/name.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace securecart::traffic::dns {
namespace {

Name name_of(std::string_view text) {
  return Name::parse(text).value();
}

TEST(Name, ReadsAndWritesText) {
  for (const char* text : {".", "shop.test.", "WWW.Shop.test.", "a\\.b.test.", "\\000\\255.test.",
                           "*.test.", "_api._tcp.test.", "sp\\032ace.test."}) {
    EXPECT_EQ(name_of(text).to_text(), text);
  }
  const Name origin = name_of("shop.test.");
  EXPECT_EQ(Name::parse("www", &origin)->to_text(), "www.shop.test.");
  EXPECT_EQ(Name::parse("@", &origin)->to_text(), "shop.test.");
}

TEST(Name, RefusesWhatIsNotOne) {
  const Name origin = name_of("shop.test.");
  const std::string label(63, 'a');
  const std::string long_name = label + "." + label + "." + label + ".";
  for (const std::string& text :
       {std::string(), std::string(".."), std::string("a..b."), std::string(".a"), label + "a.",
        long_name + std::string(62, 'b') + ".", std::string("a\\2"), std::string("a\\256."),
        std::string("a\\")}) {
    EXPECT_FALSE(Name::parse(text, &origin).has_value()) << text;
  }
  EXPECT_FALSE(Name::parse("www").has_value());
  EXPECT_TRUE(Name::parse(long_name + std::string(61, 'b') + ".").has_value());
}

TEST(Name, ComparesWithoutCase) {
  EXPECT_EQ(name_of("A.test."), name_of("a.TEST."));
  EXPECT_FALSE(name_of("a.test.") == name_of("b.test."));
  EXPECT_TRUE(is_at_or_below(name_of("x.Shop.test.").wire(), name_of("shop.test.").wire()));
  EXPECT_TRUE(is_at_or_below(name_of("shop.test.").wire(), name_of(".").wire()));
  EXPECT_FALSE(is_at_or_below(name_of("xshop.test.").wire(), name_of("shop.test.").wire()));
  EXPECT_FALSE(is_at_or_below(name_of("test.").wire(), name_of("shop.test.").wire()));
}

// RFC 4034 section 6.1.
TEST(Name, HasTheCanonicalOrderOfItsRfc) {
  const char* const sorted[] = {"example.",         "a.example.",      "yljkjljk.a.example.",
                                "Z.a.example.",     "zABC.a.EXAMPLE.", "z.example.",
                                "\\001.z.example.", "*.z.example.",    "\\200.z.example."};
  for (std::size_t i = 0; i + 1 < std::size(sorted); ++i) {
    EXPECT_LT(canonical_order(name_of(sorted[i]).wire(), name_of(sorted[i + 1]).wire()), 0);
    EXPECT_GT(canonical_order(name_of(sorted[i + 1]).wire(), name_of(sorted[i]).wire()), 0);
  }
}

TEST(NameKey, HashesSuffixes) {
  NameKey key;
  key.set(name_of("WWW.Shop.Test.").wire());
  NameKey shop;
  shop.set(name_of("shop.test.").wire());
  EXPECT_EQ(key.labels, 3);
  EXPECT_EQ(key.hashes[1], shop.hash());
  EXPECT_EQ(key.hashes[3], root_hash);
  EXPECT_EQ(name_text(key.suffix(1)), "shop.test.");
}

TEST(NameKey, ReadsWhatIsAName) {
  const std::string label(63, 'A');
  const std::string longest = label + "." + label + "." + label + "." + std::string(61, 'B') + ".";
  for (const std::string& text : {std::string("."), std::string("a."), std::string("AbCdEf."),
                                  std::string("\\[\\@\\`\\{\\193Z.test."), longest}) {
    const Name name = name_of(text);
    NameKey wanted;
    wanted.set(name.wire());
    std::vector<std::uint8_t> bytes(name.wire().begin(), name.wire().end());
    NameKey cut;
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      EXPECT_FALSE(cut.read(Bytes(bytes).first(size)));
    }
    bytes.push_back('X');  // what follows is not its own
    NameKey read;
    ASSERT_TRUE(read.read(bytes)) << text;
    EXPECT_TRUE(std::ranges::equal(read.wire(), name.lowered().wire()));
    EXPECT_EQ(read.labels, wanted.labels);
    EXPECT_EQ(read.hash(), wanted.hash());
  }
  std::vector<std::uint8_t> too_long(256, 1);
  too_long.back() = 0;
  NameKey key;
  EXPECT_FALSE(key.read(too_long));
  EXPECT_FALSE(key.read(std::vector<std::uint8_t>{0xc0, 0x0c}));
}

RC_GTEST_PROP(Name, TextComesBack, ()) {
  Name name;
  const auto labels = *rc::gen::inRange(0, 5);
  for (int i = 0; i < labels; ++i) {
    const auto size = *rc::gen::inRange<std::size_t>(1, 50);
    const auto label =
        *rc::gen::container<std::vector<std::uint8_t>>(size, rc::gen::arbitrary<std::uint8_t>());
    name = name.below(label).value();
  }
  const std::optional<Name> again = Name::parse(name.to_text());
  RC_ASSERT(again.has_value());
  RC_ASSERT(std::ranges::equal(again->wire(), name.wire()));
  RC_ASSERT(name_size(name.wire()) == name.size());
  NameKey key;
  RC_ASSERT(key.read(name.wire()));
  RC_ASSERT(std::ranges::equal(key.wire(), name.lowered().wire()));
}

}  // namespace
}  // namespace securecart::traffic::dns
