#include "shop/api/reference.hpp"

#include <algorithm>
#include <map>
#include <vector>

#include "base/assets.hpp"
#include "base/crypto.hpp"
#include "base/template.hpp"
#include "net/status.hpp"
#include "shop/api/examples.hpp"
#include "shop/api/html.hpp"
#include "shop/api/openapi.hpp"
#include "shop/api/path.hpp"
#include "shop/api/possible_errors.hpp"

namespace securecart::shop::api {

namespace {

using html::escape;
using html::phrase;
using html::prose;

constexpr std::string_view sections[] = {"Store API", "Admin API", "Events", "Webhooks", "System"};

// An element with text that is already HTML. `attributes` begin with a space.
std::string element(std::string_view name, std::string_view inner,
                    std::string_view attributes = "") {
  std::string out("<");
  out.append(name).append(attributes).append(">").append(inner);
  return out.append("</").append(name).append(">");
}

std::string link_to(std::string_view anchor, std::string_view text) {
  return element("a", text, " href=\"#" + escape(anchor) + "\"");
}

std::string badge(net::Method method, std::string_view size = "") {
  const std::string_view name = net::to_string(method);
  return element("b", name == "DELETE" && !size.empty() ? "DEL" : name,
                 " class=\"m " + std::string(name) + " " + std::string(size) + "\"");
}

// "/v1/carts/{cart_id}" with its parameters set apart.
std::string coloured_path(std::string_view path) {
  std::string out;
  for (const std::string_view segment : segments_of(path)) {
    out.append("/<wbr>");
    out.append(parameter_name(segment) ? element("i", escape(segment)) : escape(segment));
  }
  return out.empty() ? "/" : out;
}

struct Row {
  std::string name;
  std::string type;
  std::string about;
  bool required = false;
};

// `caption` is HTML.
std::string table_of(std::string_view caption, const std::vector<Row>& rows) {
  if (rows.empty()) {
    return "";
  }
  std::string body;
  for (const Row& row : rows) {
    std::string name = element("code", escape(row.name));
    name.append(row.required ? "<em>required</em>" : "");
    body.append("<tr>").append(element("td", name)).append("<td>");
    body.append(row.type.empty() ? "" : element("span", row.type, " class=\"t\""));
    body.append(row.about).append("</td></tr>");
  }
  return element("h4", caption) + element("table", element("tbody", body));
}

// A text without its quotes.
std::string plain(const json::value& value) {
  return value.is_string() ? std::string(value.get_string()) : to_string(value);
}

// "Admin: settings" and "Products (admin)" in the section of the admin API -> "Settings",
// "Products".
std::string shown(std::string_view tag) {
  constexpr std::string_view before = "Admin: ";
  constexpr std::string_view after = " (admin)";
  tag = tag.starts_with(before) ? tag.substr(before.size()) : tag;
  tag = tag.ends_with(after) ? tag.substr(0, tag.size() - after.size()) : tag;
  std::string name(tag);
  if (name[0] >= 'a' && name[0] <= 'z') {
    name[0] = static_cast<char>(name[0] - 'a' + 'A');
  }
  return name;
}

// Says a schema in words; members of objects become rows of their own, "lines[].id".
class SchemaWords {
 public:
  explicit SchemaWords(const Schemas& schemas) : schemas_(schemas) {}

  std::vector<Row> members(const json::object& schema) const {
    std::vector<Row> rows;
    add_members(schema, "", rows);
    return rows;
  }

  std::string type_of(const json::object& schema) const {
    if (const json::value* reference = schema.if_contains("$ref")) {
      const std::string name(Schemas::referenced_name(reference->as_string()));
      return link_to("schema-" + name, escape(name));
    }
    for (const char* keyword : {"anyOf", "oneOf"}) {
      if (const json::value* alternatives = schema.if_contains(keyword)) {
        return joined(alternatives->as_array());
      }
    }
    if (schema.contains("allOf")) {
      return "object";
    }
    if (const json::value* only = schema.if_contains("const")) {
      return element("code", escape(to_string(*only)));
    }
    const json::value* type = schema.if_contains("type");
    if (type == nullptr) {
      return schema.contains("enum") ? "one of" : "anything";
    }
    std::string words;
    const json::array types = type->is_array() ? type->as_array() : json::array{*type};
    for (const json::value& one : types) {
      words.append(words.empty() ? "" : " or ").append(one_type(one.as_string(), schema));
    }
    return words;
  }

  // Limits, choices, and what people wrote about it.
  std::string about(const json::object& schema) const {
    std::string words;
    if (const json::value* choices = schema.if_contains("enum")) {
      std::string list;
      for (const json::value& choice : choices->as_array()) {
        list.append(list.empty() ? "" : " ").append(element("code", escape(plain(choice))));
      }
      words.append(element("span", list, " class=\"c\""));
    }
    if (const std::string limits = limits_of(schema); !limits.empty()) {
      words.append(element("span", escape(limits), " class=\"r\""));
    }
    if (const json::value* text = schema.if_contains("description")) {
      words.append(prose(text->as_string()));
    }
    return words;
  }

 private:
  std::string joined(const json::array& alternatives) const {
    std::string words;
    for (const json::value& alternative : alternatives) {
      words.append(words.empty() ? "" : " or ").append(type_of(alternative.as_object()));
    }
    return words;
  }

  std::string one_type(std::string_view name, const json::object& schema) const {
    if (name == "array" && schema.contains("items")) {
      return "list of " + type_of(schema.at("items").as_object());
    }
    if (name == "object" && schema.contains("additionalProperties") &&
        schema.at("additionalProperties").is_object()) {
      return "map of " + type_of(schema.at("additionalProperties").as_object());
    }
    const std::string_view format = get_string_or(schema, "format", "");
    if (name == "string" && !format.empty()) {
      return format.starts_with("id:") ? "id " + element("code", escape(format.substr(3)) + "_…")
                                       : escape(format);
    }
    return escape(name);
  }

  static std::string limits_of(const json::object& schema) {
    std::string words;
    const auto add = [&](const char* keyword, std::string_view before) {
      if (const json::value* limit = schema.if_contains(keyword)) {
        words.append(words.empty() ? "" : ", ").append(before).append(to_string(*limit));
      }
    };
    add("minimum", "≥ ");
    add("maximum", "≤ ");
    add("minLength", "length ≥ ");
    add("maxLength", "length ≤ ");
    add("minItems", "items ≥ ");
    add("maxItems", "items ≤ ");
    add("default", "default ");
    return words;
  }

  void add_members(const json::object& schema, const std::string& prefix,
                   std::vector<Row>& rows) const {
    if (const json::value* parts = schema.if_contains("allOf")) {
      for (const json::value& part : parts->as_array()) {
        add_members(resolved(part.as_object()), prefix, rows);
      }
    }
    const json::value* properties = schema.if_contains("properties");
    if (properties == nullptr) {
      return;
    }
    for (const auto& member : properties->as_object()) {
      const json::object& one = member.value().as_object();
      const std::string name = prefix + std::string(member.key());
      rows.push_back({name, type_of(one), about(one), is_required(schema, member.key())});
      add_inline(one, name, rows);
    }
  }

  // Objects written in place, also inside lists and alternatives.
  void add_inline(const json::object& schema, const std::string& name,
                  std::vector<Row>& rows) const {
    if (schema.contains("properties")) {
      add_members(schema, name + ".", rows);
    }
    if (const json::value* items = schema.if_contains("items")) {
      add_inline(items->as_object(), name + "[]", rows);
    }
    if (const json::value* values = schema.if_contains("additionalProperties");
        values != nullptr && values->is_object()) {
      add_inline(values->as_object(), name + ".*", rows);
    }
    for (const char* keyword : {"anyOf", "oneOf"}) {
      if (const json::value* alternatives = schema.if_contains(keyword)) {
        for (const json::value& alternative : alternatives->as_array()) {
          add_inline(alternative.as_object(), name, rows);
        }
      }
    }
  }

  const json::object& resolved(const json::object& schema) const {
    const json::value* reference = schema.if_contains("$ref");
    if (reference == nullptr) {
      return schema;
    }
    const auto found = schemas_.documents().find(Schemas::referenced_name(reference->as_string()));
    return resolved(found->second.as_object());
  }

  static bool is_required(const json::object& schema, std::string_view name) {
    const json::value* required = schema.if_contains("required");
    return required != nullptr &&
           std::ranges::any_of(required->as_array(), [name](const json::value& one) {
             return std::string_view(one.as_string()) == name;
           });
  }

  const Schemas& schemas_;
};

class Page {
 public:
  Page(const Operations& operations, const Schemas& schemas)
      : operations_(operations), schemas_(schemas), words_(schemas) {}

  std::string navigation() const {
    std::string out;
    each_group(
        [&](std::string_view section, const std::string& name, const auto& group, bool first) {
          if (first) {
            out.append(element("h2", escape(section)));
          }
          std::string items;
          for (const Operation* operation : group) {
            items.append(element("li", link_to(operation->id, badge(operation->method, "s") +
                                                                  escape(operation->summary))));
          }
          out.append("<details open>").append(element("summary", escape(name)));
          out.append(element("ul", items)).append("</details>");
        });
    return out;
  }

  std::string operations() const {
    std::string out;
    each_group(
        [&](std::string_view section, const std::string& name, const auto& group, bool first) {
          if (first) {
            out.append(element("h2", escape(section), " class=\"section\""));
          }
          std::string head = element("h3", escape(name));
          head.append(prose(about_tag(group.front()->tag)));
          out.append(element("header", head, " class=\"tag\""));
          for (const Operation* operation : group) {
            out.append(article(*operation));
          }
        });
    return out;
  }

  std::string schemas() const {
    std::string out;
    for (const auto& [name, document] : schemas_.documents()) {
      const json::object& schema = document.as_object();
      std::string body = element("h3", link_to("schema-" + name, escape(name)));
      body.append(words_.about(schema)).append(table_of("Members", words_.members(schema)));
      out.append(element("article", body, " class=\"schema\" id=\"schema-" + escape(name) + "\""));
    }
    return out;
  }

  std::string errors() const {
    std::string rows;
    for (const ErrorKind* kind : all_errors(operations_)) {
      rows.append("<tr id=\"error-").append(escape(kind->code)).append("\">");
      rows.append(element("td", std::to_string(kind->status)));
      rows.append(element("td", element("code", escape(kind->code))));
      std::string text = escape(kind->title);
      text.append(kind->retryable ? " <em>retryable</em>" : "");
      rows.append(element("td", text)).append("</tr>");
    }
    return element("table", element("tbody", rows), " class=\"errors\"");
  }

 private:
  // Calls `visit(section, group, operations, first of its section)` in the order of the table.
  template <class Visit>
  void each_group(Visit visit) const {
    for (const std::string_view section : sections) {
      std::vector<std::string> names;
      std::map<std::string, std::vector<const Operation*>> groups;
      for (const Operation& operation : operations_.all()) {
        if (section_of(operation) == section) {
          const std::string name = shown(operation.tag);
          if (!groups.contains(name)) {
            names.push_back(name);
          }
          groups[name].push_back(&operation);
        }
      }
      for (const std::string& name : names) {
        visit(section, name, groups[name], name == names.front());
      }
    }
  }

  std::string article(const Operation& operation) const {
    std::string head =
        element("h4", link_to(operation.id, escape(operation.summary)), " class=\"title\"");
    head.append(element("div",
                        badge(operation.method) + element("code", coloured_path(operation.path)),
                        " class=\"route\""));
    std::string left = head + prose(operation.description);
    left.append(element("p", phrase(who_may_call(operation)), " class=\"who\""));
    left.append(table_of("Path", path_rows(operation)));
    left.append(table_of("Query", query_rows(operation)));
    left.append(table_of("Headers", header_rows(operation)));
    left.append(body_table(operation))
        .append(answer_table(operation))
        .append(error_list(operation));
    std::string right = panel("Request", curl(operation));
    if (!operation.response_schema.empty()) {
      const json::value example = example_of(schemas_, operation.response_schema);
      right.append(
          panel("Answer " + std::to_string(operation.success), html::coloured_json(example)));
    }
    return element(
        "article",
        element("div", left, " class=\"text\"") + element("div", right, " class=\"code\""),
        " class=\"operation\" id=\"" + escape(operation.id) + "\"");
  }

  static std::string panel(std::string_view title, std::string_view code) {
    return element("figure",
                   element("figcaption", escape(title)) + element("pre", code, " tabindex=\"0\""));
  }

  static std::vector<Row> path_rows(const Operation& operation) {
    std::vector<Row> rows;
    for (const std::string_view segment : segments_of(operation.path)) {
      if (const std::optional<std::string_view> name = parameter_name(segment)) {
        rows.push_back({std::string(*name), "string", prose(about_path_parameter(*name)), true});
      }
    }
    return rows;
  }

  static std::vector<Row> query_rows(const Operation& operation) {
    std::vector<Row> rows;
    for (const Parameter& parameter : operation.query) {
      std::string about;
      if (parameter.type == Parameter::Type::integer) {
        about = element(
            "span", std::to_string(parameter.minimum) + " to " + std::to_string(parameter.maximum),
            " class=\"r\"");
      }
      std::string choices;
      for (const std::string_view choice : parameter.choices) {
        choices.append(choices.empty() ? "" : " ").append(element("code", escape(choice)));
      }
      if (!choices.empty()) {
        about.append(element("span", choices, " class=\"c\""));
      }
      static constexpr std::string_view types[] = {"string", "integer", "boolean"};
      rows.push_back({std::string(parameter.name),
                      std::string(types[static_cast<std::size_t>(parameter.type)]),
                      about + prose(parameter.description), parameter.required});
    }
    return rows;
  }

  std::vector<Row> header_rows(const Operation& operation) const {
    std::vector<Row> rows;
    for (const HeaderField& field : header_fields(operation, schemas_)) {
      rows.push_back({std::string(field.name), "", prose(field.description), field.required});
    }
    return rows;
  }

  std::string body_table(const Operation& operation) const {
    if (operation.request_schema.empty()) {
      return operation.request_type == "application/json"
                 ? ""
                 : element("h4", "Body") +
                       element("p", element("code", escape(operation.request_type)));
    }
    const json::object& schema =
        schemas_.documents().find(operation.request_schema)->second.as_object();
    const std::string name(operation.request_schema);
    std::string title = "Body " + element("code", link_to("schema-" + name, escape(name)));
    title.append(operation.body_optional ? " may be left out" : "");
    return table_of(title, words_.members(schema));
  }

  std::string answer_table(const Operation& operation) const {
    std::string line = element("b", std::to_string(operation.success) + " ");
    line.append(escape(net::reason_phrase(operation.success)));
    const std::string_view name = operation.response_schema;
    if (name.ends_with("[]")) {
      const std::string item(name.substr(0, name.size() - 2));
      line.append(" — a page of ").append(link_to("schema-" + item, escape(item)));
    } else if (!name.empty()) {
      line.append(" — ").append(link_to("schema-" + std::string(name), escape(name)));
    } else if (operation.success != 204) {
      line.append(" — ").append(element("code", escape(operation.response_type)));
    }
    return element("h4", "Answer") + element("p", line);
  }

  static std::string error_list(const Operation& operation) {
    std::string items;
    for (const ErrorKind* kind : possible_errors(operation)) {
      const std::string text =
          std::to_string(kind->status) + " " + element("code", escape(kind->code));
      items.append(element("li", element("a", text,
                                         " href=\"#error-" + escape(kind->code) + "\" title=\"" +
                                             escape(kind->title) + "\"")));
    }
    return element("h4", "Errors") + element("ul", items, " class=\"chips\"");
  }

  std::string curl(const Operation& operation) const {
    std::string out = "curl ";
    if (operation.method != net::Method::get) {
      out.append("-X ").append(net::to_string(operation.method)).append(" ");
    }
    out.append("\"$SHOP").append(escape(operation.path)).append("\"");
    const auto header = [&out](std::string_view text) {
      out.append(" \\\n  -H ")
          .append(element("span", "&#39;" + escape(text) + "&#39;", " class=\"s\""));
    };
    if (operation.access == Access::admin) {
      header("Authorization: Bearer sk_…");
    } else if (operation.access == Access::shopper) {
      header("Authorization: Bearer cs_…");
    }
    for (const HeaderField& field : header_fields(operation, schemas_)) {
      static const std::map<std::string_view, std::string_view> samples = {
          {"Idempotency-Key", "Idempotency-Key: 6f1c2a9e-5d0b-4c7e"},
          {"If-Match", "If-Match: \"v7\""},
          {"X-Cart-Token", "X-Cart-Token: ct_…"},
          {"X-Order-Token", "X-Order-Token: ot_…"}};
      if (const auto sample = samples.find(field.name); sample != samples.end()) {
        header(sample->second);
      }
    }
    if (!operation.request_schema.empty()) {
      header("Content-Type: application/json");
      out.append(" \\\n  -d &#39;");
      out.append(html::coloured_json(example_of(schemas_, operation.request_schema)));
      out.append("&#39;");
    } else if (operation.request_type != "application/json") {
      header("Content-Type: " + std::string(operation.request_type));
      out.append(" \\\n  --data-binary @file");
    }
    return out;
  }

  const Operations& operations_;
  const Schemas& schemas_;
  SchemaWords words_;
};

std::string hash_source(std::string_view text) {
  return "'sha256-" + base64(from_hex(sha256_hex(text)).value()) + "'";
}

// Where an error is met: links to the operations that answer it.
std::string answered_by(const ErrorKind& kind, const Operations& operations) {
  std::string list;
  for (const Operation& operation : operations.all()) {
    const std::vector<const ErrorKind*> errors = possible_errors(operation);
    if (std::ranges::find(errors, &kind) != errors.end()) {
      const std::string call =
          std::string(net::to_string(operation.method)) + " " + std::string(operation.path);
      list.append("<li><a href=\"/reference#").append(escape(operation.id)).append("\">");
      list.append(element("code", escape(call))).append("</a></li>");
    }
  }
  return list.empty() ? element("p", "Said before a request comes to an operation.")
                      : element("ul", list);
}

}  // namespace

ReferencePage render_problem(const ErrorKind& kind, const Operations& operations) {
  const std::string_view style = embedded_asset("templates/problem.css");
  ReferencePage result;
  result.html = render_template(
      embedded_asset("templates/problem.html"),
      {{"style", std::string(style)},
       {"code", escape(kind.code)},
       {"title", escape(kind.title)},
       {"status", std::to_string(kind.status)},
       {"retryable", kind.retryable ? "The same request may succeed later, without being changed."
                                    : "The same request fails again until something is changed."},
       {"operations", answered_by(kind, operations)}});
  result.content_security_policy = "default-src 'none'; style-src " + hash_source(style) +
                                   "; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
  return result;
}

ReferencePage render_reference(const Operations& operations, const Schemas& schemas,
                               std::string_view version) {
  const Page page(operations, schemas);
  const std::string_view style = embedded_asset("templates/reference.css");
  const std::string_view script = embedded_asset("templates/reference.js");
  ReferencePage result;
  result.html = render_template(embedded_asset("templates/reference.html"),
                                {{"style", std::string(style)},
                                 {"script", std::string(script)},
                                 {"version", escape(version)},
                                 {"navigation", page.navigation()},
                                 {"operations", page.operations()},
                                 {"errors", page.errors()},
                                 {"schemas", page.schemas()}});
  result.content_security_policy = "default-src 'none'; style-src " + hash_source(style) +
                                   "; script-src " + hash_source(script) +
                                   "; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
  return result;
}

}  // namespace securecart::shop::api
