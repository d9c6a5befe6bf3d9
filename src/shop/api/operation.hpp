// The API as a table of operations. One row says everything about an operation: who may call it,
// what it takes, what it answers, which errors. The router, the checks before a handler runs and
// the OpenAPI document are all made from this table, so they cannot disagree (docs/adr/0005).
//
// A request's way:   match -> limits -> shop and caller -> permission -> query, headers, body
// against their schema -> replay of a known Idempotency-Key -> handler -> response
//
// A handler sees only a Call that passed all of it, and returns a Reply or an Error whose kind the
// operation declares.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/errors.hpp"
#include "base/json.hpp"
#include "net/http.hpp"
#include "net/limits.hpp"
#include "shop/accounts/caller.hpp"
#include "shop/api/limits.hpp"
#include "storage/database.hpp"

namespace securecart::shop::api {

using accounts::Caller;
using accounts::Permission;

// Who may call.
enum class Access {
  open,     // no shop: health, documents, provider webhooks
  store,    // a shop, by publishable key or host name; a shopper's session is optional
  shopper,  // a shop and a signed-in customer
  admin     // a secret key or a staff session, with Operation::permission
};

struct Parameter {
  enum class Type { text, integer, boolean };
  std::string_view name;
  Type type = Type::text;
  std::string_view description;
  bool required = false;
  std::int64_t minimum = 0;                    // of an integer
  std::int64_t maximum = 0;                    // of an integer; bytes of a text
  std::vector<std::string_view> choices = {};  // of a text: an enumeration
};

// `limit` and `cursor`, for every list.
std::vector<Parameter> page_parameters(std::vector<Parameter> others = {});

struct Reply {
  int status = 200;
  std::string body;                                // JSON, or `content_type`
  std::shared_ptr<const std::string> shared_body;  // instead of body: bytes of a cache
  std::string content_type = "application/json";
  std::optional<std::int64_t> version;  // sent as ETag "v<version>"
  std::vector<std::pair<std::string, std::string>> headers;
  bool replayed = false;   // sent as Idempotency-Replayed: true
  bool committed = false;  // it is the answer of a batch, now or before
};
Reply reply(int status, const json::value& body);
Reply reply(int status, const json::value& body, std::int64_t version);
Reply no_content();

struct Operation;

// One request that passed every check of its operation.
class Call {
 public:
  Call(const Operation& operation, net::Request request, Caller caller,
       std::vector<std::string> path_values, json::value body);

  const Operation& operation() const { return *operation_; }
  const net::Request& request() const { return request_; }
  const Caller& caller() const { return caller_; }
  const std::string& shop() const { return caller_.shop_id; }

  // The value of {name} in the path. Asserts that the operation's path has it.
  const std::string& path(std::string_view name) const;
  std::optional<std::string> query(std::string_view name) const;
  std::optional<std::int64_t> query_int(std::string_view name) const;
  bool query_flag(std::string_view name) const;
  std::size_t limit() const;  // `limit`, or limits::page_default

  bool has_body() const { return body_.is_object(); }
  const json::object& body() const;  // asserts that the operation takes a JSON body
  const std::string& raw_body() const { return request_.body; }

  // The version behind If-Match ("v7"); always there when the operation requires it.
  std::int64_t if_match() const;
  const std::string& idempotency_key() const;
  // The key of the one batch that carries out this call, with what it will answer.
  storage::BatchKey batch_key(const Reply& answer) const;

 private:
  const Operation* operation_;
  net::Request request_;
  Caller caller_;
  std::vector<std::string> path_values_;
  json::value body_;
};

using Handler = std::function<Task<Result<Reply>>(Call&)>;

struct Operation {
  std::string_view id;  // camelCase, unique: completeCart
  net::Method method;
  std::string_view path;     // /v1/store/carts/{cart_id}/complete
  std::string_view tag;      // the group in the reference: Carts
  std::string_view summary;  // one line
  std::string_view description = "";
  Access access = Access::store;
  Permission permission = Permission::none;  // with Access::admin
  std::vector<Parameter> query = {};
  std::string_view request_schema = "";  // in api/schemas; empty: no JSON body
  std::string_view request_type = "application/json";
  bool body_optional = false;
  std::size_t body_bytes = 0;  // 0: limits::request_body_bytes
  int success = 200;
  std::string_view response_schema = "";  // empty: no body, or `response_type` text
  std::string_view response_type = "application/json";
  bool idempotent = false;     // requires Idempotency-Key
  bool if_match = false;       // requires If-Match; a mismatch is errc::version_conflict
  bool needs_database = true;  // false: answered from memory alone
  bool writes = true;          // false: a POST that changes nothing
  // Sending it twice leaves what sending it once leaves, but for something nobody will miss (an
  // empty cart): another instance may be asked when one is lost. Reads and operations with an
  // Idempotency-Key are repeatable without it.
  bool repeatable = false;
  std::vector<const ErrorKind*> errors = {};  // beyond those its flags imply
  // The role of the program that answers it (cli/roles.hpp), set by Operations; empty: each
  // instance for itself (health, metrics, documents).
  std::string_view role = "";
  Handler handler = nullptr;

  bool may_be_repeated() const {
    return repeatable || idempotent || method == net::Method::get || method == net::Method::put;
  }
};

// The table. Filled at start-up (cli/serve wires it), then only read.
class Operations {
 public:
  // Operations added from now on belong to `role`, a literal.
  void begin_role(std::string_view role) { role_ = role; }
  void add(Operation operation);

  // Registers a member function of a group of handlers that outlives the table:
  //   table.add({.id = "getProduct", …}, *this, &CatalogRoutes::get_product);
  template <class Group>
  void add(Operation operation, Group& group, Task<Result<Reply>> (Group::*method)(Call&)) {
    operation.handler = [&group, method](Call& call) { return (group.*method)(call); };
    add(std::move(operation));
  }

  const std::vector<Operation>& all() const { return operations_; }

 private:
  std::vector<Operation> operations_;
  std::string_view role_;
};

// Turns what storage said into a Reply: the answer itself, the first answer again when the key was
// seen before, or an Error (the refusal's kind, or idempotency_key_reused).
Result<Reply> settle(storage::Commit outcome, Reply answer);

}  // namespace securecart::shop::api
