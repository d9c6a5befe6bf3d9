#include "shop/api/admin/import_routes.hpp"

#include <limits>

#include "shop/api/cursor.hpp"
#include "shop/api/errc.hpp"
#include "shop/api/limits.hpp"

namespace securecart::shop::api {
namespace {

json::object render(const flows::ImportState& state) {
  return {{"id", state.id},
          {"file_name", state.file_name},
          {"dry_run", state.dry_run},
          {"status", state.status},
          {"products_total", state.products_total},
          {"products_done", state.products_done},
          {"created", state.created},
          {"updated", state.updated},
          {"unchanged", state.unchanged},
          {"failed", state.failed},
          {"problems", state.problems},
          {"created_at", format_rfc3339(state.created_at)},
          {"finished_at", state.finished_at ? json::value(format_rfc3339(*state.finished_at))
                                            : json::value(nullptr)}};
}

}  // namespace

void ImportRoutes::mount(Operations& operations) {
  using net::Method;
  using Type = Parameter::Type;
  operations.add(
      {.id = "createImport",
       .method = Method::post,
       .path = "/v1/admin/imports",
       .tag = "Admin: imports",
       .summary = "Import a product file",
       .description =
           "The format of Shopify's product files, older and newer headers, any column order, "
           "prices in the shop's default currency. The file is worked off after the answer: follow "
           "the import. A product is applied whole or not at all; what is wrong is told by line. "
           "Stock in the file opens new variants only; adjust known ones by difference.",
       .access = Access::admin,
       .permission = Permission::imports_write,
       .query = {{.name = "dry_run",
                  .type = Type::boolean,
                  .description = "Only say what would happen."},
                 {.name = "file_name", .description = "To recognise it by.", .maximum = 255}},
       .request_type = "text/csv",
       .body_bytes = limits::import_body_bytes,
       .success = 202,
       .response_schema = "Import",
       .idempotent = true},
      *this, &ImportRoutes::create);
  operations.add({.id = "getImport",
                  .method = Method::get,
                  .path = "/v1/admin/imports/{import_id}",
                  .tag = "Admin: imports",
                  .summary = "Follow an import",
                  .access = Access::admin,
                  .permission = Permission::imports_write,
                  .response_schema = "Import",
                  .errors = {&errc::not_found}},
                 *this, &ImportRoutes::get);
  operations.add({.id = "listImports",
                  .method = Method::get,
                  .path = "/v1/admin/imports",
                  .tag = "Admin: imports",
                  .summary = "Imports, newest first",
                  .access = Access::admin,
                  .permission = Permission::imports_write,
                  .query = page_parameters(),
                  .response_schema = "Import[]"},
                 *this, &ImportRoutes::list);
  operations.add({.id = "exportProducts",
                  .method = Method::get,
                  .path = "/v1/admin/exports/products.csv",
                  .tag = "Admin: imports",
                  .summary = "Every product as a file that imports again",
                  .access = Access::admin,
                  .permission = Permission::catalog_read,
                  .query = {{.name = "format",
                             .description = "Which header set to write.",
                             .choices = {"newer", "older"}}},
                  .response_type = "text/csv; charset=utf-8"},
                 *this, &ImportRoutes::export_products);
}

Task<Result<Reply>> ImportRoutes::create(Call& call) {
  const flows::ImportRequest request{call.shop(), call.query("file_name").value_or("products.csv"),
                                     call.query_flag("dry_run"), call.raw_body()};
  storage::Batch batch;
  const flows::ImportState state = imports_.add_to(batch, request);
  Reply answer = reply(202, render(state));
  batch.key = call.batch_key(answer);
  storage::Commit outcome = co_await deps_.database.commit(std::move(batch));
  co_return settle(std::move(outcome), std::move(answer));
}

Task<Result<Reply>> ImportRoutes::get(Call& call) {
  const std::optional<flows::ImportState> state =
      co_await imports_.find(call.shop(), call.path("import_id"));
  if (!state) {
    co_return fail(errc::not_found, "There is no such import.");
  }
  co_return reply(200, render(*state));
}

Task<Result<Reply>> ImportRoutes::list(Call& call) {
  const auto cursor = cursor_of(call, "imports", "is");
  if (!cursor) {
    co_return std::unexpected(cursor.error());
  }
  const auto limit = static_cast<std::int64_t>(call.limit());
  const std::vector<flows::ImportState> states = co_await imports_.list(
      call.shop(), *cursor ? integer_at(**cursor, 0) : std::numeric_limits<std::int64_t>::max(),
      *cursor ? text_at(**cursor, 1) : std::string(), limit + 1);
  json::array items;
  for (const flows::ImportState& state : states) {
    items.push_back(render(state));
  }
  json::value next = nullptr;
  if (static_cast<std::int64_t>(items.size()) > limit) {
    items.pop_back();
    const flows::ImportState& last = states[items.size() - 1];
    next = encode_cursor("imports", {to_millis(last.created_at), last.id});
  }
  co_return reply(200, json::object{{"items", std::move(items)}, {"next_cursor", std::move(next)}});
}

Task<Result<Reply>> ImportRoutes::export_products(Call& call) {
  const bool older = call.query("format").value_or("newer") == "older";
  Reply answer;
  answer.body = co_await imports_.write_file(
      call.shop(), older ? catalog::CsvFormat::older : catalog::CsvFormat::newer);
  answer.content_type = "text/csv; charset=utf-8";
  answer.headers.emplace_back("Content-Disposition", "attachment; filename=\"products.csv\"");
  co_return answer;
}

}  // namespace securecart::shop::api
