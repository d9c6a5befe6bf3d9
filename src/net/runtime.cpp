#include "net/runtime.hpp"

#include <algorithm>
#include <cassert>
#include <pthread.h>
#include <string>
#include <utility>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

#include "base/errors.hpp"
#include "net/limits.hpp"
#include "net/runtime_impl.hpp"

namespace securecart::net {

namespace {

void name_thread(const std::string& name) {
  pthread_setname_np(pthread_self(), name.c_str());
}

}  // namespace

Core::Core(std::size_t index, const Clock& clock) : index_(index), clock_(clock) {}

Core::~Core() {
  destroy_jobs();
}

void Core::post(Job job) {
  bool wake = false;
  {
    const std::scoped_lock lock(mutex_);
    if (stopped_) {
      // Destroyed by the caller's frame, outside the lock.
    } else {
      queue_.push_back(std::move(job));
      wake = !std::exchange(woken_, true);
    }
  }
  if (wake) {
    asio::post(context_, [this] { run_jobs(); });
  }
}

void Core::run_jobs() {
  {
    const std::scoped_lock lock(mutex_);
    running_.swap(queue_);
    woken_ = false;
  }
  for (Job& job : running_) {
    if (stopped_) {
      break;
    }
    const Scope scope(*this);
    Job now = std::move(job);
    now();
  }
  if (!stopped_) {
    running_.clear();
  }
}

void Core::post_after(Duration delay, Job job) {
  const SteadyTime due = clock_.steady() + std::max(delay, Duration::zero());
  timed_.push_back({due, timed_order_++, std::move(job)});
  std::ranges::push_heap(timed_, std::less<>());
  if (due < timer_due_) {
    arm_timer();
  }
}

void Core::arm_timer() {
  timer_due_ = timed_.front().due;
  timer_.expires_after(std::max(timer_due_ - clock_.steady(), Duration::zero()));
  timer_.async_wait([this](ErrorCode error) {
    if (!error) {
      run_timed();
    }
  });
}

void Core::run_timed() {
  timer_due_ = SteadyTime::max();
  const SteadyTime now = clock_.steady();
  while (!stopped_ && !timed_.empty() && timed_.front().due <= now) {
    std::ranges::pop_heap(timed_, std::less<>());
    Job job = std::move(timed_.back().job);
    timed_.pop_back();
    const Scope scope(*this);
    job();
  }
  if (!stopped_ && !timed_.empty() && timed_.front().due < timer_due_) {
    arm_timer();
  }
}

void Core::run() {
  name_thread("io-" + std::to_string(index_));
  const auto guard = asio::make_work_guard(context_);
  context_.run();
}

void Core::stop() {
  {
    const std::scoped_lock lock(mutex_);
    stopped_ = true;
  }
  context_.stop();
}

void Core::destroy_jobs() {
  std::vector<Job> queued;
  {
    const std::scoped_lock lock(mutex_);
    stopped_ = true;
    queued.swap(queue_);
  }
  // A job may own what posts again when it is destroyed: the queues are out of the way by then.
  queued.clear();
  std::vector<Job>().swap(running_);
  std::vector<Timed>().swap(timed_);
}

BlockingPool::BlockingPool(std::size_t workers) : workers_(workers) {
  assert(workers >= 1);
}

BlockingPool::~BlockingPool() {
  stop();
  join();
}

void BlockingPool::run() {
  for (std::size_t i = 0; i < workers_; ++i) {
    threads_.emplace_back([this, i] {
      name_thread("worker-" + std::to_string(i));
      work();
    });
  }
}

void BlockingPool::post(Job job) {
  {
    const std::scoped_lock lock(mutex_);
    if (stopped_) {
      throw Unavailable("the process is stopping");
    }
    if (queue_.size() >= limits::blocking_queue) {
      throw Unavailable("too much blocking work is waiting");
    }
    queue_.push_back(std::move(job));
  }
  ready_.notify_one();
}

void BlockingPool::work() {
  for (;;) {
    Job job;
    {
      std::unique_lock lock(mutex_);
      ready_.wait(lock, [this] { return stopped_ || !queue_.empty(); });
      if (stopped_) {
        return;
      }
      job = std::move(queue_.front());
      queue_.pop_front();
    }
    job();
  }
}

void BlockingPool::stop() {
  std::deque<Job> unused;
  {
    const std::scoped_lock lock(mutex_);
    stopped_ = true;
    unused.swap(queue_);
  }
  ready_.notify_all();
}

void BlockingPool::join() {
  threads_.clear();
}

Runtime::Impl::Impl(std::size_t core_count, std::size_t workers, const Clock& the_clock)
    : clock(the_clock), pool(workers) {
  assert(core_count >= 1);
  for (std::size_t i = 0; i < core_count; ++i) {
    cores.push_back(std::make_unique<Core>(i, clock));
  }
}

Runtime::Impl::~Impl() {
  stop();
  join();
}

void Runtime::Impl::run() {
  state_ = State::running;
  pool.run();
  for (const std::unique_ptr<Core>& core : cores) {
    threads_.emplace_back([&core = *core] { core.run(); });
  }
}

void Runtime::Impl::stop() {
  state_ = State::stopped;
  for (const std::unique_ptr<Core>& core : cores) {
    core->stop();
  }
  pool.stop();
}

void Runtime::Impl::join() {
  const std::scoped_lock lock(joining_);
  threads_.clear();
  // Workers in the middle of a job post their answers to stopped cores, which destroy them.
  pool.join();
  for (const std::unique_ptr<Core>& core : cores) {
    core->destroy_jobs();
  }
}

Runtime::Runtime(std::size_t cores, std::size_t workers, const Clock& clock)
    : impl_(std::make_unique<Impl>(cores, workers, clock)) {}

Runtime::~Runtime() = default;

std::size_t Runtime::cores() const {
  return impl_->cores.size();
}
Executor& Runtime::executor(std::size_t core) {
  return *impl_->cores.at(core);
}
const Clock& Runtime::clock() const {
  return impl_->clock;
}
void Runtime::run() {
  impl_->run();
}
void Runtime::stop() {
  impl_->stop();
}
void Runtime::join() {
  impl_->join();
}

void Runtime::post_blocking(std::move_only_function<void()> job) {
  impl_->pool.post(std::move(job));
}

}  // namespace securecart::net
