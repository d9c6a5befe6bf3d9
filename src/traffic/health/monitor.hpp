// The shell around the board: timers, probes, messages to peers. Lives on one executor; everything
// but the constructor is called there.
//
//   timer ──Tick──▶ Board ──probe──▶ Prober ──Probed──▶ Board ──votes──▶ peers
//                     │                                   ▲
//                     └── verdicts changed ──▶ on_change  └── votes of peers (take)
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/executor.hpp"
#include "net/client.hpp"
#include "observe/metrics.hpp"
#include "traffic/health/board.hpp"
#include "traffic/health/probe.hpp"

namespace securecart::traffic::health {

// Takes our votes to one peer.
class PeerLink {
 public:
  virtual ~PeerLink() = default;
  virtual Task<void> send(std::string peer_url, std::string message) = 0;  // throws Unavailable
};

class HttpPeerLink final : public PeerLink {
 public:
  explicit HttpPeerLink(net::Runtime& runtime) : client_(runtime, {}) {}
  Task<void> send(std::string peer_url, std::string message) override;

 private:
  net::Client client_;
};

class Monitor {
 public:
  struct Deps {
    Executor& home;
    const Clock& clock;
    Random& random;
    Prober& prober;
    PeerLink& link;
    observe::Metrics& metrics;
    // At once, but for the first of each round: what this process has sockets for.
    std::size_t probes_most = limits::probes_in_doubt;
  };

  // `board` has the checks; `peers` and `secret` say who else looks. `on_change` is called on home
  // whenever verdicts changed. What `deps` names outlives the monitor and its last task.
  Monitor(Board board, std::vector<PeerConfig> peers, std::string secret, Deps deps,
          std::function<void()> on_change);

  void start();
  // No new probes or messages. Once idle(), those under way are over; once ended(), so are its
  // timers, and it may be destroyed while its executor runs.
  void stop() { stopping_ = true; }
  bool idle() const { return under_way_ == 0; }
  bool ended() const { return idle() && timers_ == 0; }

  const Board& board() const { return board_; }
  // Signed bytes of a peer; false when they are not believed.
  bool take(std::string_view message);
  bool set_alarm(std::string_view name, Status status);
  void restore(const json::value& saved);

 private:
  void tick(std::size_t check);
  void act(std::size_t check, const CheckActions& actions);
  void send_probes(std::size_t check, const CheckActions& actions);
  Task<void> probe(std::size_t check, std::uint32_t round, Duration timeout);
  void refresh();
  void beat();
  void tell_peers();
  Task<void> tell(std::size_t to, std::string message);

  Board board_;
  const std::vector<PeerConfig> peers_;
  const std::string secret_;
  Deps deps_;
  const std::function<void()> on_change_;
  std::vector<SteadyTime> wake_;  // the timer that is armed for a check
  std::vector<std::shared_ptr<const CheckConfig>> configs_;
  std::vector<bool> telling_;  // a message to this peer is under way
  std::vector<bool> news_;     // and there is more to tell since it left
  std::size_t under_way_ = 0;  // probes and messages
  std::size_t probes_under_way_ = 0;
  std::size_t timers_ = 0;
  bool stopping_ = false;
  bool cut_off_ = false;
  observe::Counter& probes_;
  observe::Gauge& cut_off_gauge_;
  observe::Counter& bad_messages_;
};

}  // namespace securecart::traffic::health
