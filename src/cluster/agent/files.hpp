// Makes the folders and files of a HostPlan so, in one step each: a reader sees the old file or the
// new one, whole. What is so already is not touched.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/errors.hpp"
#include "cluster/topology/host_plan.hpp"

namespace securecart::cluster::agent {

struct Applied {
  std::vector<std::string> written;   // paths
  std::vector<std::string> problems;  // what could not be made so, and why
};

// `secrets` is the folder that ${secret:NAME} is read from. As root it gives files to their owners;
// as another user everything is that user's. Blocks.
Applied apply_files(const HostPlan& plan, const std::filesystem::path& secrets);

// Replaced in one step and made durable. Throws std::runtime_error.
void write_durably(const std::filesystem::path& file, const std::string& text, int mode);

}  // namespace securecart::cluster::agent
