// How the words of `securecart dns` reach a running node: admin.json in its state folder.
#pragma once

#include <filesystem>
#include <string>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "cli/command.hpp"
#include "net/client.hpp"

namespace securecart::cli {

class DnsCaller {
 public:
  // Throws std::runtime_error when `state` has no admin.json that can be read.
  explicit DnsCaller(const std::filesystem::path& state);
  ~DnsCaller();

  // Throws std::runtime_error with what the node said when it refused, or that there is no answer.
  json::value get(const std::string& target);
  json::value post(const std::string& target, const json::object& body);

 private:
  json::value call(net::ClientRequest request);

  SystemClock clock_;
  net::Runtime runtime_;
  net::Client client_;
  net::Url url_;
  std::string token_;
};

// Adds --state.
void add_dns_state(CLI::App& word, std::string& state);

}  // namespace securecart::cli
