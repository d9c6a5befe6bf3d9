#include "events/amqp/connection.hpp"

#include <amqp_framing.h>
#include <amqp_ssl_socket.h>
#include <amqp_tcp_socket.h>
#include <array>
#include <chrono>
#include <limits>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <fmt/format.h>

#include "events/limits.hpp"

namespace securecart::events::amqp {

namespace {

constexpr std::string_view header_delivery_count = "x-delivery-count";
constexpr std::string_view default_ca_file = "/etc/ssl/certs/ca-certificates.crt";
constexpr std::uint8_t persistent = 2;

timeval timeval_of(std::chrono::milliseconds span) {
  timeval value{};
  value.tv_sec = static_cast<time_t>(span.count() / 1'000);
  value.tv_usec = static_cast<suseconds_t>(span.count() % 1'000 * 1'000);
  return value;
}

// librabbitmq takes no const bytes, and writes to none of these.
amqp_bytes_t bytes(std::string_view text) {
  return {text.size(), const_cast<char*>(text.data())};
}

amqp_table_entry_t entry(std::string_view key, std::string_view text) {
  amqp_table_entry_t result{};
  result.key = bytes(key);
  result.value.kind = AMQP_FIELD_KIND_UTF8;
  result.value.value.bytes = bytes(text);
  return result;
}

amqp_table_entry_t entry(std::string_view key, std::int64_t number) {
  amqp_table_entry_t result{};
  result.key = bytes(key);
  result.value.kind = AMQP_FIELD_KIND_I64;
  result.value.value.i64 = number;
  return result;
}

amqp_table_entry_t flag(std::string_view key) {
  amqp_table_entry_t result{};
  result.key = bytes(key);
  result.value.kind = AMQP_FIELD_KIND_BOOLEAN;
  result.value.value.boolean = 1;
  return result;
}

template <std::size_t Size>
amqp_table_t table(std::array<amqp_table_entry_t, Size>& entries) {
  return {static_cast<int>(Size), entries.data()};
}

std::string close_text(const amqp_method_t& method, int& code) {
  if (method.id == AMQP_CHANNEL_CLOSE_METHOD) {
    const auto* close = static_cast<const amqp_channel_close_t*>(method.decoded);
    code = close->reply_code;
    return std::string(view(close->reply_text));
  }
  if (method.id == AMQP_CONNECTION_CLOSE_METHOD) {
    const auto* close = static_cast<const amqp_connection_close_t*>(method.decoded);
    code = close->reply_code;
    return std::string(view(close->reply_text));
  }
  return fmt::format("method {:#x}", method.id);
}

const amqp_field_value_t* find(const amqp_basic_properties_t& properties, std::string_view name) {
  if ((properties._flags & AMQP_BASIC_HEADERS_FLAG) == 0) {
    return nullptr;
  }
  for (int i = 0; i < properties.headers.num_entries; ++i) {
    if (view(properties.headers.entries[i].key) == name) {
      return &properties.headers.entries[i].value;
    }
  }
  return nullptr;
}

// Any integer of the wire; the server chooses its width.
std::optional<std::int64_t> integer(const amqp_field_value_t& field) {
  switch (field.kind) {
    case AMQP_FIELD_KIND_I8:
      return field.value.i8;
    case AMQP_FIELD_KIND_U8:
      return field.value.u8;
    case AMQP_FIELD_KIND_I16:
      return field.value.i16;
    case AMQP_FIELD_KIND_U16:
      return field.value.u16;
    case AMQP_FIELD_KIND_I32:
      return field.value.i32;
    case AMQP_FIELD_KIND_U32:
      return field.value.u32;
    case AMQP_FIELD_KIND_I64:
      return field.value.i64;
    default:
      return std::nullopt;
  }
}

}  // namespace

std::string_view view(amqp_bytes_t text) {
  return {static_cast<const char*>(text.bytes), text.len};
}

int delivery_count(const amqp_basic_properties_t& properties) {
  const amqp_field_value_t* field = find(properties, header_delivery_count);
  const std::optional<std::int64_t> count = field == nullptr ? std::nullopt : integer(*field);
  constexpr std::int64_t most = std::numeric_limits<int>::max();
  return count && *count > 0 ? static_cast<int>(std::min(*count, most)) : 0;
}

// Life --------------------------------------------------------------------------------------------

Connection::Connection(const Address& address, const Host& host, const std::string& name)
    : state_(amqp_new_connection()) {
  if (state_ == nullptr) {
    throw std::bad_alloc();
  }
  try {
    connect(address, host);
    log_in(address, name);
  } catch (...) {
    amqp_destroy_connection(state_);
    throw;
  }
}

// Without a word: the server gives back what was not acknowledged, and nobody waits for a peer that
// may be gone.
Connection::~Connection() {
  amqp_destroy_connection(state_);
}

void Connection::connect(const Address& address, const Host& host) {
  amqp_socket_t* socket = nullptr;
  if (address.tls) {
    socket = amqp_ssl_socket_new(state_);
    const std::string file =
        address.ca_file.empty() ? std::string(default_ca_file) : address.ca_file;
    if (socket != nullptr) {
      amqp_ssl_socket_set_verify_peer(socket, 1);
      amqp_ssl_socket_set_verify_hostname(socket, 1);
      check_status("reading the certificates of the broker's signer",
                   amqp_ssl_socket_set_cacert(socket, file.c_str()));
      check_status("asking for TLS 1.2",
                   amqp_ssl_socket_set_ssl_versions(socket, AMQP_TLSv1_2, AMQP_TLSvLATEST));
    }
  } else {
    socket = amqp_tcp_socket_new(state_);
  }
  if (socket == nullptr) {
    throw std::bad_alloc();
  }
  const timeval limit = timeval_of(limits::broker_connect_timeout);
  check_status("connecting",
               amqp_socket_open_noblock(socket, host.name.c_str(), host.port, &limit));
  const int on = 1;
  setsockopt(descriptor(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  amqp_set_handshake_timeout(state_, &limit);
  const timeval answer = timeval_of(limits::broker_rpc_timeout);
  amqp_set_rpc_timeout(state_, &answer);
}

void Connection::log_in(const Address& address, const std::string& name) {
  // So that the server tells when it takes nothing more, and when a queue we read is deleted.
  std::array capabilities{flag("consumer_cancel_notify"), flag("connection.blocked"),
                          flag("publisher_confirms"), flag("basic.nack"),
                          flag("authentication_failure_close")};
  std::array properties{entry("product", "SecureCart"), entry("connection_name", name),
                        amqp_table_entry_t{}};
  properties[2].key = bytes("capabilities");
  properties[2].value.kind = AMQP_FIELD_KIND_TABLE;
  properties[2].value.value.table = table(capabilities);
  const amqp_table_t client = table(properties);
  constexpr int channels = 2'047;
  const amqp_rpc_reply_t reply = amqp_login_with_properties(
      state_, address.vhost.c_str(), channels, limits::broker_frame_bytes,
      static_cast<int>(limits::broker_heartbeat.count()), &client, AMQP_SASL_METHOD_PLAIN,
      address.user.c_str(), address.password.c_str());
  if (reply.reply_type == AMQP_RESPONSE_NORMAL) {
    return;
  }
  int code = 0;
  throw ConnectionLost(
      fmt::format("logging in: {}", reply.reply_type == AMQP_RESPONSE_SERVER_EXCEPTION
                                        ? close_text(reply.reply, code)
                                        : amqp_error_string2(reply.library_error)));
}

int Connection::descriptor() const {
  return amqp_get_sockfd(state_);
}

void Connection::check_status(const char* what, int status) {
  if (status != AMQP_STATUS_OK) {
    throw ConnectionLost(fmt::format("{}: {}", what, amqp_error_string2(status)));
  }
}

void Connection::check(const char* what, amqp_channel_t channel) {
  const amqp_rpc_reply_t reply = amqp_get_rpc_reply(state_);
  if (reply.reply_type == AMQP_RESPONSE_NORMAL) {
    return;
  }
  if (reply.reply_type != AMQP_RESPONSE_SERVER_EXCEPTION) {
    throw ConnectionLost(fmt::format("{}: {}", what, amqp_error_string2(reply.library_error)));
  }
  int code = 0;
  const std::string text = fmt::format("{}: {}", what, close_text(reply.reply, code));
  if (reply.reply.id != AMQP_CHANNEL_CLOSE_METHOD) {
    throw ConnectionLost(text);
  }
  reopen(channel);
  throw Refused(code, text);
}

// Channels ----------------------------------------------------------------------------------------

void Connection::open_channel(amqp_channel_t channel) {
  amqp_channel_open(state_, channel);
  const amqp_rpc_reply_t reply = amqp_get_rpc_reply(state_);
  if (reply.reply_type != AMQP_RESPONSE_NORMAL) {
    throw ConnectionLost("a channel cannot be opened");
  }
}

void Connection::close_channel(amqp_channel_t channel) {
  const amqp_rpc_reply_t reply = amqp_channel_close(state_, channel, AMQP_REPLY_SUCCESS);
  if (reply.reply_type != AMQP_RESPONSE_NORMAL) {
    throw ConnectionLost("a channel cannot be closed");
  }
}

void Connection::reopen(amqp_channel_t channel) {
  amqp_channel_close_ok_t agreed{};
  check_status("closing a channel",
               amqp_send_method(state_, channel, AMQP_CHANNEL_CLOSE_OK_METHOD, &agreed));
  open_channel(channel);
}

void Connection::select_confirms(amqp_channel_t channel) {
  amqp_confirm_select(state_, channel);
  check("asking for confirms", channel);
}

bool Connection::queue_exists(amqp_channel_t channel, const std::string& queue) {
  try {
    amqp_queue_declare(state_, channel, bytes(queue), 1, 1, 0, 0, amqp_empty_table);
    check("looking for a queue", channel);
    return true;
  } catch (const Refused& refused) {
    if (refused.code == AMQP_NOT_FOUND) {
      return false;
    }
    throw ConnectionLost(refused.what());
  }
}

void Connection::declare(amqp_channel_t channel, const std::string& exchange,
                         const std::string& queue, const QueueSettings& settings) {
  amqp_exchange_declare(state_, channel, bytes(exchange), bytes("direct"), 0, 1, 0, 0,
                        amqp_empty_table);
  check("declaring the exchange", channel);
  std::array arguments{entry("x-queue-type", "quorum"), entry("x-overflow", "reject-publish"),
                       entry("x-max-length", settings.most_messages),
                       entry("x-delivery-limit", std::int64_t{settings.delivery_limit}),
                       entry("x-expires", settings.expires_ms)};
  amqp_queue_declare(state_, channel, bytes(queue), 0, 1, 0, 0, table(arguments));
  check("declaring a queue", channel);
  amqp_queue_bind(state_, channel, bytes(queue), bytes(exchange), bytes(queue), amqp_empty_table);
  check("binding a queue", channel);
}

void Connection::consume(amqp_channel_t channel, const std::string& queue, std::size_t prefetch) {
  amqp_basic_qos(state_, channel, 0, static_cast<std::uint16_t>(prefetch), 0);
  check("setting the prefetch", channel);
  amqp_basic_consume(state_, channel, bytes(queue), amqp_empty_bytes, 0, 0, 0, amqp_empty_table);
  check("reading a queue", channel);
}

// Messages ----------------------------------------------------------------------------------------

void Connection::publish(amqp_channel_t channel, const std::string& exchange,
                         const std::string& queue, bool mandatory, const std::string& correlation,
                         std::string_view body) {
  amqp_basic_properties_t given{};
  given._flags =
      AMQP_BASIC_CONTENT_TYPE_FLAG | AMQP_BASIC_DELIVERY_MODE_FLAG | AMQP_BASIC_CORRELATION_ID_FLAG;
  given.content_type = bytes("application/json");
  given.delivery_mode = persistent;
  given.correlation_id = bytes(correlation);
  check_status("publishing", amqp_basic_publish(state_, channel, bytes(exchange), bytes(queue),
                                                mandatory ? 1 : 0, 0, &given, bytes(body)));
}

void Connection::ack(amqp_channel_t channel, std::uint64_t tag) {
  check_status("acknowledging", amqp_basic_ack(state_, channel, tag, 0));
}

void Connection::reject(amqp_channel_t channel, std::uint64_t tag) {
  check_status("giving back", amqp_basic_nack(state_, channel, tag, 0, 1));
}

std::optional<amqp_frame_t> Connection::next() {
  amqp_frame_t frame{};
  const timeval now{};
  const int status = amqp_simple_wait_frame_noblock(state_, &frame, &now);
  if (status == AMQP_STATUS_TIMEOUT) {
    return std::nullopt;
  }
  check_status("waiting for the broker", status);
  return frame;
}

void Connection::release() {
  amqp_maybe_release_buffers(state_);
}

}  // namespace securecart::events::amqp
