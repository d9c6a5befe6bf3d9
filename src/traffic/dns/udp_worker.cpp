#include "traffic/dns/udp_worker.hpp"

#include <array>
#include <cerrno>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <unistd.h>

#include "traffic/dns/limits.hpp"

namespace securecart::traffic::dns {
namespace {

// Apart by a line more than a page, so that the first lines of all of a batch do not fall on one
// place of the processor's cache.
constexpr std::size_t query_bytes = 4'096 + 64;
constexpr std::size_t answer_bytes = limits::dns_udp_answer_bytes + 1'024 + 64;
constexpr timeval patience{1, 0};  // until a thread without questions looks for a new snapshot
constexpr Duration flush_pause = std::chrono::milliseconds(100);  // of what it counted
constexpr std::size_t last_batches = 64;

}  // namespace

// The address a question came to stands in a control message; sent back with the answer, it makes
// the kernel answer from there, also where a socket is bound to any address.
struct UdpWorker::Batch {
  static constexpr std::size_t control_bytes = 64;
  std::array<mmsghdr, limits::dns_batch> in{};
  std::array<mmsghdr, limits::dns_batch> out{};
  std::array<iovec, limits::dns_batch> in_pieces{};
  std::array<iovec, limits::dns_batch> out_pieces{};
  std::array<sockaddr_storage, limits::dns_batch> peers{};
  std::array<std::array<std::uint8_t, query_bytes>, limits::dns_batch> queries;
  std::array<std::array<std::uint8_t, answer_bytes>, limits::dns_batch> answers;
  alignas(cmsghdr) std::array<std::array<std::uint8_t, control_bytes>, limits::dns_batch> controls;
};

UdpWorker::UdpWorker(std::uint32_t number, const ServerOptions& options, const Clock& clock,
                     SnapshotBox& box, Counters& counters, Random& random, int socket)
    : Worker(number, options, clock, box, counters, random),
      socket_(socket),
      batch_(std::make_unique<Batch>()) {
  setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  for (std::size_t i = 0; i < limits::dns_batch; ++i) {
    batch_->in_pieces[i] = {batch_->queries[i].data(), query_bytes};
    msghdr& head = batch_->in[i].msg_hdr;
    head.msg_iov = &batch_->in_pieces[i];
    head.msg_iovlen = 1;
    head.msg_name = &batch_->peers[i];
    head.msg_control = batch_->controls[i].data();
  }
}

UdpWorker::~UdpWorker() {
  close(socket_);
}

void UdpWorker::run() {
  SteadyTime flushed{};
  while (!ending_.load(std::memory_order_relaxed)) {
    const bool idle = !serve(MSG_WAITFORONE);
    if (idle || now_ - flushed >= flush_pause) {
      context_.flush();
      flushed = now_;
    }
  }
  // What came before we were told to stop.
  for (std::size_t batch = 0; batch < last_batches && serve(MSG_DONTWAIT); ++batch) {
  }
  context_.flush();
}

void UdpWorker::stop() {
  ending_.store(true, std::memory_order_relaxed);
  shutdown(socket_, SHUT_RD);  // wakes recvmmsg, though it says that nothing is connected
}

bool UdpWorker::serve(int flags) {
  // The system changed the heads it filled; the others are as they were.
  for (std::size_t i = 0; i < filled_; ++i) {
    prepare(i);
  }
  filled_ = 0;
  const int count = recvmmsg(socket_, batch_->in.data(), limits::dns_batch, flags, nullptr);
  context_.refresh();
  if (count <= 0) {
    return false;
  }
  const auto received = static_cast<std::size_t>(count);
  filled_ = received;
  Client client;
  context_.stamp(client);  // one time for all of the batch
  now_ = client.now;
  context_.tally.udp_queries += received;
  std::size_t answers = 0;
  for (std::size_t i = 0; i < received; ++i) {
    client.random = context_.random.next();
    answers += answer(i, answers, client) ? 1 : 0;
  }
  send(answers);
  return true;
}

void UdpWorker::prepare(std::size_t index) {
  msghdr& head = batch_->in[index].msg_hdr;
  head.msg_namelen = sizeof(sockaddr_storage);
  head.msg_controllen = Batch::control_bytes;
  head.msg_flags = 0;
}

// Question `index` into answer `place`. False: nothing is sent.
bool UdpWorker::answer(std::size_t index, std::size_t place, Client& client) {
  const msghdr& from = batch_->in[index].msg_hdr;
  Tally& tally = context_.tally;
  if ((from.msg_flags & MSG_TRUNC) != 0) {
    ++tally.dropped_odd;
    return false;
  }
  client.address = to_endpoint(batch_->peers[index]).address;
  const Bytes query(batch_->queries[index].data(), batch_->in[index].msg_len);
  std::array<std::uint8_t, answer_bytes>& out = batch_->answers[place];
  Reply reply = context_.answerer.answer(query, client, *context_.snapshot, out);
  if (reply.size == 0) {
    ++tally.dropped_odd;
    return false;
  }
  tally.count(reply);
  if (!reply.known_client) {
    const Limited limited =
        context_.limiter.decide(client.address, reply.subject ^ reply.rcode, client.now);
    if (limited == Limited::drop) {
      ++tally.dropped_limit;
      return false;
    }
    if (limited == Limited::truncate) {
      ++tally.slipped;
      reply.size = Answerer::truncate({out.data(), reply.size});
    }
  }
  context_.log_query(client, reply);
  batch_->out_pieces[place] = {out.data(), reply.size};
  msghdr& to = batch_->out[place].msg_hdr;
  to.msg_name = from.msg_name;
  to.msg_namelen = from.msg_namelen;
  to.msg_iov = &batch_->out_pieces[place];
  to.msg_iovlen = 1;
  to.msg_control = from.msg_controllen > 0 ? from.msg_control : nullptr;
  to.msg_controllen = from.msg_controllen;
  return true;
}

void UdpWorker::send(std::size_t count) {
  std::size_t sent = 0;
  while (sent < count) {
    const int more =
        sendmmsg(socket_, &batch_->out[sent], static_cast<unsigned>(count - sent), MSG_DONTWAIT);
    if (more > 0) {
      sent += static_cast<std::size_t>(more);
    } else if (errno != EINTR) {
      ++sent;  // this one cannot be sent; the others can
      ++context_.tally.unsent;
    }
  }
}

}  // namespace securecart::traffic::dns
