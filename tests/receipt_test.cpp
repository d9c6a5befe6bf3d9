// A shopper's receipts, taken home and verified there, without the shop.
#include <filesystem>
#include <fstream>
#include <thread>

#include <gtest/gtest.h>

#include "shop/orders/receipts.hpp"
#include "tests/support/shop_client.hpp"
#include "tests/support/temp_dir.hpp"

namespace securecart::test {
namespace {

using namespace std::chrono_literals;

class ReceiptTest : public testing::Test {
 protected:
  ReceiptTest() {
    const TestVariant variant = client_.add_product("Receipt thing", 100);
    for (int i = 0; i < 4; ++i) {
      const TestCart cart = client_.cart_of({{variant.variant_id, 1}});
      const ShopClient::Request request = ShopClient::completion(cart, client_.key());
      const lab::ApiAnswer order =
          client_.call(request.method, request.target, request.body, request.fields);
      EXPECT_EQ(order.status, 201) << order.describe();
      receipts_.push_back(receipt_of(order.body));
    }
    const lab::ApiAnswer keys = client_.call(net::Method::get, "/v1/store/receipt-keys");
    key_ = get_string(get_array(keys.body, "items").front().as_object(), "public_key");
  }

  // It is chained moments after the order; until then the shop says so.
  json::object receipt_of(const json::object& order) {
    const std::string target =
        "/v1/store/orders/" + std::string(get_string(order, "id")) + "/receipt";
    const Fields token{{"X-Order-Token", std::string(get_string(order, "token"))}};
    for (int attempt = 0; attempt < 200; ++attempt) {
      const lab::ApiAnswer answer = client_.call(net::Method::get, target, nullptr, token);
      if (answer.status != 409) {
        EXPECT_EQ(answer.status, 200) << answer.describe();
        return answer.body;
      }
      std::this_thread::sleep_for(50ms);
    }
    ADD_FAILURE() << "the receipt was not chained in time";
    return {};
  }

  std::string file(const std::string& name, const json::value& content) const {
    const std::filesystem::path path = folder_.path() / name;
    std::ofstream(path) << to_string(content);
    return path.string();
  }
  int verify(std::vector<std::string> files, std::vector<std::string> more = {}) {
    output_.clear();
    files.insert(files.begin(), {"receipt", "verify"});
    files.insert(files.end(), more.begin(), more.end());
    return run_program(std::move(files), &output_);
  }

  const TempDir folder_;
  ShopProcess shop_{folder_.path() / "data"};
  ShopClient client_{shop_};
  std::vector<json::object> receipts_;
  std::string key_;
  std::string output_;
};

TEST_F(ReceiptTest, IsVerifiedWithoutTheShop) {
  shop_.end();
  const std::string one = file("one.json", receipts_[0]);
  EXPECT_EQ(verify({one}, {"--key", key_}), 0) << output_;
  EXPECT_TRUE(output_.ends_with("\nValid.\n")) << output_;
  EXPECT_NE(output_.find("the key is the trusted one"), std::string::npos) << output_;

  std::vector<std::string> files;
  json::array all;
  for (std::size_t i = receipts_.size(); i-- > 0;) {  // in any order
    files.push_back(file(std::to_string(i) + ".json", receipts_[i]));
    all.push_back(receipts_[i]);
  }
  EXPECT_EQ(verify(files, {"--key", key_}), 0) << output_;
  EXPECT_NE(output_.find("4 receipts follow one another without a gap"), std::string::npos);
  EXPECT_EQ(verify({file("all.json", all)}, {"--key", key_}), 0) << output_;
}

// Whoever makes a key can sign whatever they like, and the file says whose key it is.
TEST_F(ReceiptTest, AForgersReceiptIsNotValid) {
  namespace orders = shop::orders;
  const orders::ReceiptKey forger{"rkey_forger", signing_key_from_seed(std::string(32, 'f'))};
  orders::Order never_placed;
  never_placed.shop_id = get_string(shop_.credentials(), "shop_id");
  never_placed.id = "ord_forged";
  never_placed.total = 1'000'000;
  const json::object statement = orders::sign_statement(never_placed, forger);
  const std::vector<std::string> digests{orders::statement_digest(statement)};
  const orders::ChainEntry entry =
      orders::chain_statements(never_placed.shop_id, digests, 1, orders::first_link(), forger);
  const std::string forged =
      file("forged.json", orders::receipt_file(statement, entry, base64url(forger.key.public_key)));
  constexpr int unknown_signer = 3;
  EXPECT_EQ(verify({forged}), unknown_signer) << output_;
  EXPECT_NE(output_.find("WHO signed it was not checked"), std::string::npos) << output_;
  EXPECT_NE(output_.find("--key"), std::string::npos) << output_;
  EXPECT_EQ(output_.find("Valid"), std::string::npos) << output_;
  EXPECT_EQ(verify({forged}, {"--key", key_}), 1) << output_;
  EXPECT_NE(output_.find("another public key than the trusted one"), std::string::npos) << output_;
}

TEST_F(ReceiptTest, ShowsWhatWasTamperedWith) {
  json::object raised = receipts_[0];
  json::string& payload = raised["statement"].as_object()["payload"].as_string();
  const std::size_t total = payload.find("\"total\":");
  ASSERT_NE(total, std::string::npos);
  payload[total + 8] = payload[total + 8] == '9' ? '8' : '9';
  EXPECT_EQ(verify({file("raised.json", raised)}), 1);
  EXPECT_NE(output_.find("FAILED"), std::string::npos) << output_;

  const std::string stranger(43, 'A');
  EXPECT_EQ(verify({file("one.json", receipts_[0])}, {"--key", stranger}), 1) << output_;
  EXPECT_EQ(verify({file("gap.json", json::array{receipts_[0], receipts_[2], receipts_[3]})}), 1);
  EXPECT_NE(output_.find("is missing"), std::string::npos) << output_;
  EXPECT_EQ(verify({file("torn.json", "{\"statement\"")}), 1) << output_;
}

}  // namespace
}  // namespace securecart::test
