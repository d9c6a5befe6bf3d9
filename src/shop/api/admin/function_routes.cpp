#include "shop/api/admin/function_routes.hpp"

#include <charconv>

#include <boost/json/parse.hpp>
#include <fmt/format.h>

#include "shop/api/change.hpp"
#include "shop/api/cursor.hpp"
#include "shop/api/errc.hpp"
#include "shop/api/render.hpp"
#include "shop/api/render_accounts.hpp"
#include "shop/flows/limits.hpp"
#include "shop/flows/order_functions.hpp"
#include "shop/functions/errc.hpp"
#include "shop/functions/limits.hpp"
#include "shop/functions/store.hpp"
#include "shop/orders/errc.hpp"
#include "shop/orders/store.hpp"

namespace securecart::shop::api {
namespace {

using functions::Function;
using functions::FunctionVersion;
using storage::Row;
using storage::Rows;

constexpr std::string_view runs_sql =
    "SELECT id, function_version, order_id, report, at FROM function_runs "
    "WHERE shop_id = $1 AND function_id = $2 AND id < $3 ORDER BY id DESC LIMIT $4";
constexpr std::string_view reviews_sql =
    "SELECT r.order_id, o.number, r.status, r.flags, r.created_at, o.total, o.currency "
    "FROM order_reviews r JOIN orders o ON o.shop_id = r.shop_id AND o.id = r.order_id "
    "WHERE r.shop_id = $1 AND r.status = $2 AND r.order_id < $3 ORDER BY r.order_id DESC LIMIT $4";
constexpr std::string_view after_every_id = "~";

json::object render_function(const Function& function) {
  return {{"id", function.id},
          {"name", function.name},
          {"trigger", function.trigger},
          {"on_failure", function.fails_closed ? "closed" : "open"},
          {"timeout_ms", function.timeout_ms},
          {"enabled", function.enabled},
          {"active_version", function.active_version},
          {"latest_version", function.latest_version},
          {"created_at", format_rfc3339(function.created_at)},
          {"updated_at", format_rfc3339(function.updated_at)},
          {"version", function.version}};
}

json::object render_version(const FunctionVersion& version) {
  return {{"number", version.number},
          {"note", version.note},
          {"actor", version.actor},
          {"created_at", format_rfc3339(version.created_at)}};
}

json::value id_or_null(const std::string& id) {
  return id.empty() ? json::value(nullptr) : json::value(id);
}

json::object render_run(const Row& row) {
  json::object run = json::parse(row.text(3)).as_object();
  run["id"] = row.text(0);
  run["function_version"] = row.integer(1);
  run["order_id"] = id_or_null(row.text(2));
  run["at"] = format_rfc3339(from_millis(row.integer(4)));
  return run;
}

json::object render_held(const Row& row) {
  return {{"order_id", row.text(0)},
          {"number", row.text(1)},
          {"status", row.text(2)},
          {"flags", json::parse(row.text(3))},
          {"created_at", format_rfc3339(from_millis(row.integer(4)))},
          {"total", row.integer(5)},
          {"currency", row.text(6)}};
}

FunctionVersion version_of(Call& call, std::int64_t number, Timestamp at) {
  return {number, std::string(get_string(call.body(), "source")),
          std::string(get_string_or(call.body(), "note", "")), call.caller().actor, at};
}

// "12" of a path; 0 is no version.
std::int64_t number_of(const std::string& text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? number : 0;
}

// The page of `rows`, one more than were asked for.
template <class Render>
Reply page(const Rows& rows, std::size_t limit, std::string_view list, Render render) {
  json::array items;
  json::value next(nullptr);
  for (std::size_t i = 0; i < rows.size() && i < limit; ++i) {
    items.push_back(render(rows[i]));
  }
  if (rows.size() > limit) {
    next = encode_cursor(list, {rows[limit - 1].text(0)});
  }
  return reply(200, json::object{{"items", std::move(items)}, {"next_cursor", std::move(next)}});
}

}  // namespace

void FunctionRoutes::mount(Operations& operations) {
  mount_functions(operations);
  mount_versions(operations);
  mount_reviews(operations);
}

void FunctionRoutes::mount_functions(Operations& operations) {
  using net::Method;
  operations.add({.id = "listFunctions",
                  .method = Method::get,
                  .path = "/v1/admin/functions",
                  .tag = "Admin: functions",
                  .summary = "The shop's own checks of orders",
                  .access = Access::admin,
                  .permission = Permission::settings_read,
                  .response_schema = "Function[]"},
                 *this, &FunctionRoutes::list);
  operations.add(
      {.id = "createFunction",
       .method = Method::post,
       .path = "/v1/admin/functions",
       .tag = "Admin: functions",
       .summary = "Add a function",
       .description =
           "JavaScript that defines `function run(input)` and returns {decision, score?, "
           "reasons?}. "
           "It is off until it is enabled, so that it can be tried on past orders first.",
       .access = Access::admin,
       .permission = Permission::settings_write,
       .request_schema = "FunctionInput",
       .success = 201,
       .response_schema = "Function",
       .errors = {&functions::errc::function_invalid, &functions::errc::function_name_taken,
                  &functions::errc::function_limit}},
      *this, &FunctionRoutes::create);
  operations.add({.id = "getFunction",
                  .method = Method::get,
                  .path = "/v1/admin/functions/{function_id}",
                  .tag = "Admin: functions",
                  .summary = "Read a function",
                  .access = Access::admin,
                  .permission = Permission::settings_read,
                  .response_schema = "Function",
                  .errors = {&errc::not_found}},
                 *this, &FunctionRoutes::get);
  operations.add({.id = "updateFunction",
                  .method = Method::patch,
                  .path = "/v1/admin/functions/{function_id}",
                  .tag = "Admin: functions",
                  .summary = "Switch a function on or off, choose its version, its policy",
                  .access = Access::admin,
                  .permission = Permission::settings_write,
                  .request_schema = "FunctionUpdate",
                  .response_schema = "Function",
                  .if_match = true,
                  .errors = {&errc::not_found, &functions::errc::function_name_taken}},
                 *this, &FunctionRoutes::change);
  operations.add(
      {.id = "testFunction",
       .method = Method::post,
       .path = "/v1/admin/functions/{function_id}/test",
       .tag = "Admin: functions",
       .summary = "Try a function on a past order",
       .description =
           "Runs a version, or a source that is not saved, on what the function would have been "
           "told when the order was placed. Nothing is written and nothing happens to the order.",
       .access = Access::admin,
       .permission = Permission::settings_write,
       .request_schema = "FunctionTest",
       .response_schema = "FunctionReport",
       .writes = false,
       .errors = {&errc::not_found}},
      *this, &FunctionRoutes::try_out);
}

void FunctionRoutes::mount_versions(Operations& operations) {
  using net::Method;
  operations.add({.id = "listFunctionVersions",
                  .method = Method::get,
                  .path = "/v1/admin/functions/{function_id}/versions",
                  .tag = "Admin: functions",
                  .summary = "A function's versions, newest first",
                  .access = Access::admin,
                  .permission = Permission::settings_read,
                  .query = page_parameters(),
                  .response_schema = "FunctionVersion[]",
                  .errors = {&errc::not_found}},
                 *this, &FunctionRoutes::versions);
  operations.add({.id = "createFunctionVersion",
                  .method = Method::post,
                  .path = "/v1/admin/functions/{function_id}/versions",
                  .tag = "Admin: functions",
                  .summary = "Add a version; it runs once it is made the active one",
                  .access = Access::admin,
                  .permission = Permission::settings_write,
                  .request_schema = "FunctionVersionInput",
                  .success = 201,
                  .response_schema = "FunctionVersion",
                  .errors = {&errc::not_found, &securecart::errc::version_conflict,
                             &functions::errc::function_invalid, &functions::errc::function_limit}},
                 *this, &FunctionRoutes::add_version);
  operations.add({.id = "getFunctionVersion",
                  .method = Method::get,
                  .path = "/v1/admin/functions/{function_id}/versions/{number}",
                  .tag = "Admin: functions",
                  .summary = "Read a version with its source",
                  .access = Access::admin,
                  .permission = Permission::settings_read,
                  .response_schema = "FunctionSource",
                  .errors = {&errc::not_found}},
                 *this, &FunctionRoutes::get_version);
  operations.add({.id = "listFunctionRuns",
                  .method = Method::get,
                  .path = "/v1/admin/functions/{function_id}/runs",
                  .tag = "Admin: functions",
                  .summary = "What a function said of which order, newest first",
                  .access = Access::admin,
                  .permission = Permission::settings_read,
                  .query = page_parameters(),
                  .response_schema = "FunctionRun[]",
                  .errors = {&errc::not_found}},
                 *this, &FunctionRoutes::runs);
}

void FunctionRoutes::mount_reviews(Operations& operations) {
  using net::Method;
  operations.add({.id = "listReviews",
                  .method = Method::get,
                  .path = "/v1/admin/reviews",
                  .tag = "Admin: orders",
                  .summary = "Orders that functions flagged, newest first",
                  .access = Access::admin,
                  .permission = Permission::orders_read,
                  .query = page_parameters({{.name = "status",
                                             .description = "Only those; `held` unless given.",
                                             .choices = {"held", "released", "cancelled"}}}),
                  .response_schema = "HeldOrder[]"},
                 *this, &FunctionRoutes::reviews);
  operations.add(
      {.id = "releaseOrder",
       .method = Method::post,
       .path = "/v1/admin/orders/{order_id}/release",
       .tag = "Admin: orders",
       .summary = "Let a held order go",
       .description = "To refuse it instead, cancel it: what was paid is refunded.",
       .access = Access::admin,
       .permission = Permission::orders_write,
       .response_schema = "Order",
       .idempotent = true,
       .errors = {&errc::not_found, &orders::errc::order_state, &orders::errc::order_changed}},
      *this, &FunctionRoutes::release);
}

Task<Result<Function>> FunctionRoutes::find(Call& call) {
  std::optional<Function> function =
      co_await functions::read_function(deps_.database, call.shop(), call.path("function_id"));
  if (!function) {
    co_return fail(errc::not_found, "There is no such function.");
  }
  co_return std::move(*function);
}

Task<Result<Reply>> FunctionRoutes::show(Call& call, std::string function_id, int status) {
  const std::optional<Function> function =
      co_await functions::read_function(deps_.database, call.shop(), std::move(function_id));
  if (!function) {
    co_return fail(errc::not_found, "There is no such function.");
  }
  co_return reply(status, render_function(*function), function->version);
}

// Whether it compiles and defines run(). Throws Unavailable when nobody can tell right now.
Task<std::optional<Error>> FunctionRoutes::check_source(std::string source) {
  if (deps_.functions == nullptr) {
    throw Unavailable("this instance runs no functions");
  }
  functions::RunRequest request;
  request.source = std::move(source);
  request.now = deps_.clock.now();
  request.timeout = std::chrono::milliseconds(limits::function_timeout_most_ms);
  const functions::RunReport report = co_await deps_.functions->run(std::move(request));
  if (report.ending == functions::Ending::overloaded) {
    throw Unavailable("no function worker was free");
  }
  if (report.ending == functions::Ending::finished) {
    co_return std::nullopt;
  }
  std::string what =
      report.error.empty() ? std::string(functions::to_string(report.ending)) : report.error;
  co_return Error(functions::errc::function_invalid, std::move(what));
}

Task<Result<Reply>> FunctionRoutes::list(Call& call) {
  const std::vector<Function> all = co_await functions::read_functions(deps_.database, call.shop());
  json::array items;
  for (const Function& function : all) {
    items.push_back(render_function(function));
  }
  co_return reply(200, render_whole_list(std::move(items)));
}

Task<Result<Reply>> FunctionRoutes::create(Call& call) {
  const json::object& body = call.body();
  const std::vector<Function> others =
      co_await functions::read_functions(deps_.database, call.shop());
  if (others.size() >= limits::shop_functions) {
    co_return fail(functions::errc::function_limit,
                   fmt::format("A shop has at most {} functions.", limits::shop_functions));
  }
  if (std::optional<Error> error = co_await check_source(std::string(get_string(body, "source")))) {
    co_return std::unexpected(std::move(*error));
  }
  Function function;
  function.shop_id = call.shop();
  function.id = deps_.ids.make("fn");
  function.name = get_string(body, "name");
  function.trigger = get_string(body, "trigger");
  function.fails_closed = get_string(body, "on_failure") == "closed";
  function.timeout_ms = get_int_or(body, "timeout_ms", limits::function_timeout_default_ms);
  function.enabled = get_bool_or(body, "enabled", false);
  function.created_at = deps_.clock.now();
  storage::Batch batch;
  functions::add_function(batch, function);
  functions::add_version(batch, function, version_of(call, 1, function.created_at));
  flows::change_terms(batch, call.shop());
  const storage::Commit outcome = co_await deps_.database.commit(std::move(batch));
  if (std::holds_alternative<storage::Refused>(outcome)) {
    co_return fail(functions::errc::function_name_taken, "Choose another name.");
  }
  co_return co_await show(call, function.id, 201);
}

Task<Result<Reply>> FunctionRoutes::get(Call& call) {
  co_return co_await show(call, call.path("function_id"), 200);
}

Task<Result<Reply>> FunctionRoutes::change(Call& call) {
  Result<Function> function = co_await find(call);
  if (!function) {
    co_return std::unexpected(std::move(function.error()));
  }
  const json::object& body = call.body();
  Function changed = *function;
  changed.version = call.if_match();
  changed.name = get_string_or(body, "name", changed.name);
  changed.enabled = get_bool_or(body, "enabled", changed.enabled);
  changed.timeout_ms = get_int_or(body, "timeout_ms", changed.timeout_ms);
  changed.active_version = get_int_or(body, "active_version", changed.active_version);
  changed.updated_at = deps_.clock.now();
  if (has(body, "on_failure")) {
    changed.fails_closed = get_string(body, "on_failure") == "closed";
  }
  if (changed.active_version > changed.latest_version) {
    co_return fail(errc::invalid_request, "There is no such version.",
                   {{"/active_version", fmt::format("at most {}", changed.latest_version)}});
  }
  if (changed.name != function->name) {
    const std::vector<Function> others =
        co_await functions::read_functions(deps_.database, call.shop());
    for (const Function& other : others) {
      if (other.name == changed.name) {
        co_return fail(functions::errc::function_name_taken, "Choose another name.");
      }
    }
  }
  storage::Batch batch;
  functions::add_update(batch, changed);
  flows::change_terms(batch, call.shop());
  const storage::Commit outcome = co_await deps_.database.commit(std::move(batch));
  if (std::holds_alternative<storage::Refused>(outcome)) {
    co_return fail(securecart::errc::version_conflict, "Read the function again, then change it.");
  }
  co_return co_await show(call, changed.id, 200);
}

Task<Result<Reply>> FunctionRoutes::versions(Call& call) {
  Result<Function> function = co_await find(call);
  if (!function) {
    co_return std::unexpected(std::move(function.error()));
  }
  const auto cursor = cursor_of(call, "function_versions", "i");
  if (!cursor) {
    co_return std::unexpected(cursor.error());
  }
  const std::int64_t below = *cursor ? integer_at(**cursor, 0) : limits::function_versions + 1;
  const std::vector<FunctionVersion> found = co_await functions::read_versions(
      deps_.database, call.shop(), function->id, below, call.limit() + 1);
  json::array items;
  json::value next(nullptr);
  for (std::size_t i = 0; i < found.size() && i < call.limit(); ++i) {
    items.push_back(render_version(found[i]));
  }
  if (found.size() > call.limit()) {
    next = encode_cursor("function_versions", {found[call.limit() - 1].number});
  }
  co_return reply(200, json::object{{"items", std::move(items)}, {"next_cursor", std::move(next)}});
}

Task<Result<Reply>> FunctionRoutes::add_version(Call& call) {
  Result<Function> function = co_await find(call);
  if (!function) {
    co_return std::unexpected(std::move(function.error()));
  }
  if (function->latest_version >= limits::function_versions) {
    co_return fail(functions::errc::function_limit,
                   "The function has as many versions as there can be: make another function.");
  }
  if (std::optional<Error> error =
          co_await check_source(std::string(get_string(call.body(), "source")))) {
    co_return std::unexpected(std::move(*error));
  }
  Function changed = *function;
  changed.updated_at = deps_.clock.now();
  const FunctionVersion version = version_of(call, ++changed.latest_version, changed.updated_at);
  storage::Batch batch;
  functions::add_version(batch, changed, version);
  functions::add_update(batch, changed);
  const storage::Commit outcome = co_await deps_.database.commit(std::move(batch));
  if (std::holds_alternative<storage::Refused>(outcome)) {
    co_return fail(securecart::errc::version_conflict,
                   "Somebody else changed the function at this moment; send it again.");
  }
  co_return reply(201, render_version(version));
}

Task<Result<Reply>> FunctionRoutes::get_version(Call& call) {
  const std::optional<FunctionVersion> version = co_await functions::read_version(
      deps_.database, call.shop(), call.path("function_id"), number_of(call.path("number")));
  if (!version) {
    co_return fail(errc::not_found, "There is no such version.");
  }
  json::object rendered = render_version(*version);
  rendered["source"] = version->source;
  co_return reply(200, rendered);
}

Task<Result<Reply>> FunctionRoutes::try_out(Call& call) {
  Result<Function> function = co_await find(call);
  if (!function) {
    co_return std::unexpected(std::move(function.error()));
  }
  const json::object& body = call.body();
  functions::ActiveFunction tried{function->id,
                                  function->name,
                                  get_int_or(body, "version", 0),
                                  function->trigger,
                                  function->fails_closed,
                                  function->timeout_ms,
                                  std::string(get_string_or(body, "source", ""))};
  if (tried.source.empty()) {
    tried.number = tried.number > 0 ? tried.number : function->latest_version;
    const auto version =
        co_await functions::read_version(deps_.database, call.shop(), tried.id, tried.number);
    if (!version) {
      co_return fail(errc::not_found, "There is no such version.");
    }
    tried.source = version->source;
  }
  std::optional<orders::Order> order = co_await orders::read_order(
      deps_.database, call.shop(), std::string(get_string(body, "order_id")));
  if (!order) {
    co_return fail(errc::not_found, "There is no such order.");
  }
  const functions::Conclusion conclusion =
      co_await flows::try_function(deps_, std::move(tried), std::move(*order));
  co_return reply(200, functions::render_report(conclusion));
}

Task<Result<Reply>> FunctionRoutes::runs(Call& call) {
  Result<Function> function = co_await find(call);
  if (!function) {
    co_return std::unexpected(std::move(function.error()));
  }
  const auto cursor = cursor_of(call, "function_runs", "s");
  if (!cursor) {
    co_return std::unexpected(cursor.error());
  }
  const std::string below = *cursor ? text_at(**cursor, 0) : std::string(after_every_id);
  storage::Query query{
      runs_sql, {call.shop(), function->id, below, static_cast<std::int64_t>(call.limit() + 1)}};
  const Rows rows = co_await deps_.database.read(std::move(query));
  co_return page(rows, call.limit(), "function_runs", render_run);
}

Task<Result<Reply>> FunctionRoutes::reviews(Call& call) {
  const auto cursor = cursor_of(call, "reviews", "s");
  if (!cursor) {
    co_return std::unexpected(cursor.error());
  }
  const std::string below = *cursor ? text_at(**cursor, 0) : std::string(after_every_id);
  storage::Query query{reviews_sql,
                       {call.shop(), call.query("status").value_or("held"), below,
                        static_cast<std::int64_t>(call.limit() + 1)}};
  const Rows rows = co_await deps_.database.read(std::move(query));
  co_return page(rows, call.limit(), "reviews", render_held);
}

Task<Result<Reply>> FunctionRoutes::release(Call& call) {
  const flows::ReleaseRequest request{call.caller().actor};
  OrderDecision decide = [this, &request](const flows::OrderSnapshot& snapshot) {
    return flows::decide_release(snapshot, request, deps_);
  };
  OrderAnswer answer = [](const flows::OrderPlan& plan) {
    return reply(200, render_order(plan.order), plan.order.version);
  };
  co_return co_await change_order(deps_, call, call.path("order_id"), std::move(decide),
                                  std::move(answer));
}

}  // namespace securecart::shop::api
