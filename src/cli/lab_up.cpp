// securecart lab up: a whole region on this machine.
#include <cstdio>

#include <fmt/format.h>

#include "cli/command.hpp"
#include "cli/lab_state.hpp"

namespace securecart::cli {
namespace {

struct LabUpArguments {
  std::string topology;
  std::string state = "lab";
};

int up(const LabUpArguments& arguments) {
  const SystemClock clock;
  const SteadyTime began = clock.steady();
  const auto tell = [&clock, began](const std::string& what) {
    std::printf("%6.1f s  %s\n", std::chrono::duration<double>(clock.steady() - began).count(),
                what.c_str());
    std::fflush(stdout);
  };
  try {
    const lab::RegionLab region = bring_up(arguments.topology, arguments.state, tell);
    tell(fmt::format("{} is open at {} for the machine `{}`", region.topology().name,
                     region.shop_url(), lab::outside_name));
    std::printf(
        "keys       %s\n"
        "look       securecart lab status --state %s\n"
        "break      securecart lab fault --state %s cut zone:%s\n"
        "take down  securecart lab down --state %s\n",
        region.credentials_file().c_str(), arguments.state.c_str(), arguments.state.c_str(),
        region.topology().zones.front().name.c_str(), arguments.state.c_str());
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "securecart lab up: %s\n", error.what());
    return 1;
  }
}

}  // namespace

void add_lab_up(CLI::App& parent, Exit& exit) {
  CLI::App& word = *parent.add_subcommand(
      "up", "Make every host of a topology out of namespaces and open the sample shop (root)");
  auto arguments = std::make_shared<LabUpArguments>();
  word.add_option("TOPOLOGY", arguments->topology, "The file")
      ->required()
      ->check(CLI::ExistingFile);
  add_lab_state(word, arguments->state);
  word.callback([arguments, &exit] { exit.status = up(*arguments); });
}

}  // namespace securecart::cli
