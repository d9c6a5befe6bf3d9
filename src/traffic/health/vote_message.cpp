#include "traffic/health/vote_message.hpp"

#include <cassert>

#include "base/crypto.hpp"
#include "base/limits.hpp"
#include "traffic/health/limits.hpp"

namespace securecart::traffic::health {
namespace {

constexpr std::string_view magic("SCV\x01", 4);
constexpr std::size_t tag_bytes = 32;
constexpr std::size_t entry_bytes = 11;

void put(std::string& out, std::uint64_t value, int bytes) {
  for (int i = bytes - 1; i >= 0; --i) {
    out += static_cast<char>(static_cast<unsigned char>(value >> (8 * i)));
  }
}

// Takes from the front of the bytes; `good` says whether they sufficed.
struct Reader {
  std::string_view bytes;
  bool good = true;

  std::string_view take(std::size_t count) {
    good = good && count <= bytes.size();
    if (!good) {
      return {};
    }
    const std::string_view taken = bytes.substr(0, count);
    bytes.remove_prefix(count);
    return taken;
  }
  std::uint64_t number(std::size_t size) {
    std::uint64_t value = 0;
    for (const char byte : take(size)) {
      value = value << 8U | static_cast<unsigned char>(byte);
    }
    return value;
  }
};

std::unexpected<Error> refused(std::string what) {
  return fail(errc::invalid_request, std::move(what));
}

}  // namespace

std::uint64_t check_id(std::string_view fingerprint) {
  const std::string digest = from_hex(sha256_hex(fingerprint)).value();
  return Reader{digest}.number(8);
}

std::string encode(const VoteMessage& message, std::string_view secret) {
  assert(!secret.empty() && message.entries.size() <= limits::health_checks);
  assert(!message.node.empty() && message.node.size() <= limits::dns_label_bytes);
  std::string out(magic);
  put(out, message.node.size(), 1);
  out += message.node;
  put(out, message.epoch, 8);
  put(out, message.sequence, 8);
  put(out, message.entries.size(), 2);
  for (const VoteEntry& entry : message.entries) {
    put(out, entry.check, 8);
    put(out, static_cast<std::uint64_t>(entry.status), 1);
    put(out, entry.rtt_tenths, 2);
  }
  return out + hmac_sha256(secret, out);
}

Result<VoteMessage> decode(std::string_view bytes, std::string_view secret) {
  if (bytes.size() < magic.size() + tag_bytes || bytes.size() > limits::vote_message_bytes ||
      !bytes.starts_with(magic)) {
    return refused("This is not a message of votes of this version.");
  }
  const std::string_view tag = bytes.substr(bytes.size() - tag_bytes);
  const std::string_view signed_part = bytes.substr(0, bytes.size() - tag_bytes);
  if (!equal_in_constant_time(hmac_sha256(secret, signed_part), tag)) {
    return refused("The message of votes is not signed with our secret.");
  }
  Reader reader{signed_part.substr(magic.size())};
  VoteMessage message;
  message.node = reader.take(reader.number(1));
  message.epoch = reader.number(8);
  message.sequence = reader.number(8);
  const std::uint64_t count = reader.number(2);
  if (!reader.good || message.node.empty() || message.node.size() > limits::dns_label_bytes ||
      count > limits::health_checks || reader.bytes.size() != count * entry_bytes) {
    return refused("The message of votes is cut off.");
  }
  for (std::uint64_t i = 0; i < count; ++i) {
    VoteEntry entry;
    entry.check = reader.number(8);
    const std::uint64_t status = reader.number(1);
    entry.rtt_tenths = static_cast<std::uint16_t>(reader.number(2));
    if (status > static_cast<std::uint64_t>(Status::down)) {
      return refused("The message of votes names an unknown status.");
    }
    entry.status = static_cast<Status>(status);
    message.entries.push_back(entry);
  }
  return message;
}

}  // namespace securecart::traffic::health
