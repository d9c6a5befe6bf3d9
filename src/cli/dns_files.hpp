// Reads what `securecart dns` serves: configuration, zones, keys. Zones whose files have not
// changed since the last time are kept as they are.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/prng.hpp"
#include "observe/metrics.hpp"
#include "traffic/dns/config.hpp"
#include "traffic/dns/snapshot.hpp"

namespace securecart::cli {

// Atomically, readable by the owner only.
Result<void> write_secret_file(const std::filesystem::path& path, std::string_view text);

// Policies for the next snapshot, which uses the source as long as it lives. Whoever is about to
// serve it calls `take`, if there is one; policies nobody takes change nothing.
struct LoadedPolicies {
  std::shared_ptr<const traffic::PolicySource> source;
  std::function<void()> take = nullptr;
};

// Makes the policies of the file that the configuration names. Called at each load, with an
// absolute path.
using LoadPolicies = std::function<Result<LoadedPolicies>(const std::string& path)>;

class DnsFiles {
 public:
  DnsFiles(std::filesystem::path config, LoadPolicies load_policies, observe::Metrics& metrics,
           Random& random);

  struct Loaded {
    traffic::dns::Config config;
    std::shared_ptr<const traffic::dns::Snapshot> snapshot;
    std::function<void()> take_policies = nullptr;  // to be called before it is served
  };
  // Everything from the disk, or all that is wrong with it. `before`, when not null, gives the
  // differences that IXFR needs.
  Result<Loaded> load(const traffic::dns::Snapshot* before);

 private:
  struct Kept {
    std::uint64_t fingerprint = 0;
    std::shared_ptr<const traffic::dns::Zone> zone;
  };
  std::filesystem::path resolve(const std::string& path) const;
  Result<std::vector<traffic::dns::ZoneConfig>> all_zones(const traffic::dns::Config& config) const;
  Result<std::shared_ptr<const traffic::dns::Zone>> load_zone(
      const traffic::dns::ZoneConfig& zone, const traffic::PolicySource* policies);
  Result<traffic::dns::ServedZone> serve(const traffic::dns::ZoneConfig& zone,
                                         const traffic::PolicySource* policies, bool counted);

  std::filesystem::path config_;
  LoadPolicies load_policies_;
  observe::Metrics& metrics_;
  traffic::dns::SipKey cookie_secret_;  // unless the configuration has one
  std::map<std::string, Kept> kept_;    // by the zone's name
};

}  // namespace securecart::cli
