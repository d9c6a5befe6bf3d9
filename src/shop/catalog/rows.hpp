// Many rows in few statements: a batch is bounded, a product is not small.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "storage/database.hpp"

namespace securecart::shop::catalog {

// INSERT of any number of rows, in statements of 64, 8 and 1 rows. Make it once (a static): a batch
// points into its texts.
class InsertRows {
 public:
  // "INSERT INTO t (a, b) VALUES", 2, "ON CONFLICT …"
  InsertRows(std::string_view head, std::size_t columns, std::string_view tail = "");

  // The statement of `rows` each has `columns` values. With `refusal`, a constraint that refuses a
  // row refuses the batch.
  void add(storage::Batch& batch, std::vector<storage::Values> rows,
           const ErrorKind* refusal = nullptr) const;

 private:
  static constexpr std::array<std::size_t, 3> sizes = {64, 8, 1};
  std::size_t columns_;
  std::array<std::string, sizes.size()> statements_;
};

}  // namespace securecart::shop::catalog
