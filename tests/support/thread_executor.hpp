// An Executor on a thread of its own, for tests of what crosses threads.
#pragma once

#include <condition_variable>
#include <future>
#include <map>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "base/executor.hpp"

namespace securecart::test {

class ThreadExecutor final : public Executor {
 public:
  ThreadExecutor() : thread_([this] { run(); }) {}
  ~ThreadExecutor() override {
    {
      const std::scoped_lock lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_one();
    thread_.join();
  }

  void post(Job job) override {
    // Notified with the lock held: once the job has run, the test may destroy this object.
    const std::scoped_lock lock(mutex_);
    ready_.push_back(std::move(job));
    wake_.notify_one();
  }

  void post_after(Duration delay, Job job) override {
    const std::scoped_lock lock(mutex_);
    timed_.emplace(std::chrono::steady_clock::now() + delay, std::move(job));
    wake_.notify_one();
  }

  // Starts the task on this executor; the future holds its result or exception.
  template <class T>
  std::future<T> spawn(std::move_only_function<Task<T>()> make) {
    auto promise = std::make_shared<std::promise<T>>();
    std::future<T> future = promise->get_future();
    post([make = std::move(make), promise]() mutable {
      start(make(), [promise](auto outcome) { fulfil(*promise, std::move(outcome)); });
    });
    return future;
  }

  // Runs the task on this executor and waits for it.
  template <class T>
  T run_task(std::move_only_function<Task<T>()> make) {
    return spawn<T>(std::move(make)).get();
  }

 private:
  template <class T>
  static void fulfil(std::promise<T>& promise, std::variant<T, std::exception_ptr> outcome) {
    if (outcome.index() == 1) {
      promise.set_exception(std::get<1>(outcome));
    } else {
      promise.set_value(std::move(std::get<0>(outcome)));
    }
  }
  static void fulfil(std::promise<void>& promise, std::exception_ptr error) {
    if (error) {
      promise.set_exception(error);
    } else {
      promise.set_value();
    }
  }

  void run() {
    const Scope scope(*this);
    std::unique_lock lock(mutex_);
    while (!stopping_) {
      const auto now = std::chrono::steady_clock::now();
      while (!timed_.empty() && timed_.begin()->first <= now) {
        ready_.push_back(std::move(timed_.begin()->second));
        timed_.erase(timed_.begin());
      }
      if (ready_.empty()) {
        if (timed_.empty()) {
          wake_.wait(lock);
        } else {
          wake_.wait_until(lock, timed_.begin()->first);
        }
        continue;
      }
      std::vector<Job> jobs = std::exchange(ready_, {});
      lock.unlock();
      for (Job& job : jobs) {
        job();
      }
      jobs.clear();
      lock.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Job> ready_;
  std::multimap<SteadyTime, Job> timed_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace securecart::test
