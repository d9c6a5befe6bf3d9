// The main() of every test program: starts crypto, prints the seed.
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>

#include <gtest/gtest.h>

#include "base/crypto.hpp"
#include "tests/support/seed.hpp"

namespace securecart::test {
namespace {
std::uint64_t chosen_seed = 0;
}
std::uint64_t seed() {
  return chosen_seed;
}
}  // namespace securecart::test

#if __has_feature(thread_sanitizer)
// Exceptions are counted inside libstdc++, which is not instrumented: freeing on one thread what
// another has just read looks like a race.
extern "C" const char* __tsan_default_suppressions() {
  return "race:std::__exception_ptr::exception_ptr::_M_release\n";
}
#endif

int main(int argc, char** argv) {
  if (argc > 1 && argv[1][0] != '-') {
    // Somebody takes this for the program (a worker of a shop served in a test): were the tests to
    // run here, each would start more of them.
    std::fprintf(stderr, "a test program knows no word '%s'\n", argv[1]);
    return 2;
  }
  securecart::initialise_crypto();
  const char* given = std::getenv("SECURECART_TEST_SEED");
  securecart::test::chosen_seed = given != nullptr ? std::stoull(given) : std::random_device{}();
  std::printf("seed %llu (SECURECART_TEST_SEED repeats it)\n",
              static_cast<unsigned long long>(securecart::test::chosen_seed));
  const std::string rapidcheck = "seed=" + std::to_string(securecart::test::chosen_seed);
  setenv("RC_PARAMS", rapidcheck.c_str(), 0);
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
