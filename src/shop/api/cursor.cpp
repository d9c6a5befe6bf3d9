#include "shop/api/cursor.hpp"

#include <cassert>

#include "base/crypto.hpp"
#include "base/text.hpp"
#include "shop/api/limits.hpp"

namespace securecart::shop::api {

namespace {

constexpr char cursor_version = 1;
constexpr std::size_t head_bytes = 5;
constexpr std::size_t integer_bytes = 8;
constexpr std::size_t length_bytes = 2;

void append_big_endian(std::string& bytes, std::uint64_t number, std::size_t count) {
  for (std::size_t i = count; i-- > 0;) {
    bytes.push_back(static_cast<char>((number >> (8 * i)) & 0xff));
  }
}

std::uint64_t read_big_endian(std::string_view bytes) {
  std::uint64_t number = 0;
  for (const char byte : bytes) {
    number = (number << 8) | static_cast<unsigned char>(byte);
  }
  return number;
}

std::string head_of(std::string_view list) {
  std::uint32_t hash = 2'166'136'261U;
  for (const char byte : list) {
    hash = (hash ^ static_cast<unsigned char>(byte)) * 16'777'619U;
  }
  std::string head(1, cursor_version);
  append_big_endian(head, hash, head_bytes - 1);
  return head;
}

// Takes `count` bytes off the front; nullopt when there are fewer.
std::optional<std::string_view> take(std::string_view& bytes, std::size_t count) {
  if (bytes.size() < count) {
    return std::nullopt;
  }
  const std::string_view taken = bytes.substr(0, count);
  bytes.remove_prefix(count);
  return taken;
}

std::optional<CursorKey> take_key(std::string_view& bytes, char type) {
  const std::optional<std::string_view> tag = take(bytes, 1);
  if (!tag || tag->front() != type) {
    return std::nullopt;
  }
  if (type == 'i') {
    return take(bytes, integer_bytes).transform([](std::string_view raw) -> CursorKey {
      return static_cast<std::int64_t>(read_big_endian(raw));
    });
  }
  const std::optional<std::string_view> length = take(bytes, length_bytes);
  const std::optional<std::string_view> text =
      length ? take(bytes, read_big_endian(*length)) : std::nullopt;
  if (!text || !is_utf8(*text)) {
    return std::nullopt;
  }
  return CursorKey(std::string(*text));
}

std::optional<CursorKeys> take_keys(std::string_view bytes, std::string_view shape) {
  CursorKeys keys;
  keys.reserve(shape.size());
  for (const char type : shape) {
    std::optional<CursorKey> key = take_key(bytes, type);
    if (!key) {
      return std::nullopt;
    }
    keys.push_back(std::move(*key));
  }
  if (!bytes.empty()) {
    return std::nullopt;
  }
  return keys;
}

std::unexpected<Error> malformed() {
  return fail(
      errc::invalid_request, "The cursor is not one of this list.",
      {{"query.cursor",
        "must be `next_cursor` of a page of this list in this order, as it was given; leave "
        "it out to start at the first page"}});
}

}  // namespace

std::string encode_cursor(std::string_view list, const CursorKeys& keys) {
  std::string bytes = head_of(list);
  for (const CursorKey& key : keys) {
    if (const auto* number = std::get_if<std::int64_t>(&key)) {
      bytes.push_back('i');
      append_big_endian(bytes, static_cast<std::uint64_t>(*number), integer_bytes);
      continue;
    }
    const std::string& text = std::get<std::string>(key);
    bytes.push_back('s');
    append_big_endian(bytes, text.size(), length_bytes);
    bytes.append(text);
  }
  std::string cursor = base64url(bytes);
  assert(cursor.size() <= limits::cursor_bytes);
  return cursor;
}

Result<CursorKeys> decode_cursor(std::string_view cursor, std::string_view list,
                                 std::string_view shape) {
  const std::optional<std::string> bytes =
      cursor.size() <= limits::cursor_bytes ? from_base64url(cursor) : std::nullopt;
  // One position has one spelling: whatever a lenient decoder let through is refused here.
  if (!bytes || base64url(*bytes) != cursor) {
    return malformed();
  }
  std::string_view rest = *bytes;
  const std::optional<std::string_view> head = take(rest, head_bytes);
  if (!head || *head != head_of(list)) {
    return malformed();
  }
  std::optional<CursorKeys> keys = take_keys(rest, shape);
  if (!keys) {
    return malformed();
  }
  return std::move(*keys);
}

Result<std::optional<CursorKeys>> cursor_of(const Call& call, std::string_view list,
                                            std::string_view shape) {
  const std::optional<std::string> cursor = call.query("cursor");
  if (!cursor) {
    return std::optional<CursorKeys>();
  }
  Result<CursorKeys> keys = decode_cursor(*cursor, list, shape);
  if (!keys) {
    return std::unexpected(std::move(keys.error()));
  }
  return std::optional<CursorKeys>(std::move(*keys));
}

std::int64_t integer_at(const CursorKeys& keys, std::size_t index) {
  assert(index < keys.size());
  return std::get<std::int64_t>(keys[index]);
}

const std::string& text_at(const CursorKeys& keys, std::size_t index) {
  assert(index < keys.size());
  return std::get<std::string>(keys[index]);
}

}  // namespace securecart::shop::api
