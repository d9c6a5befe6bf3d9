#include "storage/cache/redis/reply.hpp"

#include <hiredis/read.h>
#include <utility>

#include "storage/limits.hpp"

namespace securecart::storage::redis {

namespace {

// Where the reply of `task` belongs: a new one, or its place in the list above it.
Reply* place_of(const redisReadTask* task) {
  if (task->parent == nullptr) {
    return new Reply();
  }
  auto* list = static_cast<Reply*>(task->parent->obj);
  return &list->list[static_cast<std::size_t>(task->idx)];
}

void* make_text(const redisReadTask* task, char* bytes, std::size_t size) {
  if (size > limits::redis_reply_bytes) {
    return nullptr;
  }
  Reply* reply = place_of(task);
  reply->kind = task->type == REDIS_REPLY_ERROR    ? Reply::Kind::error
                : task->type == REDIS_REPLY_STATUS ? Reply::Kind::status
                                                   : Reply::Kind::text;
  reply->text.assign(bytes, size);
  return reply;
}

void* make_list(const redisReadTask* task, int items) {
  if (items < 0 || static_cast<std::size_t>(items) > limits::redis_reply_items) {
    return nullptr;
  }
  Reply* reply = place_of(task);
  reply->kind = Reply::Kind::list;
  reply->list.resize(static_cast<std::size_t>(items));
  return reply;
}

void* make_integer(const redisReadTask* task, long long value) {
  Reply* reply = place_of(task);
  reply->kind = Reply::Kind::integer;
  reply->integer = value;
  return reply;
}

void* make_nothing(const redisReadTask* task) {
  return place_of(task);
}

// Called with the outermost reply only.
void free_reply(void* reply) {
  delete static_cast<Reply*>(reply);
}

redisReplyObjectFunctions functions{make_text, make_list, make_integer, make_nothing, free_reply};

}  // namespace

void ReplyReader::Free::operator()(redisReader* reader) const {
  redisReaderFree(reader);
}

ReplyReader::ReplyReader() : reader_(redisReaderCreateWithFunctions(&functions)) {
  if (!reader_) {
    throw std::bad_alloc();
  }
}

bool ReplyReader::feed(std::string_view bytes) {
  if (!problem_.empty()) {
    return false;
  }
  // What lies there belongs to one reply that is not complete: next() took the others.
  if (reader_->len - reader_->pos + bytes.size() > 2 * limits::redis_reply_bytes) {
    problem_ = "an answer is too large";
    return false;
  }
  if (redisReaderFeed(reader_.get(), bytes.data(), bytes.size()) != REDIS_OK) {
    problem_ = reader_->errstr;
    return false;
  }
  return true;
}

std::optional<Reply> ReplyReader::next() {
  void* made = nullptr;
  if (!problem_.empty()) {
    return std::nullopt;
  }
  if (redisReaderGetReply(reader_.get(), &made) != REDIS_OK) {
    problem_ = reader_->err == REDIS_ERR_OOM ? "an answer is too large" : reader_->errstr;
    return std::nullopt;
  }
  if (made == nullptr) {
    return std::nullopt;
  }
  const std::unique_ptr<Reply> reply(static_cast<Reply*>(made));
  return std::move(*reply);
}

void append_command(std::string& out, std::span<const std::string_view> arguments) {
  out.append("*").append(std::to_string(arguments.size())).append("\r\n");
  for (const std::string_view argument : arguments) {
    out.append("$").append(std::to_string(argument.size())).append("\r\n");
    out.append(argument).append("\r\n");
  }
}

std::string command(std::initializer_list<std::string_view> arguments) {
  std::string out;
  append_command(out, arguments);
  return out;
}

}  // namespace securecart::storage::redis
