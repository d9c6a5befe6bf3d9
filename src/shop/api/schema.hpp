// JSON Schema (2020-12, a subset) compiled at start-up: what a body must be, checked in one pass.
//
// Every keyword is either enforced or refused when the process starts, so no schema silently means
// less than it says. Known are:
//   type (also a list of types)  enum  const  $ref (a schema's name)  anyOf  oneOf
//   minimum maximum  minLength maxLength (code points)  format (formats.hpp)
//   properties required additionalProperties (true, false or a schema) propertyNames
//   minProperties maxProperties  items minItems maxItems uniqueItems
//   allOf of plain objects, closed by unevaluatedProperties: false
//   and, as notes for people: title description examples default deprecated readOnly writeOnly
// Numbers are integers: money, counts and times never are anything else. Texts hold no control
// characters but tab and line ends, whatever the schema says.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/assets.hpp"
#include "base/errors.hpp"
#include "base/json.hpp"
#include "shop/api/formats.hpp"
#include "shop/api/limits.hpp"

namespace securecart::shop::api {

// One compiled schema. Belongs to its Schemas; references are plain pointers.
struct Schema {
  enum Type : std::uint8_t {
    null = 1,
    boolean = 2,
    integer = 4,
    string = 8,
    array = 16,
    object = 32
  };
  struct Property {
    std::string name;
    const Schema* schema;
    bool required = false;
  };

  std::string place;       // where it is written: "carts.json#/CartInput/properties/lines"
  std::uint8_t types = 0;  // a set of Type; 0: any
  const Schema* reference = nullptr;
  std::vector<json::value> choices;         // enum, const
  std::vector<const Schema*> alternatives;  // anyOf, oneOf
  bool exactly_one = false;                 // oneOf

  std::int64_t minimum = INT64_MIN;
  std::int64_t maximum = INT64_MAX;

  std::size_t min_length = 0;
  std::optional<std::size_t> max_length;
  std::optional<Format> format;

  std::vector<Property> properties;  // sorted by name
  bool states_additional = false;    // the schema says what unknown members are
  bool closed = false;               // unknown members are refused
  const Schema* additional = nullptr;
  const Schema* names = nullptr;
  std::size_t min_properties = 0;
  std::optional<std::size_t> max_properties;

  const Schema* items = nullptr;
  std::size_t min_items = 0;
  std::optional<std::size_t> max_items;
  bool unique_items = false;
};

// Every named schema of the API.
class Schemas {
 public:
  // From api/schemas/*.json: each file is {"Name": schema, …}; names are global. Throws
  // std::logic_error naming file and place of what is unknown, malformed or named twice.
  explicit Schemas(const std::vector<Asset>& files);
  // From the files embedded in the program.
  static Schemas embedded();

  Schemas(Schemas&&) = default;
  Schemas& operator=(Schemas&&) = default;
  Schemas(const Schemas&) = delete;

  // "Product", or "Product[]" for a page {items: [Product], next_cursor}. Null when unknown.
  const Schema* find(std::string_view name) const;

  // Throws std::logic_error when `name` is not fit for bodies from outside: each object says what
  // unknown members are, each text and each list has an upper limit.
  void check_for_requests(std::string_view name) const;

  // The schemas as written, references resolved to names, sorted by name.
  const std::map<std::string, json::value, std::less<>>& documents() const { return documents_; }
  // The document of a page of `name`, as find("name[]") compiles it.
  static json::value page_of(std::string_view name);
  // "#/components/schemas/Product" and "Product" -> "Product".
  static std::string_view referenced_name(std::string_view reference);

 private:
  friend class SchemaCompiler;
  std::map<std::string, json::value, std::less<>> documents_;
  std::map<std::string, const Schema*, std::less<>> compiled_;
  std::deque<std::unique_ptr<Schema>> nodes_;
};

// What is wrong with `value`, each with its place (JSON pointer; "body" for the whole) and how to
// mend it, at most `most`; empty when it fits.
std::vector<FieldError> validate(const Schema& schema, const json::value& value,
                                 std::size_t most = limits::schema_errors);

}  // namespace securecart::shop::api
