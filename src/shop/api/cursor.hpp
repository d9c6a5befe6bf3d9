// Opaque cursors: where a page of a list goes on, as the sort keys of the last item before it.
//
//   version (1 byte: 1)  list (4 bytes: FNV-1a of its name)  key…
//   key: 'i' and 8 bytes, big-endian two's complement;  's', 2 bytes of length and UTF-8
// in base64url without padding. Nothing in it is secret and nothing is trusted: a cursor only says
// where to go on, the shop and the filters come from the request. Another version or another list
// (and the sort order is part of a list's name) is refused, never guessed at.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/errors.hpp"
#include "shop/api/limits.hpp"
#include "shop/api/operation.hpp"

namespace securecart::shop::api {

using CursorKey = std::variant<std::int64_t, std::string>;
using CursorKeys = std::vector<CursorKey>;

// `list` names the list with its order: "products/price_asc/EUR". Asserts that the cursor stays
// below limits::cursor_bytes: sort keys are ids, times, amounts and short texts.
std::string encode_cursor(std::string_view list, const CursorKeys& keys);

// `shape` has a letter a key: 'i' integer, 's' text. Errors: invalid_request naming query.cursor.
Result<CursorKeys> decode_cursor(std::string_view cursor, std::string_view list,
                                 std::string_view shape);

// The cursor of a request; nullopt on the first page.
Result<std::optional<CursorKeys>> cursor_of(const Call& call, std::string_view list,
                                            std::string_view shape);

// The key at `index`, of the type the shape gave it.
std::int64_t integer_at(const CursorKeys& keys, std::size_t index);
const std::string& text_at(const CursorKeys& keys, std::size_t index);

}  // namespace securecart::shop::api
