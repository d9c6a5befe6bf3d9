// The sample shop of a data folder, and the file that says how to use it.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "base/executor.hpp"
#include "shop/flows/sample_shop.hpp"

namespace securecart::cli {

// Keys of a shop, as written to a file only its owner can read: {"url", "shop_id", "owner_email",
// "owner_password", "publishable_key", "secret_key", "test_payments_url", "test_payments_secret",
// "stocked"}.
struct Credentials {
  std::string url;
  std::string shop_id;
  std::string owner_email;
  std::string owner_password;
  std::string publishable_key;
  std::string secret_key;
  std::string test_payments_url;
  std::string test_payments_secret;
  bool stocked = false;  // the sample shop has its goods; from then on they are the merchant's
};

void write_credentials(const std::filesystem::path& file, const Credentials& credentials);
// nullopt when there is no such file. Throws std::runtime_error when it cannot be read as one.
std::optional<Credentials> read_credentials(const std::filesystem::path& file);

// Makes and stocks the sample shop when `folder` has none (or goes on where a crash left it); its
// credentials are in folder/sample-shop.json. `url` and the provider's address are those of this
// start. Blocks; the work is done on `home`.
Credentials ensure_sample_shop(const std::filesystem::path& folder,
                               const shop::flows::SampleParts& parts, Executor& home,
                               Credentials addresses);

}  // namespace securecart::cli
