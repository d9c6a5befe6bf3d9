// What libpq hands over, for all who talk to it.
#pragma once

#include <libpq-fe.h>
#include <memory>
#include <string>
#include <string_view>

namespace securecart::storage::postgres {

struct FreeResult {
  void operator()(PGresult* result) const { PQclear(result); }
};

inline constexpr std::string_view code_lock = "55P03";  // a lock was not to be had in time

// libpq's messages end with a line's end, and may have more.
std::string one_line(std::string_view message);

}  // namespace securecart::storage::postgres
