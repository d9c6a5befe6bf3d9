#include "shop/catalog/input.hpp"

#include <algorithm>

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "base/limits.hpp"
#include "shop/catalog/errc.hpp"
#include "shop/catalog/limits.hpp"
#include "tests/support/seed.hpp"

namespace securecart::shop::catalog {
namespace {

struct Assembly : testing::Test {
  Result<Product> operator()(const ProductInput& input, const Product* stored = nullptr) {
    return assemble(input, stored, {}, {{"EUR", "USD"}}, ids, clock.now());
  }
  // The places that are wrong, sorted.
  std::vector<std::string> wrong(const ProductInput& input) {
    const Result<Product> product = (*this)(input);
    std::vector<std::string> places;
    if (!product) {
      EXPECT_TRUE(product.error().is(errc::product_invalid));
      for (const FieldError& error : product.error().fields) {
        places.push_back(error.where);
      }
    }
    std::ranges::sort(places);
    return places;
  }

  ManualClock clock;
  Prng random{test::seed()};
  Ids ids{clock, random};
};

using Places = std::vector<std::string>;

VariantInput priced(std::vector<std::string> values, std::int64_t amount = 100) {
  VariantInput variant;
  variant.option_values = std::move(values);
  variant.prices = {{"EUR", amount, std::nullopt}};
  return variant;
}

ProductInput shirt() {
  ProductInput input;
  input.title = " Crème Shirt ";
  input.options = {{"Size", {"S", "M"}}, {"Colour", {}}};
  input.variants = {priced({"S", "Blue"}), priced({"M", "Blue"}), priced({"M", "Red"})};
  return input;
}

TEST_F(Assembly, MakesWhatWasLeftOut) {
  const Result<Product> product = (*this)(shirt());
  ASSERT_TRUE(product);
  EXPECT_EQ(product->title, "Crème Shirt");
  EXPECT_EQ(product->handle, "creme-shirt");
  EXPECT_EQ(product->options[1].values, (std::vector<std::string>{"Blue", "Red"}));
  EXPECT_EQ(product->variants[2].title, "M / Red");
  EXPECT_TRUE(is_id(product->id, "prod"));
  EXPECT_TRUE(is_id(product->variants[0].id, "var"));
  EXPECT_TRUE(is_id(*product->variants[0].inventory_item_id, "item"));
  ProductInput unnamed = shirt();
  unnamed.title = "茶";
  EXPECT_TRUE(is_handle((*this)(unnamed)->handle));
}

TEST_F(Assembly, NamesEveryPlaceThatDoesNotFit) {
  ProductInput input = shirt();
  EXPECT_EQ(wrong(input), Places{});
  input.title = "";
  input.handle = "Not A Handle";
  input.options[0].values = {"S", "S", ""};
  input.images = {{std::nullopt, "javascript:alert(1)", ""}};
  input.variants[0].prices = {{"GBP", -1, std::nullopt}};
  input.variants[1].prices.clear();
  input.variants[2].grams = -1;
  input.variants[2].units = 0;
  EXPECT_EQ(wrong(input),
            (Places{"/handle", "/images/0/src", "/options/0/values/1", "/options/0/values/2",
                    "/title", "/variants/0/prices/0/amount", "/variants/0/prices/0/currency",
                    "/variants/1/option_values/0", "/variants/1/prices", "/variants/2/grams",
                    "/variants/2/option_values/0", "/variants/2/units"}));
}

TEST_F(Assembly, WantsDistinctVariantsThatFitTheOptions) {
  ProductInput input = shirt();
  input.variants.push_back(priced({"M", "Red"}));
  input.variants.push_back(priced({"M"}));
  EXPECT_EQ(wrong(input), (Places{"/variants/3/option_values", "/variants/4/option_values"}));
  input = shirt();
  input.options[1].name = "size";
  EXPECT_EQ(wrong(input), Places{"/options/1/name"});
  input = shirt();
  input.variants.clear();
  EXPECT_EQ(wrong(input), (Places{"/options/1/values", "/variants"}));
  input = shirt();
  input.variants[0].prices.push_back({"EUR", 5, std::nullopt});
  EXPECT_EQ(wrong(input), Places{"/variants/0/prices/1/currency"});
}

TEST_F(Assembly, BoundsEverything) {
  ProductInput input = shirt();
  input.options[1].values = {"Blue", "Red"};
  for (std::size_t i = input.variants.size(); i <= limits::product_variants; ++i) {
    input.options[0].values.push_back("x" + std::to_string(i));
    input.variants.push_back(priced({"x" + std::to_string(i), "Red"}));
  }
  EXPECT_EQ(wrong(input), (Places{"/variants"}));
  input = shirt();
  input.images.assign(limits::product_images + 1, {std::nullopt, "/a.svg", ""});
  input.tags.clear();
  for (std::size_t i = 0; i <= limits::product_tags; ++i) {
    input.tags.push_back(std::to_string(i));
  }
  input.description.assign(limits::long_text_bytes + 1, 'x');
  input.seo_description.assign(limits::seo_description_bytes + 1, 'x');
  input.variants[0].prices[0].amount = INT64_MAX;
  EXPECT_EQ(wrong(input), (Places{"/description", "/images", "/seo/description", "/tags",
                                  "/variants/0/prices/0/amount"}));
}

TEST_F(Assembly, KeepsPricesInCurrenciesTheShopGaveUp) {
  Product stored = *(*this)(shirt());
  stored.variants[0].prices.push_back({"GBP", 700, std::nullopt});
  ProductInput input = input_of(stored);
  input.status = ProductStatus::archived;
  EXPECT_TRUE((*this)(input, &stored)) << "the price stays as it was";
  input.variants[0].prices[1].amount = 800;
  EXPECT_FALSE((*this)(input, &stored)) << "nobody can pay this price";
}

TEST_F(Assembly, KeepsTheIdsOfWhatIsThere) {
  ProductInput input = shirt();
  input.images = {{std::nullopt, "/a.svg", ""}, {std::nullopt, "/b.svg", ""}};
  const Product stored = *(*this)(input);
  std::swap(input.images[0], input.images[1]);
  std::swap(input.variants[0], input.variants[2]);
  const Result<Product> again = (*this)(input, &stored);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->id, stored.id);
  EXPECT_EQ(again->images[0], stored.images[1]);
  EXPECT_EQ(again->variants[0].id, stored.variants[2].id);
  EXPECT_EQ(again->variants[0].inventory_item_id, stored.variants[2].inventory_item_id);
  EXPECT_FALSE(same_content(stored, *again));
  EXPECT_EQ(again->version, stored.version + 1);

  input.variants[0].id = "var_unknown";
  input.images[0].id = "img_unknown";
  const Result<Product> refused = (*this)(input, &stored);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fields.size(), 2U);
}

TEST_F(Assembly, MovesImagesOfVariantsIntoTheProduct) {
  ProductInput input = shirt();
  input.images = {{std::nullopt, "/a.svg", "A"}};
  input.variants[0].image_src = "/a.svg";
  input.variants[1].image_src = "/b.svg";
  input.variants[2].image_src = "/b.svg";
  const Result<Product> product = (*this)(input);
  ASSERT_TRUE(product);
  ASSERT_EQ(product->images.size(), 2U);
  EXPECT_EQ(product->variants[0].image_id, product->images[0].id);
  EXPECT_EQ(product->variants[2].image_id, product->images[1].id);
}

TEST_F(Assembly, AnUpsertKeepsWhatItDoesNotState) {
  ProductInput full = shirt();
  full.variants[0].prices.push_back({"USD", 120, 150});
  full.variants[0].units = 4;
  full.variants[0].inventory_item_id = "item_shared";
  full.tax_class_id = "tax_1";
  const Product stored = *(*this)(full);
  ProductInput import = shirt();
  keep_unstated(import, stored);
  EXPECT_TRUE(same_content(stored, *(*this)(import, &stored)));
}

TEST_F(Assembly, WithoutTrackingThereIsNoItem) {
  ProductInput input = shirt();
  const Product stored = *(*this)(input);
  input.variants[0].track_stock = false;
  EXPECT_EQ((*this)(input, &stored)->variants[0].inventory_item_id, std::nullopt);
}

std::string some_text() {
  return *rc::gen::container<std::string>(
      rc::gen::oneOf(rc::gen::inRange<char>(' ', '\x7F'), rc::gen::element<char>('\n', '<', '&')));
}

// Whatever was stored, its own input changes nothing.
RC_GTEST_PROP(AssemblyProperty, ItsOwnInputChangesNothing, ()) {
  ManualClock clock;
  Prng random(*rc::gen::arbitrary<std::uint64_t>());
  const Ids ids(clock, random);
  ProductInput input;
  input.title = "T" + some_text();
  input.handle = "h";
  input.description = some_text();
  input.tags = {some_text(), some_text()};
  input.options = {{"Size", {}}};
  const auto count = *rc::gen::inRange(1, 6);
  for (int i = 0; i < count; ++i) {
    input.variants.push_back(priced({std::to_string(i)}, *rc::gen::inRange(0, 1000)));
    input.variants.back().track_stock = *rc::gen::arbitrary<bool>();
    input.variants.back().image_src = *rc::gen::element<std::string>("", "/a.svg", "/b.svg");
  }
  const Result<Product> stored = assemble(input, nullptr, {}, {{"EUR"}}, ids, clock.now());
  RC_PRE(stored.has_value());
  const Result<Product> again =
      assemble(input_of(*stored), &*stored, {}, {{"EUR"}}, ids, clock.now());
  RC_ASSERT(again.has_value());
  RC_ASSERT(same_content(*stored, *again));
  const Result<Product> imported = assemble(input, &*stored, {}, {{"EUR"}}, ids, clock.now());
  RC_ASSERT(imported.has_value());
  RC_ASSERT(same_content(*stored, *imported));
}

}  // namespace
}  // namespace securecart::shop::catalog
