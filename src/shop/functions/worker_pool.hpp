// Worker processes and the threads that look after them, one each:
//
//   run() --> queue --> thread --frame--> process        answer in time: the report
//                         |  <--frame---                 deadline: SIGKILL, timed_out
//                         +-- a new process after a kill, a crash, or function_worker_runs
//
// A function that loops, eats memory or breaks the interpreter costs its own worker, for as long as
// it takes to start another. Runs wait for a free worker as long as they may run, then they are
// `overloaded`.
#pragma once

#include <condition_variable>
#include <deque>
#include <filesystem>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "base/executor.hpp"
#include "observe/metrics.hpp"
#include "shop/functions/limits.hpp"
#include "shop/functions/run.hpp"

namespace securecart::shop::functions {

struct WorkerPoolOptions {
  std::filesystem::path program;         // with the word below: this program itself
  std::string word = "function-worker";  // becomes a worker on descriptor 0
  std::size_t workers = 2;
  int runs_of_a_worker = limits::function_worker_runs;
};

class WorkerPool final : public Runner {
 public:
  // Starts the workers. Throws std::runtime_error when there cannot be one. `metrics` outlives
  // this.
  WorkerPool(WorkerPoolOptions options, observe::Metrics& metrics);
  // Ends the workers; runs that wait are told `overloaded`.
  ~WorkerPool() override;
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  Task<RunReport> run(RunRequest request) override;

 private:
  using Resume = std::move_only_function<void(RunReport)>;
  struct Job {
    RunRequest request;
    SteadyTime wait_until;
    Resume resume;
  };
  class Worker;

  void enqueue(Job job);
  void look_after(Worker& worker);
  RunReport serve(Worker& worker, const Job& job);
  void count(const RunReport& report);

  const WorkerPoolOptions options_;
  observe::Metrics& metrics_;
  observe::Histogram& seconds_;
  observe::Counter& started_;

  std::mutex mutex_;  // of what follows
  std::condition_variable changed_;
  std::deque<Job> queue_;
  bool stopping_ = false;

  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<std::thread> threads_;
};

}  // namespace securecart::shop::functions
