#include "shop/api/examples.hpp"

#include <algorithm>
#include <cassert>
#include <optional>
#include <string>
#include <vector>

namespace securecart::shop::api {

namespace {

constexpr std::string_view ulid = "_01JZ8X4Q2W7K9M3N5P6R8T0V2Y";

std::string text_of_format(std::string_view format) {
  static const std::map<std::string_view, std::string_view> texts = {
      {"email", "ada@example.com"},
      {"currency", "EUR"},
      {"country", "NL"},
      {"date-time", "2026-01-31T09:30:00.000Z"},
      {"handle", "marsh-teapot"},
      {"uri", "https://example.com/"},
      {"uri-reference", "/images/sample/marsh-teapot.svg"},
      {"hostname", "shop.example.com"},
      {"password", "a long enough password"}};
  if (format.starts_with("id:")) {
    return std::string(format.substr(3)).append(ulid);
  }
  const auto found = texts.find(format);
  return found == texts.end() ? "text" : std::string(found->second);
}

class Maker {
 public:
  explicit Maker(const Schemas& schemas) : schemas_(schemas) {}

  // nullopt where the document leads back into a schema that is being made.
  std::optional<json::value> named(std::string_view name) {
    const std::string key(Schemas::referenced_name(name));
    if (std::ranges::find(around_, key) != around_.end()) {
      return std::nullopt;
    }
    const auto found = schemas_.documents().find(key);
    assert(found != schemas_.documents().end());
    around_.push_back(key);
    std::optional<json::value> made = make(found->second.as_object());
    around_.pop_back();
    return made;
  }

  std::optional<json::value> make(const json::object& schema) {
    if (const json::value* examples = schema.if_contains("examples")) {
      return examples->as_array().at(0);
    }
    if (const json::value* only = schema.if_contains("const")) {
      return *only;
    }
    if (const json::value* choices = schema.if_contains("enum")) {
      return choices->as_array().at(0);
    }
    if (const json::value* reference = schema.if_contains("$ref")) {
      return named(reference->as_string());
    }
    for (const char* keyword : {"anyOf", "oneOf"}) {
      if (const json::value* alternatives = schema.if_contains(keyword)) {
        return first_of(alternatives->as_array());
      }
    }
    if (const json::value* parts = schema.if_contains("allOf")) {
      return all_of(parts->as_array());
    }
    return of_type(schema);
  }

 private:
  std::optional<json::value> first_of(const json::array& alternatives) {
    for (const json::value& alternative : alternatives) {
      std::optional<json::value> made = make(alternative.as_object());
      if (made) {
        return made;
      }
    }
    return std::nullopt;
  }

  std::optional<json::value> all_of(const json::array& parts) {
    json::object whole;
    for (const json::value& part : parts) {
      const std::optional<json::value> made = make(part.as_object());
      if (!made) {
        return std::nullopt;
      }
      for (const auto& member : made->as_object()) {
        whole.insert_or_assign(member.key(), member.value());
      }
    }
    return whole;
  }

  std::optional<json::value> of_type(const json::object& schema) {
    const json::value* type = schema.if_contains("type");
    if (type == nullptr) {
      return json::object();
    }
    const json::value& first = type->is_array() ? type->as_array().at(0) : *type;
    const std::string_view name = first.as_string();
    if (name == "object") {
      return object(schema);
    }
    if (name == "array") {
      return array(schema);
    }
    if (name == "string") {
      return json::value(text(schema));
    }
    if (name == "integer") {
      return integer(schema);
    }
    return name == "boolean" ? json::value(true) : json::value();
  }

  std::optional<json::value> object(const json::object& schema) {
    json::object made;
    const json::value* properties = schema.if_contains("properties");
    if (properties != nullptr) {
      for (const auto& property : properties->as_object()) {
        std::optional<json::value> member = make(property.value().as_object());
        if (member) {
          made[property.key()] = std::move(*member);
        } else if (is_required(schema, property.key())) {
          return std::nullopt;
        }
      }
    }
    const json::value* additional = schema.if_contains("additionalProperties");
    if (made.empty() && additional != nullptr && additional->is_object()) {
      const json::value* names = schema.if_contains("propertyNames");
      const std::string name = names != nullptr ? text(names->as_object()) : std::string("name");
      std::optional<json::value> member = make(additional->as_object());
      if (member) {
        made[name] = std::move(*member);
      }
    }
    return made;
  }

  static bool is_required(const json::object& schema, std::string_view name) {
    const json::value* required = schema.if_contains("required");
    return required != nullptr &&
           std::ranges::any_of(required->as_array(), [name](const json::value& one) {
             return std::string_view(one.as_string()) == name;
           });
  }

  std::optional<json::value> array(const json::object& schema) {
    json::array made;
    const json::value* items = schema.if_contains("items");
    if (items != nullptr && get_int_or(schema, "maxItems", 1) > 0) {
      std::optional<json::value> item = make(items->as_object());
      if (item) {
        made.push_back(std::move(*item));
      }
    }
    if (static_cast<std::int64_t>(made.size()) < get_int_or(schema, "minItems", 0)) {
      return std::nullopt;
    }
    return made;
  }

  static std::string text(const json::object& schema) {
    const std::string_view format = get_string_or(schema, "format", "");
    std::string made = text_of_format(format);
    if (format.empty()) {
      const auto least = static_cast<std::size_t>(get_int_or(schema, "minLength", 0));
      const auto most = static_cast<std::size_t>(get_int_or(schema, "maxLength", 255));
      made.resize(std::clamp(made.size(), std::min(least, most), most), 'x');
    }
    return made;
  }

  static json::value integer(const json::object& schema) {
    const std::int64_t least = get_int_or(schema, "minimum", 0);
    const std::int64_t most = get_int_or(schema, "maximum", INT64_MAX);
    return std::clamp<std::int64_t>(1, std::min(least, most), most);
  }

  const Schemas& schemas_;
  std::vector<std::string> around_;
};

}  // namespace

json::value example_of(const Schemas& schemas, std::string_view name) {
  Maker maker(schemas);
  std::optional<json::value> made =
      name.ends_with("[]")
          ? maker.make(Schemas::page_of(name.substr(0, name.size() - 2)).as_object())
          : maker.named(name);
  return made ? std::move(*made) : json::value(json::object());
}

}  // namespace securecart::shop::api
