// A cable that delays: frames of one port of the switch pass through a process that keeps each for
// a time. In its place in the bridge stands a TAP device.
//
//   before   eth0 ── p3 ── br0
//   now      eth0 ── p3 ── (packet socket) wire (TAP) ── delay-p3 ── br0
//
// Frames keep their order: the time a cable takes changes ten times a second, not with each frame.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/prng.hpp"

namespace securecart::lab {

struct WireOptions {
  std::string port;
  std::string bridge = "br0";
  Duration delay{};
  Duration jitter{};  // as much more, at most
};

// One direction of it. Pure.
class WireQueue {
 public:
  using Frame = std::vector<std::uint8_t>;

  // `random` outlives this.
  WireQueue(Duration delay, Duration jitter, Random& random)
      : delay_(delay), jitter_(jitter), random_(random) {}

  // Dropped when limits::wire_frames are on their way.
  void push(Frame frame, SteadyTime now);
  // When the next frame leaves.
  std::optional<SteadyTime> next() const;
  // The next frame, when its time has come.
  std::optional<Frame> pop(SteadyTime now);

 private:
  struct Waiting {
    SteadyTime due{};
    Frame frame;
  };
  Duration time_of(SteadyTime now);

  const Duration delay_;
  const Duration jitter_;
  Random& random_;
  std::deque<Waiting> waiting_;
  std::optional<SteadyTime> drawn_at_;
  Duration drawn_{};
};

// Runs until SIGTERM, in the network of the switch. Writes one line to standard output once frames
// pass. Throws std::runtime_error. Whoever ends it puts the port back into the bridge.
void run_wire(const WireOptions& options, const Clock& clock, Random& random);

}  // namespace securecart::lab
