// What the words of `securecart lab` and `gameday` share.
#pragma once

#include <functional>
#include <string>

#include "base/clock.hpp"
#include "cli/command.hpp"
#include "lab/faults/injector.hpp"
#include "lab/region_lab.hpp"

namespace securecart::cli {

// Adds --state.
void add_lab_state(CLI::App& word, std::string& state);

// Tells what is being waited for, and how long it took.
using Tell = std::function<void(const std::string&)>;

// Makes the region of a topology file and waits until it is whole, with the sample shop in it.
// Throws std::runtime_error, and leaves what stands, to look into.
lab::RegionLab bring_up(const std::string& topology_file, const std::string& state,
                        const Tell& tell);
// False when the region is not whole after `patience`; `tell` hears what was missing then.
bool wait_until_whole(const lab::RegionLab& region, Duration patience, const Tell& tell);

// Faults on `region`, which outlives it, as does `random`.
lab::Injector injector_for(const lab::RegionLab& region, Random& random);

}  // namespace securecart::cli
