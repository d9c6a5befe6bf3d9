// Where an HTTP/1.1 message's header and body end (RFC 9112 sections 2.2, 6 and 7): pure, fed with
// bytes as they come. How the network cuts them never matters.
//
// Beast parses what is inside a header; bodies are ours, because Beast 1.81 asserts when the last
// chunk is cut at the wrong byte (tests: RequestReader.DoesNotCareHowBytesAreCut).
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace securecart::net {

// Finds the empty line that ends a header.
class HeadScanner {
 public:
  enum class Progress { need_more, complete, bad_line };

  // `bytes` begins with the header and grows between calls. Lines end with CR LF, nothing else.
  Progress scan(std::string_view bytes);
  std::size_t size() const { return line_begin_; }  // of the whole lines seen
  bool first_line_seen() const { return line_begin_ > 0; }

 private:
  std::size_t scanned_ = 0;
  std::size_t line_begin_ = 0;
};

// Takes a body out of its framing.
class BodyReader {
 public:
  enum class Progress { need_more, done, malformed, too_large };

  static BodyReader none() { return BodyReader(Kind::length, 0); }
  static BodyReader of_length(std::uint64_t bytes) { return BodyReader(Kind::length, bytes); }
  // Chunk extensions and trailers, which nobody asked for, are read past: at most `line_bytes` in
  // the line before a chunk, and in all trailers together.
  static BodyReader chunked(std::size_t line_bytes);
  static BodyReader until_end() { return BodyReader(Kind::until_end, 0); }

  // The most bytes the body may have; unlimited before it is called.
  void limit(std::uint64_t bytes) { most_ = bytes; }
  // What is known to come in any case. nullopt when the framing does not tell.
  std::optional<std::uint64_t> announced() const;
  bool done() const { return done_; }
  bool is_until_end() const { return kind_ == Kind::until_end; }

  // Consumes from the front of `bytes` and appends to `body`.
  Progress put(std::string_view& bytes, std::string& body);
  // The peer closed. Only a body that lasts until the end is then whole.
  Progress put_end();

 private:
  enum class Kind { length, chunked, until_end };
  enum class Chunk {
    first_size,
    size,
    extension,
    size_lf,
    data,
    data_cr,
    data_lf,
    trailer_line,  // at the start of a line
    trailer,
    trailer_lf,
    end_lf
  };

  BodyReader(Kind kind, std::uint64_t bytes)
      : kind_(kind), left_(bytes), done_(kind == Kind::length && bytes == 0) {}
  void take_data(std::string_view& bytes, std::string& body, std::uint64_t most);
  Progress put_chunked(std::string_view& bytes, std::string& body);
  bool take_control(char c);  // false: malformed
  bool take_size(char c);

  Kind kind_;
  std::uint64_t left_;  // of the body, or of this chunk
  bool done_;
  std::uint64_t most_ = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t taken_ = 0;
  Chunk chunk_ = Chunk::first_size;
  std::size_t line_limit_ = 0;
  std::size_t line_bytes_ = 0;  // still allowed
};

}  // namespace securecart::net
