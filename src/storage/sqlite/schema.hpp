// Brings the schema of a SQLite file up to this program's.
#pragma once

#include <span>

#include "base/clock.hpp"
#include "storage/migrations.hpp"
#include "storage/sqlite/connection.hpp"

namespace securecart::storage::sqlite {

// Runs what is left, each migration in a transaction of its own. Throws OpenError when the file is
// not SecureCart's or cannot be brought up to date.
void bring_up_to_date(Connection& connection, std::span<const Migration> known, const Clock& clock);

}  // namespace securecart::storage::sqlite
