// Writes small MaxMind databases, for tests and as seeds of the fuzzer.
#pragma once

#include <array>
#include <map>
#include <string>
#include <vector>

#include "traffic/model/address.hpp"

namespace securecart::test {

class MmdbWriter {
 public:
  // `record_bits` 24, 28 or 32. The tree is an IPv6 one with IPv4 below ::/96.
  explicit MmdbWriter(unsigned record_bits = 28) : record_bits_(record_bits), nodes_(1) {}

  // `country` has two letters. Networks must not overlap.
  void add(const traffic::Network& network, const std::string& country) {
    using traffic::Family;
    std::array<std::uint8_t, 16> bits{};
    const bool v4 = network.address.family == Family::v4;
    for (std::size_t i = 0; i < network.address.size(); ++i) {
      bits[i + (v4 ? 12 : 0)] = network.address.bytes[i];
    }
    const unsigned prefix = network.prefix + (v4 ? 96U : 0U);
    std::size_t node = 0;
    for (unsigned depth = 0; depth + 1 < prefix; ++depth) {
      const std::size_t side = bits[depth / 8] >> (7 - depth % 8) & 1U;
      if (nodes_[node].next[side] == 0) {
        nodes_[node].next[side] = static_cast<long>(nodes_.size());
        nodes_.emplace_back();
      }
      node = static_cast<std::size_t>(nodes_[node].next[side]);
    }
    const unsigned last = prefix - 1;
    nodes_[node].next[bits[last / 8] >> (7 - last % 8) & 1U] = -1 - data_of(country);
  }

  std::string bytes() const {
    std::string out;
    for (const Node& node : nodes_) {
      write_node(out, record(node.next[0]), record(node.next[1]));
    }
    out.append(16, '\0').append(data_);
    out += "\xab\xcd\xefMaxMind.com";
    out += map(9);  // what the specification requires
    out += text("node_count") + number(nodes_.size());
    out += text("record_size") + short_number(record_bits_);
    out += text("ip_version") + short_number(6);
    out += text("database_type") + text("Test-Country");
    out += text("binary_format_major_version") + short_number(2);
    out += text("binary_format_minor_version") + short_number(0);
    out += text("build_epoch") + std::string("\x04\x02\x5f\x00\x00\x00", 6);  // uint64
    out += text("description") + map(0);
    out += text("languages") + std::string("\x00\x04", 2);  // an empty array
    return out;
  }

 private:
  struct Node {
    long next[2] = {0, 0};  // 0: nothing; above: a node; below: data at -1 - value
  };

  static std::string text(const std::string& value) {
    return std::string(1, static_cast<char>(0x40U | value.size())) + value;
  }
  static std::string map(unsigned pairs) {
    return std::string(1, static_cast<char>(0xe0U | pairs));
  }
  static std::string number(std::size_t value) {
    std::string out(1, static_cast<char>(0xc4));  // uint32 of four bytes
    for (int shift = 24; shift >= 0; shift -= 8) {
      out += static_cast<char>(static_cast<unsigned char>(value >> shift));
    }
    return out;
  }
  static std::string short_number(std::size_t value) {
    return {static_cast<char>(0xa2), static_cast<char>(value >> 8U),  // uint16
            static_cast<char>(value)};
  }

  long data_of(const std::string& country) {
    const auto known = offsets_.find(country);
    if (known != offsets_.end()) {
      return known->second;
    }
    const auto offset = static_cast<long>(data_.size());
    data_ += map(1) + text("country") + map(1) + text("iso_code") + text(country);
    offsets_.emplace(country, offset);
    return offset;
  }

  unsigned long record(long next) const {
    const auto count = static_cast<unsigned long>(nodes_.size());
    return next == 0  ? count
           : next > 0 ? static_cast<unsigned long>(next)
                      : count + 16 + static_cast<unsigned long>(-1 - next);
  }
  void write_node(std::string& out, unsigned long left, unsigned long right) const {
    const auto put = [&out](unsigned long value, unsigned bytes) {
      for (unsigned i = bytes; i-- > 0;) {
        out += static_cast<char>(static_cast<unsigned char>(value >> (8 * i)));
      }
    };
    if (record_bits_ == 28) {
      put(left & 0xffffffU, 3);
      put((left >> 24U) << 4U | right >> 24U, 1);
      put(right & 0xffffffU, 3);
    } else {
      put(left, record_bits_ / 8);
      put(right, record_bits_ / 8);
    }
  }

  unsigned record_bits_;
  std::vector<Node> nodes_;
  std::string data_;
  std::map<std::string, long> offsets_;
};

}  // namespace securecart::test
