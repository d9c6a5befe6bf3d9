// The web pages: the storefront's pages, scripts and styles (web/storefront/dist), the admin's
// (web/admin/dist) and the pictures of the sample shop, all embedded in the binary.
//
//   /assets/index-3fA9.js     named by its content: kept for a year
//   /images/sample/hero.svg   kept for a day, then asked for again by ETag; sandboxed
//   /products/marsh-teapot    index.html: the page draws itself from /v1/store
//   /admin/orders             the admin's index.html: it draws itself from /v1/admin
//   /nowhere                  index.html with status 404: the page says so kindly
//
// Files are compressed once, at start; answers share the bytes. Pages that search engines and link
// previews look at carry a head of their own (shop/api/page_heads), made from what /v1/store
// answers; when that does not answer, the page goes out as it is and draws itself. Thread-safe:
// nothing changes after read_from().
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/assets.hpp"
#include "base/json.hpp"
#include "net/http.hpp"

namespace securecart::shop::api {

class Pages final : public net::Handler {
 public:
  // `assets` are embedded_assets() or a test's own. Without an index.html among them the pages
  // answer not_found and say what to build.
  explicit Pages(const std::vector<Asset>& assets);

  // Where the heads of pages and /sitemap.xml come from; it outlives the pages. Without it there is
  // neither.
  void read_from(net::Handler& api) { api_ = &api; }

  Task<net::Response> handle(net::Request request) override;
  std::size_t body_limit(net::Method method, std::string_view target) const override;

 private:
  struct File {
    std::string_view content_type;
    std::string_view cache_control;
    std::string_view content_security_policy;  // empty: none
    std::string etag;                          // of the plain bytes, with quotes
    std::string gzip_etag;
    std::shared_ptr<const std::string> plain;
    std::shared_ptr<const std::string> gzip;  // null when it would not be smaller
  };
  struct Answer {
    int status = 0;
    json::object body;  // of 200
  };
  static File file_of(std::string_view url, std::string_view bytes);
  net::Response respond(const net::Request& request) const;
  // What the API says to a shopper who asks for `target` on the host of `page`.
  Task<Answer> ask(const net::Request& page, std::string target) const;
  Task<std::optional<net::Response>> described(const net::Request& request) const;
  Task<net::Response> site_map(const net::Request& request) const;
  // Adds the addresses of a list's items to `urls`, page after page, up to limits::sitemap_urls.
  Task<void> collect(const net::Request& request, std::string list, std::string below,
                     std::vector<std::string>& urls) const;
  static net::Response send(const net::Request& request, const File& file, int status);

  std::map<std::string, File, std::less<>> files_;  // by URL path
  net::Handler* api_ = nullptr;
};

// Whether the storefront draws a page of its own at this path; elsewhere it draws "not found".
bool is_storefront_page(std::string_view path);

// Whether the admin draws it: it knows its own paths and says when there is nothing.
bool is_admin_page(std::string_view path);

// One range of `size` bytes as RFC 9110 section 14 has it, for `bytes=` with a single range. Empty
// when the field is to be ignored: another unit, several ranges, malformed.
struct ByteRange {
  std::size_t first = 0;
  std::size_t length = 0;  // 0: not satisfiable
};
std::optional<ByteRange> parse_range(std::string_view field, std::size_t size);

// Whether Accept-Encoding takes gzip (RFC 9110 section 12.5.3).
bool accepts_gzip(std::string_view accept_encoding);

}  // namespace securecart::shop::api
