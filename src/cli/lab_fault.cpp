// securecart lab fault and lab heal: break something on purpose, and take it back.
#include <cstdio>

#include <fmt/format.h>

#include "cli/command.hpp"
#include "cli/lab_state.hpp"

namespace securecart::cli {
namespace {

struct LabFaultArguments {
  std::string state = "lab";
  std::vector<std::string> words;
  int number = 0;
};

int inject(const LabFaultArguments& arguments) {
  try {
    const Result<lab::Fault> fault =
        lab::parse_fault(fmt::format("{}", fmt::join(arguments.words, " ")));
    if (!fault) {
      std::fprintf(stderr, "securecart lab fault: %s\n", fault.error().detail.c_str());
      return 2;
    }
    const lab::RegionLab region = lab::RegionLab::open(arguments.state);
    SecureRandom random;
    const Result<lab::ActiveFault> active = injector_for(region, random).inject(*fault);
    if (!active) {
      std::fprintf(stderr, "securecart lab fault: %s\n", active.error().detail.c_str());
      return 1;
    }
    std::printf("%s\n", lab::describe(*active).c_str());
    if (!fault->heals_itself()) {
      std::printf("heal it with: securecart lab heal --state %s %d\n", arguments.state.c_str(),
                  active->number);
    }
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "securecart lab fault: %s\n", error.what());
    return 2;
  }
}

int heal(const LabFaultArguments& arguments) {
  try {
    const lab::RegionLab region = lab::RegionLab::open(arguments.state);
    SecureRandom random;
    lab::Injector injector = injector_for(region, random);
    if (arguments.number == 0) {
      injector.heal_all();
    } else if (!injector.heal(arguments.number)) {
      std::fprintf(stderr, "securecart lab heal: there is no fault %d\n", arguments.number);
      return 1;
    }
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "securecart lab heal: %s\n", error.what());
    return 2;
  }
}

}  // namespace

void add_lab_fault(CLI::App& parent, Exit& exit) {
  CLI::App& word = *parent.add_subcommand(
      "fault",
      "Break something: kill UNIT@PLACE, pause UNIT@PLACE, power-off PLACE, cut PLACE, partition "
      "PLACE from PLACE [one-way], loss PLACE PERCENT, delay PLACE TIME [jitter TIME], disk-full "
      "PLACE, disk-slow PLACE; a PLACE is zone:a, host:a-data, any-zone, holder:primary, "
      "zone-of:primary, with:redis, all");
  auto arguments = std::make_shared<LabFaultArguments>();
  add_lab_state(word, arguments->state);
  word.add_option("FAULT", arguments->words, "Its words")->required();
  word.callback([arguments, &exit] { exit.status = inject(*arguments); });
}

void add_lab_heal(CLI::App& parent, Exit& exit) {
  CLI::App& word =
      *parent.add_subcommand("heal", "Take a fault back; without a number all of them");
  auto arguments = std::make_shared<LabFaultArguments>();
  add_lab_state(word, arguments->state);
  word.add_option("NUMBER", arguments->number, "Of the fault, as `lab status` shows it");
  word.callback([arguments, &exit] { exit.status = heal(*arguments); });
}

}  // namespace securecart::cli
