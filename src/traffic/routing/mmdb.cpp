#include "traffic/routing/mmdb.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/limits.hpp"
#include "traffic/routing/limits.hpp"
#include "traffic/routing/network_map.hpp"

namespace securecart::traffic::routing {
namespace {

constexpr std::string_view metadata_marker = "\xab\xcd\xefMaxMind.com";
constexpr std::size_t metadata_most_bytes = 128 * 1024;
constexpr std::size_t separator_bytes = 16;

enum class Type : unsigned {
  pointer = 1,
  utf8 = 2,
  real = 3,
  bytes = 4,
  uint16 = 5,
  uint32 = 6,
  map = 7,
  int32 = 8,
  uint64 = 9,
  uint128 = 10,
  array = 11,
  boolean = 14,
  single = 15,
};

struct Head {
  Type type;
  std::uint32_t size;  // of a pointer: where it points
};

// Receives what is found, by the path of map keys that leads to it.
struct Sink {
  virtual ~Sink() = default;
  virtual void text(std::string_view path, std::string_view value) = 0;
  virtual void number(std::string_view path, std::uint64_t value) = 0;
  virtual void real(std::string_view path, double value) = 0;
};

// Reads one value and what is below it. `false` anywhere: the data is damaged.
class Decoder {
 public:
  Decoder(std::string_view section, Sink& sink) : section_(section), sink_(sink) {}

  bool value(std::size_t& at, unsigned depth) {
    if (depth > limits::geo_data_depth || ++values_ > limits::geo_data_values) {
      return false;
    }
    const std::optional<Head> head = read_head(at);
    if (!head) {
      return false;
    }
    if (head->type == Type::pointer) {
      std::size_t there = head->size;
      // A pointer to a pointer is not allowed, and would be the way to a loop.
      return there < section_.size() && !points(there) && value(there, depth + 1);
    }
    switch (head->type) {
      case Type::map:
        return map(at, head->size, depth);
      case Type::array:
        return array(at, head->size, depth);
      case Type::boolean:
        return true;
      default:
        return scalar(at, *head);
    }
  }

 private:
  bool points(std::size_t at) const { return (byte(at) >> 5U) == 1U; }
  unsigned byte(std::size_t at) const { return static_cast<unsigned char>(section_[at]); }
  bool has(std::size_t at, std::size_t count) const {
    return at <= section_.size() && count <= section_.size() - at;
  }
  std::uint64_t big_endian(std::size_t at, std::size_t count) const {
    std::uint64_t number = 0;
    for (std::size_t i = 0; i < count; ++i) {
      number = number << 8U | byte(at + i);
    }
    return number;
  }

  std::optional<Head> read_head(std::size_t& at) {
    if (!has(at, 1)) {
      return std::nullopt;
    }
    const unsigned control = byte(at++);
    unsigned type = control >> 5U;
    if (type == 1) {
      return pointer(at, control);
    }
    if (type == 0) {
      if (!has(at, 1)) {
        return std::nullopt;
      }
      type = byte(at++) + 7;
    }
    std::uint32_t size = control & 0x1fU;
    if (size >= 29) {
      constexpr std::array<std::uint32_t, 3> base{29, 285, 65'821};
      const std::size_t more = size - 28;
      if (!has(at, more)) {
        return std::nullopt;
      }
      size = base[more - 1] + static_cast<std::uint32_t>(big_endian(at, more));
      at += more;
    }
    return Head{static_cast<Type>(type), size};
  }

  std::optional<Head> pointer(std::size_t& at, unsigned control) const {
    constexpr std::array<std::uint32_t, 4> base{0, 2'048, 526'336, 0};
    const unsigned kind = control >> 3U & 3U;
    const std::size_t more = kind + 1;
    if (!has(at, more)) {
      return std::nullopt;
    }
    std::uint64_t target = big_endian(at, more);
    target += kind == 3 ? 0 : (std::uint64_t{control & 7U} << (8 * more)) + base[kind];
    at += more;
    return Head{Type::pointer, static_cast<std::uint32_t>(target)};
  }

  bool scalar(std::size_t& at, const Head& head) {
    if (!has(at, head.size)) {
      return false;
    }
    const std::size_t begin = std::exchange(at, at + head.size);
    switch (head.type) {
      case Type::utf8:
        sink_.text(path_, section_.substr(begin, head.size));
        return true;
      case Type::real:
        if (head.size == 8) {
          sink_.real(path_, std::bit_cast<double>(big_endian(begin, 8)));
        }
        return head.size == 8;
      case Type::single:
        if (head.size == 4) {
          const auto bits = static_cast<std::uint32_t>(big_endian(begin, 4));
          sink_.real(path_, static_cast<double>(std::bit_cast<float>(bits)));
        }
        return head.size == 4;
      case Type::uint16:
      case Type::uint32:
      case Type::uint64:
        if (head.size <= 8) {
          sink_.number(path_, big_endian(begin, head.size));
        }
        return head.size <= 8;
      case Type::bytes:
      case Type::int32:
      case Type::uint128:
        return true;
      default:
        return false;
    }
  }

  std::optional<std::string_view> key(std::size_t& at) {
    std::optional<Head> head = read_head(at);
    if (head && head->type == Type::pointer) {
      std::size_t there = head->size;
      if (there >= section_.size() || points(there)) {
        return std::nullopt;
      }
      head = read_head(there);
      return head ? text_at(there, *head) : std::nullopt;
    }
    return head ? text_at(at, *head) : std::nullopt;
  }
  std::optional<std::string_view> text_at(std::size_t& at, const Head& head) const {
    if (head.type != Type::utf8 || !has(at, head.size) || head.size > limits::text_bytes) {
      return std::nullopt;
    }
    const std::size_t begin = std::exchange(at, at + head.size);
    return section_.substr(begin, head.size);
  }

  bool map(std::size_t& at, std::uint32_t pairs, unsigned depth) {
    for (std::uint32_t i = 0; i < pairs; ++i) {
      const std::optional<std::string_view> name = key(at);
      if (!name) {
        return false;
      }
      const std::size_t parent = path_.size();
      path_.append(path_.empty() ? "" : ".").append(*name);
      const bool good = value(at, depth + 1);
      path_.resize(parent);
      if (!good) {
        return false;
      }
    }
    return true;
  }

  bool array(std::size_t& at, std::uint32_t items, unsigned depth) {
    const std::size_t parent = path_.size();
    path_.append("[]");
    for (std::uint32_t i = 0; i < items; ++i) {
      if (!value(at, depth + 1)) {
        return false;
      }
    }
    path_.resize(parent);
    return true;
  }

  std::string_view section_;
  Sink& sink_;
  std::string path_;
  std::size_t values_ = 0;
};

struct Metadata final : Sink {
  void text(std::string_view path, std::string_view value) override {
    if (path == "database_type") {
      type = value;
    }
  }
  void number(std::string_view path, std::uint64_t value) override {
    if (path == "node_count") {
      node_count = value;
    } else if (path == "record_size") {
      record_size = value;
    } else if (path == "ip_version") {
      ip_version = value;
    } else if (path == "binary_format_major_version") {
      version = value;
    }
  }
  void real(std::string_view, double) override {}

  std::string type;
  std::uint64_t node_count = 0;
  std::uint64_t record_size = 0;
  std::uint64_t ip_version = 0;
  std::uint64_t version = 0;
};

struct PlaceSink final : Sink {
  void text(std::string_view path, std::string_view value) override {
    if (value.size() != 2) {
      return;
    }
    if (path == "country.iso_code" || path == "country_code") {
      fields.country = value;
    } else if (path == "continent.code" || path == "continent_code") {
      fields.continent = value;
    }
  }
  void number(std::string_view, std::uint64_t) override {}
  void real(std::string_view path, double value) override {
    if (path == "location.latitude" || path == "latitude") {
      fields.latitude_degrees = value;
    } else if (path == "location.longitude" || path == "longitude") {
      fields.longitude_degrees = value;
    }
  }
  MmdbFields fields;
};

std::unexpected<Error> damaged(std::string_view what) {
  return fail(errc::invalid_request,
              fmt::format("This is not a MaxMind database that can be read: {}.", what));
}

}  // namespace

Result<Mmdb> Mmdb::parse(std::string bytes) {
  if (bytes.size() > limits::geo_file_bytes) {
    return damaged(fmt::format("it has more than {} bytes", limits::geo_file_bytes));
  }
  const std::size_t marker = bytes.rfind(metadata_marker);
  if (marker == std::string::npos || bytes.size() - marker > metadata_most_bytes) {
    return damaged("its metadata is missing");
  }
  Metadata metadata;
  std::size_t at = marker + metadata_marker.size();
  if (!Decoder(bytes, metadata).value(at, 0)) {
    return damaged("its metadata is broken");
  }
  if (metadata.version != 2) {
    return damaged(fmt::format("format version {} is unknown", metadata.version));
  }
  const auto bits = metadata.record_size;
  if ((bits != 24 && bits != 28 && bits != 32) || metadata.node_count == 0 ||
      metadata.node_count > limits::geo_nodes ||
      (metadata.ip_version != 4 && metadata.ip_version != 6)) {
    return damaged("its metadata makes no sense");
  }
  Mmdb database;
  database.tree_bytes_ = metadata.node_count * bits / 4;
  if (database.tree_bytes_ + separator_bytes > marker) {
    return damaged("its tree is cut off");
  }
  database.type_ = std::move(metadata.type);
  database.node_count_ = static_cast<std::uint32_t>(metadata.node_count);
  database.record_bits_ = static_cast<unsigned>(bits);
  database.v6_ = metadata.ip_version == 6;
  database.metadata_at_ = marker;
  database.bytes_ = std::move(bytes);
  return database;
}

std::string_view Mmdb::data() const {
  const std::size_t begin = tree_bytes_ + separator_bytes;
  return std::string_view(bytes_).substr(begin, metadata_at_ - begin);
}

std::uint32_t Mmdb::record(std::uint32_t node, unsigned side) const {
  assert(node < node_count_);
  const auto* const at = reinterpret_cast<const unsigned char*>(bytes_.data()) +
                         std::size_t{node} * (record_bits_ / 4);
  const auto read = [at](std::size_t from, std::size_t count) {
    std::uint32_t number = 0;
    for (std::size_t i = 0; i < count; ++i) {
      number = number << 8U | at[from + i];
    }
    return number;
  };
  switch (record_bits_) {
    case 24:
      return read(side * std::size_t{3}, 3);
    case 32:
      return read(side * std::size_t{4}, 4);
    default: {  // 28: the middle byte holds the top four bits of both
      const std::uint32_t top = side == 0 ? at[3] >> 4U : at[3] & 0x0fU;
      return top << 24U | read(side * std::size_t{4}, 3);
    }
  }
}

// The node that 96 zero bits lead to: where IPv4 lives inside of an IPv6 tree.
std::uint32_t Mmdb::ipv4_root() const {
  std::uint32_t node = 0;
  for (unsigned depth = 0; depth < 96 && node < node_count_; ++depth) {
    node = record(node, 0);
  }
  return node;
}

// One step of the walk: a node (or leaf) and the bits that lead to it.
struct Mmdb::Walk {
  std::uint32_t node;
  unsigned depth;
  WideKey key;
};

Result<void> Mmdb::walk(
    const std::function<void(const Network&, std::uint32_t offset)>& visit) const {
  const unsigned most_depth = v6_ ? 128 : 32;
  const std::uint32_t v4 = v6_ ? ipv4_root() : 0;
  const std::size_t data_bytes = data().size();
  std::size_t steps = 0;
  std::vector<Walk> waiting{{0, 0, {}}};
  while (!waiting.empty()) {
    const Walk at = waiting.back();
    waiting.pop_back();
    if (++steps > limits::geo_walk_steps) {
      return damaged("its tree has no end");
    }
    const bool zeros = at.key == WideKey{};
    const bool below_v4 = v6_ && at.key.high == 0 && at.key.low >> 32U == 0 && at.depth >= 96;
    if (v6_ && at.node == v4 && v4 < node_count_ && !(zeros && at.depth == 96)) {
      continue;  // an alias of the IPv4 part
    }
    if (at.node == node_count_) {
      continue;  // nothing known here
    }
    if (at.node > node_count_) {
      const std::uint64_t offset = std::uint64_t{at.node} - node_count_;
      if (offset < separator_bytes || offset - separator_bytes >= data_bytes) {
        return damaged("a leaf points outside of the data");
      }
      const auto key4 = static_cast<std::uint32_t>(v6_ ? at.key.low : at.key.high >> 32U);
      const bool narrow = !v6_ || below_v4;
      const unsigned prefix = v6_ && narrow ? at.depth - 96 : at.depth;
      visit({narrow ? address_of(key4) : address_of(at.key), static_cast<std::uint8_t>(prefix)},
            static_cast<std::uint32_t>(offset - separator_bytes));
      continue;
    }
    if (at.depth == most_depth) {
      return damaged("its tree is deeper than an address");
    }
    WideKey right = at.key;
    (at.depth < 64 ? right.high : right.low) |= std::uint64_t{1} << (63 - at.depth % 64);
    waiting.push_back({record(at.node, 1), at.depth + 1, right});
    waiting.push_back({record(at.node, 0), at.depth + 1, at.key});
  }
  return {};
}

Result<MmdbFields> Mmdb::fields(std::uint32_t offset) const {
  PlaceSink sink;
  std::size_t at = offset;
  if (!Decoder(data(), sink).value(at, 0)) {
    return damaged(fmt::format("the data at offset {} is broken", offset));
  }
  return std::move(sink.fields);
}

}  // namespace securecart::traffic::routing
