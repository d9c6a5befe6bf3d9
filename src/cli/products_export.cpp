// securecart products export FILE: every product of a shop as a file that imports again.
#include <cstdio>
#include <fstream>

#include "cli/command.hpp"
#include "cli/products.hpp"

namespace securecart::cli {
namespace {

struct ProductsExportArguments {
  ApiAccess access;
  std::string file;
  std::string format = "newer";
};

int export_file(ProductsExportArguments arguments) {
  try {
    AdminCaller admin(resolved(arguments.access));
    const net::Response response =
        admin.call(net::Method::get, "/v1/admin/exports/products.csv?format=" + arguments.format);
    if (response.status != 200) {
      std::fprintf(stderr, "securecart products export: the shop answered %d: %s\n",
                   response.status, std::string(response.bytes()).c_str());
      return 2;
    }
    std::ofstream file(arguments.file, std::ios::binary);
    file << response.bytes();
    file.close();
    if (!file) {
      std::fprintf(stderr, "securecart products export: cannot write %s\n", arguments.file.c_str());
      return 2;
    }
    std::printf("%zu bytes written to %s\n", response.bytes().size(), arguments.file.c_str());
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "securecart products export: %s\n", error.what());
    return 2;
  }
}

}  // namespace

void add_products_export(CLI::App& parent, Exit& exit) {
  CLI::App& word = *parent.add_subcommand("export", "Write every product to a file");
  auto arguments = std::make_shared<ProductsExportArguments>();
  word.add_option("file", arguments->file, "The file to write")->required();
  word.add_option("--format", arguments->format, "Header set: newer or older")
      ->check(CLI::IsMember({"newer", "older"}))
      ->capture_default_str();
  add_api_access(word, arguments->access);
  word.callback([arguments, &exit] { exit.status = export_file(std::move(*arguments)); });
}

}  // namespace securecart::cli
