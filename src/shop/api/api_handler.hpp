// The way of a request through the API (operation.hpp draws it): from net::Request to
// net::Response.
//
// Every answer carries X-Content-Type-Options and Referrer-Policy, and Cache-Control: no-store
// unless the handler of the operation said otherwise; what it lets caches keep varies by
// publishable key. Thread-safe: shared by the io threads of a process.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "net/http.hpp"
#include "observe/metrics.hpp"
#include "shop/accounts/authenticator.hpp"
#include "shop/api/admission.hpp"
#include "shop/api/elsewhere.hpp"
#include "shop/api/operation.hpp"
#include "shop/api/router.hpp"
#include "shop/api/schema.hpp"
#include "storage/database.hpp"

namespace securecart::shop::api {

struct ApiOptions {
  // Origins whose pages may call /v1/store from a browser ("https://shop.example", or "*"). Pages
  // of the same origin always may.
  std::vector<std::string> allowed_origins;
  AdmissionOptions admission;
};

// What the handler stands on; all of it outlives the handler.
struct ApiParts {
  const Operations& operations;
  const Schemas& schemas;
  accounts::Authenticator& authenticator;
  storage::Database& database;
  const Clock& clock;
  observe::Metrics& metrics;
  // Answers what is neither an operation nor below /v1: the storefront. May be null.
  net::Handler* pages = nullptr;
  // Answers the operations of roles that do not run here. Null: all run here.
  Elsewhere* elsewhere = nullptr;
};

class ApiHandler final : public net::Handler {
 public:
  // Throws std::logic_error when the table and the schemas do not fit together.
  ApiHandler(ApiParts parts, ApiOptions options);
  ~ApiHandler() override;

  // Never throws: what a handler throws becomes a problem here.
  Task<net::Response> handle(net::Request request) override;
  std::size_t body_limit(net::Method method, std::string_view target) const override;

  // An io thread ran a job so much later than it was due. From any thread.
  void note_lateness(Duration lateness) { admission_->note_lateness(lateness); }

 private:
  struct Route;    // an operation with what is looked up once for it
  struct Passage;  // one request on its way
  Task<Result<Reply>> pass(Passage& passage);
  Task<Result<Reply>> pass_or_explain(Passage& passage);
  Task<net::Response> pass_on(const Route& route, net::Request request);
  void export_admission();
  Task<std::optional<Result<Reply>>> known_answer(const Call& call);
  net::Response respond(const Passage& passage, Result<Reply> outcome) const;
  net::Response respond_unmatched(const net::Request& request, const Router::Match& match) const;
  net::Response preflight(const net::Request& request, const Router::Match& match) const;
  void add_cors(std::string_view path, std::optional<std::string_view> origin,
                net::Headers& headers) const;
  bool origin_allowed(std::string_view origin) const;

  ApiParts parts_;
  ApiOptions options_;
  Router router_;
  std::shared_ptr<Admission> admission_;        // shared with its gauge, which may be read later
  std::vector<std::unique_ptr<Route>> routes_;  // by index of the operation
  observe::Counter& undeclared_errors_;
};

}  // namespace securecart::shop::api
