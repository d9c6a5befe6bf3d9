// A Broker that fails on purpose in front of an in-process one: it can be away, lose messages, and
// lose everything it holds.
#pragma once

#include <atomic>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/prng.hpp"
#include "events/in_process_broker.hpp"

namespace securecart::test {

class FlakyBroker final : public events::Broker {
 public:
  explicit FlakyBroker(Random& random) : random_(random) {}

  bool away = false;
  double lose_message = 0;  // probability: confirmed, and never handed out
  double lose_answer = 0;   // probability: published, but the caller is told Unavailable
  bool confirms_nothing = false;
  int published = 0;  // messages

  // As a broker that comes back with an empty disk.
  void lose_everything() {
    for (const std::string& queue : std::exchange(queues_, {})) {
      real_->close(queue);
    }
    lost_.push_back(std::exchange(real_, std::make_unique<events::InProcessBroker>(queue_events)));
  }

  Task<bool> exists(std::string queue) override {
    check();
    co_return queues_.contains(queue);
  }
  Task<void> declare(std::string queue, std::int64_t after) override {
    check();
    queues_.insert(queue);
    return real_->declare(std::move(queue), after);
  }
  Task<events::Published> publish(std::string queue, std::vector<events::EventPtr> events,
                                  std::int64_t through) override {
    check();
    if (confirms_nothing) {
      co_return events::Published{events::Published::End::stuck, 0, "nothing is confirmed"};
    }
    if (!queues_.contains(queue)) {
      co_return events::Published{events::Published::End::gone, 0};
    }
    std::erase_if(events,
                  [this](const events::EventPtr&) { return random_.unit() < lose_message; });
    published += static_cast<int>(events.size());
    Task<events::Published> publishing =
        real_->publish(std::move(queue), std::move(events), through);
    events::Published result = co_await publishing;
    if (random_.unit() < lose_answer) {
      throw Unavailable("the answer was lost");
    }
    co_return result;
  }
  std::unique_ptr<events::Subscription> subscribe(const std::string& queue,
                                                  std::size_t prefetch) override {
    // Whoever subscribes waits for a queue that is not there yet.
    start(real_->declare(queue, 0), [](const std::exception_ptr&) {});
    return real_->subscribe(queue, prefetch);
  }
  void close(const std::string& queue) override { real_->close(queue); }
  bool connected() const override { return !away; }

 private:
  static constexpr std::size_t queue_events = 100'000;

  void check() const {
    if (away) {
      throw Unavailable("the broker is away");
    }
  }

  Random& random_;
  std::unique_ptr<events::InProcessBroker> real_ =
      std::make_unique<events::InProcessBroker>(queue_events);
  std::vector<std::unique_ptr<events::InProcessBroker>> lost_;
  std::set<std::string> queues_;
};

}  // namespace securecart::test
