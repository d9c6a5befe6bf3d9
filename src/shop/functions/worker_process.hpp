// The process that runs functions: it reads requests from one socket, answers on it, and can do
// nothing else. Before the first request it gives up, in this order, every other descriptor, the
// right to more (files, memory, processes, privileges), and every system call but a handful; a call
// beyond them ends the process.
//
// Its time is not its own business: the parent kills it (worker_pool.hpp), and it dies with it.
#pragma once

namespace securecart::shop::functions {

// Gives everything up but `socket`, for good. False when the system would not have it: then the
// process must end. Only in a process of its own.
bool give_up_everything(int socket);

// Gives everything up, then serves until the socket ends; the value for exit().
int run_worker(int socket);

}  // namespace securecart::shop::functions
