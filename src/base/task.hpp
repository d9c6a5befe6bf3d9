// Task<T>: a lazy coroutine, awaited once, that knows nothing of sockets or threads.
//
// The shop, its flows and every decision that waits for storage or for a peer is a Task. Only leaf
// awaitables (storage, net) know how to suspend; they resume on the executor they were awaited on
// (base/executor.hpp), so code between two co_awaits never changes threads. Why not
// boost::asio::awaitable everywhere: docs/adr/0002-task.md.
//
//   Task<int> twice(Database& db) { Rows rows = co_await db.read(query); co_return 2 * n(rows); }
//
// Rule of the house: no lambda with captures and no braced aggregate as a temporary in a statement
// with co_await; parameters of a coroutine are values or references that outlive it.
#pragma once

#include <cassert>
#include <coroutine>
#include <exception>
#include <functional>
#include <optional>
#include <utility>
#include <variant>

#include "base/log.hpp"

namespace securecart {

template <class T>
class Task;

namespace detail {

struct TaskPromiseBase {
  std::coroutine_handle<> continuation = std::noop_coroutine();

  struct FinalAwaiter {
    bool await_ready() noexcept { return false; }
    template <class Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> self) noexcept {
      return self.promise().continuation;
    }
    void await_resume() noexcept {}
  };

  std::suspend_always initial_suspend() noexcept { return {}; }
  FinalAwaiter final_suspend() noexcept { return {}; }
};

template <class T>
struct TaskPromise : TaskPromiseBase {
  std::variant<std::monostate, T, std::exception_ptr> result;

  Task<T> get_return_object() noexcept;
  template <class U>
  void return_value(U&& value) {
    result.template emplace<1>(std::forward<U>(value));
  }
  void unhandled_exception() noexcept { result.template emplace<2>(std::current_exception()); }
  T take() {
    if (result.index() == 2) {
      std::rethrow_exception(std::get<2>(result));
    }
    return std::move(std::get<1>(result));
  }
};

template <>
struct TaskPromise<void> : TaskPromiseBase {
  std::exception_ptr error;

  Task<void> get_return_object() noexcept;
  void return_void() noexcept {}
  void unhandled_exception() noexcept { error = std::current_exception(); }
  void take() const {
    if (error) {
      std::rethrow_exception(error);
    }
  }
};

}  // namespace detail

template <class T>
class [[nodiscard]] Task {
 public:
  using promise_type = detail::TaskPromise<T>;
  using Handle = std::coroutine_handle<promise_type>;

  explicit Task(Handle handle) noexcept : handle_(handle) {}
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
  Task& operator=(Task&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;
  ~Task() {
    if (handle_) {
      handle_.destroy();
    }
  }

  bool await_ready() const noexcept { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> waiting) noexcept {
    handle_.promise().continuation = waiting;
    return handle_;
  }
  T await_resume() { return handle_.promise().take(); }

 private:
  Handle handle_;
};

namespace detail {

template <class T>
Task<T> TaskPromise<T>::get_return_object() noexcept {
  return Task<T>(std::coroutine_handle<TaskPromise<T>>::from_promise(*this));
}
inline Task<void> TaskPromise<void>::get_return_object() noexcept {
  return Task<void>(std::coroutine_handle<TaskPromise<void>>::from_promise(*this));
}

// A coroutine that starts at once and owns itself: the bridge from plain code into Tasks.
struct Detached {
  struct promise_type {
    Detached get_return_object() noexcept { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    void unhandled_exception() noexcept { std::terminate(); }
  };
};

template <class T, class Done>
Detached run_detached(Task<T> task, Done done) {
  std::optional<std::variant<T, std::exception_ptr>> outcome;
  try {
    outcome.emplace(std::in_place_index<0>, co_await task);
  } catch (...) {
    outcome.emplace(std::in_place_index<1>, std::current_exception());
  }
  done(std::move(*outcome));
}

template <class Done>
Detached run_detached(Task<void> task, Done done) {
  std::exception_ptr error;
  try {
    co_await task;
  } catch (...) {
    error = std::current_exception();
  }
  done(error);
}

}  // namespace detail

// Starts `task` on the calling thread. `done` is called exactly once, on the executor on which the
// task ends, with variant<T, exception_ptr> (Task<void>: an exception_ptr, null when it went well).
template <class T, class Done>
void start(Task<T> task, Done done) {
  const log::TraceId trace = log::current_trace();
  detail::run_detached(std::move(task), std::move(done));
  // The task put its trace away when it first waited; the caller goes on with its own.
  log::exchange_trace(trace);
}

// Runs a task that never has to wait (everything it awaits is ready at once), as in unit tests over
// in-memory parts. Asserts that it ended.
template <class T>
T run_ready(Task<T> task) {
  std::optional<std::variant<T, std::exception_ptr>> outcome;
  detail::run_detached(std::move(task), [&outcome](std::variant<T, std::exception_ptr> result) {
    outcome = std::move(result);
  });
  assert(outcome && "the task waits for something; drive it with an executor");
  if (outcome->index() == 1) {
    std::rethrow_exception(std::get<1>(*outcome));
  }
  return std::move(std::get<0>(*outcome));
}

// Awaits a callback. `begin(resume)` is called once at suspension; it must call `resume(value)`
// exactly once, on any thread: a leaf wraps it in Executor::post to come back to its own thread.
// The log's trace leaves the thread while the task waits and comes back with it.
template <class T>
class Callback {
 public:
  using Resume = std::move_only_function<void(T)>;
  explicit Callback(std::move_only_function<void(Resume)> begin) : begin_(std::move(begin)) {}

  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiting) {
    // `begin` may resume (and so destroy) this awaiter before it returns: run it from a local.
    auto begin = std::move(begin_);
    trace_ = log::exchange_trace({});
    begin([this, waiting](T value) {
      value_.emplace(std::move(value));
      waiting.resume();
    });
  }
  T await_resume() {
    log::exchange_trace(trace_);
    return std::move(*value_);
  }

 private:
  std::move_only_function<void(Resume)> begin_;
  log::TraceId trace_;
  std::optional<T> value_;
};

}  // namespace securecart
