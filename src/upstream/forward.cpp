#include "upstream/forward.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "base/text.hpp"
#include "net/hop.hpp"

namespace securecart::upstream {

namespace {

constexpr std::array<std::string_view, 8> hop_by_hop{
    "Connection", "Keep-Alive", "Proxy-Connection",  "Proxy-Authorization",
    "TE",         "Trailer",    "Transfer-Encoding", "Upgrade"};
// What this process says itself, or has dealt with.
constexpr std::array<std::string_view, 9> said_here{"Content-Length",
                                                    "Expect",
                                                    "Forwarded",
                                                    "traceparent",
                                                    "X-Real-IP",
                                                    net::deadline_field,
                                                    net::forwarded_for_field,
                                                    net::forwarded_host_field,
                                                    net::request_id_field};
constexpr std::array<std::string_view, 3> servers_own{"Content-Length", "Date",
                                                      net::request_id_field};

template <std::size_t Size>
bool is_one_of(const std::array<std::string_view, Size>& names, std::string_view name) {
  return std::ranges::any_of(
      names, [name](std::string_view other) { return equal_ignoring_case(name, other); });
}

std::vector<std::string> named_by_connection(const net::Headers& headers) {
  std::vector<std::string> names;
  for (const auto& [name, value] : headers.all()) {
    if (equal_ignoring_case(name, "Connection")) {
      for (const std::string_view part : split(value, ',')) {
        names.emplace_back(trim(part));
      }
    }
  }
  return names;
}

template <std::size_t Size>
net::Headers without(const net::Headers& headers, const std::array<std::string_view, Size>& names) {
  const std::vector<std::string> connection = named_by_connection(headers);
  net::Headers kept;
  for (const auto& [name, value] : headers.all()) {
    const bool named = std::ranges::any_of(
        connection, [&name](const std::string& other) { return equal_ignoring_case(name, other); });
    if (!named && !is_one_of(hop_by_hop, name) && !is_one_of(names, name)) {
      kept.add(name, value);
    }
  }
  return kept;
}

}  // namespace

net::ClientRequest onward(net::Request request) {
  net::ClientRequest out;
  out.method = request.method == net::Method::head ? net::Method::get : request.method;
  out.target = std::move(request.target);
  out.headers = without(request.headers, said_here);
  out.headers.add(std::string(net::forwarded_for_field), std::move(request.peer));
  out.headers.add(std::string(net::request_id_field), std::move(request.request_id));
  out.body = std::move(request.body);
  out.trace = request.trace;
  return out;
}

net::Response back(net::Response answer) {
  answer.headers = without(answer.headers, servers_own);
  return answer;
}

bool is_overload(const net::Response& answer) {
  return answer.status == 503 &&
         answer.bytes().find(R"("code":"overloaded")") != std::string_view::npos;
}

}  // namespace securecart::upstream
