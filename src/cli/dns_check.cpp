// securecart dns check: what is wrong with zone files and configurations, before they are served.
#include <algorithm>
#include <array>
#include <cstdio>

#include "base/config.hpp"
#include "base/files.hpp"
#include "base/limits.hpp"
#include "cli/command.hpp"
#include "cli/dns_files.hpp"
#include "cli/dns_traffic.hpp"
#include "cli/limits.hpp"
#include "traffic/dns/transfer.hpp"

namespace securecart::cli {
namespace {

struct CheckArguments {
  std::vector<std::string> files;
  std::string zone;
  bool print = false;
};

// A zone alone does not say which policies there are: with its configuration they are looked for.
class AnyPolicy final : public traffic::PolicySource {
 public:
  std::optional<traffic::PolicyHandle> find(std::string_view /*name*/) const override { return 0; }
  std::span<const std::uint16_t> types(traffic::PolicyHandle /*policy*/) const override {
    return {};
  }
  void resolve(const traffic::PolicyQuestion& /*question*/,
               traffic::PolicyAnswer& /*answer*/) const noexcept override {}
};

void print_zone(const traffic::dns::Zone& zone) {
  zone.for_each_node([&zone](const traffic::dns::Node& node) {
    traffic::dns::RdataBytes owner(node.prefix().begin(), node.prefix().end());
    owner.insert(owner.end(), zone.name().wire().begin(), zone.name().wire().end());
    node.for_each([&owner](const traffic::dns::RrsetView& set) {
      set.for_each([&](const traffic::dns::RecordView& record) {
        const std::size_t handle =
            set.type == traffic::dns::type::policy ? sizeof(traffic::PolicyHandle) : 0;
        std::printf("%s %u IN %s %s\n", traffic::dns::name_text(owner).c_str(), set.ttl(),
                    traffic::dns::type_text(set.type).c_str(),
                    traffic::dns::rdata_text(set.type, record.rdata().subspan(handle)).c_str());
      });
    });
  });
}

// The zone's name is that of the file without its ending, unless it is given.
Result<void> check_zone(const std::string& file, const CheckArguments& arguments) {
  const std::string text =
      arguments.zone.empty() ? std::filesystem::path(file).stem().string() : arguments.zone;
  const traffic::dns::Name root;
  const std::optional<traffic::dns::Name> name = traffic::dns::Name::parse(text, &root);
  if (!name) {
    return fail(errc::invalid_request, file + ": '" + text + "' is not a domain name");
  }
  const traffic::dns::ReadFile read = [](const std::string& path) {
    return read_file(path, limits::dns_zone_file_bytes);
  };
  const Result<std::string> content = read(file);
  if (!content) {
    return std::unexpected(content.error());
  }
  const AnyPolicy policies;
  const auto zone = traffic::dns::load_zone(file, *content, *name, read, &policies);
  if (!zone) {
    return std::unexpected(zone.error());
  }
  if (arguments.print) {
    print_zone(**zone);
    return {};
  }
  std::printf("%s: zone %s, serial %u, %zu records, good\n", file.c_str(),
              (*zone)->name().to_text().c_str(), (*zone)->serial(), (*zone)->records());
  return {};
}

Result<void> check_config(const std::string& file) {
  observe::Metrics metrics;
  SecureRandom random;
  // Nothing is started: a server may be running on these very files.
  DnsFiles files(file, check_dns_policies, metrics, random);
  const Result<DnsFiles::Loaded> loaded = files.load(nullptr);
  if (!loaded) {
    return std::unexpected(loaded.error());
  }
  std::printf("%s: %zu zones, good\n", file.c_str(), loaded->snapshot->zones().size());
  return {};
}

// What stands in a policy file and never in a server's configuration.
bool is_policy_file(const std::string& file) {
  const Result<std::string> text = read_file(file, limits::config_bytes);
  if (!text) {
    return false;
  }
  const Result<ConfigReader> root = ConfigReader::parse(file, *text);
  const auto has = [&root](const char* key) { return root && root->has(key); };
  return !has("zone") && !has("zone_folder") && !has("listen") &&
         std::ranges::any_of(std::array{"policy", "target", "check", "region", "discovery", "rtt",
                                        "health", "state_folder", "geo_database"},
                             has);
}

Result<void> check_policies(const std::string& file) {
  const Result<DnsPolicyFile> read = read_dns_policy_file(file);
  if (!read) {
    return std::unexpected(read.error());
  }
  if (const Result<LoadedPolicies> made = check_dns_policies(file); !made) {
    return std::unexpected(made.error());
  }
  std::printf("%s: %zu policies, %zu targets, %zu checks, good\n", file.c_str(),
              read->routing.policies.size(), read->routing.targets.size(),
              read->health.checks.size());
  return {};
}

Result<void> check_toml(const std::string& file) {
  return is_policy_file(file) ? check_policies(file) : check_config(file);
}

int check(const CheckArguments& arguments) {
  int status = 0;
  try {
    for (const std::string& file : arguments.files) {
      const Result<void> good =
          file.ends_with(".toml") ? check_toml(file) : check_zone(file, arguments);
      if (!good) {
        std::fprintf(stderr, "%s\n", good.error().detail.c_str());
        status = 1;
      }
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "securecart dns check: %s\n", error.what());
    return 2;
  }
  return status;
}

}  // namespace

void add_dns_check(CLI::App& parent, Exit& exit) {
  CLI::App& word = *parent.add_subcommand(
      "check", "Say what is wrong with zone files and configurations, with file, line and column");
  auto arguments = std::make_shared<CheckArguments>();
  word.add_option("FILE", arguments->files,
                  "Zone files, named after their zone; configurations and policy files (.toml)")
      ->required();
  word.add_option("--zone", arguments->zone, "Name of the zone, when the file's name is not it");
  word.add_flag("--print", arguments->print, "Print each record, as it was understood");
  word.callback([arguments, &exit] { exit.status = check(*arguments); });
}

}  // namespace securecart::cli
