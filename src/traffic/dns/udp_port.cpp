#include "traffic/dns/udp_port.hpp"

#include <cerrno>
#include <cstring>
#include <unistd.h>

#include "traffic/dns/limits.hpp"

namespace securecart::traffic::dns {

// The address a question came to stands in a control message; sent back with the answer, it makes
// the kernel answer from there, also where a socket is bound to any address.
struct UdpPort::Batch {
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

UdpPort::UdpPort(int socket, WorkerContext& context)
    : socket_(socket), context_(context), batch_(std::make_unique<Batch>()) {
  for (std::size_t i = 0; i < limits::dns_batch; ++i) {
    batch_->in_pieces[i] = {batch_->queries[i].data(), query_bytes};
    msghdr& head = batch_->in[i].msg_hdr;
    head.msg_iov = &batch_->in_pieces[i];
    head.msg_iovlen = 1;
    head.msg_name = &batch_->peers[i];
    head.msg_control = batch_->controls[i].data();
  }
}

UdpPort::~UdpPort() {
  close(socket_);
}

bool UdpPort::serve() {
  // The system changed the heads it filled; the others are as they were.
  for (std::size_t i = 0; i < filled_; ++i) {
    prepare(i);
  }
  filled_ = 0;
  const int count = recvmmsg(socket_, batch_->in.data(), limits::dns_batch, MSG_DONTWAIT, nullptr);
  if (count <= 0) {
    return false;
  }
  const auto received = static_cast<std::size_t>(count);
  filled_ = received;
  Client client;
  context_.stamp(client);  // one time for all of the batch
  context_.tally.udp_queries += received;
  std::size_t answers = 0;
  for (std::size_t i = 0; i < received; ++i) {
    client.random = context_.random.next();
    answers += answer(i, answers, client) ? 1 : 0;
  }
  send(answers);
  return received == limits::dns_batch;
}

void UdpPort::prepare(std::size_t index) {
  msghdr& head = batch_->in[index].msg_hdr;
  head.msg_namelen = sizeof(sockaddr_storage);
  head.msg_controllen = Batch::control_bytes;
  head.msg_flags = 0;
}

// Question `index` into answer `place`. False: nothing is sent.
bool UdpPort::answer(std::size_t index, std::size_t place, Client& client) {
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

void UdpPort::send(std::size_t count) {
  std::size_t sent = 0;
  while (sent < count) {
    const int more = sendmmsg(socket_, &batch_->out[sent], static_cast<unsigned>(count - sent), 0);
    if (more > 0) {
      sent += static_cast<std::size_t>(more);
    } else if (errno != EINTR) {
      ++sent;  // this one cannot be sent; the others can
      ++context_.tally.unsent;
    }
  }
}

}  // namespace securecart::traffic::dns
