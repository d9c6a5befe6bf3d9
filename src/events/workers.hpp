// The consumers of one process. On the in-process broker each has a queue, a relay that fills it
// from the log, and the consumer that empties it; on a broker outside, which other processes share,
// a SharedQueue.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "base/executor.hpp"
#include "base/pause.hpp"
#include "events/consumer.hpp"
#include "events/in_process_broker.hpp"
#include "events/relay.hpp"
#include "events/shared_queue.hpp"

namespace securecart::events {

class Workers {
 public:
  // The context's parts must outlive it, and so must what `outside` names.
  explicit Workers(ConsumerContext context, std::optional<OutsideBroker> outside = std::nullopt);
  // stop() must have been called when start() was.
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  // Before start(). The consumer will live on `home`, which must outlive this object; `random` is
  // used on that executor only.
  std::shared_ptr<Consumer> add(ConsumerOptions options, Handler handler, Executor& home,
                                Random& random);

  void start();
  // Asks all to end: running handlers go on to their end, nothing new begins.
  void request_stop();
  // How many have not ended.
  std::size_t running() const;
  // request_stop() and wait. Blocks: not on an executor's thread.
  void stop();

  const std::vector<std::shared_ptr<Consumer>>& consumers() const { return consumers_; }

 private:
  struct Unit {
    std::shared_ptr<Consumer> consumer;
    Executor* home;
    Relay relay;
    Random& random;
    std::unique_ptr<SharedQueue> shared;  // null: on the in-process broker
  };

  Task<void> run(Unit& unit);
  Task<void> replay_when_asked(Unit& unit);
  Task<std::optional<std::int64_t>> load_cursor(Unit& unit);
  bool stopping() const;
  void began();
  void ended();

  const ConsumerContext context_;
  const std::optional<OutsideBroker> outside_;
  InProcessBroker broker_;
  std::vector<std::unique_ptr<Unit>> units_;
  std::vector<std::shared_ptr<Consumer>> consumers_;

  Pause pause_;
  mutable std::mutex mutex_;  // of what follows
  std::condition_variable changed_;
  std::size_t running_ = 0;
  bool stopping_ = false;
};

}  // namespace securecart::events
