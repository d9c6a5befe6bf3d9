// securecart lab machine: what a lab starts to be one of its hosts (lab/hosts/machine.hpp). Not for
// people.
#include <cstdio>

#include "cli/command.hpp"
#include "lab/hosts/lab.hpp"

namespace securecart::cli {
namespace {

struct LabMachineArguments {
  std::string state;
  std::string name;
};

int start(const LabMachineArguments& arguments) {
  try {
    return lab::start_machine(arguments.state, arguments.name);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "securecart lab machine: %s\n", error.what());
    return 1;
  }
}

}  // namespace

void add_lab_machine(CLI::App& parent, Exit& exit) {
  CLI::App& word = *parent.add_subcommand("machine", "Be a host of a lab");
  word.group("");  // not shown
  auto arguments = std::make_shared<LabMachineArguments>();
  word.add_option("STATE", arguments->state, "The lab's folder")->required();
  word.add_option("NAME", arguments->name, "The machine")->required();
  word.callback([arguments, &exit] { exit.status = start(*arguments); });
}

}  // namespace securecart::cli
