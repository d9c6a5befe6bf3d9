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
  bool begun = false;
  std::int64_t done = 0;  // products of the file that are counted already
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
// Another runner of the same file was faster. Nobody is told.
constexpr ErrorKind counted_elsewhere{"import_counted_elsewhere", 409, "Counted already.", true};
constexpr std::size_t export_page = 100;

#define SECURECART_IMPORT_COLUMNS                                                            \
  "SELECT id, file_name, dry_run, status, products_total, products_done, created, updated, " \
  "unchanged, failed, problems, created_at, finished_at FROM imports "
constexpr std::string_view job_sql =
    "SELECT i.shop_id, i.id, i.dry_run, i.csv, (SELECT l.id FROM locations l WHERE "
    "l.shop_id = i.shop_id ORDER BY l.priority, l.id LIMIT 1), i.status, i.products_done, "
    "i.problems FROM imports i "
    "WHERE i.status IN ('waiting', 'running') ORDER BY i.created_at, i.id LIMIT 1";
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

// Moves the progress by one product, in the batch that applies it: a product is counted once,
// whoever else works on the file or went away in the middle of it.
void add_progress(Batch& batch, const std::string& shop_id, const std::string& import_id,
                  std::int64_t done, std::string_view counter) {
  const auto when = [counter](std::string_view name) -> std::int64_t {
    return counter == name ? 1 : 0;
  };
  batch
      .add(
          "UPDATE imports SET products_done = products_done + 1, created = created + $4, "
          "updated = updated + $5, unchanged = unchanged + $6, failed = failed + $7 "
          "WHERE shop_id = $1 AND id = $2 AND products_done = $3 AND status = 'running'",
          {shop_id, import_id, done, when("created"), when("updated"), when("unchanged"),
           when("failed")})
      .expect(1, counted_elsewhere);
}

// Names of the columns that an import kept.
void keep_columns(std::set<std::string>& names, const std::string& attributes) {
  const json::value document = json::parse(attributes);
  for (const auto& [name, value] : document.as_object()) {
    names.emplace(name);
  }
}

bool was_counted_elsewhere(const storage::Commit& outcome) {
  const auto* refused = std::get_if<storage::Refused>(&outcome);
  return refused != nullptr && refused->kind == &counted_elsewhere;
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
  Job job{row.text(0),
          row.text(1),
          row.boolean(2),
          row.text_or_null(3).value_or(""),
          row.text_or_null(4).value_or(""),
          row.text(5) == "running",
          row.integer(6),
          {}};
  if (job.begun) {
    job.problems = json::parse(row.text(7)).as_array();
  }
  co_return job;
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
    job.problems = {render({0, "", "", file.error().detail})};
    co_await finish(job, "failed");
    co_return;
  }
  if (!job.begun) {
    co_await begin(job, *file);
  }
  while (job.done < static_cast<std::int64_t>(file->products.size())) {
    if (!co_await apply(job, file->products[static_cast<std::size_t>(job.done)])) {
      co_return;  // the next step sees how far the other one is
    }
    ++job.done;
  }
  co_await finish(job, "finished");
  log::info(
      "import finished",
      {{"import", job.id}, {"products", file->products.size()}, {"problems", job.problems.size()}});
}

Task<void> ProductImports::begin(Job& job, const CsvFile& file) {
  for (const CsvProblem& problem : file.problems) {
    job.problems.push_back(render(problem));
  }
  Batch batch;
  batch.add(
      "UPDATE imports SET status = 'running', products_total = $3, problems = $4 "
      "WHERE shop_id = $1 AND id = $2 AND status = 'waiting'",
      {job.shop_id, job.id, static_cast<std::int64_t>(file.products.size()),
       securecart::to_string(json::value(job.problems))});
  co_await deps_.database.commit(std::move(batch));
}

Task<bool> ProductImports::apply(Job& job, const CsvProduct& product) {
  for (int attempt = 1; product.sound; ++attempt) {
    Result<catalog::PlannedUpsert> planned =
        co_await catalog_.plan_upsert(job.shop_id, product.input);
    if (!planned) {
      add_problem(job.problems, product, planned.error());
      break;
    }
    Batch batch = job.dry_run ? Batch() : std::move(planned->batch);
    if (!job.dry_run) {
      open_stock(batch, job, product, *planned);
    }
    add_progress(batch, job.shop_id, job.id, job.done, counter_of(planned->outcome.action));
    const storage::Commit outcome = co_await deps_.database.commit(std::move(batch));
    if (std::holds_alternative<storage::Committed>(outcome)) {
      co_return true;
    }
    if (was_counted_elsewhere(outcome)) {
      co_return false;
    }
    if (attempt == plan_attempts) {
      add_problem(job.problems, product,
                  {orders::errc::order_changed, "somebody keeps changing this product"});
      break;
    }
  }
  Batch batch;
  add_progress(batch, job.shop_id, job.id, job.done, "failed");
  if (product.sound) {  // what the file itself says is stored since it began
    batch.add("UPDATE imports SET problems = $3 WHERE shop_id = $1 AND id = $2",
              {job.shop_id, job.id, securecart::to_string(json::value(job.problems))});
  }
  co_return !was_counted_elsewhere(co_await deps_.database.commit(std::move(batch)));
}

void ProductImports::open_stock(Batch& batch, const Job& job, const CsvProduct& product,
                                const catalog::PlannedUpsert& planned) const {
  const std::vector<catalog::Variant>& variants = planned.outcome.product.variants;
  const inventory::MovementContext context{.shop_id = job.shop_id,
                                           .region = deps_.region,
                                           .order_id = "",
                                           .actor = "import:" + job.id,
                                           .reason = "opening stock",
                                           .at = deps_.clock.now()};
  for (std::size_t i = 0; i < variants.size() && i < product.opening_stock.size(); ++i) {
    const std::optional<std::string>& item = variants[i].inventory_item_id;
    const bool is_new =
        std::ranges::find(planned.new_variants, variants[i].id) != planned.new_variants.end();
    if (is_new && item && product.opening_stock[i] > 0 && !job.location.empty()) {
      inventory::add_adjustment(batch, deps_.ids, context,
                                {*item, job.location, product.opening_stock[i], "receive"});
      batch.event("stock.changed", job.shop_id, *item, "{}");
    }
  }
}

Task<void> ProductImports::finish(const Job& job, std::string status) {
  Batch batch;
  batch.add(
      "UPDATE imports SET status = $3, csv = NULL, problems = $4, finished_at = $5 "
      "WHERE shop_id = $1 AND id = $2 AND finished_at IS NULL",
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
      keep_columns(kept, product->attributes);
      for (const catalog::Variant& variant : product->variants) {
        keep_columns(kept, variant.attributes);
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
