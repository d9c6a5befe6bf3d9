// Other programs (ip, nft, nsenter, mkfs.ext4), run to their end.
#pragma once

#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

#include "base/descriptor.hpp"

namespace securecart::lab {

// Throws std::runtime_error with `what` and errno's meaning when the system did not.
void must(bool good, const std::string& what);

struct Ran {
  int status = 0;      // 128 and the signal's number when one ended it; 127: could not be started
  std::string output;  // standard output and error as they came
  bool ok() const { return status == 0; }
};

using Arguments = std::vector<std::string>;

// Found along the path of this process; `input` is all that it reads.
Ran run_command(const Arguments& arguments, std::string_view input = {});
// Returns what it printed. Throws std::runtime_error with it when it failed.
std::string must_run(const Arguments& arguments, std::string_view input = {});
// Starts it in a session of its own and returns its pid; what it prints goes to `output`, and it
// has `third`, if there is one, as its descriptor 3. Throws std::runtime_error.
pid_t start_command(const Arguments& arguments, int output, int third = -1);

}  // namespace securecart::lab
