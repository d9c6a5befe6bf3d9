#include "cli/dns_admin.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/crypto.hpp"
#include "traffic/dns/name_path.hpp"
#include "traffic/model/fields.hpp"
#include "traffic/model/limits.hpp"
#include "traffic/routing/explain.hpp"
#include "traffic/routing/limits.hpp"

namespace securecart::cli {

using namespace std::chrono_literals;
namespace dns = traffic::dns;
namespace health = traffic::health;
namespace routing = traffic::routing;

namespace {

constexpr auto steering_usual = 1h;
constexpr std::int64_t lease_usual_seconds = 10;

inline constexpr ErrorKind node_token_needed{"node_token_needed", 401,
                                             "The node's token is needed."};
inline constexpr ErrorKind order_not_kept{"order_not_kept", 503, "The order is not on disk."};

json::object done(bool changed = true) {
  return {{"changed", changed}};
}

// What was told to this node its peers do not know.
json::object done_here(const health::Board& board, bool changed = true) {
  json::object answer = done(changed);
  answer["node"] = board.places()[0];
  answer["not_told"] = json::array(board.places().begin() + 1, board.places().end());
  return answer;
}

std::optional<routing::SteeringOrder::Kind> parse_kind(const std::string& kind) {
  using Kind = routing::SteeringOrder::Kind;
  for (const Kind one : {Kind::drain, Kind::weight, Kind::shift, Kind::force}) {
    if (to_text(one) == kind) {
      return one;
    }
  }
  return std::nullopt;
}

json::object check_json(const health::Board& board, std::size_t check) {
  json::array votes;
  for (std::size_t place = 0; place < board.places().size(); ++place) {
    votes.push_back(json::object{
        {"node", board.places()[place]},
        {"status", to_text(board.vote(check, place).status)},
        {"latency_ms",
         std::chrono::duration<double, std::milli>(board.latency(check, place)).count()}});
  }
  return {{"name", board.config(check).name},
          {"type", to_text(board.config(check).kind)},
          {"verdict", to_text(board.verdict(check))},
          {"reason", board.state(check).reason},
          {"steady_path", health::is_steady(board.state(check), board.config(check).settings)},
          {"votes", std::move(votes)}};
}

json::object target_json(DnsPlan& plan, std::uint32_t index) {
  const routing::Target& target = plan.snapshot().targets[index];
  const routing::TargetState& state = plan.states()[index];
  return {{"name", target.name},
          {"region", target.region == routing::no_region ? std::string()
                                                         : plan.snapshot().regions[target.region]},
          {"zone", target.zone},
          {"state", routing::describe(state)},
          {"usable", state.usable()},
          {"answers", plan.live().answers(index)}};
}

}  // namespace

bool DnsAdmin::may(const net::Request& request) const {
  const std::string_view given = request.header("Authorization").value_or("");
  return equal_in_constant_time(given, "Bearer " + token_);
}

Task<net::Response> DnsAdmin::handle(net::Request request) {
  net::Response response = answer(request);
  if (response.status != 200 || request.path != "/v1/dns/steer") {
    co_return response;
  }
  co_return co_await kept(std::move(response), std::move(request.request_id));
}

Task<net::Response> DnsAdmin::kept(net::Response response, std::string request_id) {
  if (co_await control_.keep_orders()) {
    co_return response;
  }
  co_return net::problem(
      Error(order_not_kept,
            "The order is in force, but the state folder cannot be written: the next start forgets "
            "it. The log says why."),
      request_id);
}

net::Response DnsAdmin::answer(const net::Request& request) {
  if (request.method == net::Method::post && request.path == "/v1/dns/votes") {
    return net::json_response(control_.take_votes(request.body) ? 200 : 403, "{}");
  }
  if (!may(request)) {
    return net::problem(Error(node_token_needed, "It is in admin.json of the state folder."),
                        request.request_id);
  }
  if (request.method == net::Method::get && request.path == "/v1/dns/status") {
    return net::json_response(200, to_string(status()));
  }
  if (request.method == net::Method::get && request.path == "/metrics") {
    net::Response response;
    response.headers.add("Content-Type", "text/plain; version=0.0.4");
    response.body = metrics_.prometheus_text();
    return response;
  }
  if (request.method == net::Method::get && request.path == "/v1/dns/explain") {
    const Result<std::string> explained = explain(request);
    return explained ? net::json_response(200, to_string(json::object{{"text", *explained}}))
                     : net::problem(explained.error(), request.request_id);
  }
  constexpr std::string_view folder = "/v1/dns/";
  if (request.method != net::Method::post || !request.path.starts_with(folder)) {
    return net::problem(Error(errc::not_found, "There is no such call."), request.request_id);
  }
  const Result<json::value> body = parse_json(request.body);
  if (!body || !body->is_object()) {
    return net::problem(Error(errc::invalid_request, "The body must be a JSON object."),
                        request.request_id);
  }
  const Answer result =
      act(std::string_view(request.path).substr(folder.size()), body->as_object());
  return result ? net::json_response(200, to_string(*result))
                : net::problem(result.error(), request.request_id);
}

DnsAdmin::Answer DnsAdmin::act(std::string_view what, const json::object& body) {
  if (what == "steer") {
    return steer(body);
  }
  if (what == "alarm") {
    return alarm(body);
  }
  if (what == "load") {
    return load(body);
  }
  if (what == "rtt") {
    return rtt(body);
  }
  if (what == "lease") {
    return lease(body);
  }
  return fail(errc::not_found, "There is no such call.");
}

json::value DnsAdmin::status() const {
  DnsPlan& plan = control_.current_plan();
  json::array targets;
  for (std::uint32_t i = 0; i < plan.snapshot().targets.size(); ++i) {
    targets.push_back(target_json(plan, i));
  }
  json::array checks;
  for (std::size_t i = 0; i < control_.board().size(); ++i) {
    checks.push_back(check_json(control_.board(), i));
  }
  json::array policies;
  for (const routing::Node& node : plan.snapshot().nodes) {
    policies.push_back(json::object{{"name", node.name}, {"type", to_text(node.kind)}});
  }
  return json::object{{"node", control_.board().places()[0]},
                      {"now", format_rfc3339(control_.now())},
                      {"targets", std::move(targets)},
                      {"checks", std::move(checks)},
                      {"policies", std::move(policies)},
                      {"orders", control_.orders().to_json()},
                      {"instances", control_.lease_registry().size()}};
}

Result<std::string> DnsAdmin::explain(const net::Request& request) {
  const std::string asked(request.query_value("name").value_or(""));
  const std::optional<traffic::Address> client =
      traffic::parse_address(request.query_value("client").value_or(""));
  const std::optional<std::uint16_t> wanted =
      dns::parse_type(request.query_value("type").value_or("A"));
  if (!client || !wanted) {
    return fail(errc::invalid_request, "`client` must be an IP address, `type` a type of records.");
  }
  std::vector<std::uint8_t> alias;
  const dns::Name root;
  const std::optional<dns::Name> name = dns::Name::parse(asked, &root);
  const std::shared_ptr<const dns::Snapshot> zones = control_.zones();
  dns::NamePath path;
  if (name && zones) {
    path = dns::path_of(*zones, name->lowered(), *wanted);
  }
  if (path.end == dns::NamePath::End::elsewhere && path.steps.empty()) {
    if (!control_.current_plan().snapshot().nodes_by_name.contains(asked)) {
      return fail(
          errc::not_found,
          fmt::format("\"{}\" is in no zone of this server, and no policy has that name.", asked));
    }
    return explain_policy(asked, root, *client, *wanted, alias);
  }
  std::string text = dns::to_text(path, *wanted);
  for (unsigned hop = 0; hop < limits::policy_depth && !path.policy.empty(); ++hop) {
    const Result<std::string> part =
        explain_policy(path.policy, path.name, *client, *wanted, alias);
    if (!part) {
      return part;
    }
    text += *part;
    if (alias.empty()) {
      break;
    }
    const dns::Name next = dns::Name::from_wire(alias).value_or(root);
    path = dns::path_of(*zones, next, *wanted, true);
    text += dns::to_text(path, *wanted);
  }
  return text;
}

// `alias` becomes the name whose records are answered, when the answer is one.
Result<std::string> DnsAdmin::explain_policy(const std::string& policy, const dns::Name& name,
                                             const traffic::Address& client, std::uint16_t wanted,
                                             std::vector<std::uint8_t>& alias) {
  alias.clear();
  if (policy == routing::discovery_policy) {
    return routing::explain_discovery(control_.lease_registry(), name.wire(), control_.steady());
  }
  DnsPlan& plan = control_.current_plan();
  const auto node = plan.snapshot().nodes_by_name.find(policy);
  if (node == plan.snapshot().nodes_by_name.end()) {
    return fail(errc::unavailable, "The policies are just being replaced; ask again.");
  }
  routing::Question question;
  question.client = client;
  question.wants_v4 = wanted != dns::type::aaaa;
  question.wants_v6 = wanted != dns::type::a;
  question.thread = limits::query_threads - 1;  // no thread of the server has this number
  routing::Explained explained =
      routing::explain(plan.snapshot(), plan.live(), plan.states(), node->second, question);
  alias = std::move(explained.alias);
  return std::move(explained.text);
}

DnsAdmin::Answer DnsAdmin::steer(const json::object& body) {
  const auto kind = parse_kind(traffic::text_or(body, "kind"));
  if (!kind) {
    return fail(errc::invalid_request, "`kind` must be drain, weight, shift or force.");
  }
  const std::string subject = traffic::text_or(body, "subject");
  if (traffic::flag_or(body, "cancel", false)) {
    const bool changed = control_.orders().cancel(*kind, subject);
    control_.orders_changed();
    return done_here(control_.board(), changed);
  }
  const std::int64_t seconds = std::clamp<std::int64_t>(
      traffic::whole_or(body, "seconds", std::chrono::seconds(steering_usual).count()), 0,
      std::chrono::seconds(limits::steering_most).count());
  const std::int64_t weight = traffic::whole_or(body, "weight", 0);
  if (weight < 0 || weight > limits::policy_weight) {
    return fail(errc::invalid_request, "`weight` must be from 0 to 1000000.");
  }
  const std::string wanted = traffic::text_or(body, "health", "down");
  routing::SteeringOrder order{*kind,
                               subject,
                               static_cast<std::uint32_t>(weight),
                               routing::Health::unknown,
                               control_.now() + std::chrono::seconds(seconds),
                               traffic::text_or(body, "reason")};
  if (*kind == routing::SteeringOrder::Kind::force) {
    order.health = wanted == "up" ? routing::Health::up : routing::Health::down;
  }
  DnsPlan& plan = control_.current_plan();
  const std::shared_ptr<const dns::Snapshot> zones = control_.zones();
  const Result<void> applied = control_.orders().apply(
      std::move(order), traffic::flag_or(body, "force", false), plan.snapshot(), plan.states(),
      zones ? dns::policies_named(*zones) : std::set<std::string>(), control_.now());
  if (!applied) {
    return std::unexpected(applied.error());
  }
  control_.orders_changed();
  return done_here(control_.board());
}

DnsAdmin::Answer DnsAdmin::alarm(const json::object& body) {
  const std::string state = traffic::text_or(body, "state");
  const health::Status status = state == "ok"      ? health::Status::up
                                : state == "alarm" ? health::Status::down
                                                   : health::Status::unknown;
  if (!control_.set_alarm(traffic::text_or(body, "name"), status)) {
    return fail(errc::not_found, "There is no [[check]] of type alarm with this name.");
  }
  return done_here(control_.board());
}

DnsAdmin::Answer DnsAdmin::load(const json::object& body) {
  const std::string target = traffic::text_or(body, "target");
  const double value = traffic::number_or(body, "load", -1);
  if (!control_.current_plan().snapshot().targets_by_name.contains(target) || !(value >= 0)) {
    return fail(errc::invalid_request, "`target` must be one of ours and `load` not below 0.");
  }
  control_.report_load(target, value);
  return done();
}

DnsAdmin::Answer DnsAdmin::rtt(const json::object& body) {
  const std::optional<traffic::Address> client =
      traffic::parse_address(traffic::text_or(body, "client"));
  const std::vector<std::string>& regions = control_.current_plan().snapshot().regions;
  const auto region = std::ranges::find(regions, traffic::text_or(body, "region"));
  const double ms = traffic::number_or(body, "ms", -1);
  if (!client || region == regions.end() || !(ms > 0 && ms < 60'000)) {
    return fail(errc::invalid_request,
                "`client` must be an IP address, `region` one of ours, `ms` above 0.");
  }
  control_.observe_rtt(*client, static_cast<std::size_t>(region - regions.begin()),
                       Duration(static_cast<std::int64_t>(ms * 1e6)));
  return done();
}

DnsAdmin::Answer DnsAdmin::lease(const json::object& body) {
  routing::LeaseRegistry& registry = control_.lease_registry();
  const std::string instance = traffic::text_or(body, "instance");
  if (traffic::flag_or(body, "remove", false)) {
    const bool was = registry.remove(instance);
    control_.leases_changed(true);
    return done(was);
  }
  const std::int64_t seconds =
      std::clamp<std::int64_t>(traffic::whole_or(body, "seconds", lease_usual_seconds), 0, 86'400);
  const Result<bool> changed =
      registry.put(routing::read_lease(body), std::chrono::seconds(seconds), control_.steady());
  if (!changed) {
    return std::unexpected(changed.error());
  }
  control_.leases_changed(*changed);
  return done(*changed);
}

}  // namespace securecart::cli
