#include "events/event.hpp"

#include <algorithm>

namespace securecart::events {

bool EventTypes::contain(const std::string& type) const {
  return names.empty() || std::ranges::find(names, type) != names.end();
}

}  // namespace securecart::events
