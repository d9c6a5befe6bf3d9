#include "cli/registry.hpp"

int main(int argc, char** argv) {
  return securecart::cli::run(argc, argv);
}
