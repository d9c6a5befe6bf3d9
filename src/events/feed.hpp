// What a consumer of a shared queue reads: the queue of the broker's present life, and what the
// sweep takes from the log itself.
//
//   Subscription of life 1 --+
//   Subscription of life 2 --+--> reader() --> Consumer
//   offer(event) ------------+
//
// attach(), offer() and the numbers belong to one executor; the reader's calls may come from any
// thread.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <set>

#include "events/broker.hpp"
#include "events/signal.hpp"

namespace securecart::events {

class Feed : public std::enable_shared_from_this<Feed> {
 public:
  static std::shared_ptr<Feed> make() { return std::shared_ptr<Feed>(new Feed()); }

  std::unique_ptr<Subscription> reader();
  // Reads from this one now. What the one before handed out stays; its acknowledgements say
  // nothing.
  void attach(std::shared_ptr<Subscription> source);
  // False when it is here already, or nobody reads any more.
  bool offer(EventPtr event);
  // How many offered events are not settled.
  std::size_t offered() const;
  void close();
  // Waits until no task of it runs. After close().
  Task<void> ended();

 private:
  class Reader;
  struct Held {
    std::weak_ptr<Subscription> source;  // empty: it was offered
    std::uint64_t tag = 0;               // of the source
    std::int64_t position = 0;
    bool offered = false;
  };
  struct Item {
    Delivery delivery;
    Held held;
  };

  Feed() = default;
  static Task<void> pump(std::shared_ptr<Feed> self, std::shared_ptr<Subscription> source);
  Task<Delivery> next();
  void answer(std::uint64_t tag, bool good);

  mutable std::mutex mutex_;  // of what follows
  Signal changed_;
  std::deque<Item> ready_;
  std::map<std::uint64_t, Held> taken_;  // by our tag
  std::multiset<std::int64_t> positions_;
  std::shared_ptr<Subscription> source_;
  std::uint64_t last_tag_ = 0;
  std::size_t offered_ = 0;
  std::size_t pumps_ = 0;
  bool closed_ = false;
};

}  // namespace securecart::events
