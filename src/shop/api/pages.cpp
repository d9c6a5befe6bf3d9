#include "shop/api/pages.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <charconv>
#include <stdexcept>
#include <zlib.h>

#include "base/crypto.hpp"
#include "base/text.hpp"
#include "shop/api/errc.hpp"
#include "shop/api/limits.hpp"
#include "shop/api/page_heads.hpp"
#include "shop/api/request_checks.hpp"

namespace securecart::shop::api {
namespace {

// Built pages and the URL they live below.
struct Site {
  std::string_view folder;
  std::string_view root;
};
constexpr std::array<Site, 2> sites = {
    {{"web/storefront/dist/", "/"}, {"web/admin/dist/", "/admin/"}}};
constexpr std::string_view sample_folder = "sample/images/";
constexpr std::string_view sample_url = "/images/sample/";
constexpr std::string_view index_url = "/index.html";
constexpr std::string_view admin_index_url = "/admin/index.html";

constexpr std::string_view sitemap_url = "/sitemap.xml";

constexpr std::string_view revalidate = "no-cache";
constexpr std::string_view for_a_day = "public, max-age=86400, stale-while-revalidate=604800";
constexpr std::string_view for_ever = "public, max-age=31536000, immutable";

// Pictures may come from anywhere (an imported catalog names the merchant's own hosts); everything
// that runs or styles comes from here, and nothing is inline.
constexpr std::string_view page_policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' https:; "
    "connect-src 'self'; font-src 'self'; manifest-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'";
// An SVG opened on its own is a document of this origin: it runs nothing and fetches nothing.
constexpr std::string_view picture_policy =
    "default-src 'none'; style-src 'unsafe-inline'; sandbox";

struct Kind {
  std::string_view extension;
  std::string_view content_type;
};
constexpr std::array<Kind, 12> kinds = {{{".xml", "application/xml; charset=utf-8"},
                                         {".html", "text/html; charset=utf-8"},
                                         {".js", "text/javascript; charset=utf-8"},
                                         {".css", "text/css; charset=utf-8"},
                                         {".svg", "image/svg+xml"},
                                         {".png", "image/png"},
                                         {".jpg", "image/jpeg"},
                                         {".webp", "image/webp"},
                                         {".woff2", "font/woff2"},
                                         {".json", "application/json"},
                                         {".txt", "text/plain; charset=utf-8"},
                                         {".webmanifest", "application/manifest+json"}}};

std::string_view content_type_of(std::string_view path) {
  const auto kind =
      std::ranges::find_if(kinds, [path](const Kind& k) { return path.ends_with(k.extension); });
  return kind != kinds.end() ? kind->content_type : "application/octet-stream";
}

// RFC 1952. Without a name and a time in it, so that every instance sends the same bytes.
std::string gzip(std::string_view bytes) {
  constexpr int window_bits_of_gzip = 15 + 16;
  constexpr int memory_level = 8;
  z_stream stream{};
  if (deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, window_bits_of_gzip, memory_level,
                   Z_DEFAULT_STRATEGY) != Z_OK) {
    throw std::runtime_error("zlib cannot start");
  }
  std::string out(deflateBound(&stream, bytes.size()), '\0');
  std::string in(bytes);  // zlib takes its input without const
  stream.next_in = reinterpret_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  [[maybe_unused]] const int ended = deflate(&stream, Z_FINISH);
  assert(ended == Z_STREAM_END);  // deflateBound is enough for all of it
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::optional<std::size_t> parse_offset(std::string_view digits) {
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  const bool whole = error == std::errc() && end == digits.data() + digits.size();
  return whole && !digits.empty() ? std::optional(value) : std::nullopt;
}

// A page with one more segment below these is a product, or a collection.
constexpr std::string_view products_root = "/products/";
constexpr std::string_view collections_root = "/collections/";

// Pages that are found by search engines; the others are of one shopper only.
bool has_head(std::string_view path) {
  return path == "/" || (is_storefront_page(path) && !path.ends_with('/') &&
                         (path.starts_with(products_root) || path.starts_with(collections_root)));
}

bool is_file_path(std::string_view path) {
  return path.starts_with("/assets/") || path.starts_with("/images/") ||
         path.starts_with("/admin/assets/");
}

bool wants_html(const net::Request& request) {
  const std::string_view accept = request.header("Accept").value_or("*/*");
  return accept.find("text/html") != std::string_view::npos ||
         accept.find("*/*") != std::string_view::npos;
}

net::Response refusal(const net::Request& request, const ErrorKind& kind, std::string detail) {
  net::Response response = net::problem(Error(kind, std::move(detail)), request.request_id);
  response.headers.set("Cache-Control", "no-store");
  response.headers.set("X-Content-Type-Options", "nosniff");
  return response;
}

// A range only continues a download when the file is still the one it began with (RFC 9110 section
// 13.1.5); dates are not kept, so they never match.
std::optional<ByteRange> requested_range(const net::Request& request, std::string_view etag,
                                         std::size_t size) {
  const std::optional<std::string_view> range = request.header("Range");
  const std::optional<std::string_view> condition = request.header("If-Range");
  if (!range || (condition && *condition != etag)) {
    return std::nullopt;
  }
  return parse_range(*range, size);
}

void send_range(net::Response& response, const std::string& bytes, const ByteRange& range) {
  const std::string size = std::to_string(bytes.size());
  if (range.length == 0) {
    response.status = 416;
    response.headers.set("Content-Range", "bytes */" + size);
    return;
  }
  response.status = 206;
  response.headers.set("Content-Range", "bytes " + std::to_string(range.first) + "-" +
                                            std::to_string(range.first + range.length - 1) + "/" +
                                            size);
  response.body = bytes.substr(range.first, range.length);
}

}  // namespace

bool is_storefront_page(std::string_view path) {
  constexpr std::array<std::string_view, 6> alone = {"/",     "/collections", "/search",
                                                     "/cart", "/checkout",    "/account"};
  constexpr std::array<std::string_view, 4> with_one_more = {"/collections/", "/products/",
                                                             "/orders/", "/account/"};
  if (path.size() > 1 && path.ends_with('/')) {
    path.remove_suffix(1);
  }
  return std::ranges::find(alone, path) != alone.end() ||
         std::ranges::any_of(with_one_more, [path](std::string_view prefix) {
           return path.size() > prefix.size() && path.starts_with(prefix) &&
                  path.find('/', prefix.size()) == std::string_view::npos;
         });
}

bool is_admin_page(std::string_view path) {
  return path == "/admin" || path.starts_with("/admin/");
}

std::optional<ByteRange> parse_range(std::string_view field, std::size_t size) {
  constexpr std::string_view unit = "bytes=";
  if (!field.starts_with(unit)) {
    return std::nullopt;
  }
  const std::string_view range = trim(field.substr(unit.size()));
  const std::size_t dash = range.find('-');
  if (dash == std::string_view::npos || range.find(',') != std::string_view::npos) {
    return std::nullopt;
  }
  const std::string_view from = range.substr(0, dash);
  const std::string_view to = range.substr(dash + 1);
  if (from.empty()) {  // the last so many bytes
    const std::optional<std::size_t> last = parse_offset(to);
    return last ? std::optional(ByteRange{size - std::min(*last, size), std::min(*last, size)})
                : std::nullopt;
  }
  const std::optional<std::size_t> first = parse_offset(from);
  const std::optional<std::size_t> last = to.empty() ? first : parse_offset(to);
  if (!first || !last || *last < *first) {
    return std::nullopt;
  }
  if (*first >= size) {
    return ByteRange{};
  }
  const std::size_t end = to.empty() ? size : std::min(*last, size - 1) + 1;
  return ByteRange{*first, end - *first};
}

bool accepts_gzip(std::string_view accept_encoding) {
  std::optional<bool> any;
  for (const std::string_view member : split(accept_encoding, ',')) {
    const std::size_t semicolon = member.find(';');
    const std::string_view coding = trim(member.substr(0, semicolon));
    const std::string weight =
        semicolon == std::string_view::npos ? "" : to_lower(trim(member.substr(semicolon + 1)));
    // Zero is written 0, 0. or with up to three zeros behind the point.
    const bool refused =
        weight.starts_with("q=0") && weight.find_first_not_of("0.", 2) == std::string::npos;
    if (equal_ignoring_case(coding, "gzip") || equal_ignoring_case(coding, "x-gzip")) {
      return !refused;
    }
    if (coding == "*") {
      any = !refused;
    }
  }
  return any.value_or(false);
}

Pages::Pages(const std::vector<Asset>& assets) {
  for (const Asset& asset : assets) {
    const auto site = std::ranges::find_if(
        sites, [&asset](const Site& s) { return asset.path.starts_with(s.folder); });
    if (site != sites.end()) {
      std::string url = std::string(site->root).append(asset.path.substr(site->folder.size()));
      File file = file_of(url, asset.bytes);
      files_.emplace(std::move(url), std::move(file));
    } else if (asset.path.starts_with(sample_folder)) {
      std::string url = std::string(sample_url).append(asset.path.substr(sample_folder.size()));
      File file = file_of(url, asset.bytes);
      files_.emplace(std::move(url), std::move(file));
    }
  }
}

Pages::File Pages::file_of(std::string_view url, std::string_view bytes) {
  File file;
  file.content_type = content_type_of(url);
  file.cache_control = revalidate;
  if (url.starts_with("/assets/") || url.starts_with("/admin/assets/")) {
    file.cache_control = for_ever;
  } else if (url.starts_with(sample_url)) {
    file.cache_control = for_a_day;
  }
  if (file.content_type.starts_with("text/html")) {
    file.content_security_policy = page_policy;
  } else if (file.content_type == "image/svg+xml") {
    file.content_security_policy = picture_policy;
  }
  const std::string digest = sha256_hex(bytes).substr(0, 32);
  file.etag = '"' + digest + '"';
  file.gzip_etag = '"' + digest + "-gzip\"";
  file.plain = std::make_shared<const std::string>(bytes);
  std::string compressed = gzip(bytes);
  if (compressed.size() < bytes.size()) {
    file.gzip = std::make_shared<const std::string>(std::move(compressed));
  }
  return file;
}

std::size_t Pages::body_limit(net::Method, std::string_view) const {
  return 0;
}

Task<net::Response> Pages::handle(net::Request request) {
  const bool reads = request.method == net::Method::get || request.method == net::Method::head;
  if (api_ != nullptr && reads && request.path == sitemap_url) {
    Task<net::Response> mapping = site_map(request);
    co_return co_await mapping;
  }
  if (api_ != nullptr && reads && has_head(request.path)) {
    Task<std::optional<net::Response>> describing = described(request);
    std::optional<net::Response> page = co_await describing;
    if (page) {
      co_return std::move(*page);
    }
  }
  co_return respond(request);
}

Task<Pages::Answer> Pages::ask(const net::Request& page, std::string target) const {
  Result<net::Target> parsed = net::parse_target(target);
  if (!parsed) {
    co_return Answer{.status = 400, .body = {}};  // longer than a target may be
  }
  net::Request request;
  request.target = std::move(target);
  request.path = std::move(parsed->path);
  request.query = std::move(parsed->query);
  request.headers.set("Host", std::string(page.header("Host").value_or("")));
  request.peer = page.peer;
  request.trace = page.trace;
  request.request_id = page.request_id;
  request.deadline = page.deadline;
  Task<net::Response> asking = api_->handle(std::move(request));
  const net::Response response = co_await asking;
  Answer answer;
  answer.status = response.status;
  if (response.status == 200) {
    Result<json::value> body = parse_json(response.bytes());
    answer.body = std::move(body.value().as_object());
  }
  co_return answer;
}

// Nothing when the API has no answer for now.
Task<std::optional<net::Response>> Pages::described(const net::Request& request) const {
  const auto index = files_.find(index_url);
  if (index == files_.end()) {
    co_return std::nullopt;
  }
  Task<Answer> asking_shop = ask(request, "/v1/store/shop");
  const Answer shop = co_await asking_shop;
  if (shop.status != 200) {
    co_return std::nullopt;
  }
  const std::string origin = page_origin(request.header("Host").value_or(""));
  PageHead head = home_head(shop.body, origin);
  if (request.path != "/") {
    const bool is_product = request.path.starts_with(products_root);
    const std::string_view handle =
        std::string_view(request.path)
            .substr(is_product ? products_root.size() : collections_root.size());
    std::string target = std::string("/v1/store") +
                         std::string(is_product ? products_root : collections_root) +
                         net::percent_encode(handle);
    Task<Answer> asking = ask(request, std::move(target));
    const Answer found = co_await asking;
    if (found.status == 404) {
      co_return send(request, index->second, 404);
    }
    if (found.status != 200) {
      co_return std::nullopt;
    }
    head = is_product ? product_head(shop.body, found.body, origin)
                      : collection_head(shop.body, found.body, origin);
  }
  const File page = file_of(index_url, with_head(*index->second.plain, head));
  co_return send(request, page, 200);
}

Task<void> Pages::collect(const net::Request& request, std::string list, std::string below,
                          std::vector<std::string>& urls) const {
  const std::string first = list + "?limit=" + std::to_string(limits::page_max);
  std::string target = first;
  while (urls.size() < limits::sitemap_urls) {
    Task<Answer> asking = ask(request, target);
    const Answer page = co_await asking;
    if (page.status != 200) {
      throw Unavailable("the catalog does not answer: " + std::to_string(page.status));
    }
    for (const json::value& item : get_array(page.body, "items")) {
      urls.push_back(below + net::percent_encode(get_string(item.as_object(), "handle")));
    }
    const json::value& next = page.body.at("next_cursor");
    if (next.is_null()) {
      co_return;
    }
    target = first + "&cursor=" + net::percent_encode(next.as_string());
  }
}

Task<net::Response> Pages::site_map(const net::Request& request) const {
  const std::string origin = page_origin(request.header("Host").value_or(""));
  std::vector<std::string> urls = {origin + "/", origin + "/collections"};
  Task<void> collections =
      collect(request, "/v1/store/collections", origin + std::string(collections_root), urls);
  co_await collections;
  Task<void> products =
      collect(request, "/v1/store/products", origin + std::string(products_root), urls);
  co_await products;
  urls.resize(std::min(urls.size(), limits::sitemap_urls));
  const File file = file_of(sitemap_url, sitemap(urls));
  co_return send(request, file, 200);
}

net::Response Pages::respond(const net::Request& request) const {
  if (request.method != net::Method::get && request.method != net::Method::head) {
    net::Response response =
        refusal(request, errc::method_not_allowed, "Pages are read with GET and HEAD.");
    response.headers.set("Allow", "GET, HEAD");
    return response;
  }
  if (const auto file = files_.find(request.path);
      file != files_.end() && !request.path.ends_with(index_url)) {
    return send(request, file->second, 200);
  }
  const bool admin = is_admin_page(request.path);
  const bool known = admin || is_storefront_page(request.path);
  if (is_file_path(request.path) || (!known && !wants_html(request))) {
    return refusal(request, errc::not_found, "There is no file of this name.");
  }
  const auto index = files_.find(admin ? admin_index_url : index_url);
  if (index == files_.end()) {
    return refusal(request, errc::not_found,
                   "This build has no web pages in it. `make program` builds them.");
  }
  net::Response response = send(request, index->second, known ? 200 : 404);
  if (admin) {
    response.headers.add("X-Robots-Tag", "noindex");  // nothing to find for a search engine
  }
  return response;
}

net::Response Pages::send(const net::Request& request, const File& file, int status) {
  const std::optional<ByteRange> range =
      status == 200 ? requested_range(request, file.etag, file.plain->size()) : std::nullopt;
  const bool compressed =
      !range && file.gzip && accepts_gzip(request.header("Accept-Encoding").value_or(""));
  net::Response response;
  response.status = status;
  response.headers.add("Content-Type", std::string(file.content_type));
  response.headers.add("Cache-Control", std::string(file.cache_control));
  response.headers.add("ETag", compressed ? file.gzip_etag : file.etag);
  response.headers.add("X-Content-Type-Options", "nosniff");
  response.headers.add("Referrer-Policy", "no-referrer");
  if (file.gzip) {
    response.headers.add("Vary", "Accept-Encoding");
  }
  if (!file.content_security_policy.empty()) {
    response.headers.add("Content-Security-Policy", std::string(file.content_security_policy));
  }
  if (file.content_type.starts_with("text/html")) {
    response.headers.add("Cross-Origin-Opener-Policy", "same-origin");
    response.headers.add("Permissions-Policy", "camera=(), microphone=(), geolocation=()");
  }
  const std::string_view known = request.header("If-None-Match").value_or("");
  if (status == 200 && !known.empty() &&
      (none_match_names(known, file.etag) || none_match_names(known, file.gzip_etag))) {
    response.status = 304;
    return response;
  }
  response.headers.add("Accept-Ranges", "bytes");
  if (range) {
    send_range(response, *file.plain, *range);
    return response;
  }
  if (compressed) {
    response.headers.add("Content-Encoding", "gzip");
  }
  response.shared_body = compressed ? file.gzip : file.plain;
  return response;
}

}  // namespace securecart::shop::api
