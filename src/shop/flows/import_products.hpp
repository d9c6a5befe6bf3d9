// Product files as work: a file is stored with its request, then read and applied product by
// product. Each product is one batch (all of it or nothing) that also moves the progress, so that
// whoever asks sees how far it is. After a crash the file goes on behind the product that was
// counted last; of two processes that work on one file, each product is applied and counted by one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "net/runtime.hpp"
#include "shop/catalog/service.hpp"
#include "shop/catalog/shopify_csv.hpp"
#include "shop/flows/deps.hpp"

namespace securecart::shop::flows {

struct ImportRequest {
  std::string shop_id;
  std::string file_name;
  bool dry_run = false;
  std::string csv;
};

// As the API shows it.
struct ImportState {
  std::string id;
  std::string file_name;
  bool dry_run = false;
  std::string status;  // waiting, running, finished, failed
  std::int64_t products_total = 0;
  std::int64_t products_done = 0;
  std::int64_t created = 0;
  std::int64_t updated = 0;
  std::int64_t unchanged = 0;
  std::int64_t failed = 0;
  json::array problems;  // {"line", "handle", "column", "what"}
  Timestamp created_at;
  std::optional<Timestamp> finished_at;
};

class ProductImports {
 public:
  // All outlive this.
  ProductImports(const Deps& deps, catalog::Catalog& catalog, net::Runtime& runtime)
      : deps_(deps), catalog_(catalog), runtime_(runtime) {}

  // The statement that stores the request; the caller adds its key and commits.
  ImportState add_to(storage::Batch& batch, const ImportRequest& request) const;
  Task<std::optional<ImportState>> find(std::string shop_id, std::string import_id);
  Task<std::vector<ImportState>> list(std::string shop_id, std::int64_t before,
                                      std::string before_id, std::int64_t limit);

  // Takes the oldest file that waits (or was left half-way) and works it off. False: there is none.
  // Throws Unavailable.
  Task<bool> step();

  // The shop's products as a file.
  Task<std::string> write_file(std::string shop_id, catalog::CsvFormat format);

 private:
  struct Job;
  Task<std::optional<Job>> next_job();
  Task<void> run(Job job);
  Task<void> begin(Job& job, const catalog::CsvFile& file);
  // False: another process counted the product first.
  Task<bool> apply(Job& job, const catalog::CsvProduct& product);
  // Stock of the variants that the batch makes.
  void open_stock(storage::Batch& batch, const Job& job, const catalog::CsvProduct& product,
                  const catalog::PlannedUpsert& planned) const;
  Task<void> finish(const Job& job, std::string status);
  Task<Currency> currency_of(std::string shop_id);

  const Deps& deps_;
  catalog::Catalog& catalog_;
  net::Runtime& runtime_;
};

}  // namespace securecart::shop::flows
