#include "lab/faults/wire.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdexcept>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lab/faults/cables.hpp"
#include "lab/hosts/command.hpp"
#include "lab/limits.hpp"

namespace securecart::lab {
namespace {

using namespace std::chrono_literals;

constexpr Duration redraw_every = 100ms;
// A whole segment before it is cut into packets, with its header and the kernel's (virtio_net_hdr).
constexpr std::size_t frame_bytes = 64 * 1024 + 512;

// The frame's checksum and size may be left to the hardware that does not exist: the kernel's
// header in front of it says so, and both ends of the wire speak it.
Descriptor open_port(const std::string& port) {
  Descriptor socket(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const int yes = 1;
  must(socket.valid() &&
           ::setsockopt(socket.get(), SOL_PACKET, PACKET_VNET_HDR, &yes, sizeof yes) == 0 &&
           ::setsockopt(socket.get(), SOL_PACKET, PACKET_IGNORE_OUTGOING, &yes, sizeof yes) == 0,
       "a packet socket");
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ETH_P_ALL);
  address.sll_ifindex = static_cast<int>(::if_nametoindex(port.c_str()));
  must(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0,
       "listening at the port");
  return socket;
}

Descriptor open_tap(const std::string& name) {
  Descriptor tap(::open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK));
  must(tap.valid(), "opening /dev/net/tun");
  ifreq request{};
  request.ifr_flags = static_cast<short>(IFF_TAP | IFF_NO_PI | IFF_VNET_HDR);
  std::strncpy(request.ifr_name, name.c_str(), IFNAMSIZ - 1);
  must(::ioctl(tap.get(), TUNSETIFF, &request) == 0, "making a TAP device");
  must(::ioctl(tap.get(), TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6) == 0,
       "letting the TAP device take whole segments");
  return tap;
}

void take_in(int from, WireQueue& queue, const Clock& clock) {
  static thread_local std::array<std::uint8_t, frame_bytes> buffer;
  while (true) {
    const ssize_t count = ::read(from, buffer.data(), buffer.size());
    if (count <= 0) {
      return;
    }
    queue.push({buffer.begin(), buffer.begin() + count}, clock.steady());
  }
}

void let_out(WireQueue& queue, int to, const Clock& clock) {
  while (std::optional<WireQueue::Frame> frame = queue.pop(clock.steady())) {
    // A full or missing other end loses the frame, as a cable does.
    (void)!::write(to, frame->data(), frame->size());
  }
}

int wait_ms(const WireQueue& one, const WireQueue& other, SteadyTime now) {
  std::optional<SteadyTime> next = one.next();
  if (other.next() && (!next || *other.next() < *next)) {
    next = other.next();
  }
  if (!next) {
    return -1;
  }
  return static_cast<int>(
      std::max<std::int64_t>(0, std::chrono::ceil<std::chrono::milliseconds>(*next - now).count()));
}

}  // namespace

void WireQueue::push(Frame frame, SteadyTime now) {
  if (waiting_.size() >= limits::wire_frames) {
    return;
  }
  SteadyTime due = now + time_of(now);
  if (!waiting_.empty()) {
    due = std::max(due, waiting_.back().due);
  }
  waiting_.push_back({due, std::move(frame)});
}

std::optional<SteadyTime> WireQueue::next() const {
  return waiting_.empty() ? std::nullopt : std::optional(waiting_.front().due);
}

std::optional<WireQueue::Frame> WireQueue::pop(SteadyTime now) {
  if (waiting_.empty() || waiting_.front().due > now) {
    return std::nullopt;
  }
  Frame frame = std::move(waiting_.front().frame);
  waiting_.pop_front();
  return frame;
}

Duration WireQueue::time_of(SteadyTime now) {
  if (!drawn_at_ || now - *drawn_at_ >= redraw_every) {
    drawn_at_ = now;
    const auto most = static_cast<std::uint64_t>(jitter_.count());
    drawn_ = delay_ + Duration(static_cast<std::int64_t>(most > 0 ? random_.below(most + 1) : 0));
  }
  return drawn_;
}

void run_wire(const WireOptions& options, const Clock& clock, Random& random) {
  const std::string device = delaying_device(options.port);
  const Descriptor tap = open_tap(device);
  const Descriptor port = open_port(options.port);
  must_run({"ip", "-batch", "-"}, "link set " + options.port + " nomaster\nlink set " + device +
                                      " master " + options.bridge + " up\n");
  std::puts("frames pass");
  std::fflush(stdout);
  WireQueue in(options.delay, options.jitter, random);
  WireQueue out(options.delay, options.jitter, random);
  while (true) {
    std::array<pollfd, 2> waiting{{{port.get(), POLLIN, 0}, {tap.get(), POLLIN, 0}}};
    const int ready = ::poll(waiting.data(), waiting.size(), wait_ms(in, out, clock.steady()));
    must(ready >= 0 || errno == EINTR, "waiting for frames");
    take_in(port.get(), in, clock);
    take_in(tap.get(), out, clock);
    let_out(in, tap.get(), clock);
    let_out(out, port.get(), clock);
  }
}

}  // namespace securecart::lab
