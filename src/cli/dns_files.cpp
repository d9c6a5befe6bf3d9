#include "cli/dns_files.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>

#include <fmt/format.h>

#include "base/files.hpp"
#include "base/limits.hpp"
#include "cli/limits.hpp"
#include "traffic/dns/transfer.hpp"

namespace securecart::cli {
namespace {

using traffic::PolicySource;
using traffic::dns::Bytes;
using traffic::dns::Journal;
using traffic::dns::Name;
using traffic::dns::ServedZone;
using traffic::dns::Snapshot;
using traffic::dns::Zone;
using traffic::dns::ZoneConfig;
using traffic::dns::ZoneKeys;

constexpr std::string_view zone_ending = ".zone";

// So that a file is found to be the same; not against anyone.
std::uint64_t fingerprint_of(std::string_view text, std::uint64_t before) {
  return traffic::dns::siphash64({before, text.size()},
                                 {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

Error with_file(const std::filesystem::path& path, Error error) {
  if (error.detail.find(path.string()) == std::string::npos) {
    error.detail = path.string() + ": " + error.detail;
  }
  return error;
}

}  // namespace

Result<void> write_secret_file(const std::filesystem::path& path, std::string_view text) {
  constexpr mode_t owner_only = 0600;
  const std::string part = path.string() + ".part";
  const int file = open(part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, owner_only);
  bool good = file >= 0;
  good = good && write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  good = good && fsync(file) == 0;
  const int error = errno;
  if (file >= 0) {
    close(file);
  }
  if (!good || std::rename(part.c_str(), path.c_str()) != 0) {
    return fail(errc::invalid_request,
                fmt::format("{}: {}", path.string(), std::strerror(good ? errno : error)));
  }
  return {};
}

DnsFiles::DnsFiles(std::filesystem::path config, LoadPolicies load_policies,
                   observe::Metrics& metrics, Random& random)
    : config_(std::filesystem::absolute(config)),
      load_policies_(std::move(load_policies)),
      metrics_(metrics),
      cookie_secret_{random.next(), random.next()} {}

std::filesystem::path DnsFiles::resolve(const std::string& path) const {
  return config_.parent_path() / path;
}

Result<DnsFiles::Loaded> DnsFiles::load(const Snapshot* before) {
  const Result<std::string> text = read_file(config_, limits::config_bytes);
  if (!text) {
    return std::unexpected(text.error());
  }
  Result<traffic::dns::Config> config = traffic::dns::parse_config(config_.string(), *text);
  if (!config) {
    return std::unexpected(config.error());
  }
  LoadedPolicies policies;
  if (!config->policies.empty()) {
    Result<LoadedPolicies> made = load_policies_(resolve(config->policies).string());
    if (!made) {
      return std::unexpected(made.error());
    }
    policies = std::move(*made);
  }
  if (!config->has_cookie_secret) {
    config->settings.cookie_secret = cookie_secret_;
  }
  const Result<std::vector<ZoneConfig>> zones = all_zones(*config);
  if (!zones) {
    return std::unexpected(zones.error());
  }
  std::vector<ServedZone> served;
  std::string problems;
  for (const ZoneConfig& zone : *zones) {
    const bool counted = zones->size() <= limits::dns_zone_counters;
    Result<ServedZone> one = serve(zone, policies.source.get(), counted);
    if (!one) {
      problems += (problems.empty() ? "" : "\n") + one.error().detail;
      continue;
    }
    if (before != nullptr) {
      traffic::dns::NameKey key;
      key.set(zone.name.wire());
      const Snapshot::Found found = before->find(key);
      if (found.served != nullptr && found.served->zone->name() == zone.name) {
        one->journal =
            found.served->zone == one->zone
                ? found.served->journal
                : Journal::extended(found.served->journal, *found.served->zone, *one->zone);
      }
    }
    served.push_back(std::move(*one));
  }
  if (!problems.empty()) {
    return fail(errc::invalid_request, problems);
  }
  Loaded loaded{std::move(*config), nullptr, std::move(policies.take)};
  loaded.snapshot = std::make_shared<Snapshot>(std::move(served), std::move(policies.source),
                                               loaded.config.settings);
  return loaded;
}

Result<std::vector<ZoneConfig>> DnsFiles::all_zones(const traffic::dns::Config& config) const {
  std::vector<ZoneConfig> zones = config.zones;
  if (config.zone_folder.empty()) {
    return zones;
  }
  std::error_code error;
  const std::filesystem::path folder = resolve(config.zone_folder);
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    if (entry.path().extension() == zone_ending) {
      files.push_back(entry.path());
    }
  }
  if (error) {
    return fail(errc::not_found, folder.string() + ": " + error.message());
  }
  std::ranges::sort(files);
  const Name root;
  for (const std::filesystem::path& file : files) {
    const std::optional<Name> name = Name::parse(file.stem().string(), &root);
    if (!name) {
      return fail(errc::invalid_request, file.string() + ": its name is not a domain name");
    }
    const bool listed = std::ranges::any_of(
        config.zones, [&name](const ZoneConfig& zone) { return zone.name == *name; });
    if (!listed) {
      ZoneConfig zone;
      zone.name = name->lowered();
      zone.file = file.string();
      zones.push_back(std::move(zone));
    }
  }
  return zones;
}

Result<ServedZone> DnsFiles::serve(const ZoneConfig& zone, const PolicySource* policies,
                                   bool counted) {
  ServedZone served;
  Result<std::shared_ptr<const Zone>> loaded = load_zone(zone, policies);
  if (!loaded) {
    return std::unexpected(loaded.error());
  }
  served.zone = std::move(*loaded);
  if (!zone.keys.empty()) {
    const std::filesystem::path path = resolve(zone.keys);
    const Result<std::string> text = read_file(path, limits::config_bytes);
    if (!text) {
      return std::unexpected(text.error());
    }
    Result<std::shared_ptr<const ZoneKeys>> keys = ZoneKeys::parse(zone.name, path.string(), *text);
    if (!keys) {
      return std::unexpected(with_file(path, std::move(keys.error())));
    }
    served.keys = std::move(*keys);
  }
  served.transfer_to = zone.transfer_to;
  served.transfer_key = zone.transfer_key;
  if (counted) {
    served.queries =
        &metrics_.counter("securecart_dns_zone_queries_total", "Questions for names in a zone.",
                          {{"zone", zone.name.to_text()}});
  }
  return served;
}

Result<std::shared_ptr<const Zone>> DnsFiles::load_zone(const ZoneConfig& zone,
                                                        const PolicySource* policies) {
  const std::filesystem::path path = resolve(zone.file);
  const Result<std::string> text = read_file(path, limits::dns_zone_file_bytes);
  if (!text) {
    return std::unexpected(text.error());
  }
  Kept& kept = kept_[zone.name.to_text()];
  const std::uint64_t fingerprint = fingerprint_of(*text, 0);
  // What a zone includes, or asks of policies, may change though the zone's own file does not.
  const bool alone = !text->contains("$INCLUDE") && !text->contains("$include");
  if (kept.zone && alone && kept.fingerprint == fingerprint && !kept.zone->has_policies()) {
    return kept.zone;
  }
  const traffic::dns::ReadFile read = [](const std::string& file) {
    return read_file(file, limits::dns_zone_file_bytes);
  };
  Result<std::shared_ptr<const Zone>> loaded =
      traffic::dns::load_zone(path.string(), *text, zone.name, read, policies);
  if (loaded) {
    kept = {fingerprint, *loaded};
  }
  return loaded;
}

}  // namespace securecart::cli
