// securecart topology render: every file a host would get, for people to read. Secrets are not
// filled in.
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <memory>
#include <stdexcept>

#include <fmt/format.h>

#include "cli/command.hpp"
#include "cli/topology_file.hpp"
#include "cluster/topology/host_plan.hpp"

namespace securecart::cli {
namespace {

struct TopologyRenderArguments {
  std::string host;
  std::string file;
  std::string out;
};

void write(const std::filesystem::path& out, const cluster::RenderedFile& file) {
  const std::filesystem::path path = out / file.path.substr(1);
  std::filesystem::create_directories(path.parent_path());
  std::ofstream stream(path, std::ios::binary);
  stream << file.text << std::flush;
  if (!stream) {
    throw std::runtime_error("cannot write " + path.string());
  }
  std::filesystem::permissions(path, static_cast<std::filesystem::perms>(file.mode));
}

// Words of a command, as a shell would take them.
std::string shell_words(const std::vector<std::string>& words) {
  std::string line;
  for (const std::string& word : words) {
    const bool plain = !word.empty() && word.find_first_not_of(
                                            "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVW"
                                            "XYZ0123456789-_./:,=@+%") == std::string::npos;
    line += fmt::format("{}{}", line.empty() ? "" : " ", plain ? word : "'" + word + "'");
  }
  return line;
}

std::string unit_text(const cluster::Unit& unit) {
  std::string text = fmt::format("{} (as {})\n", unit.name, unit.user);
  for (const auto& [name, value] : unit.environment) {
    text += fmt::format("    {}={}\n", name, shell_words({value}));
  }
  return text + fmt::format("    {}\n", shell_words(unit.command));
}

// What people put there, with the words that make it.
std::string secret_text(const cluster::Host& host, const cluster::Secret& secret) {
  std::string text = fmt::format("{} (0600, {})\n", secret.name, secret.owner);
  if (secret.kind == cluster::Secret::Kind::identity) {
    std::vector<std::string> words{"securecart",
                                   "ca",
                                   "issue",
                                   "--ca",
                                   "ca",
                                   "--roles",
                                   fmt::format("{}", fmt::join(secret.roles, ",")),
                                   "--address",
                                   host.address};
    for (const std::string& name : secret.names) {
      words.insert(words.end(), {"--host", name});
    }
    words.insert(words.end(), {"--out", secret.name});
    text += fmt::format("    {}\n", shell_words(words));
  }
  return text;
}

void print_plan(const cluster::Topology& topology, const cluster::Host& host,
                const cluster::HostPlan& plan) {
  std::printf("# Files\n");
  for (const cluster::RenderedFile& file : plan.files) {
    std::printf("%s (%04o, %s%s)\n", file.path.c_str(), static_cast<unsigned>(file.mode),
                file.owner.c_str(), file.seed ? ", once" : "");
  }
  std::printf("\n# Secrets to put into /etc/securecart/secrets\n");
  for (const cluster::Secret& secret : cluster::host_secrets(topology, host)) {
    std::printf("%s", secret_text(host, secret).c_str());
  }
  std::printf("\n# Units\n");
  for (const cluster::Unit& unit : plan.units) {
    std::printf("%s", unit_text(unit).c_str());
  }
  if (host.slots > 0) {
    std::printf("\n# Instances, as they would be in slot 0 of %d\n", host.slots);
    for (const cluster::Service& service : topology.services) {
      std::printf("%s",
                  unit_text(cluster::instance_unit(topology, host, {}, service, 0, "")).c_str());
    }
  }
}

int render(const TopologyRenderArguments& arguments) {
  try {
    const cluster::Topology topology = read_topology_file(arguments.file);
    const cluster::Host* const host = topology.host(arguments.host);
    if (host == nullptr) {
      throw std::runtime_error(fmt::format("{} has no host {}", arguments.file, arguments.host));
    }
    const cluster::HostPlan plan = cluster::host_plan(topology, *host, {});
    for (const cluster::RenderedFile& file : plan.files) {
      write(arguments.out, file);
    }
    print_plan(topology, *host, plan);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}

}  // namespace

void add_topology_render(CLI::App& parent, Exit& exit) {
  CLI::App& word = *parent.add_subcommand(
      "render", "Write every configuration file a host would get, and say what it would run");
  auto arguments = std::make_shared<TopologyRenderArguments>();
  word.add_option("HOST", arguments->host, "Name of the host")->required();
  word.add_option("FILE", arguments->file, "Topology file (docs/region.md)")->required();
  word.add_option("--out", arguments->out, "Folder; files are below it as they would be below /")
      ->required();
  word.callback([arguments, &exit] { exit.status = render(*arguments); });
}

}  // namespace securecart::cli
