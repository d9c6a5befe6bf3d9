#include "traffic/dns/notify.hpp"

#include <algorithm>
#include <array>
#include <sys/socket.h>
#include <unistd.h>

#include "traffic/dns/limits.hpp"
#include "traffic/dns/message.hpp"
#include "traffic/dns/zone.hpp"

namespace securecart::traffic::dns {
void NotifyQueue::changed(const Name& zone, const Endpoint& to, const TsigKey* key, SteadyTime now,
                          Random& random) {
  std::erase_if(waiting_, [&](const Waiting& one) { return one.zone == zone && one.to == to; });
  Waiting one;
  one.zone = zone;
  one.to = to;
  if (key != nullptr) {
    one.key.push_back(*key);
  }
  one.id = static_cast<std::uint16_t>(random.next());
  one.next = now;
  waiting_.push_back(std::move(one));
}

std::vector<NotifyQueue::Message> NotifyQueue::due(SteadyTime now, std::uint32_t unix_seconds) {
  std::erase_if(waiting_, [now](const Waiting& one) {
    return one.next <= now && one.attempts == limits::dns_notify_attempts;
  });
  std::vector<Message> messages;
  for (Waiting& one : waiting_) {
    if (one.next <= now) {
      messages.push_back({one.to, message(one, unix_seconds)});
      one.next = now + std::chrono::seconds(1 << one.attempts);
      ++one.attempts;
    }
  }
  return messages;
}

std::vector<std::uint8_t> NotifyQueue::message(const Waiting& one, std::uint32_t unix_seconds) {
  std::vector<std::uint8_t> wire(limits::dns_udp_bytes + tsig_bytes_max);
  write16(wire.data(), one.id);
  wire[2] = static_cast<std::uint8_t>(opcode::notify << 3U | header::aa);
  wire[5] = 1;
  std::ranges::copy(one.zone.wire(), wire.begin() + header_bytes);
  std::size_t size = header_bytes + one.zone.size();
  write16(&wire[size], type::soa);
  write16(&wire[size + 2], class_in);
  size += 4;
  if (!one.key.empty()) {
    size = sign_request(one.key.front(), wire, size, unix_seconds);
  }
  wire.resize(size);
  return wire;
}

void NotifyQueue::answered(Bytes packet, const Endpoint& from) {
  if (packet.size() < header_bytes || (packet[2] & header::qr) == 0) {
    return;
  }
  const std::uint16_t id = read16(packet.data());
  std::erase_if(waiting_, [&](const Waiting& one) { return one.id == id && one.to == from; });
}

Notifier::Notifier()
    : v4_(socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)),
      v6_(socket(AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {}

Notifier::~Notifier() {
  for (const int one : {v4_, v6_}) {
    if (one >= 0) {
      close(one);
    }
  }
}

void Notifier::step(const Clock& clock) {
  const auto unix_seconds = static_cast<std::uint32_t>(to_millis(clock.now()) / 1'000);
  for (const NotifyQueue::Message& message : queue_.due(clock.steady(), unix_seconds)) {
    send(message);
  }
  receive(v4_);
  receive(v6_);
}

void Notifier::send(const NotifyQueue::Message& message) {
  const int out = message.to.address.family == Family::v6 ? v6_ : v4_;
  const SocketAddress to = to_socket_address(message.to);
  // What does not leave is sent again.
  static_cast<void>(sendto(out, message.wire.data(), message.wire.size(), 0, to.get(), to.size));
}

void Notifier::receive(int socket) {
  std::array<std::uint8_t, limits::dns_udp_bytes + tsig_bytes_max> packet;
  while (true) {
    SocketAddress from;
    const ssize_t size = recvfrom(socket, packet.data(), packet.size(), 0, from.get(), &from.size);
    if (size < 0) {
      return;
    }
    queue_.answered({packet.data(), static_cast<std::size_t>(size)}, to_endpoint(from.storage));
  }
}

}  // namespace securecart::traffic::dns
