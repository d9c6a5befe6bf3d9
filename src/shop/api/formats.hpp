// What a text in a body may be beyond its length: the values of `format` in api/schemas.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace securecart::shop::api {

// One value of `format`, ready to be checked.
class Format {
 public:
  // "email", "id:prod", …; nullopt when there is no such format.
  static std::optional<Format> find(std::string_view name);

  bool accepts(std::string_view text) const;
  // For the caller, after "must be ": "an e-mail address".
  const std::string& meaning() const { return meaning_; }
  // A pattern (ECMA 262) that says the same or less, for the OpenAPI document; may be empty.
  const std::string& pattern() const { return pattern_; }

 private:
  using Check = bool (*)(std::string_view text, std::string_view argument);
  struct Known;
  static const Known known[];

  Check check_ = nullptr;
  std::string argument_;  // of id:<prefix>
  std::string meaning_;
  std::string pattern_;
};

}  // namespace securecart::shop::api
