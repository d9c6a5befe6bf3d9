#include "cli/sample.hpp"

#include <cstdio>
#include <fcntl.h>
#include <stdexcept>
#include <sys/stat.h>
#include <unistd.h>

#include "base/files.hpp"
#include "base/json.hpp"
#include "base/log.hpp"
#include "cli/wait.hpp"

namespace securecart::cli {
namespace {

constexpr std::size_t password_bytes = 12;

// Writes beside the file and renames, so that a reader sees the old one or the new one, whole.
void write_privately(const std::filesystem::path& file, const std::string& text) {
  const std::filesystem::path part = file.string() + ".part";
  const int handle = ::open(part.c_str(), O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0600);
  const bool written =
      handle >= 0 &&
      ::write(handle, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
      ::fsync(handle) == 0;
  if (handle >= 0) {
    ::close(handle);
  }
  if (!written) {
    throw std::runtime_error("cannot write " + file.string());
  }
  std::filesystem::rename(part, file);
}

shop::flows::CreatedShop made_before(const Credentials& credentials,
                                     const shop::flows::SampleParts& parts, Executor& home) {
  shop::flows::CreatedShop shop;
  shop.shop_id = credentials.shop_id;
  storage::Query query{
      "SELECT s.default_tax_class_id, (SELECT l.id FROM locations l WHERE l.shop_id = s.id "
      "ORDER BY l.priority, l.id LIMIT 1) FROM shops s WHERE s.id = $1",
      {shop.shop_id}};
  const storage::Rows rows = wait_on(home, parts.deps.database.read(std::move(query)));
  if (rows.empty()) {
    throw std::runtime_error(
        "sample-shop.json names a shop that the database does not have: "
        "remove the data folder to begin again");
  }
  shop.tax_class_id = rows[0].text(0);
  shop.location_id = rows[0].text(1);
  return shop;
}

}  // namespace

void write_credentials(const std::filesystem::path& file, const Credentials& credentials) {
  const json::object document{{"url", credentials.url},
                              {"shop_id", credentials.shop_id},
                              {"owner_email", credentials.owner_email},
                              {"owner_password", credentials.owner_password},
                              {"publishable_key", credentials.publishable_key},
                              {"secret_key", credentials.secret_key},
                              {"test_payments_url", credentials.test_payments_url},
                              {"test_payments_secret", credentials.test_payments_secret},
                              {"stocked", credentials.stocked}};
  write_privately(file, to_string(json::value(document)) + "\n");
}

std::optional<Credentials> read_credentials(const std::filesystem::path& file) {
  const Result<std::string> text = read_file(file);
  if (!text) {
    return std::nullopt;
  }
  const Result<json::value> parsed = parse_json(*text);
  if (!parsed || !parsed->is_object()) {
    throw std::runtime_error(file.string() + " is not a credentials file");
  }
  const json::object& document = parsed->as_object();
  Credentials credentials;
  const auto take = [&document](std::string_view name) {
    return std::string(get_string_or(document, name, ""));
  };
  credentials.url = take("url");
  credentials.shop_id = take("shop_id");
  credentials.owner_email = take("owner_email");
  credentials.owner_password = take("owner_password");
  credentials.publishable_key = take("publishable_key");
  credentials.secret_key = take("secret_key");
  credentials.test_payments_url = take("test_payments_url");
  credentials.test_payments_secret = take("test_payments_secret");
  credentials.stocked = get_bool_or(document, "stocked", false);
  return credentials;
}

Credentials ensure_sample_shop(const std::filesystem::path& folder,
                               const shop::flows::SampleParts& parts, Executor& home,
                               Credentials addresses) {
  const std::filesystem::path file = folder / "sample-shop.json";
  Credentials credentials = read_credentials(file).value_or(Credentials{});
  credentials.url = addresses.url;
  credentials.test_payments_url = addresses.test_payments_url;
  credentials.test_payments_secret = addresses.test_payments_secret;
  if (credentials.stocked) {
    write_credentials(file, credentials);
    return credentials;
  }
  shop::flows::CreatedShop shop;
  if (credentials.shop_id.empty()) {
    credentials.owner_password = parts.deps.ids.secret(password_bytes);
    shop::flows::NewShop wanted = shop::flows::sample_shop(credentials.owner_password);
    credentials.owner_email = wanted.owner_email;
    Result<shop::flows::CreatedShop> created =
        wait_on(home, shop::flows::create_shop(parts.deps, parts.shops, parts.accounts,
                                               parts.random, std::move(wanted)));
    if (!created) {
      throw std::runtime_error("the sample shop cannot be made: " + created.error().detail);
    }
    shop = std::move(*created);
    credentials.shop_id = shop.shop_id;
    credentials.publishable_key = shop.publishable_key;
    credentials.secret_key = shop.secret_key;
  } else {
    shop = made_before(credentials, parts, home);
  }
  write_credentials(file, credentials);
  wait_on(home, shop::flows::stock_sample_shop(parts, std::move(shop), [](std::string_view step) {
            log::info("sample shop", {{"step", step}});
          }));
  credentials.stocked = true;
  write_credentials(file, credentials);
  return credentials;
}

}  // namespace securecart::cli
