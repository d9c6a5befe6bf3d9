// Calls a running shop from a test: blocking for one call, or many at once on one executor.
#pragma once

#include <functional>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/ids.hpp"
#include "cli/wait.hpp"
#include "lab/api.hpp"
#include "net/runtime.hpp"
#include "tests/support/seed.hpp"
#include "tests/support/shop_process.hpp"

namespace securecart::test {

using Fields = std::vector<std::pair<std::string, std::string>>;

struct TestCart {
  std::string id;
  std::string token;
  std::int64_t total = 0;
};

struct TestVariant {
  std::string product_id;
  std::string variant_id;
  std::string item_id;
};

class ShopClient {
 public:
  explicit ShopClient(const ShopProcess& shop) : ShopClient(shop.url(), shop.secret_key()) {}
  // `always` goes with each request, such as the publishable key of a shop that has no host here.
  ShopClient(const std::string& url, std::string secret_key, Fields always = {})
      : secret_key_(std::move(secret_key)),
        always_(std::move(always)),
        runtime_(1, 1, clock_),
        client_(runtime_, {}),
        random_(seed()),
        ids_(clock_, random_),
        api_(client_, net::parse_url(url).value(), clock_, random_) {
    runtime_.run();
  }
  ~ShopClient() {
    runtime_.stop();
    runtime_.join();
  }
  ShopClient(const ShopClient&) = delete;

  lab::ApiAnswer call(net::Method method, std::string target, const json::value& body = nullptr,
                      Fields fields = {}) {
    return cli::wait_on(runtime_.executor(0),
                        api_.once(made(method, std::move(target), body, std::move(fields)),
                                  std::chrono::seconds(60)));
  }
  // A page that is no JSON; empty unless it is there.
  std::string page(std::string target) {
    return cli::wait_on(runtime_.executor(0),
                        api_.text(std::move(target), std::chrono::seconds(60)))
        .value_or("");
  }
  lab::ApiAnswer admin(net::Method method, std::string target, const json::value& body = nullptr,
                       Fields fields = {}) {
    fields.emplace_back("Authorization", "Bearer " + secret_key_);
    return call(method, std::move(target), body, std::move(fields));
  }

  struct Request {
    net::Method method;
    std::string target;
    json::value body;
    Fields fields;
  };
  // Sends all of them at once; the answers in the order of the requests.
  std::vector<lab::ApiAnswer> at_once(const std::vector<Request>& requests) {
    std::vector<std::future<lab::ApiAnswer>> answers;
    std::vector<std::promise<lab::ApiAnswer>> promises(requests.size());
    for (std::size_t i = 0; i < requests.size(); ++i) {
      answers.push_back(promises[i].get_future());
      runtime_.executor(0).post([this, &promise = promises[i], &request = requests[i]] {
        start(api_.once(made(request.method, request.target, request.body, request.fields),
                        std::chrono::seconds(60)),
              [&promise](std::variant<lab::ApiAnswer, std::exception_ptr> outcome) {
                if (outcome.index() == 0) {
                  promise.set_value(std::move(std::get<0>(outcome)));
                } else {
                  promise.set_exception(std::get<1>(outcome));
                }
              });
      });
    }
    std::vector<lab::ApiAnswer> done;
    for (std::future<lab::ApiAnswer>& answer : answers) {
      done.push_back(answer.get());
    }
    return done;
  }

  std::string key() { return ids_.secret(16); }

  // The sum of a metric over all its labels that have `label` in them.
  double metric(const std::string& name, const std::string& label = "") {
    std::istringstream lines(page("/metrics"));
    double sum = 0;
    for (std::string line; std::getline(lines, line);) {
      const bool named = line.starts_with(name) && line.size() > name.size() &&
                         (line[name.size()] == '{' || line[name.size()] == ' ');
      if (named && line.find(label) != std::string::npos) {
        sum += std::stod(line.substr(line.rfind(' ') + 1));
      }
    }
    return sum;
  }

  // A product of one variant, with `stock` units at the first location.
  TestVariant add_product(const std::string& title, std::int64_t stock,
                          const std::string& shared_item = "") {
    json::object variant{
        {"prices", json::array{json::object{{"currency", "EUR"}, {"amount", 1000}}}},
        {"grams", 100}};
    if (!shared_item.empty()) {
      variant["inventory_item_id"] = shared_item;
    }
    const lab::ApiAnswer made_product =
        admin(net::Method::post, "/v1/admin/products",
              json::object{{"title", title},
                           {"status", "published"},
                           {"variants", json::array{std::move(variant)}}});
    EXPECT_EQ(made_product.status, 201) << made_product.describe();
    const json::object& first = get_array(made_product.body, "variants").front().as_object();
    TestVariant added{std::string(get_string(made_product.body, "id")),
                      std::string(get_string(first, "id")),
                      std::string(get_string_or(first, "inventory_item_id", ""))};
    if (stock > 0) {
      adjust(added.item_id, stock);
    }
    return added;
  }

  void adjust(const std::string& item, std::int64_t delta) {
    const lab::ApiAnswer locations = admin(net::Method::get, "/v1/admin/locations");
    const std::string location(
        get_string(get_array(locations.body, "items").front().as_object(), "id"));
    const lab::ApiAnswer adjusted =
        admin(net::Method::post, "/v1/admin/inventory/" + item + "/adjustments",
              json::object{{"location_id", location}, {"delta", delta}, {"kind", "receive"}},
              {{"Idempotency-Key", key()}});
    EXPECT_EQ(adjusted.status, 201) << adjusted.describe();
  }

  // A cart that is ready to be completed; of the customer whose session `fields` show, if any.
  TestCart cart_of(const std::vector<std::pair<std::string, std::int64_t>>& lines,
                   Fields fields = {}) {
    json::array list;
    for (const auto& [variant, quantity] : lines) {
      list.push_back(json::object{{"variant_id", variant}, {"quantity", quantity}});
    }
    const lab::ApiAnswer created = call(
        net::Method::post, "/v1/store/carts",
        json::object{{"email", "ada@example.com"}, {"lines", std::move(list)}}, std::move(fields));
    EXPECT_EQ(created.status, 201) << created.describe();
    TestCart cart{std::string(get_string(created.body, "id")),
                  std::string(get_string(created.body, "token"))};
    const Fields token{{"X-Cart-Token", cart.token}};
    const std::string path = "/v1/store/carts/" + cart.id;
    call(net::Method::patch, path,
         json::object{{"shipping_address", json::object{{"name", "Ada Lovelace"},
                                                        {"line1", "Rietwal 14"},
                                                        {"city", "Haarlem"},
                                                        {"postal_code", "2011 ZW"},
                                                        {"country", "NL"}}}},
         token);
    const lab::ApiAnswer methods =
        call(net::Method::get, path + "/shipping-methods", nullptr, token);
    const std::string method(
        get_string(get_array(methods.body, "items").front().as_object(), "id"));
    const lab::ApiAnswer ready =
        call(net::Method::patch, path, json::object{{"shipping_method_id", method}}, token);
    EXPECT_EQ(ready.status, 200) << ready.describe();
    cart.total = get_int(get_object(ready.body, "totals"), "total");
    return cart;
  }

  static Request completion(const TestCart& cart, const std::string& idempotency_key,
                            const std::string& method = "tok_approved") {
    return {net::Method::post,
            "/v1/store/carts/" + cart.id + "/complete",
            json::object{{"payment", json::object{{"provider", "test"}, {"method", method}}}},
            {{"X-Cart-Token", cart.token}, {"Idempotency-Key", idempotency_key}}};
  }

  std::vector<json::object> all(std::string target) {
    return cli::wait_on(runtime_.executor(0),
                        api_.list(std::move(target), {{"Authorization", "Bearer " + secret_key_}},
                                  std::chrono::seconds(60)));
  }

 private:
  lab::ApiCall made(net::Method method, std::string target, const json::value& body,
                    Fields fields) const {
    lab::ApiCall call;
    call.method = method;
    call.target = std::move(target);
    call.headers = std::move(fields);
    call.headers.insert(call.headers.end(), always_.begin(), always_.end());
    if (body.is_string()) {
      // A file, not a document.
      call.body = body.get_string();
      call.headers.emplace_back("Content-Type", "text/csv");
    } else if (!body.is_null()) {
      call.body = to_string(body);
    }
    return call;
  }

  const std::string secret_key_;
  const Fields always_;
  SystemClock clock_;
  net::Runtime runtime_;
  net::Client client_;
  Prng random_;
  Ids ids_;
  lab::Api api_;
};

}  // namespace securecart::test
