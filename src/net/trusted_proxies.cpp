#include <algorithm>
#include <stdexcept>

#include "base/text.hpp"
#include "net/trusted_proxies_impl.hpp"

namespace securecart::net {

namespace ip = boost::asio::ip;
using boost::system::error_code;

namespace {

ip::address unmapped(const ip::address& address) {
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    return ip::make_address_v4(ip::v4_mapped, address.to_v6());
  }
  return address;
}

}  // namespace

std::string to_text(const ip::address& address) {
  return unmapped(address).to_string();
}

TrustedProxies::TrustedProxies(const std::vector<std::string>& proxies) {
  for (const std::string& text : proxies) {
    error_code error;
    const bool network = text.find('/') != std::string::npos;
    const bool v6 = text.find(':') != std::string::npos;
    if (v6) {
      v6_.push_back(ip::make_network_v6(network ? text : text + "/128", error));
    } else {
      v4_.push_back(ip::make_network_v4(network ? text : text + "/32", error));
    }
    if (error) {
      throw std::invalid_argument("not an address or network: " + text);
    }
  }
}

bool TrustedProxies::trusts(const ip::address& address) const {
  const ip::address plain = unmapped(address);
  if (plain.is_v4()) {
    const ip::network_v4 host(plain.to_v4(), 32);
    return std::ranges::any_of(v4_, [&host](const ip::network_v4& network) {
      return network == host || host.is_subnet_of(network);
    });
  }
  const ip::network_v6 host(plain.to_v6(), 128);
  return std::ranges::any_of(v6_, [&host](const ip::network_v6& network) {
    return network == host || host.is_subnet_of(network);
  });
}

std::string TrustedProxies::client(const std::string& peer, std::string_view forwarded_for) const {
  std::string client = peer;
  std::vector<std::string_view> hops = split(forwarded_for, ',');
  while (!hops.empty()) {
    error_code error;
    const ip::address hop = ip::make_address(std::string(trim(hops.back())), error);
    hops.pop_back();
    if (error) {
      break;  // "unknown" or worse: what is known for sure is the hop before
    }
    client = to_text(hop);
    if (!trusts(hop)) {
      break;
    }
  }
  return client;
}

}  // namespace securecart::net
