// Who may speak for somebody else: X-Forwarded-For and X-Forwarded-Host. For net/*.cpp only.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>

namespace securecart::net {

// IPv4 in IPv6 is written as IPv4.
std::string to_text(const boost::asio::ip::address& address);

// Addresses ("10.0.0.7", "::1") and networks ("10.0.0.0/8"). IPv4 in IPv6 counts as IPv4.
class TrustedProxies {
 public:
  // Throws std::invalid_argument naming what is neither.
  explicit TrustedProxies(const std::vector<std::string>& proxies);

  bool trusts(const boost::asio::ip::address& address) const;
  // The client behind `peer` by X-Forwarded-For: the last address in the list that is not a trusted
  // proxy itself; what it says further left was written by strangers.
  std::string client(const std::string& peer, std::string_view forwarded_for) const;

 private:
  std::vector<boost::asio::ip::network_v4> v4_;
  std::vector<boost::asio::ip::network_v6> v6_;
};

}  // namespace securecart::net
