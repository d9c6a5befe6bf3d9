#include "shop/api/store/accounts_routes.hpp"

#include <utility>

#include "shop/accounts/errc.hpp"
#include "shop/api/errc.hpp"
#include "shop/api/render_accounts.hpp"
#include "shop/api/request_checks.hpp"

namespace securecart::shop::api {

namespace {

json::object signed_in(const accounts::SignedInCustomer& customer) {
  return {{"customer", render_customer(customer.customer)},
          {"session", render_session(customer.session)}};
}

// The session's token; the caller was found by it.
std::string token_of(const Call& call) {
  return read_credentials(call.request())->bearer;
}

}  // namespace

void StoreAccountRoutes::mount(Operations& operations) {
  using net::Method;
  operations.add(
      {.id = "createCustomer",
       .method = Method::post,
       .path = "/v1/store/customers",
       .tag = "Customers",
       .summary = "Open an account",
       .description = "Signs in as well. Orders placed before as a guest with the same e-mail "
                      "address stay with their order tokens: the address alone proves nothing.",
       .request_schema = "CustomerRegistration",
       .success = 201,
       .response_schema = "CustomerSession",
       .errors = {&accounts::errc::email_taken, &accounts::errc::sign_in_overloaded}},
      *this, &StoreAccountRoutes::enrol);
  operations.add(
      {.id = "createCustomerSession",
       .method = Method::post,
       .path = "/v1/store/sessions",
       .tag = "Customers",
       .summary = "Sign in",
       .description = "The session lasts 30 days. Failed attempts are slowed down by e-mail "
                      "address and by network address; Retry-After says when the next is heard.",
       .request_schema = "SignIn",
       .success = 201,
       .response_schema = "CustomerSession",
       .errors = {&accounts::errc::bad_credentials, &accounts::errc::login_throttled,
                  &accounts::errc::sign_in_overloaded}},
      *this, &StoreAccountRoutes::sign_in);
  operations.add({.id = "deleteCustomerSession",
                  .method = Method::del,
                  .path = "/v1/store/sessions/current",
                  .tag = "Customers",
                  .summary = "Sign out",
                  .access = Access::shopper,
                  .success = 204},
                 *this, &StoreAccountRoutes::sign_out);
  operations.add({.id = "getCurrentCustomer",
                  .method = Method::get,
                  .path = "/v1/store/customers/me",
                  .tag = "Customers",
                  .summary = "Read the own account",
                  .access = Access::shopper,
                  .response_schema = "Customer",
                  .errors = {&errc::not_found}},
                 *this, &StoreAccountRoutes::me);
  operations.add(
      {.id = "updateCurrentCustomer",
       .method = Method::patch,
       .path = "/v1/store/customers/me",
       .tag = "Customers",
       .summary = "Change the own account",
       .description = "A new e-mail address or password needs `current_password`. A new password "
                      "signs every other session out.",
       .access = Access::shopper,
       .request_schema = "CustomerUpdate",
       .response_schema = "Customer",
       .errors = {&errc::not_found, &accounts::errc::bad_credentials, &accounts::errc::email_taken,
                  &accounts::errc::login_throttled, &accounts::errc::sign_in_overloaded}},
      *this, &StoreAccountRoutes::change_me);
  mount_addresses(operations);
}

void StoreAccountRoutes::mount_addresses(Operations& operations) {
  using net::Method;
  operations.add({.id = "listCustomerAddresses",
                  .method = Method::get,
                  .path = "/v1/store/customers/me/addresses",
                  .tag = "Customers",
                  .summary = "List the own addresses",
                  .access = Access::shopper,
                  .response_schema = "CustomerAddress[]"},
                 *this, &StoreAccountRoutes::addresses);
  operations.add({.id = "createCustomerAddress",
                  .method = Method::post,
                  .path = "/v1/store/customers/me/addresses",
                  .tag = "Customers",
                  .summary = "Keep an address",
                  .access = Access::shopper,
                  .request_schema = "Address",
                  .success = 201,
                  .response_schema = "CustomerAddress",
                  .errors = {&accounts::errc::too_many_addresses}},
                 *this, &StoreAccountRoutes::add_address);
  operations.add({.id = "updateCustomerAddress",
                  .method = Method::patch,
                  .path = "/v1/store/customers/me/addresses/{address_id}",
                  .tag = "Customers",
                  .summary = "Change an address",
                  .access = Access::shopper,
                  .request_schema = "CustomerAddressUpdate",
                  .response_schema = "CustomerAddress",
                  .errors = {&errc::not_found, &errc::version_conflict}},
                 *this, &StoreAccountRoutes::change_address);
  operations.add({.id = "deleteCustomerAddress",
                  .method = Method::del,
                  .path = "/v1/store/customers/me/addresses/{address_id}",
                  .tag = "Customers",
                  .summary = "Forget an address",
                  .access = Access::shopper,
                  .success = 204,
                  .errors = {&errc::not_found}},
                 *this, &StoreAccountRoutes::remove_address);
}

Task<Result<Reply>> StoreAccountRoutes::enrol(Call& call) {
  const json::object& body = call.body();
  accounts::Registration registration{std::string(get_string(body, "email")),
                                      std::string(get_string(body, "name")),
                                      std::string(get_string(body, "password"))};
  Task<Result<accounts::SignedInCustomer>> enrolling =
      accounts_.customers.enrol(call.shop(), std::move(registration));
  const Result<accounts::SignedInCustomer> customer = co_await enrolling;
  if (!customer) {
    co_return std::unexpected(customer.error());
  }
  co_return reply(201, signed_in(*customer));
}

Task<Result<Reply>> StoreAccountRoutes::sign_in(Call& call) {
  const json::object& body = call.body();
  accounts::SignIn attempt{std::string(get_string(body, "email")),
                           std::string(get_string(body, "password")), call.request().peer};
  Task<Result<accounts::SignedInCustomer>> signing_in =
      accounts_.customers.sign_in(call.shop(), std::move(attempt));
  const Result<accounts::SignedInCustomer> customer = co_await signing_in;
  if (!customer) {
    co_return std::unexpected(customer.error());
  }
  co_return reply(201, signed_in(*customer));
}

Task<Result<Reply>> StoreAccountRoutes::sign_out(Call& call) {
  Task<void> ending =
      accounts_.sessions.end(call.shop(), call.caller().customer_id, token_of(call));
  co_await ending;
  co_return no_content();
}

Task<Result<Reply>> StoreAccountRoutes::me(Call& call) {
  Task<Result<accounts::Customer>> finding =
      accounts_.customers.find(call.shop(), call.caller().customer_id);
  const Result<accounts::Customer> customer = co_await finding;
  if (!customer) {
    co_return std::unexpected(customer.error());
  }
  co_return reply(200, render_customer(*customer));
}

Task<Result<Reply>> StoreAccountRoutes::change_me(Call& call) {
  const json::object& body = call.body();
  accounts::CustomerChange change{text_member(body, "name"), text_member(body, "email"),
                                  text_member(body, "password"),
                                  std::string(get_string_or(body, "current_password", ""))};
  Task<Result<accounts::Customer>> changing =
      accounts_.customers.change(call.shop(), call.caller().customer_id, std::move(change),
                                 call.request().peer, token_of(call));
  const Result<accounts::Customer> customer = co_await changing;
  if (!customer) {
    co_return std::unexpected(customer.error());
  }
  co_return reply(200, render_customer(*customer));
}

Task<Result<Reply>> StoreAccountRoutes::addresses(Call& call) {
  Task<std::vector<accounts::CustomerAddress>> reading =
      accounts_.customers.addresses(call.shop(), call.caller().customer_id);
  const std::vector<accounts::CustomerAddress> found = co_await reading;
  json::array items;
  for (const accounts::CustomerAddress& address : found) {
    items.emplace_back(render_customer_address(address));
  }
  co_return reply(200, render_whole_list(std::move(items)));
}

Task<Result<Reply>> StoreAccountRoutes::add_address(Call& call) {
  Task<Result<accounts::CustomerAddress>> adding = accounts_.customers.add_address(
      call.shop(), call.caller().customer_id, accounts::address_from_json(call.body()));
  const Result<accounts::CustomerAddress> added = co_await adding;
  if (!added) {
    co_return std::unexpected(added.error());
  }
  co_return reply(201, render_customer_address(*added));
}

Task<Result<Reply>> StoreAccountRoutes::change_address(Call& call) {
  Task<Result<accounts::CustomerAddress>> changing = accounts_.customers.change_address(
      call.shop(), call.caller().customer_id, call.path("address_id"),
      accounts::address_change_from_json(call.body()));
  const Result<accounts::CustomerAddress> changed = co_await changing;
  if (!changed) {
    co_return std::unexpected(changed.error());
  }
  co_return reply(200, render_customer_address(*changed));
}

Task<Result<Reply>> StoreAccountRoutes::remove_address(Call& call) {
  Task<Result<void>> removing = accounts_.customers.remove_address(
      call.shop(), call.caller().customer_id, call.path("address_id"));
  const Result<void> removed = co_await removing;
  if (!removed) {
    co_return std::unexpected(removed.error());
  }
  co_return no_content();
}

}  // namespace securecart::shop::api
