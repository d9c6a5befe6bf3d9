#include "shop/functions/sandbox.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <duktape.h>
#include <memory>
#include <unistd.h>

#include "base/prng.hpp"
#include "base/text.hpp"
#include "shop/functions/limits.hpp"

namespace securecart::shop::functions {
namespace {

// What a run may use and has used. The interpreter's allocations carry their size before them.
struct World {
  explicit World(const RunRequest& request)
      : heap_limit(request.heap_bytes), now(request.now), random(request.seed) {}

  std::size_t heap_limit;
  std::size_t heap_used = 0;
  std::size_t heap_most = 0;
  bool heap_full = false;
  Timestamp now;
  Prng random;
  std::vector<std::string> logs;
  std::size_t log_bytes = 0;
};

constexpr std::size_t header_bytes = alignof(std::max_align_t);

std::size_t size_before(void* block) {
  return *reinterpret_cast<std::size_t*>(static_cast<char*>(block) - header_bytes);
}

// Whether the heap may grow from `old_bytes` to `new_bytes` in one block.
bool admit(World& world, std::size_t old_bytes, std::size_t new_bytes) {
  const std::size_t others = world.heap_used - old_bytes;
  if (new_bytes > world.heap_limit || others > world.heap_limit - new_bytes) {
    world.heap_full = true;
    return false;
  }
  return true;
}

void note(World& world, std::size_t old_bytes, std::size_t new_bytes) {
  world.heap_used = world.heap_used - old_bytes + new_bytes;
  world.heap_most = std::max(world.heap_most, world.heap_used);
}

// Memory is asked for in C's way, since the interpreter resizes it.
void* resize(void* udata, void* block, duk_size_t bytes) {
  World& world = *static_cast<World*>(udata);
  const std::size_t old_bytes = block == nullptr ? 0 : size_before(block);
  if (!admit(world, old_bytes, bytes)) {
    return nullptr;
  }
  void* start = block == nullptr ? nullptr : static_cast<char*>(block) - header_bytes;
  void* made = std::realloc(start, bytes + header_bytes);  // NOLINT
  if (made == nullptr) {
    world.heap_full = true;
    return nullptr;
  }
  *static_cast<std::size_t*>(made) = bytes;
  note(world, old_bytes, bytes);
  return static_cast<char*>(made) + header_bytes;
}

void give_back(void* udata, void* block) {
  if (block != nullptr) {
    note(*static_cast<World*>(udata), size_before(block), 0);
    std::free(static_cast<char*>(block) - header_bytes);  // NOLINT
  }
}

void* take(void* udata, duk_size_t bytes) {
  return bytes == 0 ? nullptr : resize(udata, nullptr, bytes);
}

void* change(void* udata, void* block, duk_size_t bytes) {
  if (bytes == 0) {
    give_back(udata, block);
    return nullptr;
  }
  return resize(udata, block, bytes);
}

// The interpreter is in a state it cannot go on from; the worker ends, and its parent notices.
[[noreturn]] void give_up(void*, const char*) {
  ::_exit(70);
}

World& world_of(duk_context* context) {
  duk_memory_functions functions;
  duk_get_memory_functions(context, &functions);
  return *static_cast<World*>(functions.udata);
}

std::string text_at(duk_context* context, duk_idx_t index) {
  duk_size_t size = 0;
  const char* text = duk_safe_to_lstring(context, index, &size);
  std::string copy(text, size);
  return is_utf8(copy) ? copy : "(not UTF-8)";  // the interpreter's own strings may be CESU-8
}

duk_ret_t console_log(duk_context* context) {
  World& world = world_of(context);
  if (world.logs.size() >= limits::function_log_lines ||
      world.log_bytes >= limits::function_log_bytes) {
    return 0;
  }
  duk_push_literal(context, " ");
  duk_insert(context, 0);
  duk_join(context, duk_get_top(context) - 1);
  std::string line = text_at(context, -1);
  const std::size_t left = limits::function_log_bytes - world.log_bytes;
  if (line.size() > left) {
    line = "(the log is full)";
    world.log_bytes = limits::function_log_bytes;
  }
  world.log_bytes += line.size();
  world.logs.push_back(std::move(line));
  return 0;
}

duk_ret_t draw(duk_context* context) {
  duk_push_number(context, world_of(context).random.unit());
  return 1;
}

// Takes away what tells the runs apart or leads out of them. The native Date stays behind the one
// that stands still, and nobody can reach it.
constexpr const char* prelude = R"js((function (now, log, random) {
  'use strict';
  var Native = Date;
  function StandingDate(year, month, day, hours, minutes, seconds, ms) {
    if (!(this instanceof StandingDate)) { return new Native(now).toISOString(); }
    switch (arguments.length) {
      case 0: return new Native(now);
      case 1: return new Native(year);
      default: return new Native(year, month, day === undefined ? 1 : day, hours || 0,
                                 minutes || 0, seconds || 0, ms || 0);
    }
  }
  StandingDate.prototype = Native.prototype;
  Native.prototype.constructor = StandingDate;
  StandingDate.parse = Native.parse;
  StandingDate.UTC = Native.UTC;
  StandingDate.now = function () { return now; };
  var world = new Function('return this')();
  world.Date = StandingDate;
  Math.random = random;
  world.console = { log: log };
  delete world.performance;
  delete world.Duktape;
}))js";

// The steps of a run, inside of a protected call: an error in any of them unwinds to it.
struct Steps {
  const RunRequest* request;
  std::string output;
  bool too_large = false;
};

void furnish(duk_context* context, Timestamp now) {
  duk_push_string(context, prelude);
  duk_eval(context);
  duk_push_number(context, static_cast<double>(to_millis(now)));
  duk_push_c_function(context, console_log, DUK_VARARGS);
  duk_push_c_function(context, draw, 0);
  duk_call(context, 3);
  duk_pop(context);
}

duk_ret_t perform(duk_context* context, void* udata) {
  Steps& steps = *static_cast<Steps*>(udata);
  const RunRequest& request = *steps.request;
  furnish(context, request.now);
  duk_push_lstring(context, request.source.data(), request.source.size());
  duk_push_literal(context, "function.js");
  duk_compile(context, 0);
  duk_call(context, 0);
  duk_pop(context);
  duk_get_global_literal(context, "run");
  if (!duk_is_callable(context, -1)) {
    return duk_error(context, DUK_ERR_TYPE_ERROR, "the source defines no function named run");
  }
  if (request.input.empty()) {
    return 0;
  }
  duk_push_lstring(context, request.input.data(), request.input.size());
  duk_json_decode(context, -1);
  duk_call(context, 1);
  duk_json_encode(context, -1);
  duk_size_t size = 0;
  const char* text = duk_get_lstring(context, -1, &size);
  steps.too_large = size > limits::function_output_bytes;
  if (text != nullptr && !steps.too_large) {
    steps.output.assign(text, size);
  }
  return 0;
}

}  // namespace

RunReport run_in_sandbox(const RunRequest& request) {
  World world(request);
  RunReport report;
  duk_context* context = duk_create_heap(take, change, give_back, &world, give_up);
  if (context == nullptr) {
    report.ending = Ending::out_of_memory;
    report.error = "the heap is too small for the interpreter itself";
    return report;
  }
  const auto destroy = [](duk_context* made) { duk_destroy_heap(made); };
  const std::unique_ptr<duk_context, decltype(destroy)> heap(context, destroy);
  Steps steps{.request = &request, .output = {}};
  const bool ended = duk_safe_call(context, perform, &steps, 0, 1) == DUK_EXEC_SUCCESS;
  if (!ended) {
    report.ending = world.heap_full ? Ending::out_of_memory : Ending::threw;
    world.heap_limit += 64UL * 1024;  // to say what it was
    report.error = text_at(context, -1);
  } else {
    report.ending = steps.too_large ? Ending::output_too_large : Ending::finished;
    report.output = std::move(steps.output);
    if (!is_utf8(report.output)) {
      report.ending = Ending::threw;
      report.output.clear();
      report.error = "what run() returned is not valid Unicode";
    }
  }
  report.logs = std::move(world.logs);
  report.heap_bytes = world.heap_most;
  return report;
}

}  // namespace securecart::shop::functions
