// securecart shop create: a new shop in a data folder that no server is using.
#include <cstdio>

#include "base/log.hpp"
#include "cli/command.hpp"
#include "cli/sample.hpp"
#include "cli/wait.hpp"
#include "net/runtime.hpp"
#include "shop/flows/create_shop.hpp"
#include "storage/open.hpp"

namespace securecart::cli {
namespace {

struct ShopCreateArguments {
  std::string data = "data";
  std::string database;
  std::string credentials;
  shop::flows::NewShop shop;
};

int create(ShopCreateArguments arguments) {
  const SystemClock clock;
  SecureRandom random;
  const Ids ids(clock, random);
  observe::Metrics metrics;
  try {
    net::Runtime runtime(1, 1, clock);
    const auto database =
        storage::open_database({arguments.data, arguments.database}, clock, metrics);
    shop::accounts::Passwords passwords(runtime);
    shop::accounts::Accounts accounts(*database, clock, ids, passwords);
    shop::shops::Shops shops(*database, clock, ids);
    const shop::flows::Deps deps{*database, clock, ids};
    runtime.run();
    if (arguments.shop.owner_password.empty()) {
      arguments.shop.owner_password = ids.secret(12);
    }
    Credentials credentials;
    credentials.owner_email = arguments.shop.owner_email;
    credentials.owner_password = arguments.shop.owner_password;
    const Result<shop::flows::CreatedShop> created =
        wait_on(runtime.executor(0),
                shop::flows::create_shop(deps, shops, accounts, random, arguments.shop));
    runtime.stop();
    runtime.join();
    if (!created) {
      std::fprintf(stderr, "securecart shop create: %s\n", created.error().detail.c_str());
      for (const FieldError& field : created.error().fields) {
        std::fprintf(stderr, "  %s %s\n", field.where.c_str(), field.what.c_str());
      }
      return 1;
    }
    credentials.shop_id = created->shop_id;
    credentials.publishable_key = created->publishable_key;
    credentials.secret_key = created->secret_key;
    const std::filesystem::path file =
        arguments.credentials.empty()
            ? std::filesystem::path(arguments.data) / (created->shop_id + ".json")
            : std::filesystem::path(arguments.credentials);
    write_credentials(file, credentials);
    std::printf(
        "%s is made. Its keys and the owner's password are in %s, and nowhere else.\n"
        "Next: securecart serve --data %s\n",
        arguments.shop.settings.name.c_str(), file.c_str(), arguments.data.c_str());
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "securecart shop create: %s\n", error.what());
    return 2;
  }
}

}  // namespace

void add_shop_create(CLI::App& parent, Exit& exit) {
  CLI::App& word = *parent.add_subcommand("create", "Make a shop");
  auto arguments = std::make_shared<ShopCreateArguments>();
  shop::shops::ShopSettings& settings = arguments->shop.settings;
  word.add_option("--data", arguments->data, "Folder of the database")->capture_default_str();
  word.add_option("--database", arguments->database,
                  "postgres://… instead of a file in the folder");
  word.add_option("--name", settings.name, "Name of the shop")->required();
  word.add_option("--host", arguments->shop.hosts, "Host name it answers to; may be repeated");
  word.add_option("--currency", settings.currencies, "What it sells in, the default first")
      ->delimiter(',')
      ->required();
  word.add_option("--country", settings.countries, "Where it ships to, its own country first")
      ->delimiter(',')
      ->required();
  word.add_flag("!--prices-exclude-tax", settings.prices_include_tax,
                "Prices are without tax, which is added at checkout");
  word.add_option_function<std::vector<std::string>>(
          "--exclude-tax-in",
          [&settings](const std::vector<std::string>& countries) {
            for (const std::string& country : countries) {
              settings.tax_included_in[country] = false;
            }
          },
          "Where tax is added to the prices, though it is included elsewhere")
      ->delimiter(',');
  word.add_option("--email", arguments->shop.owner_email, "E-mail address of its owner")
      ->required();
  arguments->shop.owner_name = "Owner";
  word.add_option("--owner", arguments->shop.owner_name, "Name of its owner")
      ->capture_default_str();
  word.add_option("--password", arguments->shop.owner_password,
                  "The owner's password; without it one is drawn");
  word.add_option("--credentials", arguments->credentials,
                  "File for the keys; without it DATA/SHOP_ID.json");
  word.callback([arguments, &exit] { exit.status = create(std::move(*arguments)); });
}

}  // namespace securecart::cli
