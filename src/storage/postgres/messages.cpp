#include "storage/postgres/messages.hpp"

#include <algorithm>

namespace securecart::storage::postgres {

std::string one_line(std::string_view message) {
  std::string line(message.substr(0, message.find_last_not_of(" \n") + 1));
  std::ranges::replace(line, '\n', ' ');
  return line;
}

}  // namespace securecart::storage::postgres
