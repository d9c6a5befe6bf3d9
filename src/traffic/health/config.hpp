// The tables [health], [[peer]] and [[check]] of a policy file, as plain values.
// docs/dns-policies.md is their reference.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/config.hpp"
#include "traffic/health/check_machine.hpp"
#include "traffic/model/address.hpp"

namespace securecart::traffic::health {

enum class CheckKind : std::uint8_t { http, tcp, metric, alarm, all, any, at_least };
std::string_view to_text(CheckKind kind);

struct CheckConfig {
  std::string name;
  CheckKind kind = CheckKind::http;
  CheckSettings settings;
  // http and metric: http(s)://...; tcp: tcp://host:port. May hold {address}: then every target
  // that names the check gets one of its own.
  std::string url;
  std::string host;                // the Host field, when it is not the URL's
  std::int64_t status_from = 200;  // of a right answer
  std::int64_t status_to = 399;
  std::string body;             // must be in the first check_body_bytes of the answer
  Duration slow{};              // an answer slower than this is wrong; zero: any will do
  std::string metric;           // `name` or `name{label="value"}` of a Prometheus text
  std::optional<double> above;  // the metric is wrong above, or below
  std::optional<double> below;
  std::vector<std::string> of;  // checks a calculated one looks at
  std::int64_t least = 1;       // of at_least
  bool inverted = false;
  bool disabled = false;  // counts as up and is not run

  bool calculated() const {
    return kind == CheckKind::all || kind == CheckKind::any || kind == CheckKind::at_least;
  }
  bool probes() const { return !calculated() && kind != CheckKind::alarm && !disabled; }
  bool per_target() const { return url.find("{address}") != std::string::npos; }
  // What makes it the same check on another node, or after a restart.
  std::string fingerprint() const;
};

struct PeerConfig {
  std::string name;
  std::string url;                // of the other node's admin API
  std::vector<Network> networks;  // clients it stands for: as far from each region as it is
};

struct HealthConfig {
  std::string node = "local";     // how peers call this one
  std::vector<Network> networks;  // clients this node stands for
  std::string secret_file;        // shared by the nodes; needed when there are peers
  std::string ca_file;            // PEM certificates that https checks trust; empty: the system's
  std::int64_t quorum = 1;
  bool keep_when_cut_off = true;  // when everything falls silent at once
  std::vector<PeerConfig> peers;
  std::vector<CheckConfig> checks;  // a calculated one comes after those it looks at

  const CheckConfig* find(std::string_view name) const;
};

// Adds what is wrong to the reader's problems: use the result only when root.finish() is well.
HealthConfig read_health(const ConfigReader& root);
Result<HealthConfig> parse_health(std::string_view file, std::string_view text);

// The check of one target: {address} filled in, "@target" behind the name.
CheckConfig for_target(const CheckConfig& check, const std::string& target, const Address& address);

}  // namespace securecart::traffic::health
