#include "traffic/health/config.hpp"

#include <algorithm>
#include <charconv>
#include <set>

#include <fmt/format.h>

#include "base/limits.hpp"
#include "net/client.hpp"
#include "traffic/health/limits.hpp"

namespace securecart::traffic::health {
namespace {

using namespace std::chrono_literals;

constexpr Duration timeout_most = 5s;
constexpr int timeout_percent = 65;  // of the interval, so that two rounds fit into 2.5 intervals
constexpr std::string_view placeholder = "{address}";

struct NamedKind {
  std::string_view name;
  CheckKind kind;
};
constexpr std::array<NamedKind, 7> kinds{{{"http", CheckKind::http},
                                          {"tcp", CheckKind::tcp},
                                          {"metric", CheckKind::metric},
                                          {"alarm", CheckKind::alarm},
                                          {"all", CheckKind::all},
                                          {"any", CheckKind::any},
                                          {"at-least", CheckKind::at_least}}};

std::string fill(std::string url, const std::string& address) {
  const std::size_t at = url.find(placeholder);
  return at == std::string::npos ? url : url.replace(at, placeholder.size(), address);
}

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= limits::dns_label_bytes &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_.") ==
             std::string_view::npos;
}

std::optional<double> read_real(const ConfigReader& table, std::string_view key) {
  const std::string text = table.string(key, "");
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty()) {
    return std::nullopt;
  }
  if (error != std::errc() || end != text.data() + text.size()) {
    table.problem(key, "must be a number in quotes, as \"0.95\"");
    return std::nullopt;
  }
  return value;
}

std::vector<Network> read_networks(const ConfigReader& table) {
  std::vector<Network> networks;
  for (const std::string& text : table.list("networks", std::vector<std::string>())) {
    if (const std::optional<Network> network = parse_network(text)) {
      networks.push_back(*network);
    } else {
      table.problem("networks", fmt::format("\"{}\" is not a network, as \"192.0.2.0/24\"", text));
    }
  }
  return networks;
}

CheckSettings read_settings(const ConfigReader& table) {
  CheckSettings settings;
  settings.interval = table.duration(
      "interval", {limits::check_interval_least, limits::check_interval_most}, Duration(1s));
  const Duration usual =
      std::min(Duration(settings.interval * timeout_percent / 100), timeout_most);
  settings.timeout = table.duration("timeout", {Duration(10ms), settings.interval}, usual);
  settings.rise = static_cast<int>(table.integer("rise", {1, limits::check_threshold}, 2));
  settings.fall = static_cast<int>(table.integer("fall", {1, limits::check_threshold}, 2));
  settings.attempts = static_cast<int>(table.integer("attempts", {1, 5}, 2));
  settings.jitter_percent = static_cast<int>(table.integer("jitter_percent", {0, 50}, 5));
  return settings;
}

void check_url(const ConfigReader& table, const CheckConfig& check) {
  const bool tcp = check.kind == CheckKind::tcp;
  std::string url = fill(check.url, "127.0.0.1");
  if (tcp && url.starts_with("tcp://")) {
    url.replace(0, 3, "http");
    const Result<net::Url> parsed = net::parse_url(url);
    if (parsed && parsed->path.empty() && url.rfind(':') > 5) {
      return;
    }
  } else if (!tcp && net::parse_url(url)) {
    return;
  }
  table.problem("url", tcp ? "must be as \"tcp://192.0.2.1:5432\""
                           : "must be as \"http://192.0.2.1:8080/readyz\"");
}

class Reading {
 public:
  explicit Reading(const ConfigReader& root) : root_(root) {}

  HealthConfig read() {
    read_node();
    for (const ConfigReader& table : root_.tables("check")) {
      config_.checks.push_back(read_check(table));
      readers_.push_back(table);
      if (config_.checks.size() > limits::health_checks) {
        table.problem("name", fmt::format("at most {} checks are allowed", limits::health_checks));
        break;
      }
    }
    return std::move(config_);
  }

 private:
  void read_node() {
    const ConfigReader health = root_.table("health");
    config_.node = health.string("node", "local");
    if (!is_name(config_.node)) {
      health.problem("node", "must be made of a-z, 0-9, '-', '_' and '.'");
    }
    config_.networks = read_networks(health);
    config_.secret_file = health.string("secret_file", "", limits::url_bytes);
    config_.ca_file = health.string("ca_file", "", limits::url_bytes);
    std::set<std::string> names{config_.node};
    for (const ConfigReader& table : root_.tables("peer")) {
      PeerConfig peer{table.string("name", required),
                      table.string("url", required, limits::url_bytes), read_networks(table)};
      if (!is_name(peer.name) || !names.insert(peer.name).second) {
        table.problem("name", "must be a name of its own, other than this node's");
      }
      if (!peer.url.empty() && !net::parse_url(peer.url)) {
        table.problem("url", "must be as \"http://192.0.2.7:8053\"");
      }
      config_.peers.push_back(std::move(peer));
    }
    const auto places = static_cast<std::int64_t>(config_.peers.size()) + 1;
    if (places > static_cast<std::int64_t>(limits::vantage_points)) {
      health.problem("quorum",
                     fmt::format("at most {} nodes check together", limits::vantage_points));
    }
    config_.quorum = health.integer("quorum", {1, places}, places / 2 + 1);
    config_.keep_when_cut_off = health.boolean("keep_when_cut_off", true);
    if (!config_.peers.empty() && config_.secret_file.empty()) {
      health.problem("secret_file", "is needed to talk to peers");
    }
  }

  static CheckKind read_kind(const ConfigReader& table) {
    const std::string type = table.choice(
        "type", {"http", "tcp", "metric", "alarm", "all", "any", "at-least"}, required);
    const auto found = std::ranges::find(kinds, type, &NamedKind::name);
    return found == kinds.end() ? CheckKind::alarm : found->kind;
  }

  CheckConfig read_check(const ConfigReader& table) {
    CheckConfig check;
    check.name = table.string("name", required);
    check.kind = read_kind(table);
    check.inverted = table.boolean("inverted", false);
    check.disabled = table.boolean("disabled", false);
    if (!is_name(check.name) || !names_.insert(check.name).second) {
      table.problem("name", "must be a name of its own, made of a-z, 0-9, '-', '_' and '.'");
    }
    if (check.calculated()) {
      read_calculated(table, check);
    } else if (check.kind != CheckKind::alarm) {
      read_probe(table, check);
    }
    return check;
  }

  // Those it looks at stand above it in the file, so there are no circles.
  void read_calculated(const ConfigReader& table, CheckConfig& check) const {
    check.of = table.list("of", required, limits::check_expression);
    for (const std::string& name : check.of) {
      const CheckConfig* const other = config_.find(name);
      if (other == nullptr) {
        table.problem("of", fmt::format("there is no [[check]] \"{}\" above this one", name));
      } else if (other->per_target()) {
        table.problem("of", fmt::format("\"{}\" is a check of each target by itself", name));
      }
    }
    if (check.of.empty()) {
      table.problem("of", "must name the checks to look at");
    }
    if (check.kind == CheckKind::at_least) {
      const auto most = static_cast<std::int64_t>(std::max<std::size_t>(check.of.size(), 1));
      check.least = table.integer("least", {1, most}, required);
    }
  }

  static void read_probe(const ConfigReader& table, CheckConfig& check) {
    check.settings = read_settings(table);
    check.url = table.string("url", required, limits::url_bytes);
    if (!check.url.empty()) {
      check_url(table, check);
    }
    check.slow = table.duration("slow", {Duration(0s), check.settings.timeout}, Duration(0s));
    if (check.kind == CheckKind::tcp) {
      return;
    }
    check.host = table.string("host", "");
    if (std::ranges::any_of(check.host, [](char c) { return c <= ' ' || c > '~'; })) {
      table.problem("host", "must be a host name");
    }
    check.status_from = table.integer("status_from", {100, 599}, 200);
    check.status_to = table.integer("status_to", {check.status_from, 599},
                                    std::max(check.status_from, std::int64_t{399}));
    if (check.kind == CheckKind::http) {
      check.body = table.string("body", "");
      return;
    }
    check.metric = table.string("metric", required);
    check.above = read_real(table, "above");
    check.below = read_real(table, "below");
    if (!check.above && !check.below) {
      table.problem("metric", "say when it is wrong: above, below or both");
    }
  }

  const ConfigReader& root_;
  HealthConfig config_;
  std::set<std::string> names_;
  std::vector<ConfigReader> readers_;
};

}  // namespace

std::string_view to_text(CheckKind kind) {
  return std::ranges::find(kinds, kind, &NamedKind::kind)->name;
}

std::string CheckConfig::fingerprint() const {
  return fmt::format("{}|{}|{}|{}|{}|{}|{}|{}", name, to_text(kind), url, host, body, metric,
                     inverted, settings.interval.count());
}

const CheckConfig* HealthConfig::find(std::string_view name) const {
  const auto found = std::ranges::find(checks, name, &CheckConfig::name);
  return found == checks.end() ? nullptr : &*found;
}

HealthConfig read_health(const ConfigReader& root) {
  return Reading(root).read();
}

Result<HealthConfig> parse_health(std::string_view file, std::string_view text) {
  const Result<ConfigReader> root = ConfigReader::parse(file, text);
  if (!root) {
    return std::unexpected(root.error());
  }
  HealthConfig config = read_health(*root);
  if (Result<void> good = root->finish(); !good) {
    return std::unexpected(good.error());
  }
  return config;
}

CheckConfig for_target(const CheckConfig& check, const std::string& target,
                       const Address& address) {
  CheckConfig made = check;
  const std::string host = to_text(address);
  made.name += "@" + target;
  made.url = fill(made.url, address.family == Family::v6 ? "[" + host + "]" : host);
  return made;
}

}  // namespace securecart::traffic::health
