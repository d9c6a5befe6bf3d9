#include <algorithm>
#include <charconv>
#include <utility>

#include "base/log.hpp"
#include "base/text.hpp"
#include "net/errc.hpp"
#include "net/hop.hpp"
#include "net/limits.hpp"
#include "net/session_impl.hpp"
#include "net/status.hpp"
#include "net/text.hpp"

namespace securecart::net {

using namespace std::chrono_literals;

namespace {

// Fields the server writes itself; a handler's own would break the framing or lie.
bool is_owned_by_server(std::string_view name) {
  for (const std::string_view owned : {"Content-Length", "Connection", "Transfer-Encoding",
                                       "Keep-Alive", "Date", "X-Request-Id"}) {
    if (equal_ignoring_case(name, owned)) {
      return true;
    }
  }
  return false;
}

bool can_be_sent(const Response& response) {
  if (response.status < 200 || response.status > 599) {
    return false;
  }
  for (const auto& [name, value] : response.headers.all()) {
    if (!is_token(name) || !is_field_value(value)) {
      return false;
    }
  }
  return true;
}

void append_number(std::string& out, std::size_t number) {
  std::array<char, 20> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number);
  out.append(digits.data(), end.ptr);
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append("\r\n");
}

// Asks the handler and turns whatever happens into a response. The session outlives it.
Exchange run_exchange(Session& session, Handler& handler, Request request, std::string request_id,
                      std::string trace_id) {
  const log::TraceScope trace(trace_id);
  Response response;
  try {
    Task<Response> task = handler.handle(std::move(request));
    response = co_await task;
  } catch (const Unavailable& unavailable) {
    log::warn("a dependency is unavailable", {{"request_id", request_id},
                                              {"what", unavailable.what()},
                                              {"outcome_unknown", unavailable.outcome_unknown}});
    const Error error = unavailable.outcome_unknown
                            ? Error(errc::outcome_unknown,
                                    "Send the same request again with the same Idempotency-Key.")
                            : Error(securecart::errc::unavailable, "Try again in a moment.");
    response = problem(error, request_id);
  } catch (const std::exception& defect) {
    log::error("a handler failed", {{"request_id", request_id}, {"what", defect.what()}});
    response = problem(Error(securecart::errc::internal, "Tell us the request_id."), request_id);
  } catch (...) {
    log::error("a handler failed", {{"request_id", request_id}});
    response = problem(Error(securecart::errc::internal, "Tell us the request_id."), request_id);
  }
  session.handled(std::move(response));
}

}  // namespace

Session::Session(CoreServer& server, Socket socket)
    : server_(server),
      transport_(std::move(socket)),
      reader_(server.shared().options.header_bytes) {
  server_.shared().connections.fetch_add(1);
  server_.shared().metrics.open.add(1);
  ErrorCode error;
  const Tcp::endpoint remote = socket_.remote_endpoint(error);
  if (!error) {
    peer_ = to_text(remote.address());
    trusted_peer_ = server_.shared().proxies.trusts(remote.address());
  }
  socket_.non_blocking(true, error);
  socket_.set_option(Tcp::no_delay(true), error);
}

Session::~Session() {
  // The process stops while a handler waits: what it waits for will never call back.
  if (exchange_) {
    std::exchange(exchange_, {}).destroy();
  }
  server_.shared().metrics.open.add(-1);
  server_.shared().connections.fetch_sub(1);
}

SteadyTime Session::now() const {
  return server_.core().clock().steady();
}

void Session::begin() {
  const ServerOptions& options = server_.shared().options;
  due_ = now() + options.idle_timeout;
  if (options.identity) {
    transport_.accept_tls(options.identity->contexts());
    state_ = State::handshake;
    due_ = now() + options.header_timeout;
  }
  advance();
}

void Session::begin_rejected() {
  if (server_.shared().options.identity) {
    close();  // nothing can be said before the handshake
    advance();
    return;
  }
  began_ = now();
  refuse(Error(errc::too_many_connections, "Try again in a moment, or keep fewer connections."));
  advance();
}

// Goes on until it has to wait for the socket or the handler. May destroy the session.
void Session::advance() {
  advancing_ = true;
  while (step()) {
  }
  advancing_ = false;
  if (finished()) {
    server_.remove(*this);
  }
}

bool Session::step() {
  switch (state_) {
    case State::handshake:
      return shake_hands();
    case State::idle:
    case State::head:
      return take_head();
    case State::body:
      return take_body();
    case State::writing:
      return write_more();
    case State::lingering:
      return linger();
    case State::handling:
    case State::closed:
      return false;
  }
  return false;
}

bool Session::shake_hands() {
  if (operations_ > 0) {
    return false;
  }
  const ServerOptions& options = server_.shared().options;
  const Attempt attempt = transport_.handshake();
  switch (attempt.kind) {
    case Attempt::Kind::wait_read:
      wait_for(Socket::wait_read);
      return false;
    case Attempt::Kind::wait_write:
      wait_for(Socket::wait_write);
      return false;
    case Attempt::Kind::ended:
    case Attempt::Kind::failed:
      server_.shared().metrics.handshakes_failed.add();
      log::info("a TLS handshake failed",
                {{"listener", options.name}, {"peer", peer_}, {"what", attempt.what}});
      close();
      return true;
    case Attempt::Kind::moved:
      break;
  }
  peer_roles_ = transport_.peer_roles();
  may_forward_ = std::ranges::any_of(peer_roles_, [&options](const std::string& role) {
    return std::ranges::find(options.forwarding_roles, role) != options.forwarding_roles.end();
  });
  state_ = State::idle;
  due_ = now() + options.idle_timeout;
  return true;
}

bool Session::take_head() {
  const Result<RequestReader::Progress> progress = reader_.read_head();
  if (!progress) {
    began_ = now();
    refuse(progress.error());
    return true;
  }
  if (*progress == RequestReader::Progress::done) {
    return accept_head();
  }
  if (state_ == State::idle && !reader_.idle()) {
    state_ = State::head;
    due_ = now() + server_.shared().options.header_timeout;
  }
  return read_more();
}

bool Session::accept_head() {
  const ServerOptions& options = server_.shared().options;
  began_ = now();
  Request& request = reader_.head();
  identify(request);
  keep_alive_ = reader_.keep_alive();
  is_http_11_ = reader_.is_http_11();
  state_ = State::body;
  due_ = began_ + options.body_timeout;
  const std::size_t most = server_.shared().handler.body_limit(request.method, request.target);
  if (const std::optional<Error> error = reader_.limit_body(most)) {
    refuse(*error);
    return true;
  }
  if (reader_.expects_continue()) {
    // Twenty-five bytes into an empty send buffer: if they do not fit, the client sends anyway.
    write("HTTP/1.1 100 Continue\r\n\r\n", "");
  }
  return true;
}

void Session::identify(Request& request) {
  method_ = request.method;
  target_.assign(request.target);
  request_id_ = server_.make_request_id();
  const std::optional<std::string_view> parent = request.header("traceparent");
  const std::optional<observe::TraceContext> continued =
      parent ? observe::parse_traceparent(*parent) : std::nullopt;
  trace_ = continued ? continued->child(server_.random()) : observe::new_trace(server_.random());
  request.trace = trace_;
  request.deadline = began_ + deadline_of(request);
  request.peer = peer_;
  request.peer_roles = peer_roles_;
  if (may_forward_) {
    apply_forwarded(request);
  } else if (trusted_peer_) {
    apply_proxy_fields(request);
  }
  request.request_id = request_id_;
}

// What the caller still waits, when that is shorter than what this server allows.
Duration Session::deadline_of(const Request& request) const {
  const Duration own = server_.shared().options.request_deadline;
  const std::optional<std::string_view> field = request.header(deadline_field);
  std::int64_t milliseconds = 0;
  if (!field) {
    return own;
  }
  const auto [end, error] =
      std::from_chars(field->data(), field->data() + field->size(), milliseconds);
  const bool good = error == std::errc() && end == field->data() + field->size() &&
                    milliseconds >= 0 && milliseconds < std::chrono::milliseconds(24h).count();
  return good ? std::min<Duration>(own, std::chrono::milliseconds(milliseconds)) : own;
}

// The peer has proved a role that speaks for others: it says who asked, and the request's name.
void Session::apply_forwarded(Request& request) {
  const std::optional<std::string_view> client = request.header(forwarded_for_field);
  ErrorCode error;
  if (client) {
    const auto address = asio::ip::make_address(std::string(trim(*client)), error);
    request.peer = error ? peer_ : to_text(address);
  }
  const std::optional<std::string_view> name = request.header(request_id_field);
  if (name && name->starts_with("req_") && name->size() <= limits::path_parameter_bytes &&
      is_token(*name)) {
    request_id_ = *name;
  }
}

void Session::apply_proxy_fields(Request& request) {
  std::string hops;
  for (const auto& [name, value] : request.headers.all()) {
    if (equal_ignoring_case(name, "X-Forwarded-For")) {
      hops.append(hops.empty() ? "" : ",").append(value);
    }
  }
  if (!hops.empty()) {
    request.peer = server_.shared().proxies.client(peer_, hops);
  }
  const std::optional<std::string_view> host = request.header("X-Forwarded-Host");
  if (host && is_host_field(*host)) {
    request.headers.set("Host", to_lower(*host));
  }
}

bool Session::take_body() {
  const Result<RequestReader::Progress> progress = reader_.read_body();
  if (!progress) {
    refuse(progress.error());
    return true;
  }
  if (*progress == RequestReader::Progress::done) {
    return start_handler();
  }
  return read_more();
}

bool Session::start_handler() {
  Request request = reader_.take();
  if (request.path == "*") {
    Response options;
    options.status = 204;
    answer(std::move(options), false);
    return true;
  }
  state_ = State::handling;
  taken_ = now();
  due_ = request.deadline;
  const Exchange exchange = run_exchange(*this, server_.shared().handler, std::move(request),
                                         request_id_, trace_.trace_id_hex());
  exchange_ = exchange.handle();
  const log::TraceId outside = log::current_trace();
  exchange_.resume();
  log::exchange_trace(outside);
  return state_ != State::handling;
}

void Session::handled(Response response) {
  exchange_ = {};
  if (state_ == State::handling) {
    if (!can_be_sent(response)) {
      log::error("a handler's response cannot be sent",
                 {{"request_id", request_id_}, {"status", response.status}, {"target", target_}});
      response = problem(Error(securecart::errc::internal, "Tell us the request_id."), request_id_);
    }
    answer(std::move(response), false);
  }
  if (!advancing_) {
    advance();
  }
}

// The framing is lost, or the request cannot be waited for: an answer, then the end.
void Session::refuse(const Error& error) {
  if (state_ == State::idle || state_ == State::head) {  // it has no name yet
    request_id_ = server_.make_request_id();
    method_ = Method::other;
    target_.clear();
    trace_ = {};
  }
  answer(problem(error, request_id_), true);
}

void Session::answer(Response response, bool close_after) {
  answer_.close = close_after || !keep_alive_ || server_.shared().draining.load();
  answer_.refusal = close_after;
  answer_.written = 0;
  answer_.body = std::move(response.body);
  answer_.shared_body = std::move(response.shared_body);
  const bool never_a_body = response.status == 204 || response.status == 304;
  const std::size_t length =
      answer_.shared_body ? answer_.shared_body->size() : answer_.body.size();
  answer_.without_body = never_a_body || method_ == Method::head;

  std::string& head = answer_.head;
  head.clear();
  head.append(status_line(response.status));
  append_field(head, "Date", server_.date());
  append_field(head, "X-Request-Id", request_id_);
  for (const auto& [name, value] : response.headers.all()) {
    if (!is_owned_by_server(name)) {
      append_field(head, name, value);
    }
  }
  if (!never_a_body) {
    head.append("Content-Length: ");
    append_number(head, length);
    head.append("\r\n");
  }
  if (answer_.close) {
    head.append("Connection: close\r\n");
  } else if (!is_http_11_) {
    head.append("Connection: keep-alive\r\n");
  }
  head.append("\r\n");

  const SteadyTime at = now();
  const Duration took = at - began_;
  ServerMetrics& metrics = server_.shared().metrics;
  metrics.requests(response.status).add();
  metrics.seconds.observe(std::chrono::duration<double>(took).count());
  log_answer(response.status, at);
  state_ = State::writing;
  due_ = at + server_.shared().options.write_timeout;
}

// What failed or was slow is worth a line where the others are not, so that its trace is found.
void Session::log_answer(int status, SteadyTime at) {
  const bool failed = status >= 500;
  const bool slow = state_ == State::handling && at - taken_ >= limits::slow_request;
  const bool said = (failed || slow) && server_.may_say();
  const log::Level level = said ? log::Level::warn : log::Level::debug;
  if (!log::enabled(level)) {
    return;
  }
  const log::TraceScope trace(trace_.valid() ? trace_.trace_id_hex() : std::string());
  const std::string_view path = std::string_view(target_).substr(0, target_.find('?'));
  log::write(level,
             failed ? "a request failed"
             : slow ? "a request was slow"
                    : "request",
             {{"listener", server_.shared().options.name},
              {"request_id", request_id_},
              {"peer", peer_},
              {"method", to_string(method_)},
              {"target", said ? path : std::string_view(target_)},
              {"status", status},
              {"bytes", answer_.body_bytes().size()},
              {"ms", std::chrono::duration<double, std::milli>(at - began_).count()}});
}

bool Session::write_more() {
  const std::string_view body = answer_.body_bytes();
  const std::size_t total = answer_.head.size() + body.size();
  while (answer_.written < total) {
    const std::size_t in_head = std::min(answer_.written, answer_.head.size());
    const std::size_t in_body = answer_.written - in_head;
    const Attempt attempt =
        write(std::string_view(answer_.head).substr(in_head), body.substr(in_body));
    switch (attempt.kind) {
      case Attempt::Kind::moved:
        answer_.written += attempt.bytes;
        break;
      case Attempt::Kind::wait_write:
        wait_for(Socket::wait_write);
        return false;
      case Attempt::Kind::wait_read:
        wait_for(Socket::wait_read);
        return false;
      case Attempt::Kind::ended:
      case Attempt::Kind::failed:
        close();
        return true;
    }
  }
  server_.shared().metrics.bytes_out.add(total);
  return after_answer();
}

bool Session::after_answer() {
  answer_.body.clear();
  answer_.shared_body.reset();
  if (!answer_.close) {
    state_ = State::idle;
    due_ = now() + server_.shared().options.idle_timeout;
    return true;
  }
  ErrorCode error;
  transport_.end_writing();
  if (!answer_.refusal && reader_.idle() && socket_.available(error) == 0) {
    close();
    return true;
  }
  // Closing while the client still sends would reset the connection and could take the answer away
  // from it unread: read on for a while.
  state_ = State::lingering;
  due_ = now() + limits::linger_timeout;
  return true;
}

bool Session::linger() {
  lingered_bytes_ += reader_.buffer().data().size();
  reader_.buffer().consume(reader_.buffer().data().size());
  if (lingered_bytes_ > limits::linger_bytes) {
    close();
    return true;
  }
  return read_more();
}

Attempt Session::write(std::string_view first, std::string_view second) {
  return transport_.write(first, second);
}

void Session::wait_for(Socket::wait_type what) {
  ++operations_;
  socket_.async_wait(what, [this](ErrorCode) {
    server_.core().enter([this] {
      --operations_;
      advance();
    });
  });
}

// True when there is something to go on with at once: OpenSSL may have it already.
bool Session::read_more_tls() {
  const auto [data, size] = reader_.buffer().prepare(reader_.buffer_limit());
  const Attempt attempt = transport_.read({data, size});
  switch (attempt.kind) {
    case Attempt::Kind::moved:
      reader_.buffer().commit(attempt.bytes);
      server_.shared().metrics.bytes_in.add(attempt.bytes);
      return true;
    case Attempt::Kind::wait_read:
      wait_for(Socket::wait_read);
      return false;
    case Attempt::Kind::wait_write:
      wait_for(Socket::wait_write);
      return false;
    case Attempt::Kind::ended:
    case Attempt::Kind::failed:
      close();
      return true;
  }
  return false;
}

bool Session::read_more() {
  if (operations_ > 0) {
    return false;  // one read is under way already
  }
  if (transport_.is_tls()) {
    return read_more_tls();
  }
  const auto [data, size] = reader_.buffer().prepare(reader_.buffer_limit());
  ++operations_;
  socket_.async_read_some(asio::buffer(data, size), [this](ErrorCode error, std::size_t bytes) {
    server_.core().enter([this, error, bytes] {
      --operations_;
      reader_.buffer().commit(bytes);
      server_.shared().metrics.bytes_in.add(bytes);
      if (error) {
        close();
      }
      advance();
    });
  });
  return false;
}

void Session::sweep(SteadyTime at) {
  if (at < due_) {
    return;
  }
  switch (state_) {
    case State::head:
      began_ = at;
      refuse(Error(errc::request_timeout, "The header did not arrive in time."));
      break;
    case State::body:
      if (at < due_ + std::chrono::seconds(reader_.body_bytes() / limits::body_bytes_per_second)) {
        return;  // large, and coming fast enough
      }
      refuse(Error(errc::request_timeout, "The body did not arrive in time."));
      break;
    case State::handling:
      refuse(Error(errc::deadline_exceeded,
                   "Send the same request again with the same Idempotency-Key."));
      break;
    case State::handshake:
    case State::idle:
    case State::writing:
    case State::lingering:
      close();
      break;
    case State::closed:
      return;
  }
  advance();
}

void Session::close_when_idle() {
  ErrorCode error;
  if (state_ == State::idle && socket_.available(error) == 0) {
    close();
    advance();
  }
}

void Session::abandon() {
  close();
  advance();
}

void Session::close() {
  state_ = State::closed;
  ErrorCode error;
  socket_.close(error);
}

}  // namespace securecart::net
