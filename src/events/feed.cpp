#include "events/feed.hpp"

#include <exception>
#include <utility>

namespace securecart::events {

class Feed::Reader final : public Subscription {
 public:
  explicit Reader(std::shared_ptr<Feed> feed) : feed_(std::move(feed)) {}
  ~Reader() override { close(); }

  Task<Delivery> next() override { return feed_->next(); }
  void ack(std::uint64_t tag) override { feed_->answer(tag, true); }
  void nack(std::uint64_t tag) override { feed_->answer(tag, false); }
  std::int64_t settled() const override { return 0; }
  void close() override { feed_->close(); }

 private:
  const std::shared_ptr<Feed> feed_;
};

std::unique_ptr<Subscription> Feed::reader() {
  return std::make_unique<Reader>(shared_from_this());
}

void Feed::attach(std::shared_ptr<Subscription> source) {
  std::shared_ptr<Subscription> before;
  {
    const std::scoped_lock lock(mutex_);
    before = std::exchange(source_, source);
    if (closed_) {
      before = std::exchange(source_, nullptr);
    } else {
      ++pumps_;
    }
  }
  if (before) {
    before->close();
  }
  if (before == source) {
    return;  // closed
  }
  start(pump(shared_from_this(), std::move(source)),
        [self = shared_from_this()](const std::exception_ptr&) {
          const std::scoped_lock lock(self->mutex_);
          --self->pumps_;
          self->changed_.notify_all();
        });
}

// What waits here is bounded by the source's own prefetch.
Task<void> Feed::pump(std::shared_ptr<Feed> self, std::shared_ptr<Subscription> source) {
  while (true) {
    Task<Delivery> taking = source->next();
    Delivery delivery = co_await taking;
    if (delivery.event == nullptr && delivery.malformed == nullptr) {
      co_return;
    }
    const std::scoped_lock lock(self->mutex_);
    Held held{source, delivery.tag, delivery.event ? delivery.event->position : 0, false};
    self->positions_.insert(held.position);
    self->ready_.push_back({std::move(delivery), std::move(held)});
    self->changed_.notify_all();
  }
}

bool Feed::offer(EventPtr event) {
  const std::scoped_lock lock(mutex_);
  if (closed_ || positions_.contains(event->position)) {
    return false;
  }
  const std::int64_t position = event->position;
  positions_.insert(position);
  ++offered_;
  ready_.push_back({Delivery{std::move(event), 0, true}, Held{{}, 0, position, true}});
  changed_.notify_all();
  return true;
}

std::size_t Feed::offered() const {
  const std::scoped_lock lock(mutex_);
  return offered_;
}

Task<Delivery> Feed::next() {
  const std::shared_ptr<Feed> self = shared_from_this();
  std::unique_lock lock(mutex_);
  while (!closed_ && ready_.empty()) {
    Signal::Wait waiting = changed_.wait(lock);
    co_await waiting;
  }
  Delivery delivery;
  if (!closed_) {
    Item item = std::move(ready_.front());
    ready_.pop_front();
    delivery = std::move(item.delivery);
    delivery.tag = ++last_tag_;
    taken_.emplace(delivery.tag, std::move(item.held));
  }
  co_return delivery;
}

void Feed::answer(std::uint64_t tag, bool good) {
  Held held;
  {
    const std::scoped_lock lock(mutex_);
    const auto found = taken_.find(tag);
    if (found == taken_.end()) {
      return;
    }
    held = std::move(found->second);
    taken_.erase(found);
    positions_.erase(positions_.find(held.position));
    offered_ -= held.offered ? 1 : 0;
  }
  if (const std::shared_ptr<Subscription> source = held.source.lock()) {
    good ? source->ack(held.tag) : source->nack(held.tag);
  }
}

void Feed::close() {
  std::shared_ptr<Subscription> source;
  {
    const std::scoped_lock lock(mutex_);
    closed_ = true;
    source = std::exchange(source_, nullptr);
    ready_.clear();
    changed_.notify_all();
  }
  if (source) {
    source->close();
  }
}

Task<void> Feed::ended() {
  const std::shared_ptr<Feed> self = shared_from_this();
  std::unique_lock lock(mutex_);
  while (pumps_ > 0) {
    Signal::Wait waiting = changed_.wait(lock);
    co_await waiting;
  }
}

}  // namespace securecart::events
