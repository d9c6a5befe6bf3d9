#include "storage/sqlite/writer.hpp"

#include <algorithm>
#include <chrono>

#include "storage/limits.hpp"

namespace securecart::storage::sqlite {

namespace {

constexpr auto sabotaged_commit_delay = std::chrono::milliseconds(200);

double seconds(Duration span) {
  return std::chrono::duration<double>(span).count();
}

std::span<const double> group_buckets() {
  static constexpr double bounds[] = {1, 2, 4, 8, 16, 32, 64, 128, 256, 512};
  return bounds;
}

observe::Counter& batches(observe::Metrics& metrics, const char* outcome) {
  return metrics.counter("securecart_storage_batches_total", "Batches by what became of them.",
                         {{"outcome", outcome}});
}

}  // namespace

Writer::Writer(Connection& connection, Checkpointer& checkpointer, const Clock& clock,
               observe::Metrics& metrics, WriterOptions options)
    : committer_(connection, clock, options.origin, options.sabotage),
      checkpointer_(checkpointer),
      clock_(clock),
      options_(std::move(options)),
      applied_(batches(metrics, "committed")),
      refused_(batches(metrics, "refused")),
      replayed_(batches(metrics, "replayed")),
      failed_(batches(metrics, "failed")),
      turned_away_(batches(metrics, "turned_away")),
      queue_length_(
          metrics.gauge("securecart_storage_queue_length", "Batches waiting for the writer.")),
      group_size_(metrics.histogram("securecart_storage_group_size",
                                    "Batches that shared one transaction and one fsync.", {},
                                    group_buckets())),
      queue_seconds_(metrics.histogram("securecart_storage_queue_seconds",
                                       "Time a batch waited for the writer.")),
      commit_seconds_(metrics.histogram("securecart_storage_commit_seconds",
                                        "Time a group took, from its first batch to its answers.")),
      sync_seconds_(
          metrics.histogram("securecart_storage_sync_seconds", "Time COMMIT took, with fsync.")) {
  tail_ = committer_.tail();
  if (!options_.inline_commits) {
    thread_ = std::thread([this] { run(); });
  }
}

Writer::~Writer() {
  stop();
}

Writer::Submitted Writer::submit(Pending& pending) {
  pending.queued_at = clock_.steady();
  if (options_.inline_commits) {
    const std::scoped_lock lock(inline_mutex_);
    std::vector<Pending*> group = {&pending};
    finish(group);
    return Submitted::answered;
  }
  bool sleeping = false;
  {
    const std::scoped_lock lock(mutex_);
    if (stopping_ || queue_.size() >= limits::batch_queue) {
      turned_away_.add();
      pending.outcome =
          Failure{Failure::Kind::unavailable,
                  stopping_ ? "the database is closing" : "the database is busy: queue full"};
      return Submitted::answered;
    }
    sleeping = queue_.empty();
    queue_.push_back(&pending);
    queue_length_.set(static_cast<std::int64_t>(queue_.size()));
  }
  if (sleeping) {
    wake_.notify_one();
  }
  return Submitted::queued;
}

void Writer::on_commit(CommitObserver observer) {
  const std::scoped_lock lock(observers_mutex_);
  observers_.push_back(std::move(observer));
}

void Writer::stop() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) {
    thread_.join();
  }
}

void Writer::run() {
  std::vector<Pending*> group;
  group.reserve(options_.group_commit);
  while (true) {
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
      if (queue_.empty()) {
        return;
      }
    }
    group.clear();
    statements_ = 0;
    fill(group);
    finish(group);
  }
}

void Writer::fill(std::vector<Pending*>& group) {
  const std::size_t before = group.size();
  {
    const std::scoped_lock lock(mutex_);
    while (!queue_.empty() && group.size() < options_.group_commit) {
      const std::size_t more = queue_.front()->batch.statements.size();
      if (!group.empty() && statements_ + more > limits::group_statements) {
        break;
      }
      statements_ += more;
      group.push_back(queue_.front());
      queue_.pop_front();
    }
    queue_length_.set(static_cast<std::int64_t>(queue_.size()));
  }
  for (std::size_t i = before; i < group.size(); ++i) {
    queue_seconds_.observe(seconds(clock_.steady() - group[i]->queued_at));
  }
}

void Writer::finish(std::vector<Pending*>& group) {
  const SteadyTime start = clock_.steady();
  // Sabotaged, the keyed batches (orders and the like) are answered too soon; the others are not,
  // or nobody could read back what they wrote and no order would ever be tried.
  std::size_t answered = 0;  // from the group's start
  std::function<void()> before_commit;
  if (options_.sabotage.acknowledge_before_commit) {
    before_commit = [&group, &answered] {
      const auto others = std::ranges::partition(
          group, [](const Pending* pending) { return pending->batch.key.has_value(); });
      answered = group.size() - others.size();
      if (answered > 0) {
        wake(std::span(group).first(answered));
        std::this_thread::sleep_for(sabotaged_commit_delay);
      }
    };
  }
  const GroupResult result =
      committer_.commit(group, [this](std::vector<Pending*>& open) { fill(open); }, before_commit);
  group_size_.observe(static_cast<double>(group.size()));
  tail_.store(committer_.tail(), std::memory_order_release);
  tell_observers(result.events);
  wake(std::span(group).subspan(answered));
  commit_seconds_.observe(seconds(clock_.steady() - start));
  record(result);
  checkpointer_.after_commit();
}

void Writer::tell_observers(std::span<const CommittedEvent> events) {
  if (events.empty()) {
    return;
  }
  const std::scoped_lock lock(observers_mutex_);
  for (const CommitObserver& observer : observers_) {
    observer(committer_.tail(), events);
  }
}

void Writer::record(const GroupResult& result) {
  applied_.add(result.applied);
  refused_.add(result.refused);
  replayed_.add(result.replayed);
  failed_.add(result.failed);
  sync_seconds_.observe(seconds(result.sync));
}

}  // namespace securecart::storage::sqlite
