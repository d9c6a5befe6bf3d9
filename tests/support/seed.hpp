#pragma once

#include <cstdint>

namespace securecart::test {

// The seed of this run, printed at its start. Set SECURECART_TEST_SEED to repeat a run.
std::uint64_t seed();

}  // namespace securecart::test
