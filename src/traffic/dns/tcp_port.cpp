#include "traffic/dns/tcp_port.hpp"

#include <algorithm>
#include <cerrno>
#include <sys/epoll.h>
#include <unistd.h>
#include <utility>

#include "traffic/dns/limits.hpp"
#include "traffic/dns/zone.hpp"

namespace securecart::traffic::dns {
namespace {

constexpr std::size_t length_bytes = 2;
constexpr std::size_t read_bytes = 16 * 1024;

}  // namespace

TcpPort::TcpPort(std::vector<int> listeners, int epoll, WorkerContext& context)
    : listeners_(std::move(listeners)),
      epoll_(epoll),
      context_(context),
      scratch_(limits::dns_message_bytes + tsig_bytes_max) {}

TcpPort::~TcpPort() {
  for (const int listener : listeners_) {
    close(listener);
  }
  for (const auto& [socket, connection] : connections_) {
    close(socket);
  }
}

bool TcpPort::is_listener(int socket) const {
  return std::ranges::find(listeners_, socket) != listeners_.end();
}

void TcpPort::event(int socket, std::uint32_t events) {
  if (is_listener(socket)) {
    accept_all(socket);
    return;
  }
  const auto found = connections_.find(socket);
  if (found == connections_.end()) {
    return;
  }
  Connection& connection = found->second;
  const bool readable = (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0;
  if ((readable && !read(connection)) || !work(connection)) {
    end(socket);
    return;
  }
  watch(connection);
}

bool TcpPort::is_full(const Connection& connection) const {
  return connection.out.size() - connection.sent > limits::dns_unsent_bytes;
}

void TcpPort::accept_all(int listener) {
  while (true) {
    SocketAddress peer;
    const int socket = accept4(listener, peer.get(), &peer.size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (socket < 0) {
      if (errno == EINTR || errno == ECONNABORTED) {
        continue;
      }
      return;  // none left, or no descriptors left: sweeping makes room
    }
    admit(socket, to_endpoint(peer.storage).address);
  }
}

void TcpPort::admit(int socket, const Address& address) {
  std::size_t& of_client = by_client_[to_text(address)];
  if (of_client >= limits::dns_connections_of_client) {
    close(socket);
    return;
  }
  ++of_client;
  if (connections_.size() >= limits::dns_connections) {
    end(by_age_.front());
  }
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = socket;
  epoll_ctl(epoll_, EPOLL_CTL_ADD, socket, &event);
  Connection& connection = connections_[socket];
  connection.socket = socket;
  connection.address = address;
  connection.watched = EPOLLIN;
  connection.place = by_age_.insert(by_age_.end(), socket);
  touch(connection);
  context_.counters.connections.add(1);
}

void TcpPort::touch(Connection& connection) {
  connection.last = context_.clock.steady();
  by_age_.splice(by_age_.end(), by_age_, connection.place);
}

bool TcpPort::read(Connection& connection) {
  if (is_full(connection) || connection.transfer) {
    return true;  // epoll tells again
  }
  const std::size_t had = connection.in.size();
  connection.in.resize(had + read_bytes);
  const ssize_t got = recv(connection.socket, &connection.in[had], read_bytes, 0);
  connection.in.resize(had + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  if (got == 0) {
    connection.ending = true;
    return true;
  }
  return got > 0 || errno == EAGAIN || errno == EINTR;
}

// Answers as long as there are questions and room for answers.
bool TcpPort::work(Connection& connection) {
  while (true) {
    if (is_full(connection)) {
      return write(connection);
    }
    if (connection.transfer) {
      if (connection.transfer->finished()) {
        connection.transfer.reset();
        --transfers_;
        continue;
      }
      Client now;
      context_.stamp(now);
      const std::size_t size = connection.transfer->next(scratch_, now.unix_seconds);
      append(connection, {scratch_.data(), size});
      if (connection.out.size() - connection.sent > read_bytes) {
        return write(connection);  // the others have their turn
      }
      continue;
    }
    if (!take_question(connection)) {
      break;
    }
  }
  if (!write(connection)) {
    return false;
  }
  return !connection.ending || connection.sent != connection.out.size();
}

bool TcpPort::take_question(Connection& connection) {
  std::vector<std::uint8_t>& in = connection.in;
  if (in.size() < length_bytes) {
    return false;
  }
  const std::size_t size = read16(in.data());
  if (in.size() < length_bytes + size) {
    return false;
  }
  touch(connection);
  answer(connection, {in.data() + length_bytes, size});
  in.erase(in.begin(), in.begin() + static_cast<std::ptrdiff_t>(length_bytes + size));
  return true;
}

void TcpPort::answer(Connection& connection, Bytes query) {
  Client client;
  client.address = connection.address;
  client.tcp = true;
  context_.stamp(client);
  ++context_.tally.tcp_queries;
  const Reply reply = context_.answerer.answer(query, client, *context_.snapshot, scratch_);
  if (reply.kind == ReplyKind::transfer) {
    start_transfer(connection, client, reply, query);
    return;
  }
  if (reply.size == 0) {
    ++context_.tally.dropped_odd;
    connection.ending = true;  // not a client of DNS
    return;
  }
  context_.tally.count(reply);
  context_.log_query(client, reply);
  append(connection, {scratch_.data(), reply.size});
}

void TcpPort::start_transfer(Connection& connection, const Client& client, const Reply& reply,
                             Bytes query) {
  if (transfers_ >= limits::dns_transfers) {
    connection.ending = true;  // the secondary asks again later
    return;
  }
  ++transfers_;
  ++context_.tally.transfers;
  const std::size_t at = context_.answerer.query().serial_at;
  const std::optional<std::uint32_t> serial =
      context_.answerer.query().type == type::ixfr && at != 0
          ? std::optional(read32(query.data() + at))
          : std::nullopt;
  connection.transfer =
      std::make_unique<Transfer>(context_.answerer, client, context_.snapshot, reply.zone, serial);
  watch(connection);
}

void TcpPort::append(Connection& connection, Bytes message) {
  connection.out.push_back(static_cast<std::uint8_t>(message.size() >> 8U));
  connection.out.push_back(static_cast<std::uint8_t>(message.size()));
  connection.out.insert(connection.out.end(), message.begin(), message.end());
}

bool TcpPort::write(Connection& connection) {
  while (connection.sent < connection.out.size()) {
    const ssize_t sent = send(connection.socket, &connection.out[connection.sent],
                              connection.out.size() - connection.sent, MSG_NOSIGNAL);
    if (sent < 0) {
      if (errno == EINTR) {
        continue;
      }
      if (errno != EAGAIN) {
        return false;
      }
      break;
    }
    connection.sent += static_cast<std::size_t>(sent);
    touch(connection);
  }
  if (connection.sent == connection.out.size()) {
    connection.out.clear();
    connection.sent = 0;
  }
  return true;
}

// Level-triggered: whoever is not to be read is not watched for reading.
void TcpPort::watch(Connection& connection) {
  const bool reads = !connection.ending && !connection.transfer && !is_full(connection);
  const bool writes = !connection.out.empty() || connection.transfer;
  epoll_event event{};
  event.events = (reads ? EPOLLIN : 0U) | (writes ? EPOLLOUT : 0U);
  event.data.fd = connection.socket;
  if (event.events != connection.watched) {
    epoll_ctl(epoll_, EPOLL_CTL_MOD, connection.socket, &event);
    connection.watched = event.events;
  }
}

void TcpPort::sweep() {
  const SteadyTime now = context_.clock.steady();
  while (!by_age_.empty() &&
         now - connections_.at(by_age_.front()).last > context_.options.tcp_idle_timeout) {
    end(by_age_.front());
  }
}

void TcpPort::end(int socket) {
  const auto found = connections_.find(socket);
  Connection& connection = found->second;
  const auto of_client = by_client_.find(to_text(connection.address));
  if (--of_client->second == 0) {
    by_client_.erase(of_client);
  }
  transfers_ -= connection.transfer ? 1 : 0;
  by_age_.erase(connection.place);
  connections_.erase(found);
  close(socket);
  context_.counters.connections.add(-1);
}

}  // namespace securecart::traffic::dns
