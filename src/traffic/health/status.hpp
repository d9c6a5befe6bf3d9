// What a check says of what it looks at.
#pragma once

#include <cstdint>
#include <string_view>

namespace securecart::traffic::health {

enum class Status : std::uint8_t {
  unknown = 0,  // nobody has looked yet, or not enough: it is not down
  up = 1,
  down = 2,
};

inline std::string_view to_text(Status status) {
  return status == Status::up ? "up" : status == Status::down ? "down" : "unknown";
}
inline Status opposite(Status status) {
  return status == Status::up     ? Status::down
         : status == Status::down ? Status::up
                                  : Status::unknown;
}

}  // namespace securecart::traffic::health
