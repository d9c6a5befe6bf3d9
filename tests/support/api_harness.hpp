// Calls the API in the process, without sockets, and checks every answer against what the table of
// operations and the schemas promise: status, content type, body, declared errors.
//
//   test::ApiHarness api({operations, schemas, authenticator, database, clock, metrics});
//   api.with("X-Publishable-Key", key);
//   const test::Answer cart = api.post("/v1/store/carts", R"({"currency": "EUR"})");
//   ASSERT_EQ(cart.status, 201);
//   cart.json.at("id")
//
// An answer that breaks the promise is a test failure, with the request and the complaint.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "base/json.hpp"
#include "shop/api/api_handler.hpp"
#include "shop/api/possible_errors.hpp"
#include "shop/api/router.hpp"
#include "tests/support/thread_executor.hpp"

namespace securecart::test {

struct Answer {
  int status = 0;
  net::Headers headers;
  std::string body;
  json::value json;  // null when the body is not JSON

  std::string header(std::string_view name) const {
    return std::string(headers.find(name).value_or(""));
  }
  // Of a problem; empty otherwise.
  std::string code() const {
    const json::object* object = json.if_object();
    return object != nullptr ? std::string(get_string_or(*object, "code", "")) : "";
  }
  std::string text(std::string_view member) const {
    return std::string(get_string(json.as_object(), member));
  }
  std::int64_t number(std::string_view member) const { return get_int(json.as_object(), member); }
};

class ApiHarness {
 public:
  using Fields = std::vector<std::pair<std::string, std::string>>;

  explicit ApiHarness(shop::api::ApiParts parts, shop::api::ApiOptions options = {})
      : parts_(parts), router_(parts.operations), handler_(parts, std::move(options)) {}
  ~ApiHarness() { EXPECT_EQ(undeclared_errors(), 0U) << "an operation answered undeclared errors"; }
  ApiHarness(const ApiHarness&) = delete;

  // Sends the field with every later request; an empty value takes it away.
  ApiHarness& with(std::string_view name, std::string value) {
    std::erase_if(fields_, [name](const auto& field) { return field.first == name; });
    if (!value.empty()) {
      fields_.emplace_back(name, std::move(value));
    }
    return *this;
  }

  Answer get(std::string_view target, Fields fields = {}) {
    return send(net::Method::get, target, "", std::move(fields));
  }
  Answer post(std::string_view target, std::string body = "", Fields fields = {}) {
    return send(net::Method::post, target, std::move(body), std::move(fields));
  }
  Answer put(std::string_view target, std::string body = "", Fields fields = {}) {
    return send(net::Method::put, target, std::move(body), std::move(fields));
  }
  Answer patch(std::string_view target, std::string body, Fields fields = {}) {
    return send(net::Method::patch, target, std::move(body), std::move(fields));
  }
  Answer del(std::string_view target, Fields fields = {}) {
    return send(net::Method::del, target, "", std::move(fields));
  }

  // A body goes as application/json unless `fields` say otherwise. Blocks until there is an answer.
  Answer send(net::Method method, std::string_view target, std::string body, Fields fields) {
    const std::string line =
        std::string(net::to_string(method)) + " " + std::string(target) + " " + body.substr(0, 500);
    net::Request request = make_request(method, target, std::move(body), std::move(fields));
    const std::string path = request.path;
    net::Response response =
        executor_.run_task<net::Response>([this, request = std::move(request)]() mutable {
          return handler_.handle(std::move(request));
        });
    Answer answer = read(std::move(response));
    check(router_.match(method, path), answer, line);
    return answer;
  }

  std::uint64_t undeclared_errors() const {
    return parts_.metrics.counter("securecart_undeclared_errors_total", "").value();
  }
  shop::api::ApiHandler& handler() { return handler_; }

 private:
  net::Request make_request(net::Method method, std::string_view target, std::string body,
                            Fields fields) {
    Result<net::Target> parsed = net::parse_target(target);
    EXPECT_TRUE(parsed) << target;
    net::Request request;
    request.method = method;
    request.target = target;
    request.path = std::move(parsed->path);
    request.query = std::move(parsed->query);
    request.peer = "127.0.0.1";
    request.request_id = "req_" + std::to_string(++requests_);
    request.deadline = SteadyTime::max();
    for (auto& [name, value] : fields) {
      request.headers.set(name, std::move(value));
    }
    for (const auto& [name, value] : fields_) {
      if (!request.header(name)) {
        request.headers.add(name, value);
      }
    }
    if (!request.header("Host")) {
      request.headers.add("Host", "127.0.0.1");
    }
    if (!body.empty() && !request.header("Content-Type")) {
      request.headers.add("Content-Type", "application/json");
    }
    request.body = std::move(body);
    return request;
  }

  static Answer read(net::Response response) {
    Answer answer{response.status, std::move(response.headers), std::string(response.bytes()), {}};
    if (answer.header("Content-Type").find("json") != std::string::npos && !answer.body.empty()) {
      Result<json::value> parsed = parse_json(answer.body);
      EXPECT_TRUE(parsed) << answer.body;
      answer.json = parsed ? std::move(*parsed) : json::value();
    }
    return answer;
  }

  void check(const shop::api::Router::Match& match, const Answer& answer, const std::string& line) {
    EXPECT_EQ(answer.header("X-Content-Type-Options"), "nosniff") << line;
    if (answer.status >= 400) {
      check_problem(match, answer, line);
    } else if (match.found) {
      check_success(parts_.operations.all()[match.operation], answer, line);
    }
  }

  void check_problem(const shop::api::Router::Match& match, const Answer& answer,
                     const std::string& line) {
    EXPECT_EQ(answer.header("Content-Type"), "application/problem+json") << line;
    check_schema("Problem", answer, line);
    if (!match.found) {
      return;
    }
    const shop::api::Operation& operation = parts_.operations.all()[match.operation];
    const auto kinds = shop::api::possible_errors(operation);
    const auto declared = std::ranges::find_if(kinds, [&](const ErrorKind* kind) {
      return kind->code == answer.code() && kind->status == answer.status;
    });
    EXPECT_NE(declared, kinds.end()) << line << "\nundeclared error: " << answer.body;
  }

  void check_success(const shop::api::Operation& operation, const Answer& answer,
                     const std::string& line) {
    if (answer.status == 204 || answer.status == 304) {
      EXPECT_EQ(answer.body, "") << line;
      return;
    }
    EXPECT_TRUE(answer.header("Content-Type").starts_with(operation.response_type)) << line;
    if (!operation.response_schema.empty()) {
      check_schema(operation.response_schema, answer, line);
    }
  }

  void check_schema(std::string_view name, const Answer& answer, const std::string& line) {
    const shop::api::Schema* schema = parts_.schemas.find(name);
    ASSERT_NE(schema, nullptr) << name;
    for (const FieldError& error : shop::api::validate(*schema, answer.json)) {
      ADD_FAILURE() << line << "\nthe answer is not a " << name << ": " << error.where << " "
                    << error.what << "\n"
                    << answer.body.substr(0, 2'000);
    }
  }

  shop::api::ApiParts parts_;
  shop::api::Router router_;
  shop::api::ApiHandler handler_;
  Fields fields_;
  std::uint64_t requests_ = 0;
  ThreadExecutor executor_;
};

}  // namespace securecart::test
