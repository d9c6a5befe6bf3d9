#include "shop/api/schema.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <stdexcept>

namespace securecart::shop::api {

namespace {

constexpr std::string_view folder = "api/schemas/";
constexpr std::array<std::string_view, 7> notes = {
    "title", "description", "examples", "default", "deprecated", "readOnly", "writeOnly"};

[[noreturn]] void refuse(const std::string& place, const std::string& why) {
  throw std::logic_error("schema " + place + ": " + why);
}

std::uint8_t parse_type(const json::value& name, const std::string& place) {
  static const std::map<std::string_view, Schema::Type> types = {
      {"null", Schema::null},     {"boolean", Schema::boolean}, {"integer", Schema::integer},
      {"string", Schema::string}, {"array", Schema::array},     {"object", Schema::object}};
  const auto found =
      name.is_string() ? types.find(std::string_view(name.get_string())) : types.end();
  if (found == types.end()) {
    refuse(place, "unknown type " + to_string(name) + " (numbers are integers here)");
  }
  return found->second;
}

std::size_t parse_count(const json::value& value, const std::string& place) {
  if (!value.is_int64() || value.get_int64() < 0) {
    refuse(place, "must be a count");
  }
  return static_cast<std::size_t>(value.get_int64());
}

std::int64_t parse_integer(const json::value& value, const std::string& place) {
  if (!value.is_int64()) {
    refuse(place, "must be an integer");
  }
  return value.get_int64();
}

bool parse_bool(const json::value& value, const std::string& place) {
  if (!value.is_bool()) {
    refuse(place, "must be true or false");
  }
  return value.get_bool();
}

const json::object& as_object(const json::value& value, const std::string& place) {
  if (!value.is_object()) {
    refuse(place, "must be an object");
  }
  return value.get_object();
}

const json::array& as_array(const json::value& value, const std::string& place) {
  if (!value.is_array() || value.get_array().empty()) {
    refuse(place, "must be a list that is not empty");
  }
  return value.get_array();
}

std::string file_name(std::string_view path) {
  return std::string(path.substr(folder.size()));
}

}  // namespace

// Builds the nodes of all named schemas; a reference is a pointer to a node that may be filled
// later.
class SchemaCompiler {
 public:
  SchemaCompiler(Schemas& schemas, const std::map<std::string, std::string, std::less<>>& places)
      : schemas_(schemas) {
    for (const auto& [name, place] : places) {
      named_[name] = make_node(place);
    }
  }

  void compile_all() {
    for (const auto& [name, document] : schemas_.documents_) {
      fill(*named_.at(name), document);
    }
    for (const auto& [name, node] : named_) {
      check_no_loop(*node);
      Schema* page = make_node(node->place + "[]");
      fill(*page, Schemas::page_of(name));
      schemas_.compiled_[name] = node;
      schemas_.compiled_[name + "[]"] = page;
    }
  }

 private:
  using Keyword = void (SchemaCompiler::*)(Schema&, const json::value&, const std::string& place);

  Schema* make_node(std::string place) {
    schemas_.nodes_.push_back(std::make_unique<Schema>());
    schemas_.nodes_.back()->place = std::move(place);
    return schemas_.nodes_.back().get();
  }

  const Schema* compile(const json::value& document, std::string place) {
    Schema* node = make_node(std::move(place));
    fill(*node, document);
    return node;
  }

  void fill(Schema& node, const json::value& document) {
    const json::object& object = as_object(document, node.place);
    if (object.contains("allOf")) {
      fill(node, merged(object, node.place));
      return;
    }
    for (const auto& member : object) {
      const std::string_view keyword = member.key();
      if (std::ranges::find(notes, keyword) != notes.end()) {
        continue;
      }
      const auto known = keywords().find(keyword);
      if (known == keywords().end()) {
        refuse(node.place, "unsupported keyword '" + std::string(keyword) + "'");
      }
      const std::string place = node.place + "/" + std::string(keyword);
      (this->*known->second)(node, member.value(), place);
    }
    check_fits_type(node);
  }

  // A limit on a type the schema does not allow would never be looked at.
  static void check_fits_type(const Schema& node) {
    const auto need = [&node](bool stated, Schema::Type type, const char* what) {
      if (stated && (node.types & type) == 0) {
        refuse(node.place, std::string(what) + " without the type it is about");
      }
    };
    need(node.minimum != INT64_MIN || node.maximum != INT64_MAX, Schema::integer, "a minimum");
    need(node.min_length != 0 || node.max_length || node.format, Schema::string,
         "a length or format");
    need(node.items != nullptr || node.min_items != 0 || node.max_items || node.unique_items,
         Schema::array, "items");
    need(!node.properties.empty() || node.states_additional || node.names != nullptr ||
             node.min_properties != 0 || node.max_properties,
         Schema::object, "properties");
  }

  static const std::map<std::string_view, Keyword>& keywords();

  void type(Schema& node, const json::value& value, const std::string& place) {
    if (!value.is_array()) {
      node.types = parse_type(value, place);
      return;
    }
    for (const json::value& one : as_array(value, place)) {
      node.types = static_cast<std::uint8_t>(node.types | parse_type(one, place));
    }
  }
  void reference(Schema& node, const json::value& value, const std::string& place) {
    const std::string_view name =
        value.is_string() ? Schemas::referenced_name(value.get_string()) : std::string_view();
    const auto found = named_.find(name);
    if (found == named_.end()) {
      refuse(place, "no schema is called " + to_string(value));
    }
    node.reference = found->second;
  }
  void choices(Schema& node, const json::value& value, const std::string& place) {
    for (const json::value& one : as_array(value, place)) {
      node.choices.push_back(one);
    }
  }
  void constant(Schema& node, const json::value& value, const std::string&) {
    node.choices = {value};
  }
  void alternatives(Schema& node, const json::value& value, const std::string& place) {
    if (!node.alternatives.empty()) {
      refuse(place, "anyOf and oneOf together are not supported");
    }
    std::size_t index = 0;
    for (const json::value& one : as_array(value, place)) {
      node.alternatives.push_back(compile(one, place + "/" + std::to_string(index++)));
    }
  }
  void one_of(Schema& node, const json::value& value, const std::string& place) {
    alternatives(node, value, place);
    node.exactly_one = true;
  }
  void minimum(Schema& node, const json::value& value, const std::string& place) {
    node.minimum = parse_integer(value, place);
  }
  void maximum(Schema& node, const json::value& value, const std::string& place) {
    node.maximum = parse_integer(value, place);
  }
  void min_length(Schema& node, const json::value& value, const std::string& place) {
    node.min_length = parse_count(value, place);
  }
  void max_length(Schema& node, const json::value& value, const std::string& place) {
    node.max_length = parse_count(value, place);
  }
  void format(Schema& node, const json::value& value, const std::string& place) {
    node.format = value.is_string() ? Format::find(value.get_string()) : std::nullopt;
    if (!node.format) {
      refuse(place, "unknown format " + to_string(value));
    }
  }
  void properties(Schema& node, const json::value& value, const std::string& place) {
    for (const auto& member : as_object(value, place)) {
      const std::string name = member.key();
      node.properties.push_back(
          {name, compile(member.value(), place + "/" + name), is_required(node, name)});
    }
    std::ranges::sort(node.properties, {}, &Schema::Property::name);
    check_required(node);
  }
  void required(Schema& node, const json::value& value, const std::string& place) {
    for (const json::value& name : as_array(value, place)) {
      if (!name.is_string()) {
        refuse(place, "must be names");
      }
      required_[&node].insert(std::string(name.get_string()));
    }
    for (Schema::Property& property : node.properties) {
      property.required = is_required(node, property.name);
    }
    check_required(node);
  }
  void additional(Schema& node, const json::value& value, const std::string& place) {
    node.states_additional = true;
    node.closed = value.is_bool() && !value.get_bool();
    if (!value.is_bool()) {
      node.additional = compile(value, place);
    }
  }
  void names(Schema& node, const json::value& value, const std::string& place) {
    json::object document = as_object(value, place);
    document.emplace("type", "string");  // a name is nothing else
    node.names = compile(document, place);
  }
  void min_properties(Schema& node, const json::value& value, const std::string& place) {
    node.min_properties = parse_count(value, place);
  }
  void max_properties(Schema& node, const json::value& value, const std::string& place) {
    node.max_properties = parse_count(value, place);
  }
  void items(Schema& node, const json::value& value, const std::string& place) {
    node.items = compile(value, place);
  }
  void min_items(Schema& node, const json::value& value, const std::string& place) {
    node.min_items = parse_count(value, place);
  }
  void max_items(Schema& node, const json::value& value, const std::string& place) {
    node.max_items = parse_count(value, place);
  }
  void unique_items(Schema& node, const json::value& value, const std::string& place) {
    node.unique_items = parse_bool(value, place);
  }

  bool is_required(const Schema& node, const std::string& name) const {
    const auto found = required_.find(&node);
    return found != required_.end() && found->second.contains(name);
  }
  // Both keywords are there, in either order: every required name is a property.
  void check_required(const Schema& node) const {
    const auto found = required_.find(&node);
    if (found == required_.end() || node.properties.empty()) {
      return;
    }
    for (const std::string& name : found->second) {
      if (std::ranges::find(node.properties, name, &Schema::Property::name) ==
          node.properties.end()) {
        refuse(node.place, "requires '" + name + "', which is not one of its properties");
      }
    }
  }

  // allOf as it is used to share members: every part a plain object that is not closed itself. The
  // result is one object with all members.
  json::value merged(const json::object& object, const std::string& place) const {
    json::object properties;
    json::array required;
    bool closed = false;
    for (const auto& member : object) {
      const std::string_view keyword = member.key();
      if (keyword == "unevaluatedProperties" && member.value() == json::value(false)) {
        closed = true;
      } else if (keyword == "allOf") {
        for (const json::value& part : as_array(member.value(), place + "/allOf")) {
          merge_part(part, place + "/allOf", properties, required);
        }
      } else if (std::ranges::find(notes, keyword) == notes.end() && keyword != "type") {
        refuse(place, "'" + std::string(keyword) + "' beside allOf is not supported");
      }
    }
    json::object result{{"type", "object"}, {"properties", std::move(properties)}};
    if (!required.empty()) {
      result["required"] = std::move(required);
    }
    if (closed) {
      result["additionalProperties"] = false;
    }
    return result;
  }

  void merge_part(const json::value& part, const std::string& place, json::object& properties,
                  json::array& required) const {
    for (const auto& member : as_object(part, place)) {
      const std::string_view keyword = member.key();
      if (keyword == "$ref") {
        const auto found = schemas_.documents_.find(
            Schemas::referenced_name(std::string_view(member.value().as_string())));
        if (found == schemas_.documents_.end()) {
          refuse(place, "no schema is called " + to_string(member.value()));
        }
        merge_part(found->second, place, properties, required);
      } else if (keyword == "allOf") {
        for (const json::value& inner : as_array(member.value(), place)) {
          merge_part(inner, place, properties, required);
        }
      } else if (keyword == "properties") {
        for (const auto& property : as_object(member.value(), place)) {
          if (!properties.emplace(property.key(), property.value()).second) {
            refuse(place, "two parts have the member '" + std::string(property.key()) + "'");
          }
        }
      } else if (keyword == "required") {
        for (const json::value& name : as_array(member.value(), place)) {
          required.push_back(name);
        }
      } else if (std::ranges::find(notes, keyword) == notes.end() &&
                 !(keyword == "type" && member.value() == json::value("object"))) {
        refuse(place, "'" + std::string(keyword) +
                          "' in a part of allOf is not supported; share the "
                          "members in a schema that is not closed");
      }
    }
  }

  // A chain of references and alternatives that comes back to itself says nothing and never ends.
  void check_no_loop(const Schema& node) {
    if (loop_checked_.contains(&node)) {
      return;
    }
    if (!on_the_way_.insert(&node).second) {
      refuse(node.place, "refers to itself");
    }
    if (node.reference != nullptr) {
      check_no_loop(*node.reference);
    }
    for (const Schema* alternative : node.alternatives) {
      check_no_loop(*alternative);
    }
    on_the_way_.erase(&node);
    loop_checked_.insert(&node);
  }

  Schemas& schemas_;
  std::map<std::string, Schema*, std::less<>> named_;
  std::map<const Schema*, std::set<std::string>> required_;
  std::set<const Schema*> on_the_way_;
  std::set<const Schema*> loop_checked_;
};

const std::map<std::string_view, SchemaCompiler::Keyword>& SchemaCompiler::keywords() {
  using C = SchemaCompiler;
  static const std::map<std::string_view, Keyword> table = {
      {"type", &C::type},
      {"$ref", &C::reference},
      {"enum", &C::choices},
      {"const", &C::constant},
      {"anyOf", &C::alternatives},
      {"oneOf", &C::one_of},
      {"minimum", &C::minimum},
      {"maximum", &C::maximum},
      {"minLength", &C::min_length},
      {"maxLength", &C::max_length},
      {"format", &C::format},
      {"properties", &C::properties},
      {"required", &C::required},
      {"additionalProperties", &C::additional},
      {"propertyNames", &C::names},
      {"minProperties", &C::min_properties},
      {"maxProperties", &C::max_properties},
      {"items", &C::items},
      {"minItems", &C::min_items},
      {"maxItems", &C::max_items},
      {"uniqueItems", &C::unique_items}};
  return table;
}

Schemas::Schemas(const std::vector<Asset>& files) {
  std::map<std::string, std::string, std::less<>> places;
  for (const Asset& file : files) {
    if (!file.path.starts_with(folder) || !file.path.ends_with(".json")) {
      continue;
    }
    const std::string name_of_file = file_name(file.path);
    Result<json::value> document = parse_json(file.bytes);
    if (!document) {
      refuse(name_of_file, document.error().detail);
    }
    for (auto& member : as_object(*document, name_of_file)) {
      const std::string name = member.key();
      if (!places.emplace(name, name_of_file + "#/" + name).second) {
        refuse(name_of_file, "'" + name + "' is already in " + places.at(name));
      }
      documents_.emplace(name, member.value());
    }
  }
  SchemaCompiler(*this, places).compile_all();
}

Schemas Schemas::embedded() {
  return Schemas(embedded_assets());
}

const Schema* Schemas::find(std::string_view name) const {
  const auto found = compiled_.find(name);
  return found == compiled_.end() ? nullptr : found->second;
}

json::value Schemas::page_of(std::string_view name) {
  const json::object item{{"$ref", name}};
  const json::object items{{"type", "array"}, {"items", item}};
  const json::object cursor{
      {"type", json::array{"string", "null"}},
      {"description", "Send it as `cursor` for the next page; null on the last one."}};
  return json::object{{"type", "object"},
                      {"properties", json::object{{"items", items}, {"next_cursor", cursor}}},
                      {"required", json::array{"items", "next_cursor"}},
                      {"additionalProperties", false}};
}

std::string_view Schemas::referenced_name(std::string_view reference) {
  constexpr std::string_view prefix = "#/components/schemas/";
  return reference.starts_with(prefix) ? reference.substr(prefix.size()) : reference;
}

namespace {

void check_open_ends(const Schema& node, std::set<const Schema*>& seen) {
  if (!seen.insert(&node).second) {
    return;
  }
  const bool listed = !node.choices.empty();
  if ((node.types & Schema::string) != 0 && !listed && !node.max_length && !node.format) {
    refuse(node.place, "a text of a request needs maxLength, enum or format");
  }
  if ((node.types & Schema::array) != 0 && !node.max_items) {
    refuse(node.place, "a list of a request needs maxItems");
  }
  if ((node.types & Schema::object) != 0 && !node.states_additional) {
    refuse(node.place, "an object of a request needs additionalProperties");
  }
  std::vector<const Schema*> below = node.alternatives;
  below.insert(below.end(), {node.reference, node.items, node.additional, node.names});
  for (const Schema::Property& property : node.properties) {
    below.push_back(property.schema);
  }
  for (const Schema* schema : below) {
    if (schema != nullptr) {
      check_open_ends(*schema, seen);
    }
  }
}

}  // namespace

void Schemas::check_for_requests(std::string_view name) const {
  const Schema* schema = find(name);
  if (schema == nullptr) {
    refuse(std::string(name), "there is no such schema");
  }
  std::set<const Schema*> seen;
  check_open_ends(*schema, seen);
}

}  // namespace securecart::shop::api
