// securecart function-worker: what the pool of functions starts
// (shop/functions/worker_process.hpp). Not for people: it is a process that reads requests from
// descriptor 0 and gives everything else up.
#include "cli/command.hpp"
#include "shop/functions/worker_process.hpp"

namespace securecart::cli {

void add_function_worker(CLI::App& parent, Exit& exit) {
  CLI::App& word = *parent.add_subcommand("function-worker", "Run functions for a parent");
  word.group("");  // not shown
  word.callback([&exit] { exit.status = shop::functions::run_worker(0); });
}

}  // namespace securecart::cli
