#include "traffic/dns/worker.hpp"

#include <array>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/log.hpp"
#include "traffic/dns/limits.hpp"
#include "traffic/dns/tcp_port.hpp"

namespace securecart::traffic::dns {
namespace {

constexpr int wait_ms = 1'000;
constexpr std::size_t events_at_once = 64;

void add_to(int epoll, int socket) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = socket;
  epoll_ctl(epoll, EPOLL_CTL_ADD, socket, &event);
}

}  // namespace

WorkerContext::WorkerContext(std::uint32_t number, const ServerOptions& server, const Clock& time,
                             SnapshotBox& snapshots, Counters& shared, Random& seeds)
    : thread(number),
      options(server),
      clock(time),
      box(snapshots),
      counters(shared),
      random(seeds.next()),
      answerer(number, {seeds.next(), seeds.next()}),
      limiter(server.limit, seeds.next()) {
  refresh();
}

void WorkerContext::refresh() {
  const std::uint64_t newest = box.generation();
  if (newest == generation) {
    return;
  }
  if (snapshot) {
    tally.flush(counters, *snapshot);
  }
  snapshot = box.current();
  generation = newest;
  tally.by_zone.assign(snapshot->zones().size(), 0);
}

void WorkerContext::flush() {
  tally.flush(counters, *snapshot);
  const std::uint64_t made = answerer.signatures_made();
  if (made != signatures_told) {
    counters.signatures.add(made - std::exchange(signatures_told, made));
  }
}

void WorkerContext::stamp(Client& client) {
  client.now = clock.steady();
  client.unix_seconds = static_cast<std::uint32_t>(to_millis(clock.now()) / 1'000);
  client.random = random.next();
}

void WorkerContext::log_query(const Client& client, const Reply& reply) {
  if (options.query_log_one_in == 0 || random.below(options.query_log_one_in) != 0) {
    return;
  }
  const Query& query = answerer.query();
  log::info("dns query",
            {{"client", to_text(client.address)},
             {"transport", client.tcp ? "tcp" : "udp"},
             {"name", query.has_question ? name_text(query.name.wire()) : std::string("-")},
             {"type", query.has_question ? type_text(query.type) : std::string("-")},
             {"rcode", rcode_text(reply.rcode)},
             {"bytes", reply.size},
             {"policy", reply.by_policy}});
}

TcpWorker::TcpWorker(std::uint32_t number, const ServerOptions& options, const Clock& clock,
                     SnapshotBox& box, Counters& counters, Random& random,
                     std::vector<int> listeners)
    : Worker(number, options, clock, box, counters, random),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      wake_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  add_to(epoll_, wake_);
  for (const int socket : listeners) {
    add_to(epoll_, socket);
  }
  port_ = std::make_unique<TcpPort>(std::move(listeners), epoll_, context_);
}

TcpWorker::~TcpWorker() {
  port_.reset();
  close(wake_);
  close(epoll_);
}

void TcpWorker::run() {
  std::array<epoll_event, events_at_once> events;
  while (!ending_.load(std::memory_order_relaxed)) {
    const int count = epoll_wait(epoll_, events.data(), events_at_once, wait_ms);
    context_.refresh();
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = events[static_cast<std::size_t>(i)];
      port_->event(event.data.fd, event.events);
    }
    port_->sweep();
    context_.flush();
  }
}

void TcpWorker::stop() {
  ending_.store(true, std::memory_order_relaxed);
  const std::uint64_t one = 1;
  static_cast<void>(write(wake_, &one, sizeof one));
}

}  // namespace securecart::traffic::dns
