// What search engines, link previews and readers without scripts see of a storefront page: its
// title, description, canonical address, picture and schema.org data, put into the <head> of
// index.html. Pure; shop/api/pages.cpp reads the documents from /v1/store.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"

namespace securecart::shop::api {

struct PageHead {
  std::string title;
  std::string description;  // plain text; empty: none
  std::string url;          // absolute
  std::string picture;      // absolute; empty: none
  json::value data;         // schema.org as JSON-LD; null: none
};

// "https://shop.example" for the page's Host; http for this machine's own names only, since what
// stands before a shop in the world speaks TLS.
std::string page_origin(std::string_view host_field);

// `shop`, `product` and `collection` are answers of /v1/store.
PageHead home_head(const json::object& shop, const std::string& origin);
PageHead product_head(const json::object& shop, const json::object& product,
                      const std::string& origin);
PageHead collection_head(const json::object& shop, const json::object& collection,
                         const std::string& origin);

// `index` with its <title> replaced by what `head` says. Without a <title> nothing is changed.
std::string with_head(std::string_view index, const PageHead& head);

// HTML without its tags, its entities read, its blanks joined, cut between words to `most_bytes`.
std::string plain_text(std::string_view html, std::size_t most_bytes);

// https://www.sitemaps.org/protocol.html of absolute addresses.
std::string sitemap(const std::vector<std::string>& urls);

}  // namespace securecart::shop::api
