#include "events/in_process_broker.hpp"

#include <algorithm>
#include <cassert>
#include <deque>
#include <set>
#include <unordered_map>

#include "events/signal.hpp"

namespace securecart::events {

struct InProcessBroker::Queue {
  explicit Queue(std::int64_t after) : through(after) {}

  bool ended() const {
    const std::scoped_lock lock(mutex);
    return closed;
  }

  struct Item {
    EventPtr event;
    bool redelivered = false;
  };

  mutable std::mutex mutex;  // of what follows
  Signal changed;
  std::deque<Item> ready;
  std::set<std::int64_t> open;  // positions that are ready or handed out
  std::int64_t through;
  bool closed = false;
};

class InProcessBroker::Reader final : public Subscription {
 public:
  Reader(std::shared_ptr<Queue> queue, std::size_t prefetch)
      : queue_(std::move(queue)), prefetch_(prefetch) {}
  ~Reader() override { close(); }

  Task<Delivery> next() override {
    const std::shared_ptr<Queue> queue = queue_;
    std::unique_lock lock(queue->mutex);
    while (!ended() && (queue->ready.empty() || taken_.size() >= prefetch_)) {
      Signal::Wait waiting = queue->changed.wait(lock);
      co_await waiting;
    }
    if (ended()) {
      co_return Delivery{};
    }
    Queue::Item item = std::move(queue->ready.front());
    queue->ready.pop_front();
    queue->changed.notify_all();  // there is room to publish
    const std::uint64_t tag = ++last_tag_;
    taken_.emplace(tag, item.event);
    Delivery delivery{std::move(item.event), tag, item.redelivered};
    co_return delivery;
  }

  void ack(std::uint64_t tag) override {
    const std::scoped_lock lock(queue_->mutex);
    const auto found = taken_.find(tag);
    if (found == taken_.end()) {
      return;
    }
    queue_->open.erase(found->second->position);
    taken_.erase(found);
    queue_->changed.notify_all();
  }

  void nack(std::uint64_t tag) override {
    const std::scoped_lock lock(queue_->mutex);
    const auto found = taken_.find(tag);
    if (found == taken_.end()) {
      return;
    }
    put_back(found->second);
    taken_.erase(found);
    queue_->changed.notify_all();
  }

  std::int64_t settled() const override {
    const std::scoped_lock lock(queue_->mutex);
    return queue_->open.empty() ? queue_->through : *queue_->open.begin() - 1;
  }

  void close() override {
    const std::scoped_lock lock(queue_->mutex);
    closed_ = true;
    for (const auto& [tag, event] : taken_) {
      put_back(event);
    }
    taken_.clear();
    queue_->changed.notify_all();
  }

 private:
  bool ended() const { return closed_ || queue_->closed; }

  // Into its place in the order of the log.
  void put_back(const EventPtr& event) {
    const auto place = std::ranges::find_if(queue_->ready, [&event](const Queue::Item& item) {
      return item.event->position > event->position;
    });
    queue_->ready.insert(place, Queue::Item{event, true});
  }

  const std::shared_ptr<Queue> queue_;
  const std::size_t prefetch_;
  std::unordered_map<std::uint64_t, EventPtr> taken_;
  std::uint64_t last_tag_ = 0;
  bool closed_ = false;
};

InProcessBroker::InProcessBroker(std::size_t queue_events) : queue_events_(queue_events) {}

InProcessBroker::~InProcessBroker() = default;

Task<bool> InProcessBroker::exists(std::string queue) {
  const std::scoped_lock lock(mutex_);
  const auto found = queues_.find(queue);
  co_return found != queues_.end() && !found->second->ended();
}

Task<void> InProcessBroker::declare(std::string queue, std::int64_t after) {
  const std::scoped_lock lock(mutex_);
  auto& place = queues_[queue];
  if (!place || place->ended()) {
    place = std::make_shared<Queue>(after);
  }
  co_return;
}

std::shared_ptr<InProcessBroker::Queue> InProcessBroker::find(const std::string& name) const {
  const std::scoped_lock lock(mutex_);
  const auto found = queues_.find(name);
  return found == queues_.end() ? nullptr : found->second;
}

Task<Published> InProcessBroker::publish(std::string name, std::vector<EventPtr> events,
                                         std::int64_t through) {
  Published published{Published::End::gone, 0};
  const std::shared_ptr<Queue> queue = find(name);
  if (!queue) {
    co_return published;
  }
  std::unique_lock lock(queue->mutex);
  while (!queue->closed && !events.empty() && queue->ready.size() >= queue_events_) {
    Signal::Wait waiting = queue->changed.wait(lock);
    co_await waiting;
  }
  if (queue->closed) {
    published.end = Published::End::closed;
    co_return published;
  }
  for (EventPtr& event : events) {
    queue->open.insert(queue->open.end(), event->position);
    queue->ready.push_back({std::move(event), false});
  }
  queue->through = std::max(queue->through, through);
  if (!events.empty()) {
    queue->changed.notify_all();
  }
  published = {Published::End::all, through};
  co_return published;
}

std::unique_ptr<Subscription> InProcessBroker::subscribe(const std::string& queue,
                                                         std::size_t prefetch) {
  std::shared_ptr<Queue> known = find(queue);
  assert(known && "declare() comes first");
  return std::make_unique<Reader>(std::move(known), prefetch);
}

void InProcessBroker::close(const std::string& name) {
  const std::shared_ptr<Queue> queue = find(name);
  if (!queue) {
    return;
  }
  const std::scoped_lock lock(queue->mutex);
  queue->closed = true;
  queue->changed.notify_all();
}

}  // namespace securecart::events
