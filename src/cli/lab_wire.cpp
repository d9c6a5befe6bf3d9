// securecart lab wire: the process that delays what passes a cable of the lab
// (lab/faults/wire.hpp). Not for people.
#include <cstdio>

#include "base/clock.hpp"
#include "base/prng.hpp"
#include "cli/command.hpp"
#include "lab/faults/wire.hpp"

namespace securecart::cli {
namespace {

struct LabWireArguments {
  std::string port;
  std::int64_t delay_ms = 0;
  std::int64_t jitter_ms = 0;
};

int run(const LabWireArguments& arguments) {
  const SystemClock clock;
  Prng random(SecureRandom().next());
  try {
    lab::WireOptions options;
    options.port = arguments.port;
    options.delay = std::chrono::milliseconds(arguments.delay_ms);
    options.jitter = std::chrono::milliseconds(arguments.jitter_ms);
    lab::run_wire(options, clock, random);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "securecart lab wire: %s\n", error.what());
  }
  return 1;
}

}  // namespace

void add_lab_wire(CLI::App& parent, Exit& exit) {
  CLI::App& word = *parent.add_subcommand("wire", "Delay what passes a cable");
  word.group("");  // not shown
  auto arguments = std::make_shared<LabWireArguments>();
  word.add_option("PORT", arguments->port, "Of the switch")->required();
  word.add_option("DELAY", arguments->delay_ms, "In milliseconds")->required();
  word.add_option("JITTER", arguments->jitter_ms, "In milliseconds")->required();
  word.callback([arguments, &exit] { exit.status = run(*arguments); });
}

}  // namespace securecart::cli
