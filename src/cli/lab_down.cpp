// securecart lab down: as if it had never been.
#include <cstdio>

#include "cli/command.hpp"
#include "cli/lab_state.hpp"
#include "lab/hosts/lab.hpp"

namespace securecart::cli {
namespace {

int down(const std::string& state) {
  try {
    const int machines = lab::Lab::take_down(state);
    std::printf("%d machines ended; nothing of the lab is left\n", machines);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "securecart lab down: %s\n", error.what());
    return 1;
  }
}

}  // namespace

void add_lab_down(CLI::App& parent, Exit& exit) {
  CLI::App& word = *parent.add_subcommand(
      "down", "End every machine of a lab and remove its folder, also after a crash of the lab");
  auto state = std::make_shared<std::string>("lab");
  add_lab_state(word, *state);
  word.callback([state, &exit] { exit.status = down(*state); });
}

}  // namespace securecart::cli
