// The inside of Runtime, for net/*.cpp only: this header brings Asio along.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include "net/limits.hpp"
#include "net/runtime.hpp"

namespace securecart::net {

namespace asio = boost::asio;
using ErrorCode = boost::system::error_code;
using Tcp = asio::ip::tcp;
// Bound to io_context's own executor type: no type erasure on the path.
using Socket = asio::basic_stream_socket<Tcp, asio::io_context::executor_type>;
using Acceptor = asio::basic_socket_acceptor<Tcp, asio::io_context::executor_type>;
using Timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                         asio::wait_traits<std::chrono::steady_clock>,
                                         asio::io_context::executor_type>;

// One io thread: an io_context and the queues of Executor in front of it. The queues are our own so
// that stopping destroys what is in them at a known moment, and so that many answers arriving from
// other threads wake the thread once.
class Core final : public Executor {
 public:
  Core(std::size_t index, const Clock& clock);
  ~Core() override;

  void post(Job job) override;
  void post_after(Duration delay, Job job) override;

  std::size_t index() const { return index_; }
  const Clock& clock() const { return clock_; }
  asio::io_context& context() { return context_; }

  // Wraps what an Asio handler does: sets Executor::current().
  template <class Work>
  void enter(Work&& work) {
    const Scope scope(*this);
    std::forward<Work>(work)();
  }

  void run();           // the body of the io thread
  void stop();          // any thread
  void destroy_jobs();  // after run() has returned

 private:
  struct Timed {
    SteadyTime due;
    std::uint64_t order;
    Job job;
    // For a heap with the earliest on top.
    bool operator<(const Timed& other) const {
      return due != other.due ? due > other.due : order > other.order;
    }
  };
  void run_jobs();
  void arm_timer();
  void run_timed();

  const std::size_t index_;
  const Clock& clock_;
  asio::io_context context_{1};
  Timer timer_{context_.get_executor()};
  SteadyTime timer_due_ = SteadyTime::max();
  std::vector<Timed> timed_;  // a heap
  std::uint64_t timed_order_ = 0;
  std::vector<Job> running_;

  std::atomic<bool> stopped_ = false;
  std::mutex mutex_;
  std::vector<Job> queue_;  // guarded by mutex_
  bool woken_ = false;      // guarded by mutex_: a run_jobs is on its way
};

// Threads for work that blocks. The queue is bounded: limits::blocking_queue.
class BlockingPool {
 public:
  using Job = std::move_only_function<void()>;
  explicit BlockingPool(std::size_t workers);
  ~BlockingPool();

  void run();
  // Throws Unavailable when too much is waiting, or when the pool is stopped.
  void post(Job job);
  void stop();  // jobs not yet begun are destroyed
  void join();

 private:
  void work();

  const std::size_t workers_;
  std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<Job> queue_;  // guarded by mutex_
  bool stopped_ = false;   // guarded by mutex_
  std::vector<std::jthread> threads_;
};

struct Runtime::Impl {
  Impl(std::size_t cores, std::size_t workers, const Clock& clock);
  ~Impl();

  void run();
  void stop();
  void join();
  enum class State { fresh, running, stopped };
  State state() const { return state_.load(); }

  const Clock& clock;
  std::vector<std::unique_ptr<Core>> cores;
  BlockingPool pool;

 private:
  std::atomic<State> state_ = State::fresh;
  std::mutex joining_;
  std::vector<std::jthread> threads_;
};

}  // namespace securecart::net
