// The one file that is compiled with the paths of this checkout: every other object is the same in
// every folder, so that a new clone finds it in the compiler's cache.
#include "tests/support/places.hpp"

namespace securecart::test {

std::string source_dir() {
  return SECURECART_SOURCE_DIR;
}
std::string binary_dir() {
  return SECURECART_BINARY_DIR;
}

}  // namespace securecart::test
