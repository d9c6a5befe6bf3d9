// Where the tests find the sources and what was built from them.
#pragma once

#include <string>

namespace securecart::test {

std::string source_dir();
std::string binary_dir();

}  // namespace securecart::test
