// The interpreter (Duktape: ECMAScript 5.1 with parts of 2015), alone in an empty world.
//
// A script sees the language, `console.log`, a Date that stands still at the time it is given and a
// Math.random of a given seed. There is no file, no network, no timer, no module to load. Its heap
// ends at a limit; its time is the business of whoever runs the process (worker_pool.hpp): nothing
// in here stops a loop.
//
//   function run(input) { return {decision: "accept"}; }
//
// Everything is made anew for each run. Only a worker process calls this: an interpreter is not
// trusted to be without defects.
#pragma once

#include "shop/functions/run.hpp"

namespace securecart::shop::functions {

// `request.timeout` is not looked at, `took` not filled in.
RunReport run_in_sandbox(const RunRequest& request);

}  // namespace securecart::shop::functions
