// securecart lab exec: a command on a host of the lab.
#include <cstdio>
#include <cstring>
#include <unistd.h>

#include "cli/command.hpp"
#include "cli/lab_state.hpp"
#include "lab/hosts/lab.hpp"

namespace securecart::cli {
namespace {

struct LabExecArguments {
  std::string state = "lab";
  std::string host;
  std::vector<std::string> command;
};

// Becomes the command, so that terminal, input and signals are its own.
int execute(const LabExecArguments& arguments) {
  try {
    lab::Arguments command = arguments.command;
    if (command.size() > 1 && command.front() == "--") {
      command.erase(command.begin());
    }
    lab::Arguments words = lab::Lab::open(arguments.state).inside(arguments.host, command);
    std::vector<char*> argv;
    for (std::string& word : words) {
      argv.push_back(word.data());
    }
    argv.push_back(nullptr);
    ::execvp(argv[0], argv.data());
    throw std::runtime_error(words.front() + ": " + std::strerror(errno));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "securecart lab exec: %s\n", error.what());
    return 2;
  }
}

}  // namespace

void add_lab_exec(CLI::App& parent, Exit& exit) {
  CLI::App& word = *parent.add_subcommand("exec", "Run a command on a host: exec HOST -- COMMAND");
  auto arguments = std::make_shared<LabExecArguments>();
  add_lab_state(word, arguments->state);
  word.add_option("HOST", arguments->host, "Its name; `outside` for the shoppers' side")
      ->required();
  word.add_option("COMMAND", arguments->command, "And its arguments")->required();
  word.positionals_at_end();
  word.callback([arguments, &exit] { exit.status = execute(*arguments); });
}

}  // namespace securecart::cli
