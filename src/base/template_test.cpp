#include "base/template.hpp"

#include <stdexcept>

#include <gtest/gtest.h>

namespace securecart {
namespace {

TEST(render_template, fills_in_values) {
  EXPECT_EQ(render_template("a {{x}} b {{y}}{{x}}", {{"x", "1"}, {"y", "{{z}}"}}), "a 1 b {{z}}1");
  EXPECT_EQ(render_template("", {}), "");
  EXPECT_EQ(render_template("{ } }}", {}), "{ } }}");
}

TEST(render_template, refuses_what_does_not_fit) {
  EXPECT_THROW(render_template("{{x}}", {}), std::logic_error);
  EXPECT_THROW(render_template("{{x}}", {{"x", ""}, {"y", ""}}), std::logic_error);
  EXPECT_THROW(render_template("{{x", {{"x", ""}}), std::logic_error);
  EXPECT_THROW(render_template("{{ x }}", {{"x", ""}}), std::logic_error);
}

}  // namespace
}  // namespace securecart
