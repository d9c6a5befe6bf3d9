// What Redis answers (RESP2), read by hiredis's parser from bytes as they come.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "storage/limits.hpp"

struct redisReader;

namespace securecart::storage::redis {

struct Reply {
  enum class Kind { nothing, text, integer, list, status, error };
  Kind kind = Kind::nothing;
  std::int64_t integer = 0;
  std::string text;  // of text, status and error
  std::vector<Reply> list;

  bool is_error() const { return kind == Kind::error; }
  // True when it is a list of at least so many.
  bool has(std::size_t items) const { return kind == Kind::list && list.size() >= items; }
};

// Bytes in, replies out. A reply over limits::redis_reply_bytes, or with a list of more than
// limits::redis_reply_items, breaks it.
class ReplyReader {
 public:
  ReplyReader();

  // False when it is broken; problem() says why.
  bool feed(std::string_view bytes);
  // The next whole reply. nullopt: more bytes are needed, or it is broken.
  std::optional<Reply> next();
  const std::string& problem() const { return problem_; }

 private:
  struct Free {
    void operator()(redisReader* reader) const;
  };
  std::unique_ptr<redisReader, Free> reader_;
  std::string problem_;
};

// A command as RESP wants it.
void append_command(std::string& out, std::span<const std::string_view> arguments);
std::string command(std::initializer_list<std::string_view> arguments);

}  // namespace securecart::storage::redis
