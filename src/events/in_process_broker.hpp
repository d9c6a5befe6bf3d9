// A Broker inside one process: bounded queues in memory. Lost with the process; relays then start
// at the consumers' cursors again.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "events/broker.hpp"
#include "events/limits.hpp"

namespace securecart::events {

class InProcessBroker final : public Broker {
 public:
  explicit InProcessBroker(std::size_t queue_events = limits::broker_queue);
  ~InProcessBroker() override;

  Task<bool> exists(std::string queue) override;
  Task<void> declare(std::string queue, std::int64_t after) override;
  Task<Published> publish(std::string queue, std::vector<EventPtr> events,
                          std::int64_t through) override;
  std::unique_ptr<Subscription> subscribe(const std::string& queue, std::size_t prefetch) override;
  void close(const std::string& queue) override;

 private:
  struct Queue;
  class Reader;
  std::shared_ptr<Queue> find(const std::string& name) const;

  const std::size_t queue_events_;
  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Queue>> queues_;
};

}  // namespace securecart::events
