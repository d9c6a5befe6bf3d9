// The limit the HTTP server is measured against: Beast as its own examples use it, async,
// keep-alive, one io_context a thread with SO_REUSEPORT, a constant JSON answer. No limits,
// timeouts, ids, traces or metrics. Shares no code with src/net.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

namespace securecart::bench {

class BareBeastServer {
 public:
  // Listens on 127.0.0.1 and any free port; throws boost::system::system_error.
  BareBeastServer(std::size_t threads, std::string json) : json_(std::move(json)) {
    Tcp::endpoint endpoint(boost::asio::ip::address_v4::loopback(), 0);
    for (std::size_t i = 0; i < threads; ++i) {
      cores_.push_back(std::make_unique<Core>(endpoint, json_));
      endpoint = cores_.back()->acceptor.local_endpoint();
    }
    port_ = endpoint.port();
    for (const std::unique_ptr<Core>& core : cores_) {
      core->accept();
      threads_.emplace_back([&context = core->context] { context.run(); });
    }
  }
  ~BareBeastServer() {
    for (const std::unique_ptr<Core>& core : cores_) {
      core->context.stop();
    }
  }
  BareBeastServer(const BareBeastServer&) = delete;
  BareBeastServer& operator=(const BareBeastServer&) = delete;

  std::uint16_t port() const { return port_; }

 private:
  using Tcp = boost::asio::ip::tcp;
  using Socket = boost::asio::basic_stream_socket<Tcp, boost::asio::io_context::executor_type>;
  using Acceptor = boost::asio::basic_socket_acceptor<Tcp, boost::asio::io_context::executor_type>;
  using Request = boost::beast::http::request<boost::beast::http::string_body>;
  using Response = boost::beast::http::response<boost::beast::http::string_body>;
  using ErrorCode = boost::system::error_code;

  struct Session : std::enable_shared_from_this<Session> {
    Session(Socket connected, const std::string& answer)
        : socket(std::move(connected)), json(answer) {
      socket.set_option(Tcp::no_delay(true));
    }

    void read() {
      request = {};
      boost::beast::http::async_read(socket, buffer, request,
                                     [self = shared_from_this()](ErrorCode error, std::size_t) {
                                       if (!error) {
                                         self->write();
                                       }
                                     });
    }

    void write() {
      namespace http = boost::beast::http;
      response = {http::status::ok, request.version()};
      response.set(http::field::content_type, "application/json");
      response.keep_alive(request.keep_alive());
      response.body() = json;
      response.prepare_payload();
      http::async_write(socket, response,
                        [self = shared_from_this()](ErrorCode error, std::size_t) {
                          if (!error && self->response.keep_alive()) {
                            self->read();
                          }
                        });
    }

    Socket socket;
    const std::string& json;
    boost::beast::flat_buffer buffer;
    Request request;
    Response response;
  };

  struct Core {
    Core(const Tcp::endpoint& endpoint, const std::string& answer)
        : acceptor(context.get_executor()), json(answer) {
      using reuse_port = boost::asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;
      acceptor.open(endpoint.protocol());
      acceptor.set_option(Acceptor::reuse_address(true));
      acceptor.set_option(reuse_port(true));
      acceptor.bind(endpoint);
      acceptor.listen();
    }

    void accept() {
      acceptor.async_accept(context, [this](ErrorCode error, Socket socket) {
        if (!error) {
          std::make_shared<Session>(std::move(socket), json)->read();
        }
        accept();
      });
    }

    boost::asio::io_context context{1};
    Acceptor acceptor;
    const std::string& json;
  };

  const std::string json_;
  std::vector<std::unique_ptr<Core>> cores_;
  std::uint16_t port_ = 0;
  std::vector<std::jthread> threads_;
};

}  // namespace securecart::bench
