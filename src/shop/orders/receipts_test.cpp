#include "shop/orders/receipts.hpp"

#include <gtest/gtest.h>

#include "tests/support/seed.hpp"

namespace securecart::shop::orders {
namespace {

class Receipts : public testing::Test {
 protected:
  Receipts() : random_(test::seed()), key_{"rkey_1", make_signing_key(random_)} {
    order_.shop_id = "shop_1";
    order_.id = "ord_1";
    order_.number = "7K3F9-QX2MB";
    order_.currency = "EUR";
    order_.subtotal = order_.total = 1250;
    order_.placed_at = from_millis(1'700'000'000'000);
    order_.lines.push_back({.id = "line_1",
                            .product_id = "prod_1",
                            .variant_id = "var_1",
                            .title = "Teapot \"Marsh\"",
                            .variant_title = "Oat",
                            .sku = "T",
                            .image = "",
                            .quantity = 1,
                            .unit_price = 1250,
                            .total = 1250});
  }

  // The file of the order as entry `sequence` behind `previous`.
  json::object file(std::int64_t sequence, const std::string& previous) {
    const json::object statement = sign_statement(order_, key_);
    const std::string digests[] = {statement_digest(statement)};
    last_ = chain_statements(order_.shop_id, digests, sequence, previous, key_);
    return receipt_file(statement, last_, public_key());
  }
  std::string public_key() const { return base64url(key_.key.public_key); }

  Prng random_;
  ReceiptKey key_;
  Order order_;
  ChainEntry last_;
};

Verification verified(const json::object& file) {
  return verify_receipt(securecart::to_string(json::value(file)), std::nullopt);
}

TEST_F(Receipts, AnHonestOneVerifies) {
  const Verification result =
      verify_receipt(securecart::to_string(json::value(file(1, first_link()))), public_key());
  EXPECT_TRUE(result.valid) << result.failure;
  EXPECT_EQ(result.sequence, 1);
  EXPECT_EQ(result.digest, last_.digest);
  EXPECT_EQ(get_int(result.statement, "total"), 1250);
  EXPECT_EQ(result.checks.size(), 4U);
}

TEST_F(Receipts, AnotherAmountIsFoundOut) {
  json::object forged = file(1, first_link());
  json::object& statement = forged["statement"].as_object();
  std::string payload(statement["payload"].as_string());
  payload.replace(payload.find("1250"), 4, "1150");
  statement["payload"] = payload;
  EXPECT_FALSE(verified(forged).valid);
}

TEST_F(Receipts, AnEntryOfAnotherStatementIsFoundOut) {
  const json::object mine = file(1, first_link());
  order_.total = 1;
  json::object other = file(1, first_link());
  other["entry"] = mine.at("entry");
  EXPECT_EQ(verified(other).failure, "the chain entry is of other statements");
}

TEST_F(Receipts, OneEntryIsOfManyStatements) {
  std::vector<json::object> statements;
  std::vector<std::string> digests;
  for (const char* id : {"ord_1", "ord_2", "ord_3"}) {
    order_.id = id;
    statements.push_back(sign_statement(order_, key_));
    digests.push_back(statement_digest(statements.back()));
  }
  const ChainEntry entry = chain_statements("shop_1", digests, 1, first_link(), key_);
  std::vector<Verification> receipts;
  for (const json::object& statement : statements) {
    receipts.push_back(verified(receipt_file(statement, entry, public_key())));
    EXPECT_TRUE(receipts.back().valid) << receipts.back().failure;
  }
  const std::string last[] = {"ff"};
  const ChainEntry next = chain_statements("shop_1", last, 2, entry.digest, key_);
  EXPECT_EQ(chain_break(receipts), "");
  order_.id = "ord_4";
  EXPECT_EQ(verified(receipt_file(sign_statement(order_, key_), entry, public_key())).failure,
            "the chain entry is of other statements");
  EXPECT_NE(next.digest, entry.digest);
}

TEST_F(Receipts, AnEntryOfAnotherShopIsFoundOut) {
  const json::object statement = sign_statement(order_, key_);
  const std::string digests[] = {statement_digest(statement)};
  const ChainEntry entry = chain_statements("shop_2", digests, 1, first_link(), key_);
  EXPECT_EQ(verified(receipt_file(statement, entry, public_key())).failure,
            "the chain entry is of another shop");
}

// As versions before entries of many statements made them.
TEST_F(Receipts, AnEntryOfOneStatementStillVerifies) {
  const json::object statement = sign_statement(order_, key_);
  const std::string payload =
      canonical_json(json::object{{"format", "securecart-receipt-chain-1"},
                                  {"shop_id", "shop_1"},
                                  {"order_id", "ord_1"},
                                  {"sequence", 1},
                                  {"previous", first_link()},
                                  {"statement", statement_digest(statement)}});
  ChainEntry entry;
  entry.document = {
      {"payload", payload}, {"key_id", key_.id}, {"signature", base64url(sign(key_.key, payload))}};
  EXPECT_TRUE(verified(receipt_file(statement, entry, public_key())).valid);
}

TEST_F(Receipts, AnotherShopsKeyIsFoundOut) {
  const std::string text = securecart::to_string(json::value(file(1, first_link())));
  const SigningKey other = make_signing_key(random_);
  EXPECT_FALSE(verify_receipt(text, base64url(other.public_key)).valid);
}

TEST_F(Receipts, GarbageIsRefusedWithAReason) {
  for (const char* text : {"", "{}", "[]", "null", R"({"statement":1,"entry":{}})",
                           R"({"statement":{},"entry":{},"public_key":"AA"})"}) {
    const Verification result = verify_receipt(text, std::nullopt);
    EXPECT_FALSE(result.valid);
    EXPECT_FALSE(result.failure.empty()) << text;
  }
}

TEST_F(Receipts, AChainShowsGapsAndRewrites) {
  const Verification one = verified(file(1, first_link()));
  const Verification two = verified(file(2, one.digest));
  const Verification three = verified(file(3, two.digest));
  EXPECT_EQ(chain_break({one, two, three}), "");
  EXPECT_EQ(chain_break({one, three}), "entry 2 is missing");
  const Verification rewritten = verified(file(3, one.digest));
  EXPECT_EQ(chain_break({one, two, rewritten}),
            "entry 3 does not follow entry 2: the chain was rewritten");
  EXPECT_EQ(chain_break({verified(file(1, one.digest))}), "entry 1 does not begin the chain");
  EXPECT_EQ(chain_break({one, two, verified(file(2, three.digest))}),
            "there are two entries 2: the chain was rewritten");
}

}  // namespace
}  // namespace securecart::shop::orders
