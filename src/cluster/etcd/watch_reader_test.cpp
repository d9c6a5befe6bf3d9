#include "cluster/etcd/watch_reader.hpp"

#include <vector>

#include <gtest/gtest.h>

#include "cluster/etcd/limits.hpp"
#include "net/limits.hpp"

namespace securecart::cluster::etcd {
namespace {

const std::string head =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";

std::vector<std::string> lines_of(WatchReader& reader) {
  std::vector<std::string> lines;
  while (true) {
    auto line = reader.next();
    if (!line || !*line) {
      return lines;
    }
    lines.push_back(**line);
  }
}

std::string error_of(const std::string& bytes) {
  WatchReader reader;
  reader.feed(bytes);
  lines_of(reader);
  const auto line = reader.next();
  return line ? "" : line.error();
}

TEST(WatchReader, LinesAreWholeHoweverTheirBytesCome) {
  const std::string bytes = head + "4\r\none\n\r\n7\r\ntwo\nthr\r\n3\r\nee\n\r\n2\r\n\n\n\r\n";
  const std::vector<std::string> expected{"one", "two", "three"};
  for (std::size_t size = 1; size <= bytes.size(); ++size) {
    WatchReader reader;
    std::vector<std::string> lines;
    for (std::size_t at = 0; at < bytes.size(); at += size) {
      reader.feed(std::string_view(bytes).substr(at, size));
      for (std::string& line : lines_of(reader)) {
        lines.push_back(std::move(line));
      }
    }
    EXPECT_EQ(lines, expected) << size;
    EXPECT_TRUE(reader.next().has_value());
  }
}

TEST(WatchReader, WhatIsNoStreamIsRefused) {
  EXPECT_EQ(error_of("HTTP/1.1 503 Service Unavailable\r\n\r\n"),
            "the watch is refused: HTTP/1.1 503 Service Unavailable");
  EXPECT_EQ(error_of("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"), "the watch is no stream");
  EXPECT_EQ(error_of(head + "zz\r\n"), "a chunk of the watch has no size");
  EXPECT_EQ(error_of(head + std::string(40, '0')), "a chunk of the watch has no size");
  EXPECT_EQ(error_of(head + "3\r\nabcdef"), "a chunk of the watch does not end");
  EXPECT_EQ(error_of(head + "fffffffff\r\n"), "a chunk of the watch is too long");
  EXPECT_EQ(error_of(head + "2\r\n{}\r\n0\r\n\r\n"), "the watch has ended");
  EXPECT_EQ(error_of(std::string(limits::response_header_bytes + 1, 'x')), "the head is too long");
}

TEST(WatchReader, ALineHasALimit) {
  WatchReader reader;
  reader.feed(head);
  const std::string chunk(1024 * 1024, 'x');
  bool ended = false;
  for (std::size_t i = 0; i <= limits::etcd_watch_line_bytes / chunk.size() + 1 && !ended; ++i) {
    reader.feed("100000\r\n" + chunk + "\r\n");
    ended = !reader.next().has_value();
  }
  EXPECT_TRUE(ended);
  EXPECT_EQ(reader.next().error(), "a line of the watch is too long");
}

TEST(WatchReader, AnErrorIsFinal) {
  WatchReader reader;
  reader.feed("HTTP/1.1 404 Not Found\r\n\r\n");
  EXPECT_FALSE(reader.next().has_value());
  reader.feed(head + "4\r\none\n\r\n");
  EXPECT_FALSE(reader.next().has_value());
}

}  // namespace
}  // namespace securecart::cluster::etcd
