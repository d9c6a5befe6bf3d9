#include "shop/flows/import_products.hpp"

#include <algorithm>
#include <map>
#include <set>

#include <boost/json/parse.hpp>
#include <fmt/format.h>

#include "base/crypto.hpp"
#include "base/log.hpp"
#include "shop/catalog/limits.hpp"
#include "shop/inventory/holds.hpp"
#include "shop/orders/errc.hpp"

namespace securecart::shop::flows {

struct ProductImports::Job {
  std::string shop_id;
  std::string id;
  bool dry_run = false;
  std::string csv;
  std::string location;  // where opening stock goes
  json::array problems;
};

namespace {

using catalog::CsvFile;
using catalog::CsvProblem;
using catalog::CsvProduct;
using storage::Batch;
using storage::Row;
using storage::Rows;

constexpr int plan_attempts = 5;
constexpr std::size_t export_page = 100;

#define SECURECART_IMPORT_COLUMNS                                                            \
  "SELECT id, file_name, dry_run, status, products_total, products_done, created, updated, " \
  "unchanged, failed, problems, created_at, finished_at FROM imports "
constexpr std::string_view job_sql =
    "SELECT i.shop_id, i.id, i.dry_run, i.csv, (SELECT l.id FROM locations l WHERE "
    "l.shop_id = i.shop_id ORDER BY l.priority, l.id LIMIT 1) FROM imports i "
    "WHERE i.status IN ('waiting', 'running') ORDER BY i.created_at, i.id LIMIT 1";
constexpr std::string_view variants_sql =
    "SELECT v.id FROM variants v JOIN products p ON p.shop_id = v.shop_id AND "
    "p.id = v.product_id WHERE p.shop_id = $1 AND p.handle = $2";
constexpr std::string_view on_hand_sql =
    "SELECT item_id, SUM(on_hand) FROM stock_levels WHERE shop_id = $1 GROUP BY item_id";

ImportState state_of(const Row& row) {
  ImportState state;
  state.id = row.text(0);
  state.file_name = row.text(1);
  state.dry_run = row.boolean(2);
  state.status = row.text(3);
  state.products_total = row.integer(4);
  state.products_done = row.integer(5);
  state.created = row.integer(6);
  state.updated = row.integer(7);
  state.unchanged = row.integer(8);
  state.failed = row.integer(9);
  state.problems = json::parse(row.text(10)).as_array();
  state.created_at = from_millis(row.integer(11));
  if (!row.is_null(12)) {
    state.finished_at = from_millis(row.integer(12));
  }
  return state;
}

json::object render(const CsvProblem& problem) {
  return {{"line", static_cast<std::int64_t>(problem.line)},
          {"handle", problem.handle},
          {"column", problem.column},
          {"what", problem.what}};
}

// What storage refused of a product, in the words of the file.
void add_problem(json::array& problems, const CsvProduct& product, const Error& error) {
  if (problems.size() >= limits::import_errors) {
    return;
  }
  std::string what = error.detail;
  for (const FieldError& field : error.fields) {
    what += fmt::format("; {} {}", field.where, field.what);
  }
  problems.push_back(render({product.line, product.input.handle, "", std::move(what)}));
}

// Moves the progress by one product, in the batch that applies it.
void add_progress(Batch& batch, const std::string& shop_id, const std::string& import_id,
                  std::string_view counter) {
  const std::int64_t one = 1;
  const auto when = [counter](std::string_view name) -> std::int64_t {
    return counter == name ? 1 : 0;
  };
  batch.add(
      "UPDATE imports SET products_done = products_done + $3, created = created + $4, "
      "updated = updated + $5, unchanged = unchanged + $6, failed = failed + $7 "
      "WHERE shop_id = $1 AND id = $2",
      {shop_id, import_id, one, when("created"), when("updated"), when("unchanged"),
       when("failed")});
}

std::string_view counter_of(catalog::UpsertAction action) {
  switch (action) {
    case catalog::UpsertAction::created:
      return "created";
    case catalog::UpsertAction::updated:
      return "updated";
    case catalog::UpsertAction::unchanged:
      break;
  }
  return "unchanged";
}

}  // namespace

ImportState ProductImports::add_to(Batch& batch, const ImportRequest& request) const {
  ImportState state;
  state.id = deps_.ids.make("imp");
  state.file_name = request.file_name;
  state.dry_run = request.dry_run;
  state.status = "waiting";
  state.created_at = deps_.clock.now();
  batch.add(
      "INSERT INTO imports (shop_id, id, file_name, file_hash, dry_run, status, csv, created_at) "
      "VALUES ($1, $2, $3, $4, $5, 'waiting', $6, $7)",
      {request.shop_id, state.id, request.file_name, sha256_hex(request.csv),
       std::int64_t{request.dry_run ? 1 : 0}, request.csv, to_millis(state.created_at)});
  return state;
}

Task<std::optional<ImportState>> ProductImports::find(std::string shop_id, std::string import_id) {
  storage::Query query{SECURECART_IMPORT_COLUMNS "WHERE shop_id = $1 AND id = $2",
                       {std::move(shop_id), std::move(import_id)}};
  const Rows rows = co_await deps_.database.read(std::move(query));
  co_return rows.empty() ? std::nullopt : std::optional(state_of(rows[0]));
}

Task<std::vector<ImportState>> ProductImports::list(std::string shop_id, std::int64_t before,
                                                    std::string before_id, std::int64_t limit) {
  storage::Query query{SECURECART_IMPORT_COLUMNS
                       "WHERE shop_id = $1 AND (created_at < $2 OR (created_at = $2 AND id < $3)) "
                       "ORDER BY created_at DESC, id DESC LIMIT $4",
                       {std::move(shop_id), before, std::move(before_id), limit}};
  const Rows rows = co_await deps_.database.read(std::move(query));
  std::vector<ImportState> states;
  for (const Row row : rows) {
    states.push_back(state_of(row));
  }
  co_return states;
}

Task<Currency> ProductImports::currency_of(std::string shop_id) {
  storage::Query query{"SELECT default_currency FROM shops WHERE id = $1", {std::move(shop_id)}};
  const Rows rows = co_await deps_.database.read(std::move(query));
  co_return Currency::parse(rows[0].text(0)).value();
}

Task<std::optional<ProductImports::Job>> ProductImports::next_job() {
  storage::Query query{job_sql, {}};
  const Rows rows = co_await deps_.database.read(std::move(query));
  if (rows.empty()) {
    co_return std::nullopt;
  }
  const Row row = rows[0];
  co_return Job{row.text(0),
                row.text(1),
                row.boolean(2),
                row.text_or_null(3).value_or(""),
                row.text_or_null(4).value_or(""),
                {}};
}

Task<bool> ProductImports::step() {
  std::optional<Job> job = co_await next_job();
  if (!job) {
    co_return false;
  }
  co_await run(std::move(*job));
  co_return true;
}

Task<void> ProductImports::run(Job job) {
  const Currency currency = co_await currency_of(job.shop_id);
  // A file of megabytes is parsed off the threads that answer requests.
  std::move_only_function<Result<CsvFile>()> work = [&job, currency] {
    return catalog::read_shopify_csv(job.csv, currency);
  };
  const Result<CsvFile> file = co_await runtime_.blocking<Result<CsvFile>>(std::move(work));
  if (!file) {
    job.problems.push_back(render({0, "", "", file.error().detail}));
    co_await finish(job, "failed");
    co_return;
  }
  Batch batch;
  batch.add(
      "UPDATE imports SET status = 'running', products_total = $3, products_done = 0, created = 0, "
      "updated = 0, unchanged = 0, failed = 0 WHERE shop_id = $1 AND id = $2",
      {job.shop_id, job.id, static_cast<std::int64_t>(file->products.size())});
  co_await deps_.database.commit(std::move(batch));
  for (const CsvProblem& problem : file->problems) {
    job.problems.push_back(render(problem));
  }
  for (const CsvProduct& product : file->products) {
    co_await apply(job, product);
  }
  co_await finish(job, "finished");
  log::info(
      "import finished",
      {{"import", job.id}, {"products", file->products.size()}, {"problems", job.problems.size()}});
}

Task<void> ProductImports::apply(Job& job, const CsvProduct& product) {
  for (int attempt = 1; product.sound; ++attempt) {
    storage::Query query{variants_sql, {job.shop_id, product.input.handle}};
    const Rows known_rows = co_await deps_.database.read(std::move(query));
    std::set<std::string> known;
    for (const Row row : known_rows) {
      known.insert(row.text(0));
    }
    Result<catalog::PlannedUpsert> planned =
        co_await catalog_.plan_upsert(job.shop_id, product.input);
    if (!planned) {
      add_problem(job.problems, product, planned.error());
      break;
    }
    Batch batch = job.dry_run ? Batch() : std::move(planned->batch);
    const std::vector<catalog::Variant>& variants = planned->outcome.product.variants;
    const inventory::MovementContext context{.shop_id = job.shop_id,
                                             .region = deps_.region,
                                             .order_id = "",
                                             .actor = "import:" + job.id,
                                             .reason = "opening stock",
                                             .at = deps_.clock.now()};
    for (std::size_t i = 0; i < variants.size() && i < product.opening_stock.size(); ++i) {
      const bool opens = !known.contains(variants[i].id) && product.opening_stock[i] > 0 &&
                         variants[i].inventory_item_id && !job.location.empty();
      if (opens && !job.dry_run) {
        inventory::add_adjustment(
            batch, deps_.ids, context,
            {*variants[i].inventory_item_id, job.location, product.opening_stock[i], "receive"});
        batch.event("stock.changed", job.shop_id, *variants[i].inventory_item_id, "{}");
      }
    }
    add_progress(batch, job.shop_id, job.id, counter_of(planned->outcome.action));
    const storage::Commit outcome = co_await deps_.database.commit(std::move(batch));
    if (std::holds_alternative<storage::Committed>(outcome)) {
      co_return;
    }
    if (attempt == plan_attempts) {
      add_problem(job.problems, product,
                  {orders::errc::order_changed, "somebody keeps changing this product"});
      break;
    }
  }
  Batch batch;
  add_progress(batch, job.shop_id, job.id, "failed");
  co_await deps_.database.commit(std::move(batch));
}

Task<void> ProductImports::finish(const Job& job, std::string status) {
  Batch batch;
  batch.add(
      "UPDATE imports SET status = $3, csv = NULL, problems = $4, finished_at = $5 "
      "WHERE shop_id = $1 AND id = $2",
      {job.shop_id, job.id, std::move(status), securecart::to_string(json::value(job.problems)),
       to_millis(deps_.clock.now())});
  co_await deps_.database.commit(std::move(batch));
}

Task<std::string> ProductImports::write_file(std::string shop_id, catalog::CsvFormat format) {
  const Currency currency = co_await currency_of(shop_id);
  storage::Query query{on_hand_sql, {shop_id}};
  const Rows rows = co_await deps_.database.read(std::move(query), storage::Freshness::replica);
  std::map<std::string, std::int64_t> on_hand;
  for (const Row row : rows) {
    on_hand[row.text(0)] = row.integer(1);
  }
  std::vector<catalog::Product> products;
  std::set<std::string> kept;
  std::optional<catalog::PageKey> after;
  do {
    auto page = co_await catalog_.list(shop_id, std::nullopt, after, export_page);
    for (const catalog::AdminSummary& summary : page.items) {
      Result<catalog::Product> product = co_await catalog_.product(shop_id, summary.id);
      if (!product) {
        continue;  // archived away while this file is written
      }
      const json::value attributes = json::parse(product->attributes);
      for (const auto& [name, value] : attributes.as_object()) {
        kept.emplace(name);
      }
      products.push_back(std::move(*product));
    }
    after = page.next;
  } while (after);
  const catalog::ShopifyCsvWriter writer(format, currency, {kept.begin(), kept.end()});
  std::string text = writer.header();
  // Lists are newest first; a file reads better in the order in which things were made.
  std::ranges::reverse(products);
  for (const catalog::Product& product : products) {
    std::vector<std::int64_t> counts;
    for (const catalog::Variant& variant : product.variants) {
      const auto found = on_hand.find(variant.inventory_item_id.value_or(""));
      counts.push_back(found != on_hand.end() ? found->second : 0);
    }
    text += writer.rows(product, counts);
  }
  co_return text;
}

}  // namespace securecart::shop::flows
