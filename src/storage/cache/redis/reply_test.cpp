#include "storage/cache/redis/reply.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace securecart::storage::redis {
namespace {

TEST(RedisReply, EachKind) {
  ReplyReader reader;
  ASSERT_TRUE(
      reader.feed("+OK\r\n-ERR no\r\n:-7\r\n$3\r\na\r\n\r\n$-1\r\n*2\r\n:1\r\n*1\r\n$0\r\n\r\n"));
  EXPECT_EQ(reader.next()->text, "OK");
  const std::optional<Reply> error = reader.next();
  EXPECT_TRUE(error->is_error());
  EXPECT_EQ(error->text, "ERR no");
  EXPECT_EQ(reader.next()->integer, -7);
  EXPECT_EQ(reader.next()->text, "a\r\n");
  EXPECT_EQ(reader.next()->kind, Reply::Kind::nothing);
  const std::optional<Reply> list = reader.next();
  ASSERT_TRUE(list->has(2));
  EXPECT_EQ(list->list[0].integer, 1);
  ASSERT_TRUE(list->list[1].has(1));
  EXPECT_EQ(list->list[1].list[0].kind, Reply::Kind::text);
  EXPECT_EQ(reader.next(), std::nullopt);
  EXPECT_EQ(reader.problem(), "");
}

TEST(RedisReply, RefusesWhatIsTooLargeBeforeItIsThere) {
  ReplyReader list;
  list.feed("*100000000\r\n");
  EXPECT_EQ(list.next(), std::nullopt);
  EXPECT_NE(list.problem(), "");
  ReplyReader text;
  bool good = text.feed("$1000000000\r\n");
  for (std::size_t i = 0; good && i < 1'000; ++i) {
    EXPECT_EQ(text.next(), std::nullopt);
    good = text.feed(std::string(64 * 1024, 'x'));
  }
  EXPECT_FALSE(good);
  EXPECT_EQ(text.problem(), "an answer is too large");
}

TEST(RedisReply, NonsenseBreaksIt) {
  ReplyReader reader;
  reader.feed("HTTP/1.1 200 OK\r\n");
  EXPECT_EQ(reader.next(), std::nullopt);
  EXPECT_NE(reader.problem(), "");
  EXPECT_FALSE(reader.feed("+OK\r\n"));
}

// A command has the form of a reply, a list of texts: it is read back however it is cut.
RC_GTEST_PROP(RedisReply, ReadsCommandsBackHoweverTheyAreCut,
              (std::vector<std::string> words, std::vector<std::uint8_t> cuts)) {
  std::string bytes;
  const std::vector<std::string_view> views(words.begin(), words.end());
  append_command(bytes, views);
  append_command(bytes, views);
  ReplyReader reader;
  std::vector<Reply> read;
  std::size_t at = 0;
  for (std::size_t i = 0; at < bytes.size(); ++i) {
    const std::size_t size = i < cuts.size() ? cuts[i] : bytes.size();
    RC_ASSERT(reader.feed(std::string_view(bytes).substr(at, size)));
    at += std::min(size, bytes.size() - at);
    while (std::optional<Reply> reply = reader.next()) {
      read.push_back(std::move(*reply));
    }
  }
  RC_ASSERT(read.size() == 2U);
  for (const Reply& reply : read) {
    RC_ASSERT(reply.list.size() == words.size());
    for (std::size_t i = 0; i < words.size(); ++i) {
      RC_ASSERT(reply.list[i].text == words[i]);
    }
  }
}

}  // namespace
}  // namespace securecart::storage::redis
