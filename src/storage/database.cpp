#include "storage/database.hpp"

#include <cassert>

namespace securecart::storage {

Value nullable(const std::optional<std::string>& text) {
  return text ? Value(*text) : Value(std::monostate());
}

Value nullable(std::optional<std::int64_t> number) {
  return number ? Value(*number) : Value(std::monostate());
}

Row Rows::operator[](std::size_t index) const {
  assert(index < size());
  return {*this, index};
}

Rows::Iterator Rows::begin() const {
  return {*this, 0};
}
Rows::Iterator Rows::end() const {
  return {*this, size()};
}

const Value& Row::at(std::size_t column) const {
  assert(column < rows_->columns_);
  return rows_->values_[index_ * rows_->columns_ + column];
}

bool Row::is_null(std::size_t column) const {
  return std::holds_alternative<std::monostate>(at(column));
}

std::int64_t Row::integer(std::size_t column) const {
  const auto* number = std::get_if<std::int64_t>(&at(column));
  assert(number != nullptr && "this column is not an INTEGER");
  return *number;
}

const std::string& Row::text(std::size_t column) const {
  const auto* text = std::get_if<std::string>(&at(column));
  assert(text != nullptr && "this column is not TEXT");
  return *text;
}

std::optional<std::int64_t> Row::integer_or_null(std::size_t column) const {
  return is_null(column) ? std::nullopt : std::optional(integer(column));
}

std::optional<std::string> Row::text_or_null(std::size_t column) const {
  return is_null(column) ? std::nullopt : std::optional(text(column));
}

Task<Rows> Database::read(Query query, Freshness freshness) {
  std::vector<Query> queries;
  queries.push_back(std::move(query));
  Task<std::vector<Rows>> reading = read_all(std::move(queries), freshness);
  std::vector<Rows> results = co_await reading;
  co_return std::move(results.front());
}

}  // namespace securecart::storage
