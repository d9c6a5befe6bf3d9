// What an operator does in a game day, by the words of the command line.
#pragma once

#include <string>

#include "lab/region_lab.hpp"

namespace securecart::cli {

// "switchover", …: what came of it. Throws std::runtime_error when it could not be done.
std::string operate(const lab::RegionLab& region, const std::string& operation);

}  // namespace securecart::cli
