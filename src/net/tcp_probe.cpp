#include "net/tcp_probe.hpp"

#include <utility>

#include "net/runtime_impl.hpp"

namespace securecart::net {
namespace {

// One attempt; Asio's handlers own it, so that the one that comes late finds it done.
struct ProbeAttempt : std::enable_shared_from_this<ProbeAttempt> {
  using Resume = Callback<TcpProbe>::Resume;
  ProbeAttempt(Core& on, Resume then)
      : core(on),
        resume(std::move(then)),
        socket(core.context().get_executor()),
        timer(core.context().get_executor()) {}

  void begin(const Tcp::endpoint& peer, Duration timeout) {
    timer.expires_after(timeout);
    timer.async_wait([self = shared_from_this()](const ErrorCode& error) {
      if (!error) {
        self->end({TcpProbe::Outcome::silent, "no answer in time"});
      }
    });
    socket.async_connect(peer, [self = shared_from_this()](const ErrorCode& error) {
      const bool refused =
          error == asio::error::connection_refused || error == asio::error::connection_reset;
      self->end({!error    ? TcpProbe::Outcome::connected
                 : refused ? TcpProbe::Outcome::refused
                           : TcpProbe::Outcome::silent,
                 error ? "cannot connect: " + error.message() : std::string()});
    });
  }

  void end(TcpProbe result) {
    if (Resume then = std::exchange(resume, {})) {
      ErrorCode ignored;
      socket.close(ignored);
      timer.cancel();
      core.enter([&then, &result] { then(std::move(result)); });
    }
  }

  Core& core;
  Resume resume;
  Socket socket;
  Timer timer;
};

}  // namespace

Task<TcpProbe> probe_tcp(std::string address, std::uint16_t port, Duration timeout) {
  ErrorCode error;
  const auto parsed = asio::ip::make_address(address, error);
  if (error) {
    co_return TcpProbe{TcpProbe::Outcome::silent, "not an IP address: " + address};
  }
  auto& core = dynamic_cast<Core&>(Executor::current());
  const Tcp::endpoint peer(parsed, port);
  Callback<TcpProbe> answer([&core, peer, timeout](Callback<TcpProbe>::Resume resume) {
    const auto attempt = std::make_shared<ProbeAttempt>(core, std::move(resume));
    attempt->begin(peer, timeout);
  });
  co_return co_await answer;
}

}  // namespace securecart::net
