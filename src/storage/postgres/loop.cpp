#include "storage/postgres/loop.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <pthread.h>
#include <sys/eventfd.h>
#include <system_error>
#include <unistd.h>

namespace securecart::storage::postgres {

namespace {

constexpr auto longest_wait = std::chrono::seconds(1);

int make_event() {
  const int event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (event < 0) {
    throw std::system_error(errno, std::generic_category(), "eventfd");
  }
  return event;
}

}  // namespace

Loop::Loop(const Clock& clock, std::string name)
    : clock_(clock), name_(std::move(name)), event_(make_event()) {}

Loop::~Loop() {
  stop();
  close(event_);
}

void Loop::start() {
  thread_ = std::thread([this] {
    pthread_setname_np(pthread_self(), name_.c_str());
    run();
  });
}

void Loop::wake() {
  if (!woken_.exchange(true)) {
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = write(event_, &one, sizeof one);
  }
}

void Loop::stop() {
  stopping_ = true;
  wake();
  if (thread_.joinable()) {
    thread_.join();
  }
}

void Loop::run() {
  while (!stopping_) {
    const SteadyTime now = clock_.steady();
    SteadyTime next = now + longest_wait;
    for (Participant* participant : participants_) {
      next = std::min(next, participant->step(now));
    }
    wait(next);
  }
}

void Loop::wait(SteadyTime until) {
  sockets_.clear();
  sockets_.push_back({event_, POLLIN, 0});
  for (Participant* participant : participants_) {
    participant->watch(sockets_);
  }
  const Duration left = std::max(until - clock_.steady(), Duration::zero());
  const auto millis = std::chrono::ceil<std::chrono::milliseconds>(left).count();
  poll(sockets_.data(), sockets_.size(), static_cast<int>(millis));
  if ((sockets_.front().revents & POLLIN) != 0) {
    std::uint64_t count = 0;
    [[maybe_unused]] const ssize_t got = read(event_, &count, sizeof count);
    woken_ = false;
  }
  for (Participant* participant : participants_) {
    participant->hear(sockets_);
  }
}

}  // namespace securecart::storage::postgres
