#include "traffic/dns/name.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>

#include "base/limits.hpp"
#include "traffic/dns/limits.hpp"

namespace securecart::traffic::dns {
namespace {

constexpr std::size_t label_max = limits::dns_label_bytes;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// One character of a label, behind a backslash or not. False on a bad escape.
bool take_character(std::string_view text, std::size_t& at, std::uint8_t& out) {
  if (text[at] != '\\') {
    out = static_cast<std::uint8_t>(text[at++]);
    return true;
  }
  if (at + 1 >= text.size()) {
    return false;
  }
  if (!is_digit(text[at + 1])) {
    out = static_cast<std::uint8_t>(text[at + 1]);
    at += 2;
    return true;
  }
  if (at + 3 >= text.size() || !is_digit(text[at + 2]) || !is_digit(text[at + 3])) {
    return false;
  }
  const int value = (text[at + 1] - '0') * 100 + (text[at + 2] - '0') * 10 + (text[at + 3] - '0');
  out = static_cast<std::uint8_t>(value);
  at += 4;
  return value <= 255;
}

// Where each label begins, from the left; the count is returned.
unsigned label_starts(Bytes wire, std::array<std::uint8_t, limits::dns_name_labels + 1>& at) {
  unsigned count = 0;
  std::size_t i = 0;
  while (wire[i] != 0) {
    at[count++] = static_cast<std::uint8_t>(i);
    i += wire[i] + 1U;
  }
  at[count] = static_cast<std::uint8_t>(i);
  return count;
}

int compare_label(Bytes a, Bytes b) {
  const std::size_t common = std::min(a[0], b[0]);
  for (std::size_t i = 1; i <= common; ++i) {
    const int difference = lower_byte(a[i]) - lower_byte(b[i]);
    if (difference != 0) {
      return difference;
    }
  }
  return a[0] - b[0];
}

std::uint64_t multiply_fold(std::uint64_t a, std::uint64_t b) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64U);
}

// lower_byte of eight bytes at once: the high bit of a byte says that it is a capital letter.
std::uint64_t lower_bytes(std::uint64_t bytes) {
  constexpr std::uint64_t ones = 0x0101'0101'0101'0101U;
  constexpr std::uint64_t high = 0x80 * ones;
  const std::uint64_t low = bytes & ~high;
  const std::uint64_t from_a = low + (0x80 - 'A') * ones;
  const std::uint64_t above_z = low + (0x7f - 'Z') * ones;
  return bytes | ((from_a & ~above_z & ~bytes & high) >> 2U);
}

// The last one to seven bytes of a label as one number, without a loop or a call: the length of the
// label, its first byte, makes it unambiguous that some are read twice.
std::uint64_t tail_of(Bytes bytes) {
  const std::size_t size = bytes.size();
  if (size >= 4) {
    std::uint32_t first = 0;
    std::uint32_t last = 0;
    std::memcpy(&first, bytes.data(), 4);
    std::memcpy(&last, bytes.data() + size - 4, 4);
    return static_cast<std::uint64_t>(first) << 32U | last;
  }
  return static_cast<std::uint64_t>(bytes[0]) << 16U |
         static_cast<std::uint64_t>(bytes[size / 2]) << 8U | bytes[size - 1];
}

}  // namespace

std::optional<Name> Name::parse(std::string_view text, const Name* origin) {
  if (text == "@") {
    return origin != nullptr ? std::optional(*origin) : std::nullopt;
  }
  if (text == ".") {
    return Name();
  }
  Name name;
  name.size_ = 0;
  std::array<std::uint8_t, label_max + 1> label{};
  bool absolute = false;
  for (std::size_t i = 0; i < text.size();) {
    label[0] = 0;
    while (i < text.size() && text[i] != '.') {
      std::uint8_t byte = 0;
      if (label[0] == label_max || !take_character(text, i, byte)) {
        return std::nullopt;
      }
      label[++label[0]] = byte;
    }
    absolute = i < text.size();
    ++i;  // the dot
    if (label[0] == 0 || !name.append({label.data(), label[0] + 1U})) {
      return std::nullopt;
    }
  }
  const Name root;
  const Name* end = absolute ? &root : origin;
  if (text.empty() || end == nullptr || !name.append(end->wire())) {
    return std::nullopt;
  }
  return name;
}

std::optional<Name> Name::from_wire(Bytes wire) {
  if (wire.empty() || name_size(wire) != wire.size()) {
    return std::nullopt;
  }
  Name name;
  name.size_ = 0;
  name.append(wire);
  return name;
}

bool Name::append(Bytes bytes) {
  if (size_ + bytes.size() > bytes_.size()) {
    return false;
  }
  std::ranges::copy(bytes, bytes_.begin() + size_);
  size_ = static_cast<std::uint8_t>(size_ + bytes.size());
  return true;
}

Name Name::lowered() const {
  Name result = *this;
  std::ranges::transform(result.bytes_, result.bytes_.begin(), lower_byte);
  return result;
}

std::optional<Name> Name::below(Bytes label) const {
  Name name;
  name.size_ = 0;
  const std::uint8_t length = static_cast<std::uint8_t>(label.size());
  const bool fits = !label.empty() && label.size() <= label_max && name.append({&length, 1}) &&
                    name.append(label) && name.append(wire());
  return fits ? std::optional(name) : std::nullopt;
}

std::string Name::to_text() const {
  return name_text(wire());
}

bool Name::operator==(const Name& other) const {
  return equal_names(wire(), other.wire());
}

std::size_t name_size(Bytes bytes) {
  std::size_t at = 0;
  while (at < bytes.size() && at < limits::dns_name_bytes) {
    const std::uint8_t length = bytes[at];
    if (length == 0) {
      return at + 1;
    }
    if (length > label_max) {
      return 0;
    }
    at += length + 1U;
  }
  return 0;
}

std::string name_text(Bytes wire) {
  std::string text;
  for (std::size_t i = 0; wire[i] != 0; i += wire[i] + 1U) {
    for (const std::uint8_t byte : wire.subspan(i + 1, wire[i])) {
      if (byte <= ' ' || byte >= 0x7f) {
        text += '\\';
        text += static_cast<char>('0' + byte / 100);
        text += static_cast<char>('0' + byte / 10 % 10);
        text += static_cast<char>('0' + byte % 10);
        continue;
      }
      if (std::strchr(".\\\"();@$", byte) != nullptr) {
        text += '\\';
      }
      text += static_cast<char>(byte);
    }
    text += '.';
  }
  return text.empty() ? "." : text;
}

unsigned label_count(Bytes wire) {
  unsigned count = 0;
  for (std::size_t i = 0; wire[i] != 0; i += wire[i] + 1U) {
    ++count;
  }
  return count;
}

bool equal_names(Bytes a, Bytes b) {
  // Lengths are below 'A', so that folding does not touch them.
  return std::ranges::equal(a, b, {}, lower_byte, lower_byte);
}

bool is_at_or_below(Bytes name, Bytes zone) {
  for (std::size_t i = 0; name.size() - i >= zone.size(); i += name[i] + 1U) {
    if (name.size() - i == zone.size()) {
      return equal_names(name.subspan(i), zone);
    }
  }
  return false;
}

int canonical_order(Bytes a, Bytes b) {
  std::array<std::uint8_t, limits::dns_name_labels + 1> at_a;
  std::array<std::uint8_t, limits::dns_name_labels + 1> at_b;
  unsigned left_a = label_starts(a, at_a);
  unsigned left_b = label_starts(b, at_b);
  while (left_a > 0 && left_b > 0) {
    const int order = compare_label(a.subspan(at_a[--left_a]), b.subspan(at_b[--left_b]));
    if (order != 0) {
      return order;
    }
  }
  return static_cast<int>(left_a) - static_cast<int>(left_b);
}

std::uint64_t hash_below(std::uint64_t parent, Bytes label) {
  std::uint64_t hash = parent;
  std::size_t i = 0;
  for (; i + 8 <= label.size(); i += 8) {
    std::uint64_t chunk = 0;
    std::memcpy(&chunk, label.data() + i, 8);
    hash = multiply_fold(hash ^ chunk, 0xa076'1d64'78bd'642fU);
  }
  if (i < label.size()) {
    hash = multiply_fold(hash ^ tail_of(label.subspan(i)), 0xa076'1d64'78bd'642fU);
  }
  return multiply_fold(hash, 0xe703'7ed1'a0b4'28dbU);
}

void NameKey::set(Bytes wire) {
  assert(!wire.empty() && wire.size() <= bytes.size());
  fold(wire);
  labels = static_cast<std::uint8_t>(label_starts(wire, at));
  hash_suffixes();
}

bool NameKey::read(Bytes from) {
  std::size_t end = 0;
  unsigned count = 0;
  while (end < from.size() && from[end] != 0) {
    const std::size_t length = from[end];
    if (length > label_max || end + length + 1 >= limits::dns_name_bytes) {
      return false;
    }
    at[count++] = static_cast<std::uint8_t>(end);
    end += length + 1;
  }
  if (end >= from.size()) {
    return false;
  }
  at[count] = static_cast<std::uint8_t>(end);
  labels = static_cast<std::uint8_t>(count);
  fold(from.first(end + 1));
  hash_suffixes();
  return true;
}

// To lower case, eight bytes at a time; the last eight may go over some of the ones before again.
void NameKey::fold(Bytes wire) {
  size = static_cast<std::uint8_t>(wire.size());
  if (wire.size() < 8) {
    std::ranges::transform(wire, bytes.begin(), lower_byte);
    return;
  }
  for (std::size_t i = 0; i < wire.size(); i += 8) {
    const std::size_t from = std::min(i, wire.size() - 8);
    std::uint64_t chunk = 0;
    std::memcpy(&chunk, wire.data() + from, 8);
    chunk = lower_bytes(chunk);
    std::memcpy(bytes.data() + from, &chunk, 8);
  }
}

void NameKey::hash_suffixes() {
  hashes[labels] = root_hash;
  for (unsigned i = labels; i-- > 0;) {
    hashes[i] = hash_below(hashes[i + 1], {bytes.data() + at[i], bytes[at[i]] + 1U});
  }
}

}  // namespace securecart::traffic::dns
