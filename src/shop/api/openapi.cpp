#include "shop/api/openapi.hpp"

#include <algorithm>
#include <cassert>
#include <map>
#include <set>

#include "net/limits.hpp"
#include "net/status.hpp"
#include "shop/api/errc.hpp"
#include "shop/api/examples.hpp"
#include "shop/api/formats.hpp"
#include "shop/api/limits.hpp"
#include "shop/api/path.hpp"
#include "shop/api/possible_errors.hpp"

namespace securecart::shop::api {

namespace {

constexpr std::string_view introduction =
    "An online shop that keeps selling. Everything a shop does goes through this API: the "
    "storefront "
    "uses `/v1/store`, merchants and their programs use `/v1/admin`.\n\n"
    "**The shop** is the one a secret key or a staff session belongs to, else the one "
    "`X-Publishable-Key` names, else the one whose host name the request is sent to. A token is "
    "good in its own shop only.\n\n"
    "**Money** is an integer count of minor units (cents) with its currency beside it. **Times** "
    "are "
    "RFC 3339 in UTC. **Ids** carry a prefix that says what they name (`prod_…`, `ord_…`).\n\n"
    "**Lists** are pages: `{\"items\": […], \"next_cursor\": …}`. Send `next_cursor` as `cursor` "
    "for "
    "the next page; null is the end. `limit` is 20 unless told, 100 at most.\n\n"
    "**Errors** are problems (RFC 9457) with a stable `code`, `retryable`, and `errors` that name "
    "each wrong field by JSON pointer. Every code an operation answers with is listed with it.\n\n"
    "**Idempotency.** Operations that move money, stock or orders require `Idempotency-Key`. When "
    "an "
    "answer was lost, send the same request with the same key: it takes effect once, and the "
    "repeat "
    "gets the first answer with `Idempotency-Replayed: true`.\n\n"
    "**Versions.** Answers carry `ETag`; admin changes require it back as `If-Match`, so nobody's "
    "change is lost.";

struct TagText {
  std::string_view tag;
  std::string_view text;
};
constexpr TagText tag_texts[] = {
    {"Shop", "What a storefront needs to know of its shop."},
    {"Catalog", "Products and collections."},
    {"Products", "Products and collections."},
    {"Search", "Finding products by words."},
    {"Carts",
     "From the first line to the order. A cart is held by the secret given at its creation."},
    {"Orders", "Orders as the shopper sees them: status, payment, receipt."},
    {"Customers", "Accounts of shoppers, their addresses, orders and sessions."},
    {"Receipts", "Signed receipts and the keys that check them."},
    {"Admin: catalog", "Products, variants, images and collections."},
    {"Admin: inventory", "Stock by location, its movements and allotments."},
    {"Admin: orders", "Orders as the merchant sees them: cancel, refund, fulfil."},
    {"Admin: promotions", "What the shop takes off its prices, by code or by itself."},
    {"Admin: ledger", "Double-entry accounts and the chain of receipts."},
    {"Admin: settings", "The shop, its taxes, shipping zones and hosts."},
    {"Admin: customers", "The shop's customers."},
    {"Admin: imports", "Product files in the Shopify format, in and out."},
    {"Staff", "Members of staff, their sessions and the shop's API keys."},
    {"Settings", "The shop and its host names."},
    {"Events", "Everything that happened, in order, without gaps."},
    {"Webhooks", "What payment providers call."},
    {"System", "Health, metrics and documents of an instance."}};

std::string_view name_of(Permission permission) {
  static constexpr std::string_view names[] = {
      "none",          "catalog_read",   "catalog_write", "inventory_read", "inventory_write",
      "orders_read",   "orders_write",   "refunds_write", "customers_read", "customers_write",
      "settings_read", "settings_write", "staff_write",   "events_read",    "imports_write"};
  static_assert(std::size(names) == static_cast<std::size_t>(Permission::imports_write) + 1);
  return names[static_cast<std::size_t>(permission)];
}

json::object reference_to(std::string_view kind, std::string_view name) {
  return {{"$ref", std::string("#/components/").append(kind).append("/").append(name)}};
}

// A schema as the rest of the world reads it: full references, formats also as patterns.
json::value published(const json::value& schema);

void publish_format(json::object& result, std::string_view name) {
  const std::optional<Format> format = Format::find(name);
  if (format && !format->pattern().empty()) {
    result["pattern"] = format->pattern();
  }
  if (!name.starts_with("id:")) {
    result["format"] = name;
  }
}

json::value published(const json::value& schema) {
  if (const json::array* array = schema.if_array()) {
    json::array result;
    for (const json::value& item : *array) {
      result.push_back(published(item));
    }
    return result;
  }
  const json::object* object = schema.if_object();
  if (object == nullptr) {
    return schema;
  }
  json::object result;
  for (const auto& member : *object) {
    const std::string_view keyword = member.key();
    if (keyword == "$ref") {
      const std::string_view name = Schemas::referenced_name(member.value().as_string());
      result["$ref"] = reference_to("schemas", name)["$ref"];
    } else if (keyword == "format" && member.value().is_string()) {
      publish_format(result, member.value().as_string());
    } else if (keyword == "examples" || keyword == "enum" || keyword == "const" ||
               keyword == "default" || keyword == "required") {
      result[keyword] = member.value();
    } else {
      result[keyword] = published(member.value());
    }
  }
  return result;
}

class Document {
 public:
  Document(const Operations& operations, const Schemas& schemas)
      : operations_(operations), schemas_(schemas) {}

  json::value make(std::string_view version) {
    json::object info{{"title", "SecureCart API"},
                      {"version", version},
                      {"summary", "Shops, carts, orders, stock and money."},
                      {"description", introduction},
                      {"license", {{"name", "Apache-2.0"}, {"identifier", "Apache-2.0"}}}};
    json::object document{{"openapi", "3.1.0"},
                          {"info", std::move(info)},
                          {"servers", json::array{{{"url", "/"}}}},
                          {"tags", tags()},
                          {"paths", paths()}};
    document["components"] = components();
    return document;
  }

 private:
  json::array tags() const {
    json::array result;
    std::set<std::string_view> seen;
    for (const Operation& operation : operations_.all()) {
      if (seen.insert(operation.tag).second) {
        json::object tag{{"name", operation.tag}};
        if (const std::string_view text = about_tag(operation.tag); !text.empty()) {
          tag["description"] = text;
        }
        result.push_back(std::move(tag));
      }
    }
    return result;
  }

  json::object paths() {
    json::object result;
    for (const Operation& operation : operations_.all()) {
      json::value& item = result[operation.path];
      if (item.is_null()) {
        item = json::object();
      }
      std::string method(net::to_string(operation.method));
      std::ranges::transform(method, method.begin(),
                             [](char c) { return static_cast<char>(c - 'A' + 'a'); });
      item.as_object()[method] = describe(operation);
    }
    return result;
  }

  json::object describe(const Operation& operation) {
    std::string text(operation.description);
    text.append(text.empty() ? "" : "\n\n").append(who_may_call(operation));
    json::object result{{"operationId", operation.id},
                        {"tags", json::array{operation.tag}},
                        {"summary", operation.summary},
                        {"description", std::move(text)},
                        {"security", security(operation)}};
    if (!operation.role.empty()) {
      result["x-role"] = operation.role;  // of the program: which processes answer it
    }
    if (operation.may_be_repeated()) {
      result["x-repeatable"] = true;  // what a client may send again when no answer came
    }
    if (json::array parameters = parameters_of(operation); !parameters.empty()) {
      result["parameters"] = std::move(parameters);
    }
    if (std::optional<json::object> body = request_body(operation)) {
      result["requestBody"] = std::move(*body);
    }
    result["responses"] = responses(operation);
    return result;
  }

  static json::array security(const Operation& operation) {
    const json::array none;
    switch (operation.access) {
      case Access::open:
        return {};
      case Access::store:
        return {json::object(), json::object{{"publishable_key", none}},
                json::object{{"customer_session", none}},
                json::object{{"publishable_key", none}, {"customer_session", none}}};
      case Access::shopper:
        return {json::object{{"customer_session", none}},
                json::object{{"publishable_key", none}, {"customer_session", none}}};
      case Access::admin:
        return {json::object{{"secret_key", none}}, json::object{{"staff_session", none}}};
    }
    return {};
  }

  json::array parameters_of(const Operation& operation) const {
    json::array result;
    for (const std::string_view segment : segments_of(operation.path)) {
      if (const std::optional<std::string_view> name = parameter_name(segment)) {
        result.push_back(json::object{
            {"name", *name},
            {"in", "path"},
            {"required", true},
            {"description", about_path_parameter(*name)},
            {"schema",
             {{"type", "string"}, {"minLength", 1}, {"maxLength", limits::path_parameter_bytes}}}});
      }
    }
    for (const Parameter& parameter : operation.query) {
      result.push_back(json::object{{"name", parameter.name},
                                    {"in", "query"},
                                    {"required", parameter.required},
                                    {"description", parameter.description},
                                    {"schema", schema_of(parameter)}});
    }
    for (const HeaderField& field : header_fields(operation, schemas_)) {
      result.push_back(json::object{{"name", field.name},
                                    {"in", "header"},
                                    {"required", field.required},
                                    {"description", field.description},
                                    {"schema", {{"type", "string"}}}});
    }
    return result;
  }

  static json::object schema_of(const Parameter& parameter) {
    switch (parameter.type) {
      case Parameter::Type::integer: {
        json::object schema{
            {"type", "integer"}, {"minimum", parameter.minimum}, {"maximum", parameter.maximum}};
        if (parameter.name == "limit") {
          schema["default"] = limits::page_default;
        }
        return schema;
      }
      case Parameter::Type::boolean:
        return {{"type", "boolean"}, {"default", false}};
      case Parameter::Type::text:
        break;
    }
    json::object schema{{"type", "string"}};
    if (parameter.choices.empty()) {
      schema["maxLength"] = parameter.maximum > 0
                                ? parameter.maximum
                                : static_cast<std::int64_t>(limits::query_parameter_bytes);
    } else {
      schema["enum"] = json::array(parameter.choices.begin(), parameter.choices.end());
    }
    return schema;
  }

  std::optional<json::object> request_body(const Operation& operation) {
    json::object content;
    if (!operation.request_schema.empty()) {
      content = {{"schema", named(operation.request_schema)},
                 {"example", example_of(schemas_, operation.request_schema)}};
    } else if (operation.request_type != "application/json") {
      content = {{"schema", {{"type", "string"}}}};
    } else {
      return std::nullopt;
    }
    return json::object{{"required", !operation.body_optional},
                        {"content", {{operation.request_type, std::move(content)}}}};
  }

  json::object responses(const Operation& operation) {
    json::object result;
    result[std::to_string(operation.success)] = success(operation);
    if (has_version(operation, schemas_) && operation.method == net::Method::get) {
      result["304"] = json::object{{"description", "What If-None-Match names is still current."},
                                   {"headers", headers_of({"ETag", "X-Request-Id"})}};
    }
    std::map<int, std::vector<const ErrorKind*>> by_status;
    for (const ErrorKind* kind : possible_errors(operation)) {
      by_status[kind->status].push_back(kind);
      errors_[kind->code] = kind;
    }
    for (const auto& [status, kinds] : by_status) {
      result[std::to_string(status)] = failure(status, kinds);
    }
    return result;
  }

  json::object success(const Operation& operation) {
    std::vector<std::string_view> headers = {"X-Request-Id"};
    if (has_version(operation, schemas_)) {
      headers.push_back("ETag");
    }
    if (operation.idempotent) {
      headers.push_back("Idempotency-Replayed");
    }
    json::object result{{"description", net::reason_phrase(operation.success)},
                        {"headers", headers_of(headers)}};
    if (!operation.response_schema.empty()) {
      const json::object content{{"schema", named(operation.response_schema)},
                                 {"example", example_of(schemas_, operation.response_schema)}};
      result["content"] = json::object{{operation.response_type, content}};
    } else if (operation.response_type != "application/json") {
      result["content"] =
          json::object{{operation.response_type, {{"schema", {{"type", "string"}}}}}};
    }
    return result;
  }

  static json::object failure(int status, const std::vector<const ErrorKind*>& kinds) {
    std::string text;
    json::object examples;
    for (const ErrorKind* kind : kinds) {
      text.append(text.empty() ? "" : "\n").append("- `").append(kind->code).append("`: ");
      text.append(kind->title);
      examples[kind->code] = reference_to("examples", kind->code);
    }
    std::vector<std::string_view> headers = {"X-Request-Id"};
    if (status == 429 || status == 503) {
      headers.push_back("Retry-After");
    }
    if (status == 401) {
      headers.push_back("WWW-Authenticate");
    }
    const json::object content{{"schema", reference_to("schemas", "Problem")},
                               {"examples", std::move(examples)}};
    return {{"description", std::move(text)},
            {"headers", headers_of(headers)},
            {"content", {{"application/problem+json", content}}}};
  }

  static json::object headers_of(const std::vector<std::string_view>& names) {
    json::object result;
    for (const std::string_view name : names) {
      result[name] = reference_to("headers", name);
    }
    return result;
  }

  // Remembers pages, which are components of their own.
  json::object named(std::string_view schema) {
    if (schema.ends_with("[]")) {
      assert(!schemas_.documents().contains(component_name(schema)) &&
             "the name of a page is taken");
      pages_.insert(std::string(schema.substr(0, schema.size() - 2)));
    }
    return reference_to("schemas", component_name(schema));
  }

  json::object components() const {
    json::object schemas;
    for (const auto& [name, document] : schemas_.documents()) {
      schemas[name] = published(document);
    }
    for (const std::string& name : pages_) {
      schemas[component_name(name + "[]")] = published(Schemas::page_of(name));
    }
    return {{"securitySchemes", security_schemes()},
            {"headers", headers()},
            {"examples", problem_examples()},
            {"schemas", std::move(schemas)}};
  }

  static json::object security_schemes() {
    const auto bearer = [](std::string_view text) {
      return json::object{{"type", "http"}, {"scheme", "bearer"}, {"description", text}};
    };
    return {
        {"publishable_key",
         {{"type", "apiKey"},
          {"in", "header"},
          {"name", "X-Publishable-Key"},
          {"description",
           "Names the shop (`pk_…`), whatever host the request is sent to. Not needed where the "
           "host name is the shop's. Not a secret."}}},
        {"customer_session", bearer("A signed-in customer's token (`cs_…`).")},
        {"staff_session", bearer("A signed-in member of staff's token (`ss_…`).")},
        {"secret_key", bearer("A secret key of the shop (`sk_…`), with a role.")}};
  }

  static json::object headers() {
    const auto header = [](std::string_view text, std::string_view example) {
      return json::object{
          {"description", text}, {"schema", {{"type", "string"}}}, {"example", example}};
    };
    return {
        {"X-Request-Id", header("Finds the request in the log.", "req_01JZ8X4Q2W7K9M3N5P6R8T0V2Y")},
        {"ETag", header("The version that was read or written.", "\"v7\"")},
        {"Idempotency-Replayed", header("`true` when this is the first answer again.", "true")},
        {"Retry-After", header("Seconds to wait before trying again.", "1")},
        {"WWW-Authenticate", header("How to say who you are.", "Bearer")}};
  }

  json::object problem_examples() const {
    json::object result;
    for (const auto& [code, kind] : errors_) {
      const net::Response problem =
          net::problem(Error(*kind, std::string(kind->title)), "req_01JZ8X4Q2W7K9M3N5P6R8T0V2Y");
      result[code] =
          json::object{{"summary", kind->title}, {"value", parse_json(problem.body).value()}};
    }
    return result;
  }

  const Operations& operations_;
  const Schemas& schemas_;
  std::set<std::string> pages_;
  std::map<std::string_view, const ErrorKind*> errors_;
};

}  // namespace

std::string_view section_of(const Operation& operation) {
  static constexpr std::pair<std::string_view, std::string_view> sections[] = {
      {"/v1/store/", "Store API"},
      {"/v1/admin/", "Admin API"},
      {"/v1/events", "Events"},
      {"/v1/webhooks/", "Webhooks"}};
  for (const auto& [prefix, title] : sections) {
    if (operation.path.starts_with(prefix)) {
      return title;
    }
  }
  return "System";
}

std::string_view about_tag(std::string_view tag) {
  const auto found = std::ranges::find(tag_texts, tag, &TagText::tag);
  return found == std::end(tag_texts) ? "" : found->text;
}

std::string who_may_call(const Operation& operation) {
  switch (operation.access) {
    case Access::open:
      return "Anyone.";
    case Access::store:
      return "Anyone; the shop is the one `X-Publishable-Key` names, else the one the host name "
             "does.";
    case Access::shopper:
      return "A signed-in customer.";
    case Access::admin:
      break;
  }
  if (operation.permission == Permission::none) {
    return "Staff or a secret key of the shop.";
  }
  std::string roles;
  for (const accounts::Role role :
       {accounts::Role::owner, accounts::Role::manager, accounts::Role::fulfilment,
        accounts::Role::support, accounts::Role::viewer}) {
    if (allows(role, operation.permission)) {
      roles.append(roles.empty() ? "" : ", ").append(accounts::to_string(role));
    }
  }
  return "Staff or a secret key with `" + std::string(name_of(operation.permission)) + "` (" +
         roles + ").";
}

std::string about_path_parameter(std::string_view name) {
  if (!name.ends_with("_id")) {
    return name == "product" || name == "collection"
               ? "The " + std::string(name) + "'s id or handle."
               : "The name of the " + std::string(name) + ".";
  }
  std::string noun(name.substr(0, name.size() - 3));
  std::ranges::replace(noun, '_', ' ');
  return "The " + noun + "'s id.";
}

std::vector<HeaderField> header_fields(const Operation& operation, const Schemas& schemas) {
  std::vector<HeaderField> fields;
  if (operation.idempotent) {
    fields.push_back({"Idempotency-Key",
                      "1 to 255 visible ASCII characters, new for each new request (a UUID). The "
                      "same key repeats the same request.",
                      true});
  }
  if (operation.if_match) {
    fields.push_back({"If-Match", "The ETag that was read, such as `\"v7\"`.", true});
  }
  if (operation.method == net::Method::get && has_version(operation, schemas)) {
    fields.push_back({"If-None-Match", "An ETag: when it is still current the answer is 304."});
  }
  if (operation.path.starts_with("/v1/store/carts/")) {
    fields.push_back({"X-Cart-Token", "The secret that was given when the cart was created."});
  }
  if (operation.path.starts_with("/v1/store/orders/")) {
    fields.push_back({"X-Order-Token",
                      "The secret that was given when the cart was completed. Not needed with the "
                      "session of the customer who ordered."});
  }
  return fields;
}

bool has_version(const Operation& operation, const Schemas& schemas) {
  const Schema* schema = schemas.find(operation.response_schema);
  while (schema != nullptr && schema->reference != nullptr) {
    schema = schema->reference;
  }
  return schema != nullptr && std::ranges::any_of(schema->properties, [](const auto& property) {
           return property.name == "version";
         });
}

std::string component_name(std::string_view schema) {
  return schema.ends_with("[]") ? std::string(schema.substr(0, schema.size() - 2)).append("Page")
                                : std::string(schema);
}

json::value openapi_document(const Operations& operations, const Schemas& schemas,
                             std::string_view version) {
  return Document(operations, schemas).make(version);
}

}  // namespace securecart::shop::api
