#include "shop/catalog/cache_tags.hpp"

#include <gtest/gtest.h>

namespace securecart::shop::catalog {
namespace {

using Tags = std::vector<std::string>;

Tags outdated(std::string type, std::string subject, std::string payload = "{}") {
  storage::CommittedEvent event;
  event.shop_id = "s";
  event.type = std::move(type);
  event.subject = std::move(subject);
  event.payload = std::move(payload);
  return outdated_tags(event);
}

TEST(CacheTags, OfEachEvent) {
  EXPECT_EQ(outdated("product.updated", "p"), (Tags{"product:p", "catalog"}));
  EXPECT_EQ(outdated("product.archived", "p"), (Tags{"product:p", "catalog"}));
  EXPECT_EQ(outdated("collection.updated", "c", R"({"products":["p"]})"),
            (Tags{"collection:c", "catalog", "product:p"}));
  EXPECT_EQ(outdated("stock.changed", "i"), Tags{"item:i"});
  EXPECT_EQ(outdated("shop.updated", "s"), Tags{"shop"});
  EXPECT_EQ(outdated("order.placed", "o", R"({"items":["i","j"],"total":5})"),
            (Tags{"item:i", "item:j"}));
  EXPECT_EQ(outdated("order.cancelled", "o", R"({"items":["i"]})"), Tags{"item:i"});
  EXPECT_EQ(outdated("order.paid", "o", R"({"total":5})"), Tags{});
  EXPECT_EQ(outdated("order.placed", "o", R"({"items":7})"), Tags{});
  EXPECT_EQ(outdated("order.placed", "o", "\"items\""), Tags{});
  EXPECT_EQ(outdated("customer.created", "c"), Tags{});
}

}  // namespace
}  // namespace securecart::shop::catalog
