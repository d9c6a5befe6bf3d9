// Reads the members of one JSON object within limits; the first thing that is wrong is kept.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/json.hpp"

namespace securecart::cluster {

class RecordFields {
 public:
  // `problem` outlives this; empty as long as all is well. `where` is a JSON pointer.
  RecordFields(const json::value& value, std::string where, std::string& problem);

  // A label of hosts, services, zones: 1..63 of a-z, 0-9 and '-'; must be there.
  std::string label(std::string_view name);
  // A label with further dots: an instance's id, an address.
  std::string name(std::string_view name);
  std::string text(std::string_view name);  // at most limits::text_bytes; "" when missing
  std::int64_t integer(std::string_view name, std::int64_t least, std::int64_t most,
                       std::int64_t fallback);
  double number(std::string_view name, double least, double most, double fallback);
  bool flag(std::string_view name);
  Timestamp time(std::string_view name);  // the epoch when missing
  // One of `names`; `fallback` when missing.
  std::size_t one_of(std::string_view name, std::span<const std::string_view> names,
                     std::size_t fallback);
  std::vector<std::string> texts(std::string_view name, std::size_t most);
  std::vector<double> numbers(std::string_view name, std::size_t most, double largest);
  void each(std::string_view name, std::size_t most,
            const std::function<void(RecordFields&)>& read);
  void each_member(std::string_view name, std::size_t most,
                   const std::function<void(std::string_view, RecordFields&)>& read);
  void refuse(std::string_view name, std::string what);
  bool well() const { return problem_.empty(); }

 private:
  const json::value* find(std::string_view name) const;

  const json::object* object_;
  std::string where_;
  std::string& problem_;
};

}  // namespace securecart::cluster
