// securecart products import FILE: a product file into a shop, with progress.
#include <cstdio>
#include <thread>

#include <fmt/format.h>

#include "base/files.hpp"
#include "base/ids.hpp"
#include "base/json.hpp"
#include "cli/command.hpp"
#include "cli/products.hpp"
#include "shop/api/limits.hpp"

namespace securecart::cli {
namespace {

using namespace std::chrono_literals;

constexpr auto poll_pause = 200ms;
constexpr std::size_t shown_problems = 50;

struct ProductsImportArguments {
  ApiAccess access;
  std::string file;
  bool dry_run = false;
};

json::object object_of(const net::Response& response) {
  Result<json::value> parsed = parse_json(response.bytes());
  if (!parsed || !parsed->is_object()) {
    throw std::runtime_error(
        fmt::format("the shop answered {} without a document", response.status));
  }
  if (response.status / 100 != 2) {
    throw std::runtime_error(fmt::format("{} {}: {}", response.status,
                                         get_string_or(parsed->as_object(), "code", "?"),
                                         get_string_or(parsed->as_object(), "detail", "")));
  }
  return std::move(parsed->as_object());
}

void show_progress(const json::object& state, bool last) {
  const std::int64_t total = get_int(state, "products_total");
  const std::int64_t done = get_int(state, "products_done");
  const std::int64_t width = 30;
  const std::int64_t filled = total > 0 ? done * width / total : 0;
  std::fprintf(stderr, "\r[%s%s] %lld of %lld products%s",
               std::string(static_cast<std::size_t>(filled), '#').c_str(),
               std::string(static_cast<std::size_t>(width - filled), '.').c_str(),
               static_cast<long long>(done), static_cast<long long>(total), last ? "\n" : "");
  std::fflush(stderr);
}

void show_problems(const json::array& problems, std::string_view file) {
  for (std::size_t i = 0; i < problems.size() && i < shown_problems; ++i) {
    const json::object& problem = problems[i].as_object();
    const std::int64_t line = get_int(problem, "line");  // 0: the file as a whole
    std::string where = line > 0 ? fmt::format("line {}", line) : std::string(file);
    for (const char* part : {"handle", "column"}) {
      if (const std::string_view text = get_string(problem, part); !text.empty()) {
        where += fmt::format(", {}", text);
      }
    }
    fmt::print("{}: {}\n", where, get_string(problem, "what"));
  }
  if (problems.size() > shown_problems) {
    std::printf("… and %zu more\n", problems.size() - shown_problems);
  }
}

int import_file(ProductsImportArguments arguments) {
  const Result<std::string> csv = read_file(arguments.file, limits::import_body_bytes);
  if (!csv) {
    std::fprintf(stderr, "securecart products import: %s\n", csv.error().detail.c_str());
    return 2;
  }
  const std::string name = arguments.file.substr(arguments.file.rfind('/') + 1);
  SecureRandom random;
  const SystemClock clock;
  net::Headers headers;
  headers.set("Content-Type", "text/csv");
  headers.set("Idempotency-Key", Ids(clock, random).secret(16));
  try {
    AdminCaller admin(resolved(arguments.access));
    json::object state = object_of(
        admin.call(net::Method::post,
                   fmt::format("/v1/admin/imports?dry_run={}&file_name={}",
                               arguments.dry_run ? "true" : "false", net::percent_encode(name)),
                   *csv, std::move(headers)));
    const std::string target = "/v1/admin/imports/" + std::string(get_string(state, "id"));
    while (get_string(state, "status") == "waiting" || get_string(state, "status") == "running") {
      std::this_thread::sleep_for(poll_pause);
      state = object_of(admin.call(net::Method::get, target));
      show_progress(state, false);
    }
    show_progress(state, true);
    const json::array& problems = get_array(state, "problems");
    show_problems(problems, name);
    std::printf("%s%lld created, %lld updated, %lld unchanged, %lld not imported.\n",
                arguments.dry_run ? "Dry run, nothing was changed: " : "",
                static_cast<long long>(get_int(state, "created")),
                static_cast<long long>(get_int(state, "updated")),
                static_cast<long long>(get_int(state, "unchanged")),
                static_cast<long long>(get_int(state, "failed")));
    if (!problems.empty()) {
      std::printf(
          "Mend what is named above and import the file again: what is in already stays.\n");
    }
    return problems.empty() ? 0 : 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "securecart products import: %s\n", error.what());
    return 2;
  }
}

}  // namespace

void add_products_import(CLI::App& parent, Exit& exit) {
  CLI::App& word = *parent.add_subcommand("import", "Import a product file (Shopify's format)");
  auto arguments = std::make_shared<ProductsImportArguments>();
  word.add_option("file", arguments->file, "The file")->required()->check(CLI::ExistingFile);
  word.add_flag("--dry-run", arguments->dry_run, "Only say what would happen");
  add_api_access(word, arguments->access);
  word.callback([arguments, &exit] { exit.status = import_file(std::move(*arguments)); });
}

}  // namespace securecart::cli
