#include "storage/cache/redis/redis_cache.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <future>
#include <optional>
#include <utility>

#include "base/crypto.hpp"
#include "base/duration.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "storage/cache/invalidations.hpp"
#include "storage/limits.hpp"

namespace securecart::storage {

namespace {

using redis::Connection;
using redis::Reply;
using redis::Script;

// Slots of one space: a tag drops the entries of every tag it shares a slot with.
constexpr std::uint32_t slots_of_space = 4'096;
constexpr std::size_t known_slots = 1 << 16;
constexpr auto delivery_poll = std::chrono::milliseconds(10);
constexpr std::size_t random_name_bytes = 16;

std::uint32_t slot_of(std::string_view tag) {
  const std::uint64_t hash = stable_hash(tag);
  return static_cast<std::uint32_t>((hash ^ (hash >> 32)) % slots_of_space);
}

std::uint64_t number(std::string_view text) {
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

std::string joined_slots(const std::vector<std::string>& tags) {
  std::set<std::uint32_t> slots;
  for (const std::string& tag : tags) {
    slots.insert(slot_of(tag));
  }
  std::string text;
  for (const std::uint32_t slot : slots) {
    text.append(text.empty() ? "" : ",").append(std::to_string(slot));
  }
  return text;
}

}  // namespace

RedisCache::RedisCache(RedisOptions options, net::Runtime& runtime, Random& random,
                       observe::Metrics& metrics)
    : address_(std::move(options.address)),
      clock_(runtime.clock()),
      random_(random),
      metrics_(metrics),
      undelivered_gauge_(metrics.gauge("securecart_redis_undelivered_invalidations",
                                       "Invalidations Redis has not acknowledged yet.")),
      dropped_all_(metrics.counter(
          "securecart_redis_dropped_all_total",
          "Times the whole cache was dropped because too many invalidations waited.")),
      invalidations_(metrics.counter("securecart_redis_invalidations_total", "Tags invalidated.")),
      generation_key_(address_.prefix + ":generation"),
      home_(runtime.executor(0)),
      master_(address_),
      slots_(known_slots) {
  std::shared_ptr<const net::TlsSettings> tls;
  if (address_.hosts.front().tls) {
    tls = net::tls_settings(options.tls_trust_pem);
  }
  if (!address_.master.empty()) {
    sentinels_ = std::make_shared<redis::SentinelWatch>(
        redis::SentinelWatch::Parts{home_, address_, master_, tls, clock_, random_, metrics});
    master_.on_doubt([this] { sentinels_->doubt(); });
  }
  master_.on_change([this] { on_master_change(); });
  for (std::size_t core = 0; core < runtime.cores(); ++core) {
    Executor& executor = runtime.executor(core);
    executors_.push_back(&executor);
    connections_.push_back(std::make_shared<Connection>(
        Connection::Parts{executor, address_, master_, tls, clock_, random_, metrics_}));
    by_executor_.emplace(&executor, connections_.back().get());
  }
  connections_.front()->on_up([this] { leader_came_up(); });
  for (std::size_t core = 0; core < connections_.size(); ++core) {
    executors_[core]->post([connection = connections_[core]] { connection->start(); });
  }
  if (sentinels_) {
    home_.post([sentinels = sentinels_] { sentinels->start(); });
  }
}

RedisCache::~RedisCache() = default;

void RedisCache::close() {
  const auto on = [](Executor& executor, std::function<void()> work) {
    auto done = std::make_shared<std::promise<void>>();
    std::future<void> ended = done->get_future();
    executor.post([work = std::move(work), done] {
      work();
      done->set_value();
    });
    ended.wait();
  };
  if (sentinels_) {
    on(home_, [this] { sentinels_->stop(); });
  }
  for (std::size_t core = 0; core < connections_.size(); ++core) {
    on(*executors_[core], [connection = connections_[core]] { connection->stop(); });
  }
}

void RedisCache::on_master_change() {
  for (std::size_t core = 0; core < connections_.size(); ++core) {
    executors_[core]->post([connection = connections_[core]] { connection->master_changed(); });
  }
}

RedisCache::Keys RedisCache::keys_of(const CacheKey& key) const {
  const bool is_long = key.name.size() > limits::redis_name_bytes;
  const std::string space = address_.prefix + ":" + key.space;
  return {space + ":entry:" + (is_long ? sha256_hex(key.name) : key.name), space + ":tags"};
}

std::string RedisCache::random_name() {
  std::array<std::uint64_t, random_name_bytes / sizeof(std::uint64_t)> words{};
  std::ranges::generate(words, [this] { return random_.next(); });
  std::string bytes;
  for (std::uint64_t word : words) {
    for (std::size_t i = 0; i < sizeof word; ++i, word >>= 8U) {
      bytes += static_cast<char>(word & 0xffU);
    }
  }
  return to_hex(bytes);
}

std::size_t RedisCache::index_of(std::string_view space, Slot slot) {
  return (stable_hash(space) + slot) % known_slots;
}

std::uint64_t RedisCache::now() const {
  const std::scoped_lock lock(mutex_);
  return moment_;
}

// The connection of the core this runs on; null on other threads.
Connection* RedisCache::mine() {
  if (!Executor::has_current()) {
    return nullptr;
  }
  const auto found = by_executor_.find(&Executor::current());
  return found == by_executor_.end() ? nullptr : found->second;
}

Task<Cache::Found> RedisCache::get(CacheKey key) {
  if (Connection* connection = mine()) {
    Task<Found> here = get_here(*connection, std::move(key));
    co_return co_await here;
  }
  Task<Found> elsewhere = await_on_current<Found>(
      [this, key = std::move(key)](std::move_only_function<void(Found)> resume) mutable {
        home_.post([this, key = std::move(key), resume = std::move(resume)]() mutable {
          start(
              get_here(*connections_.front(), std::move(key)),
              [resume = std::move(resume)](std::variant<Found, std::exception_ptr> found) mutable {
                resume(std::get<0>(std::move(found)));
              });
        });
      });
  co_return co_await elsewhere;
}

Task<Cache::Found> RedisCache::get_here(Connection& connection, CacheKey key) {
  const std::uint64_t asked_at = now();
  const Keys keys = keys_of(key);
  const std::string run = connection.run();
  const std::string name = random_name();
  const std::string lifetime = std::to_string(to_millis(limits::redis_space_lifetime));
  Callback<Connection::Answer> asking([&](Callback<Connection::Answer>::Resume resume) {
    const std::array<std::string_view, 3> names{keys.entry, keys.invalidations, generation_key_};
    const std::array<std::string_view, 3> arguments{run, name, lifetime};
    connection.run_script(Script::get, names, arguments, false, std::move(resume));
  });
  Connection::Answer answer = co_await asking;
  if (!answer || answer->is_error()) {
    Found nobody;
    nobody.reachable = false;
    co_return nobody;
  }
  co_return understood(connection, key, asked_at, std::move(*answer));
}

Cache::Found RedisCache::understood(const Connection& connection, const CacheKey& key,
                                    std::uint64_t asked_at, Reply reply) {
  Found found;
  bool same_server = false;
  {
    const std::scoped_lock lock(mutex_);
    same_server = run_ == connection.run() && !drop_all_ && dropped_at_ <= asked_at;
  }
  if (!reply.has(6) || !same_server) {
    found.reachable = false;
    return found;
  }
  Reply& bytes = reply.list[0];
  if (!trustworthy(key, reply.list[3].text, asked_at)) {
    return found;  // without a ticket: it would be outdated before it is kept
  }
  found.ticket = Ticket{std::move(reply.list[4].text), number(reply.list[5].text)};
  if (bytes.kind == Reply::Kind::text) {
    found.bytes = std::make_shared<const std::string>(std::move(bytes.text));
    found.absence = reply.list[1].integer != 0;
    found.remaining = std::chrono::milliseconds(std::max<std::int64_t>(reply.list[2].integer, 0));
  }
  return found;
}

// False when one of the slots was invalidated here since the lookup began, or is and the server has
// not said that it knows.
bool RedisCache::trustworthy(const CacheKey& key, std::string_view slots,
                             std::uint64_t asked_at) const {
  if (slots.empty()) {
    return true;
  }
  const std::scoped_lock lock(mutex_);
  return std::ranges::all_of(split(slots, ','), [&](std::string_view slot) {
    const SlotState& state = slots_[index_of(key.space, static_cast<Slot>(number(slot)))];
    return state.waiting == 0 && state.acknowledged <= asked_at;
  });
}

Task<bool> RedisCache::put(CacheKey key, CacheEntry entry, Ticket ticket) {
  if (entry.bytes->size() > limits::cache_entry_bytes) {
    co_return false;
  }
  if (Connection* connection = mine()) {
    Task<bool> here = put_here(*connection, std::move(key), std::move(entry), std::move(ticket));
    co_return co_await here;
  }
  Task<bool> elsewhere = await_on_current<bool>(
      [this, key = std::move(key), entry = std::move(entry),
       ticket = std::move(ticket)](std::move_only_function<void(bool)> resume) mutable {
        home_.post([this, key = std::move(key), entry = std::move(entry),
                    ticket = std::move(ticket), resume = std::move(resume)]() mutable {
          start(
              put_here(*connections_.front(), std::move(key), std::move(entry), std::move(ticket)),
              [resume = std::move(resume)](std::variant<bool, std::exception_ptr> kept) mutable {
                resume(std::get<0>(kept));
              });
        });
      });
  co_return co_await elsewhere;
}

Task<bool> RedisCache::put_here(Connection& connection, CacheKey key, CacheEntry entry,
                                Ticket ticket) {
  const Keys keys = keys_of(key);
  const std::string run = connection.run();
  const std::string moment = std::to_string(ticket.moment);
  const std::string slots = joined_slots(entry.tags);
  const std::string lifetime = std::to_string(std::max<std::int64_t>(to_millis(entry.lifetime), 1));
  Callback<Connection::Answer> asking([&](Callback<Connection::Answer>::Resume resume) {
    const std::array<std::string_view, 3> names{keys.entry, keys.invalidations, generation_key_};
    const std::array<std::string_view, 7> arguments{
        run, ticket.history, moment, slots, entry.absence ? "1" : "0", lifetime, *entry.bytes};
    connection.run_script(Script::put, names, arguments, false, std::move(resume));
  });
  const Connection::Answer answer = co_await asking;
  co_return answer && answer->kind == Reply::Kind::integer && answer->integer == 1;
}

void RedisCache::invalidate(std::string_view space, std::string_view tag) {
  const Slot slot = slot_of(tag);
  invalidations_.add();
  {
    const std::scoped_lock lock(mutex_);
    ++slots_[index_of(space, slot)].waiting;
    queue_.push_back({std::string(space), slot, ++moment_});
    undelivered_moments_.insert(moment_);
    if (queue_.size() > limits::redis_undelivered) {
      drop_queue();
    }
    undelivered_gauge_.set(static_cast<std::int64_t>(undelivered_moments_.size()));
    if (std::exchange(planned_, true)) {
      return;
    }
  }
  plan_delivery();
}

// With the mutex. Nobody reads from Redis until all of it is dropped, so none of these matters any
// more.
void RedisCache::drop_queue() {
  for (const Waiting& waiting : std::exchange(queue_, {})) {
    --slots_[index_of(waiting.space, waiting.slot)].waiting;
    undelivered_moments_.erase(waiting.moment);
  }
  drop_all_ = true;
  dropped_all_.add();
}

void RedisCache::plan_delivery() {
  home_.post([this] { deliver(); });
}

void RedisCache::leader_came_up() {
  {
    const std::scoped_lock lock(mutex_);
    run_ = connections_.front()->run();
  }
  deliver();
}

// On core 0. What waits is sent in one turn, without waiting for answers.
void RedisCache::deliver() {
  const bool up = connections_.front()->up();
  std::vector<Waiting> batch;
  bool drop_all = false;
  {
    const std::scoped_lock lock(mutex_);
    planned_ = false;
    if (!up) {
      return;  // leader_came_up() will come
    }
    batch = std::exchange(queue_, {});
    drop_all = drop_all_;
  }
  if (drop_all) {
    send_drop_all();
  }
  if (!batch.empty()) {
    send(std::move(batch));
  }
}

// One script a space, and no more than a batch of slots each.
void RedisCache::send(std::vector<Waiting> batch) {
  std::ranges::sort(batch, {}, &Waiting::space);
  auto next = batch.begin();
  while (next != batch.end()) {
    const auto first = next;
    std::vector<std::string> slots;
    while (next != batch.end() && next->space == first->space &&
           slots.size() < limits::redis_invalidation_batch) {
      slots.push_back(std::to_string(next->slot));
      ++next;
    }
    const std::string tags = address_.prefix + ":" + first->space + ":tags";
    const std::string lifetime = std::to_string(to_millis(limits::redis_space_lifetime));
    const std::array<std::string_view, 1> keys{tags};
    std::vector<std::string_view> arguments{lifetime};
    arguments.insert(arguments.end(), slots.begin(), slots.end());
    connections_.front()->run_script(
        Script::invalidate, keys, arguments, true,
        [this, part = std::vector<Waiting>(first, next)](const Connection::Answer& answer) {
          acknowledge(part, answer && !answer->is_error());
        });
  }
}

void RedisCache::send_drop_all() {
  const std::array<std::string_view, 2> words{"DEL", generation_key_};
  connections_.front()->run_command(words, true, [this](const Connection::Answer& answer) {
    if (answer && !answer->is_error()) {
      const std::scoped_lock lock(mutex_);
      drop_all_ = false;
      dropped_at_ = ++moment_;
    }
  });
}

// On core 0. What did not arrive goes back to the queue, and waits for the connection.
void RedisCache::acknowledge(const std::vector<Waiting>& batch, bool arrived) {
  bool again = false;
  {
    const std::scoped_lock lock(mutex_);
    if (arrived) {
      ++moment_;  // a lookup that begins now comes after it at the server too
      for (const Waiting& waiting : batch) {
        SlotState& state = slots_[index_of(waiting.space, waiting.slot)];
        --state.waiting;
        state.acknowledged = moment_;
        undelivered_moments_.erase(waiting.moment);
      }
      undelivered_gauge_.set(static_cast<std::int64_t>(undelivered_moments_.size()));
    } else {
      queue_.insert(queue_.begin(), batch.begin(), batch.end());
      again = !std::exchange(planned_, true);
    }
  }
  if (again) {
    home_.post_after(limits::redis_retry_first, [this] { deliver(); });
  }
}

Task<bool> RedisCache::delivered(Duration patience) {
  const std::uint64_t moment = now();
  const SteadyTime until = clock_.steady() + patience;
  for (;;) {
    {
      const std::scoped_lock lock(mutex_);
      const bool some_wait =
          !undelivered_moments_.empty() && *undelivered_moments_.begin() <= moment;
      if (!some_wait && !drop_all_) {
        co_return true;
      }
    }
    if (clock_.steady() >= until) {
      co_return false;
    }
    Task<void> pause = sleep_for(delivery_poll);
    co_await pause;
  }
}

}  // namespace securecart::storage
