// Reads the endless answer of a watch: the head of an HTTP/1.1 response (RFC 9112), its chunks, and
// the lines in them. Pure; bytes come in any pieces.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace securecart::cluster::etcd {

class WatchReader {
 public:
  void feed(std::string_view bytes);
  // The next line, without its end; nullopt: not there yet. The error is final: another status than
  // 200, a body without chunks, a limit, the end of the answer.
  std::expected<std::optional<std::string>, std::string> next();

 private:
  enum class State : std::uint8_t { head, size, data, data_end, ended };

  std::expected<bool, std::string> step();
  std::expected<bool, std::string> read_head();
  std::expected<bool, std::string> read_size();
  std::expected<bool, std::string> fail(std::string why);
  std::string_view rest() const { return std::string_view(in_).substr(at_); }

  State state_ = State::head;
  std::string why_;
  std::string in_;
  std::size_t at_ = 0;  // of what is read in in_
  std::size_t chunk_ = 0;
  std::string lines_;
  std::size_t searched_ = 0;  // of lines_, without an end of line
};

}  // namespace securecart::cluster::etcd
