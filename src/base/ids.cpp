#include "base/ids.hpp"

#include <array>
#include <cassert>

#include "base/crypto.hpp"

namespace securecart {

namespace {

constexpr std::string_view crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
constexpr std::size_t ulid_characters = 26;

// Digits and letters that nobody mistakes for one another over the telephone.
constexpr std::string_view order_alphabet = "23456789ABCDEFGHJKMNPQRSTUVWXYZ";
constexpr std::size_t order_characters = 10;

// `count` characters of five bits each from the low end of `bits`, most significant first.
void append_base32(std::string& out, std::uint64_t bits, int count) {
  for (int shift = (count - 1) * 5; shift >= 0; shift -= 5) {
    out += crockford[(bits >> shift) & 31];
  }
}

}  // namespace

std::string Ids::make(std::string_view prefix) const {
  const auto millis = static_cast<std::uint64_t>(to_millis(clock_.now()));
  assert(millis < (std::uint64_t{1} << 48));
  std::string id;
  id.reserve(prefix.size() + 1 + ulid_characters);
  id += prefix;
  id += '_';
  append_base32(id, millis, 10);
  append_base32(id, random_.next() >> 24, 8);  // 40 random bits
  append_base32(id, random_.next() >> 24, 8);  // and 40 more
  return id;
}

std::string Ids::order_number() const {
  constexpr std::uint64_t numbers = [] {
    std::uint64_t product = 1;
    for (std::size_t i = 0; i < order_characters; ++i) {
      product *= order_alphabet.size();
    }
    return product;
  }();
  std::uint64_t rest = random_.below(numbers);
  std::string number;
  for (std::size_t i = 0; i < order_characters; ++i) {
    if (i == order_characters / 2) {
      number += '-';
    }
    number += order_alphabet[rest % order_alphabet.size()];
    rest /= order_alphabet.size();
  }
  return number;
}

std::string Ids::secret(std::size_t bytes) const {
  std::string raw;
  raw.reserve(bytes);
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < bytes; ++i) {
    word = i % 8 == 0 ? random_.next() : word >> 8;
    raw += static_cast<char>(word & 0xFF);
  }
  return base64url(raw);
}

bool is_id(std::string_view text, std::string_view prefix) {
  if (text.size() != prefix.size() + 1 + ulid_characters || !text.starts_with(prefix) ||
      text[prefix.size()] != '_') {
    return false;
  }
  const std::string_view ulid = text.substr(prefix.size() + 1);
  // 48 bits in ten characters: the first holds only three.
  return ulid.front() <= '7' && ulid.find_first_not_of(crockford) == std::string_view::npos;
}

}  // namespace securecart
