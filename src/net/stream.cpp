#include "net/stream.hpp"

#include <array>
#include <utility>
#include <vector>

#include <boost/asio/connect.hpp>

#include "net/runtime_impl.hpp"
#include "net/transport_impl.hpp"

namespace securecart::net {

namespace {

using Resolver = asio::ip::basic_resolver<Tcp, asio::io_context::executor_type>;

constexpr std::size_t read_bytes = 64 * 1024;
constexpr int reads_in_a_row = 16;  // before others of the core have their turn

// Handlers of Asio own it, so that one that comes late finds it alive and closed.
class SocketStream final : public Stream, public std::enable_shared_from_this<SocketStream> {
 public:
  SocketStream(Core& core, Peer peer, std::shared_ptr<const TlsSettings> tls,
               std::weak_ptr<Listener> listener)
      : core_(core),
        peer_(std::move(peer)),
        tls_(std::move(tls)),
        listener_(std::move(listener)),
        transport_(core),
        resolver_(core.context().get_executor()),
        timer_(core.context().get_executor()) {}

  void connect(Duration timeout);

  void write(std::string_view bytes) override;
  std::size_t unsent() const override { return out_.size() - written_; }
  void close() override;

 private:
  template <class Work>
  auto guarded(Work work);
  void connect_to(std::vector<Tcp::endpoint> endpoints);
  void connected(const ErrorCode& error);
  void handshake();
  void open();
  void flush();
  void read();
  void wait_read();
  void wait_write();
  void fail(const std::string& why);

  Core& core_;
  const Peer peer_;
  const std::shared_ptr<const TlsSettings> tls_;
  const std::weak_ptr<Listener> listener_;
  Transport transport_;
  Resolver resolver_;
  Timer timer_;
  std::vector<Tcp::endpoint> endpoints_;
  bool closed_ = false;
  bool open_ = false;
  bool flush_planned_ = false;
  bool waiting_to_read_ = false;
  bool waiting_to_write_ = false;
  std::string out_;
  std::size_t written_ = 0;
};

template <class Work>
auto SocketStream::guarded(Work work) {
  return [self = shared_from_this(), work = std::move(work)](auto&&... arguments) {
    self->core_.enter([&] {
      if (!self->closed_) {
        work(*self, arguments...);
      }
    });
  };
}

void SocketStream::connect(Duration timeout) {
  timer_.expires_after(timeout);
  timer_.async_wait(guarded([](SocketStream& self, const ErrorCode& error) {
    if (!error && !self.open_) {
      self.fail("cannot connect in time");
    }
  }));
  ErrorCode error;
  const auto address = asio::ip::make_address(peer_.host, error);
  if (!error) {
    connect_to({Tcp::endpoint(address, peer_.port)});
    return;
  }
  resolver_.async_resolve(
      peer_.host, std::to_string(peer_.port), Resolver::numeric_service,
      guarded([](SocketStream& self, const ErrorCode& failed, Resolver::results_type results) {
        if (failed) {
          self.fail("cannot resolve: " + failed.message());
          return;
        }
        self.connect_to({results.begin(), results.end()});
      }));
}

void SocketStream::connect_to(std::vector<Tcp::endpoint> endpoints) {
  endpoints_ = std::move(endpoints);
  asio::async_connect(transport_.socket, endpoints_,
                      guarded([](SocketStream& self, const ErrorCode& error, const Tcp::endpoint&) {
                        self.connected(error);
                      }));
}

void SocketStream::connected(const ErrorCode& error) {
  if (error) {
    fail("cannot connect: " + error.message());
    return;
  }
  ErrorCode ignored;
  transport_.socket.set_option(Tcp::no_delay(true), ignored);
  transport_.socket.non_blocking(true, ignored);
  if (peer_.tls) {
    transport_.start_tls(*tls_, peer_.host);
    handshake();
  } else {
    open();
  }
}

void SocketStream::handshake() {
  const Attempt attempt = transport_.handshake();
  switch (attempt.kind) {
    case Attempt::Kind::moved:
      open();
      return;
    case Attempt::Kind::wait_read:
    case Attempt::Kind::wait_write:
      transport_.socket.async_wait(
          attempt.kind == Attempt::Kind::wait_read ? Socket::wait_read : Socket::wait_write,
          guarded([](SocketStream& self, const ErrorCode&) { self.handshake(); }));
      return;
    case Attempt::Kind::ended:
      fail("the peer closed the connection in the TLS handshake");
      return;
    case Attempt::Kind::failed:
      fail(attempt.what);
      return;
  }
}

void SocketStream::open() {
  open_ = true;
  timer_.cancel();
  if (const std::shared_ptr<Listener> listener = listener_.lock()) {
    listener->opened();
  }
  if (!closed_) {
    wait_read();
  }
}

void SocketStream::write(std::string_view bytes) {
  if (closed_) {
    return;
  }
  out_ += bytes;
  if (!waiting_to_write_ && !std::exchange(flush_planned_, true)) {
    core_.post([self = shared_from_this()] {
      self->flush_planned_ = false;
      self->flush();
    });
  }
}

void SocketStream::flush() {
  while (!closed_ && !waiting_to_write_ && written_ < out_.size()) {
    const Attempt attempt = transport_.write(std::string_view(out_).substr(written_), {});
    switch (attempt.kind) {
      case Attempt::Kind::moved:
        written_ += attempt.bytes;
        break;
      case Attempt::Kind::wait_write:
        wait_write();
        break;
      case Attempt::Kind::wait_read:
        return;  // TLS wants to hear something first; read() comes back here
      case Attempt::Kind::ended:
      case Attempt::Kind::failed:
        fail("cannot send: " + attempt.what);
        return;
    }
  }
  if (written_ == out_.size()) {
    out_.clear();
    written_ = 0;
  } else if (written_ > read_bytes) {
    out_.erase(0, written_);
    written_ = 0;
  }
}

void SocketStream::read() {
  // Shared by all streams of the thread: it is empty again when this returns.
  static thread_local std::array<char, read_bytes> buffer;
  for (int i = 0; i < reads_in_a_row && !closed_; ++i) {
    const Attempt attempt = transport_.read(buffer);
    const std::shared_ptr<Listener> listener = listener_.lock();
    if (listener == nullptr) {
      close();
      return;
    }
    switch (attempt.kind) {
      case Attempt::Kind::moved:
        listener->received({buffer.data(), attempt.bytes});
        break;
      case Attempt::Kind::wait_write:
        wait_write();
        break;
      case Attempt::Kind::wait_read:
        wait_read();
        if (peer_.tls) {
          flush();
        }
        return;
      case Attempt::Kind::ended:
        fail("the peer closed the connection");
        return;
      case Attempt::Kind::failed:
        fail(attempt.what);
        return;
    }
  }
  if (!closed_) {
    core_.post([self = shared_from_this()] {
      if (!self->closed_) {
        self->read();
      }
    });
  }
}

void SocketStream::wait_read() {
  if (!std::exchange(waiting_to_read_, true)) {
    transport_.socket.async_wait(Socket::wait_read,
                                 guarded([](SocketStream& self, const ErrorCode&) {
                                   self.waiting_to_read_ = false;
                                   self.read();
                                 }));
  }
}

void SocketStream::wait_write() {
  if (!std::exchange(waiting_to_write_, true)) {
    transport_.socket.async_wait(Socket::wait_write,
                                 guarded([](SocketStream& self, const ErrorCode&) {
                                   self.waiting_to_write_ = false;
                                   self.flush();
                                 }));
  }
}

void SocketStream::close() {
  if (std::exchange(closed_, true)) {
    return;
  }
  ErrorCode ignored;
  transport_.socket.close(ignored);
  resolver_.cancel();
  timer_.cancel();
}

void SocketStream::fail(const std::string& why) {
  close();
  if (const std::shared_ptr<Listener> listener = listener_.lock()) {
    listener->closed(why);
  }
}

}  // namespace

std::shared_ptr<const TlsSettings> tls_settings(const std::string& trust_pem) {
  return std::make_shared<const TlsSettings>(trust_pem);
}

std::shared_ptr<Stream> open_stream(Executor& executor, Peer peer, Duration timeout,
                                    std::shared_ptr<const TlsSettings> tls,
                                    std::weak_ptr<Stream::Listener> listener) {
  auto stream = std::make_shared<SocketStream>(dynamic_cast<Core&>(executor), std::move(peer),
                                               std::move(tls), std::move(listener));
  stream->connect(timeout);
  return stream;
}

}  // namespace securecart::net
