#include "shop/api/page_heads.hpp"

#include <algorithm>
#include <array>

#include "base/money.hpp"
#include "base/text.hpp"
#include "net/http.hpp"
#include "shop/api/html.hpp"
#include "shop/api/limits.hpp"

namespace securecart::shop::api {
namespace {

constexpr std::string_view between = " · ";  // as web/storefront/src/lib/page.ts has it

std::string absolute(const std::string& origin, std::string_view address) {
  return address.starts_with('/') ? origin + std::string(address) : std::string(address);
}

std::string titled(std::string_view title, const json::object& shop) {
  return std::string(title).append(between).append(get_string(shop, "name"));
}

// What an HTML entity of the sanitised subset stands for; the ampersand itself when it is none.
std::string_view entity_at(std::string_view text, std::size_t& length) {
  struct Entity {
    std::string_view name;
    std::string_view text;
  };
  static constexpr std::array<Entity, 6> entities = {{{"&amp;", "&"},
                                                      {"&lt;", "<"},
                                                      {"&gt;", ">"},
                                                      {"&quot;", "\""},
                                                      {"&#39;", "'"},
                                                      {"&nbsp;", " "}}};
  for (const Entity& entity : entities) {
    if (text.starts_with(entity.name)) {
      length = entity.name.size();
      return entity.text;
    }
  }
  length = 1;
  return "&";
}

// A tag within a sentence: what stands around it belongs together.
bool is_inline(std::string_view tag) {
  static constexpr std::array<std::string_view, 10> inline_names = {
      "a", "em", "strong", "b", "i", "u", "span", "code", "sub", "sup"};
  const std::size_t from = tag.starts_with("</") ? 2 : 1;
  const std::string name = to_lower(tag.substr(from, tag.find_first_of(" \n\t/>", from) - from));
  return std::ranges::find(inline_names, name) != inline_names.end();
}

json::object offer_of(const json::object& variant, const std::string& url) {
  const json::object& price = get_object(variant, "price");
  const std::optional<Currency> currency = Currency::parse(get_string(price, "currency"));
  const std::string_view state = !get_bool(variant, "available")  ? "OutOfStock"
                                 : get_bool(variant, "backorder") ? "BackOrder"
                                                                  : "InStock";
  json::object offer{
      {"@type", "Offer"},
      {"url", url + "?variant=" + std::string(get_string(variant, "id"))},
      {"price", currency ? format_amount(get_int(price, "amount"), *currency) : std::string()},
      {"priceCurrency", get_string(price, "currency")},
      {"availability", std::string("https://schema.org/").append(state)}};
  if (const std::string_view sku = get_string(variant, "sku"); !sku.empty()) {
    offer["sku"] = sku;
  }
  return offer;
}

json::value product_data(const json::object& product, const PageHead& head,
                         const std::string& origin) {
  json::array pictures;
  for (const json::value& image : get_array(product, "images")) {
    pictures.emplace_back(absolute(origin, get_string(image.as_object(), "src")));
  }
  json::array offers;
  for (const json::value& variant : get_array(product, "variants")) {
    if (offers.size() == limits::page_offers) {
      break;
    }
    offers.emplace_back(offer_of(variant.as_object(), head.url));
  }
  json::object data{{"@context", "https://schema.org"},
                    {"@type", "Product"},
                    {"name", get_string(product, "title")},
                    {"description", head.description},
                    {"url", head.url},
                    {"image", std::move(pictures)},
                    {"offers", std::move(offers)}};
  if (const std::string_view vendor = get_string(product, "vendor"); !vendor.empty()) {
    data["brand"] = json::object{{"@type", "Brand"}, {"name", vendor}};
  }
  return data;
}

// JSON inside of <script>: no "<" can end it or open a comment.
std::string script_json(const json::value& value) {
  std::string out;
  for (const char c : to_string(value)) {
    if (c == '<') {
      out.append("\\u003c");
    } else {
      out.push_back(c);
    }
  }
  return out;
}

std::string meta(std::string_view kind, std::string_view name, std::string_view content) {
  return std::string("\n    <meta ")
      .append(kind)
      .append("=\"")
      .append(name)
      .append("\" content=\"")
      .append(html::escape(content))
      .append("\" />");
}

std::string render(const PageHead& head) {
  std::string out = "<title>" + html::escape(head.title) + "</title>";
  if (!head.description.empty()) {
    out += meta("name", "description", head.description);
    out += meta("property", "og:description", head.description);
  }
  out += meta("property", "og:title", head.title);
  out += meta("property", "og:url", head.url);
  if (!head.picture.empty()) {
    out += meta("property", "og:image", head.picture);
  }
  out += "\n    <link rel=\"canonical\" href=\"" + html::escape(head.url) + "\" />";
  if (!head.data.is_null()) {
    out += "\n    <script type=\"application/ld+json\">" + script_json(head.data) + "</script>";
  }
  return out;
}

}  // namespace

std::string page_origin(std::string_view host_field) {
  const std::string_view name = host_field.substr(0, host_field.rfind(':'));
  const bool own = name == "localhost" || name.starts_with("127.") || name == "[::1]";
  return std::string(own ? "http://" : "https://").append(host_field);
}

PageHead home_head(const json::object& shop, const std::string& origin) {
  const std::string_view name = get_string(shop, "name");
  const std::string_view tagline = get_string(shop, "tagline");
  PageHead head;
  head.title =
      tagline.empty() ? std::string(name) : std::string(name).append(between).append(tagline);
  const json::object& presentation = get_object(shop, "presentation");
  head.description =
      plain_text(get_string_or(presentation, "intro", tagline), limits::page_description_bytes);
  head.url = origin + "/";
  if (const std::string_view hero = get_string_or(presentation, "hero", ""); !hero.empty()) {
    head.picture = absolute(origin, hero);
  }
  head.data = json::object{{"@context", "https://schema.org"},
                           {"@type", "OnlineStore"},
                           {"name", name},
                           {"url", head.url},
                           {"description", head.description}};
  return head;
}

PageHead product_head(const json::object& shop, const json::object& product,
                      const std::string& origin) {
  const json::object& seo = get_object(product, "seo");
  const std::string_view title = get_string(seo, "title");
  const std::string_view words = get_string(seo, "description");
  const json::array& images = get_array(product, "images");
  PageHead head;
  head.title = titled(title.empty() ? get_string(product, "title") : title, shop);
  head.description = plain_text(words.empty() ? get_string(product, "description") : words,
                                limits::page_description_bytes);
  head.url = origin + "/products/" + net::percent_encode(get_string(product, "handle"));
  if (!images.empty()) {
    head.picture = absolute(origin, get_string(images.front().as_object(), "src"));
  }
  head.data = product_data(product, head, origin);
  return head;
}

PageHead collection_head(const json::object& shop, const json::object& collection,
                         const std::string& origin) {
  PageHead head;
  head.title = titled(get_string(collection, "title"), shop);
  head.description =
      plain_text(get_string(collection, "description"), limits::page_description_bytes);
  head.url = origin + "/collections/" + net::percent_encode(get_string(collection, "handle"));
  if (const std::string_view image = get_string_or(collection, "image", ""); !image.empty()) {
    head.picture = absolute(origin, image);
  }
  return head;
}

std::string with_head(std::string_view index, const PageHead& head) {
  constexpr std::string_view closing = "</title>";
  const std::size_t from = index.find("<title>");
  const std::size_t until = index.find(closing, from);
  if (from == std::string_view::npos || until == std::string_view::npos) {
    return std::string(index);
  }
  return std::string(index.substr(0, from))
      .append(render(head))
      .append(index.substr(until + closing.size()));
}

std::string plain_text(std::string_view html, std::size_t most_bytes) {
  std::string out;
  bool blank = false;
  const auto put = [&](std::string_view text) {
    if (text == " ") {
      blank = !out.empty();
      return;
    }
    out.append(blank ? " " : "").append(text);
    blank = false;
  };
  for (std::size_t i = 0; i < html.size();) {
    const char c = html[i];
    std::size_t length = 1;
    if (c == '<') {
      const std::size_t end = html.find('>', i);
      length = end == std::string_view::npos ? html.size() - i : end + 1 - i;
      if (!is_inline(html.substr(i, length))) {
        put(" ");
      }
    } else if (c == '&') {
      put(entity_at(html.substr(i), length));
    } else {
      put(c == ' ' || c == '\n' || c == '\t' || c == '\r' ? " " : html.substr(i, 1));
    }
    i += length;
  }
  if (out.size() <= most_bytes) {
    return out;
  }
  const std::string_view whole = utf8_prefix(out, most_bytes);
  const std::size_t last = whole.rfind(' ');
  return std::string(whole.substr(0, last)).append("…");
}

std::string sitemap(const std::vector<std::string>& urls) {
  std::string out =
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n";
  for (const std::string& url : urls) {
    out.append("  <url><loc>").append(html::escape(url)).append("</loc></url>\n");
  }
  return out.append("</urlset>\n");
}

}  // namespace securecart::shop::api
