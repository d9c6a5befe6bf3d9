// One run of a function: what goes in, what comes out, and who does it.
//
// A run is a pure computation: the same source, input, time and seed give the same report.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "base/task.hpp"
#include "shop/functions/limits.hpp"

namespace securecart::shop::functions {

struct RunRequest {
  std::string source;
  std::string input;  // JSON; empty: only see whether the source is a function
  Timestamp now;      // what Date says
  std::uint64_t seed = 0;
  std::size_t heap_bytes = limits::function_heap_bytes;
  // Not told to the worker: it is the parent that ends it.
  Duration timeout = std::chrono::milliseconds(limits::function_timeout_default_ms);
};

// How a run ended.
enum class Ending : std::uint8_t {
  finished,       // `output` is what run() returned
  threw,          // an exception nobody caught, or a source that does not compile
  out_of_memory,  // the heap was full
  output_too_large,
  timed_out,  // killed at its deadline
  crashed,    // the worker died, or said what no worker says
  overloaded  // nobody was free in time: it did not run
};
std::string_view to_string(Ending ending);

struct RunReport {
  Ending ending = Ending::crashed;
  std::string output;  // JSON
  std::string error;   // for the merchant: message and line
  std::vector<std::string> logs;
  Duration took{};             // wall time in the worker's hands
  std::size_t heap_bytes = 0;  // the most the interpreter had at once
};

class Runner {
 public:
  virtual ~Runner() = default;
  // Never throws: what goes wrong is the report's ending.
  virtual Task<RunReport> run(RunRequest request) = 0;
};

}  // namespace securecart::shop::functions
