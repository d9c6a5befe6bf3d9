#include "shop/catalog/rows.hpp"

#include <algorithm>
#include <cassert>
#include <iterator>

namespace securecart::shop::catalog {

namespace {

std::string text_of(std::string_view head, std::size_t columns, std::size_t rows,
                    std::string_view tail) {
  std::string text(head);
  std::size_t parameter = 0;
  for (std::size_t row = 0; row < rows; ++row) {
    text += row == 0 ? " (" : ", (";
    for (std::size_t column = 0; column < columns; ++column) {
      text += column == 0 ? "$" : ", $";
      text += std::to_string(++parameter);
    }
    text += ")";
  }
  if (!tail.empty()) {
    text += " ";
    text += tail;
  }
  return text;
}

}  // namespace

InsertRows::InsertRows(std::string_view head, std::size_t columns, std::string_view tail)
    : columns_(columns) {
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    statements_[i] = text_of(head, columns, sizes[i], tail);
  }
}

void InsertRows::add(storage::Batch& batch, std::vector<storage::Values> rows,
                     const ErrorKind* refusal) const {
  std::size_t at = 0;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    while (rows.size() - at >= sizes[i]) {
      storage::Values parameters;
      parameters.reserve(sizes[i] * columns_);
      for (std::size_t row = 0; row < sizes[i]; ++row, ++at) {
        assert(rows[at].size() == columns_);
        std::ranges::move(rows[at], std::back_inserter(parameters));
      }
      batch.add(statements_[i], std::move(parameters)).refusal = refusal;
    }
  }
}

}  // namespace securecart::shop::catalog
