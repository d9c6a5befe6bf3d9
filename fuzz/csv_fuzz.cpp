// Any bytes: the reader ends, and what it read is written and read again unchanged.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "base/csv.hpp"

namespace {

using Table = std::vector<std::vector<std::string>>;

bool read(std::string_view text, Table& table) {
  securecart::CsvReader reader(text);
  for (;;) {
    const securecart::Result<bool> more = reader.next();
    if (!more || !*more) {
      return more.has_value();
    }
    table.emplace_back(reader.record().fields.begin(), reader.record().fields.end());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Table table;
  read({reinterpret_cast<const char*>(data), size}, table);
  std::string text;
  securecart::CsvWriter writer(text);
  for (const auto& row : table) {
    const std::vector<std::string_view> fields(row.begin(), row.end());
    writer.write(fields);
  }
  Table again;
  if (!read(text, again) || again != table) {
    std::abort();
  }
  return 0;
}
