// One consumer on a broker that several processes share, and whoever looks after its queue:
//
//            +-- each beat: who relays, which queue, how far (relay_seat.hpp) --+
//            v                                                                  |
//   log --> Relay --confirmed--> broker --> Feed --> Consumer --effect + guard--> database
//    |  one process at a time      |          ^  every process                    |
//    +----- Sweep: what is old and not settled +<---------------------------------+
//
// The queue is called securecart.<consumer>.<life>. When it is gone, with the broker's disk or by
// somebody's hand, or has confirmed nothing for long, a new life begins: the next queue is filled
// from the consumer's cursor on, and consumers skip what is done. A message that is lost otherwise
// is found by the sweep, which needs no broker at all (docs/adr/0012-broker.md).
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/ids.hpp"
#include "base/pause.hpp"
#include "events/consumer.hpp"
#include "events/feed.hpp"
#include "events/relay.hpp"
#include "events/relay_seat.hpp"
#include "events/sweep.hpp"

namespace securecart::events {

// A broker outside this process, for all its consumers.
struct OutsideBroker {
  Broker& broker;
  const Ids& ids;
  std::string owner;  // names this process
  Duration sweep_after;
  Duration sweep_after_away;
  // Only for the lab: what the queues lose stays lost.
  bool refill = true;
};

class SharedQueue {
 public:
  // All references must outlive run(), that of `random` is used on its executor only.
  SharedQueue(std::shared_ptr<Consumer> consumer, const OutsideBroker& outside,
              ConsumerContext context, Random& random);

  // On the consumer's executor, until stop().
  Task<void> run();
  // From any thread.
  void stop();

  std::string queue_name(const std::string& life) const;

 private:
  Task<void> lead();
  Task<void> give_up_seat();
  void adopt(const RelaySeat::View& view);
  Task<void> relay_while_leading();
  Task<bool> prepare();
  Task<bool> begin_life(const char* why);
  Task<bool> relay_once();
  Task<void> sweep();
  Task<void> sweep_once();
  Task<void> look_for_queue();
  void spawn(Task<void> task);

  const std::shared_ptr<Consumer> consumer_;
  const OutsideBroker& outside_;
  const ConsumerContext context_;
  Random& random_;
  RelaySeat seat_;
  Sweep sweep_;
  const std::shared_ptr<Feed> feed_ = Feed::make();
  Pause pause_;
  std::atomic<bool> stopping_ = false;

  // On the consumer's executor.
  bool leading_ = false;
  bool relaying_ = false;
  std::string life_;
  std::int64_t position_ = 0;  // confirmed, in this life
  std::int64_t cursor_ = 0;
  std::unique_ptr<Relay> relay_;
  SteadyTime looked_at_;  // for the queue
  int stuck_ = 0;         // publications in a row that an answering broker did not confirm

  mutable std::mutex mutex_;  // of what follows
  Signal idle_;
  std::size_t children_ = 0;

  observe::Gauge& leading_gauge_;
  observe::Gauge& lag_events_;
  observe::Counter& lives_;
  observe::Counter& swept_;
  std::shared_ptr<std::atomic<std::int64_t>> oldest_ms_;  // of the open events; 0: none
};

}  // namespace securecart::events
