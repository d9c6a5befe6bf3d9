#include "shop/api/admin/accounts_routes.hpp"

#include <cassert>
#include <utility>

#include "shop/accounts/errc.hpp"
#include "shop/api/errc.hpp"
#include "shop/api/render_accounts.hpp"
#include "shop/api/request_checks.hpp"
#include "shop/catalog/limits.hpp"
#include "shop/flows/erase_customer.hpp"

namespace securecart::shop::api {

namespace {

// A role of a body; its schema names the five.
std::optional<accounts::Role> role_member(const json::object& body) {
  return has(body, "role") ? accounts::parse_role(get_string(body, "role")) : std::nullopt;
}

json::object render_key_page(const accounts::Page<accounts::ApiKey>& page) {
  json::array items;
  for (const accounts::ApiKey& key : page.items) {
    items.emplace_back(render_api_key(key));
  }
  return render_page(std::move(items), "api_keys", page.next);
}

}  // namespace

void AdminAccountRoutes::mount(Operations& operations) {
  mount_sessions(operations);
  mount_staff(operations);
  mount_api_keys(operations);
  mount_customers(operations);
}

void AdminAccountRoutes::mount_sessions(Operations& operations) {
  using net::Method;
  operations.add(
      {.id = "createStaffSession",
       .method = Method::post,
       .path = "/v1/admin/sessions",
       .tag = "Staff",
       .summary = "Sign in as a member of staff",
       .description = "The session lasts 12 hours. Failed attempts are slowed down by e-mail "
                      "address and by network address; Retry-After says when the next is heard.",
       .access = Access::store,
       .request_schema = "SignIn",
       .success = 201,
       .response_schema = "StaffSession",
       .errors = {&accounts::errc::bad_credentials, &accounts::errc::login_throttled,
                  &accounts::errc::sign_in_overloaded}},
      *this, &AdminAccountRoutes::sign_in);
  operations.add({.id = "deleteStaffSession",
                  .method = Method::del,
                  .path = "/v1/admin/sessions/current",
                  .tag = "Staff",
                  .summary = "Sign out",
                  .description = "Refused for a secret key, which has no session.",
                  .access = Access::admin,
                  .success = 204},
                 *this, &AdminAccountRoutes::sign_out);
  operations.add({.id = "getMe",
                  .method = Method::get,
                  .path = "/v1/admin/me",
                  .tag = "Staff",
                  .summary = "Who is calling",
                  .access = Access::admin,
                  .response_schema = "Me"},
                 *this, &AdminAccountRoutes::me);
}

void AdminAccountRoutes::mount_staff(Operations& operations) {
  using net::Method;
  operations.add({.id = "listStaff",
                  .method = Method::get,
                  .path = "/v1/admin/staff",
                  .tag = "Staff",
                  .summary = "List the staff, the newest first",
                  .access = Access::admin,
                  .permission = Permission::staff_write,
                  .query = page_parameters(),
                  .response_schema = "StaffMember[]"},
                 *this, &AdminAccountRoutes::list_staff);
  operations.add({.id = "createStaff",
                  .method = Method::post,
                  .path = "/v1/admin/staff",
                  .tag = "Staff",
                  .summary = "Add a member of staff",
                  .access = Access::admin,
                  .permission = Permission::staff_write,
                  .request_schema = "StaffInput",
                  .success = 201,
                  .response_schema = "StaffMember",
                  .errors = {&accounts::errc::email_taken, &accounts::errc::too_many_staff,
                             &accounts::errc::sign_in_overloaded}},
                 *this, &AdminAccountRoutes::add_staff);
  operations.add({.id = "getStaff",
                  .method = Method::get,
                  .path = "/v1/admin/staff/{staff_id}",
                  .tag = "Staff",
                  .summary = "Read a member of staff",
                  .access = Access::admin,
                  .permission = Permission::staff_write,
                  .response_schema = "StaffMember",
                  .errors = {&errc::not_found}},
                 *this, &AdminAccountRoutes::get_staff);
  operations.add({.id = "updateStaff",
                  .method = Method::patch,
                  .path = "/v1/admin/staff/{staff_id}",
                  .tag = "Staff",
                  .summary = "Change a member of staff",
                  .description = "A new password or role, and being disabled, end the member's "
                                 "sessions. The last owner who can sign in stays one.",
                  .access = Access::admin,
                  .permission = Permission::staff_write,
                  .request_schema = "StaffUpdate",
                  .response_schema = "StaffMember",
                  .if_match = true,
                  .errors = {&errc::not_found, &accounts::errc::last_owner,
                             &accounts::errc::sign_in_overloaded}},
                 *this, &AdminAccountRoutes::change_staff);
}

void AdminAccountRoutes::mount_api_keys(Operations& operations) {
  using net::Method;
  operations.add({.id = "listApiKeys",
                  .method = Method::get,
                  .path = "/v1/admin/api-keys",
                  .tag = "Staff",
                  .summary = "List the keys, the newest first, revoked ones too",
                  .access = Access::admin,
                  .permission = Permission::staff_write,
                  .query = page_parameters(),
                  .response_schema = "ApiKey[]"},
                 *this, &AdminAccountRoutes::list_api_keys);
  operations.add({.id = "createApiKey",
                  .method = Method::post,
                  .path = "/v1/admin/api-keys",
                  .tag = "Staff",
                  .summary = "Make a key",
                  .description = "A publishable key names the shop and may be shown to anyone; a "
                                 "secret key acts with its role.",
                  .access = Access::admin,
                  .permission = Permission::staff_write,
                  .request_schema = "ApiKeyInput",
                  .success = 201,
                  .response_schema = "ApiKeyCreated",
                  .errors = {&accounts::errc::too_many_keys}},
                 *this, &AdminAccountRoutes::add_api_key);
  operations.add({.id = "deleteApiKey",
                  .method = Method::del,
                  .path = "/v1/admin/api-keys/{key_id}",
                  .tag = "Staff",
                  .summary = "Revoke a key",
                  .description = "From the answer on nothing accepts it any more.",
                  .access = Access::admin,
                  .permission = Permission::staff_write,
                  .success = 204,
                  .errors = {&errc::not_found}},
                 *this, &AdminAccountRoutes::revoke_api_key);
}

void AdminAccountRoutes::mount_customers(Operations& operations) {
  using net::Method;
  std::vector<Parameter> others;
  others.push_back({.name = "q",
                    .description = "Part of the e-mail address or of the name.",
                    .maximum = static_cast<std::int64_t>(limits::search_query_bytes)});
  operations.add({.id = "listCustomers",
                  .method = Method::get,
                  .path = "/v1/admin/customers",
                  .tag = "Customers",
                  .summary = "List customers, the newest first",
                  .access = Access::admin,
                  .permission = Permission::customers_read,
                  .query = page_parameters(std::move(others)),
                  .response_schema = "AdminCustomer[]"},
                 *this, &AdminAccountRoutes::list_customers);
  operations.add({.id = "getCustomer",
                  .method = Method::get,
                  .path = "/v1/admin/customers/{customer_id}",
                  .tag = "Customers",
                  .summary = "Read a customer",
                  .access = Access::admin,
                  .permission = Permission::customers_read,
                  .response_schema = "AdminCustomerDetail",
                  .errors = {&errc::not_found}},
                 *this, &AdminAccountRoutes::get_customer);
  operations.add({.id = "updateCustomer",
                  .method = Method::patch,
                  .path = "/v1/admin/customers/{customer_id}",
                  .tag = "Customers",
                  .summary = "Set a customer's name or e-mail address right",
                  .description = "The customer signs in with the new address from then on; orders "
                                 "keep the one they were placed with. Passwords are the "
                                 "customer's own.",
                  .access = Access::admin,
                  .permission = Permission::customers_write,
                  .request_schema = "AdminCustomerUpdate",
                  .response_schema = "AdminCustomer",
                  .if_match = true,
                  .errors = {&accounts::errc::email_taken}},
                 *this, &AdminAccountRoutes::change_customer);
  operations.add(
      {.id = "eraseCustomer",
       .method = Method::del,
       .path = "/v1/admin/customers/{customer_id}",
       .tag = "Customers",
       .summary = "Erase a customer",
       .description = "For good: the account with its addresses and sessions goes, and so do the "
                      "e-mail address and the addresses of the customer's orders. What was sold, "
                      "for how much and with which taxes stays, with its receipts and journals. "
                      "Refused while an order is neither completed nor cancelled.",
       .access = Access::admin,
       .permission = Permission::customers_write,
       .success = 204,
       .if_match = true,
       .errors = {&accounts::errc::customer_has_open_orders}},
      *this, &AdminAccountRoutes::erase_customer);
}

Task<Result<Reply>> AdminAccountRoutes::sign_in(Call& call) {
  const json::object& body = call.body();
  accounts::SignIn attempt{std::string(get_string(body, "email")),
                           std::string(get_string(body, "password")), call.request().peer};
  Task<Result<accounts::SignedInStaff>> signing_in =
      accounts_.staff.sign_in(call.shop(), std::move(attempt));
  const Result<accounts::SignedInStaff> staff = co_await signing_in;
  if (!staff) {
    co_return std::unexpected(staff.error());
  }
  const json::object rendered = {{"staff", render_staff(staff->staff)},
                                 {"session", render_session(staff->session)}};
  co_return reply(201, rendered);
}

Task<Result<Reply>> AdminAccountRoutes::sign_out(Call& call) {
  if (call.caller().staff_id.empty()) {
    co_return fail(errc::forbidden, "A secret key has no session to end; revoke the key instead.");
  }
  Task<void> ending = accounts_.sessions.end(call.shop(), call.caller().staff_id,
                                             read_credentials(call.request())->bearer);
  co_await ending;
  co_return no_content();
}

Task<Result<Reply>> AdminAccountRoutes::me(Call& call) {
  const Caller& caller = call.caller();
  assert(caller.role && "Access::admin lets nobody in without a role");
  json::object rendered = {{"shop_id", caller.shop_id},
                           {"actor", caller.actor},
                           {"role", accounts::to_string(*caller.role)},
                           {"staff", nullptr}};
  if (!caller.staff_id.empty()) {
    Task<Result<accounts::StaffMember>> finding =
        accounts_.staff.find(caller.shop_id, caller.staff_id);
    const Result<accounts::StaffMember> member = co_await finding;
    if (!member) {
      co_return std::unexpected(member.error());
    }
    rendered["staff"] = render_staff(*member);
  }
  co_return reply(200, rendered);
}

Task<Result<Reply>> AdminAccountRoutes::list_staff(Call& call) {
  Result<std::optional<accounts::Position>> after = position_of(call, "staff");
  if (!after) {
    co_return std::unexpected(std::move(after.error()));
  }
  Task<accounts::Page<accounts::StaffMember>> reading =
      accounts_.staff.list(call.shop(), call.limit(), std::move(*after));
  const accounts::Page<accounts::StaffMember> page = co_await reading;
  json::array items;
  for (const accounts::StaffMember& member : page.items) {
    items.emplace_back(render_staff(member));
  }
  co_return reply(200, render_page(std::move(items), "staff", page.next));
}

Task<Result<Reply>> AdminAccountRoutes::add_staff(Call& call) {
  const json::object& body = call.body();
  accounts::NewStaff wanted{std::string(get_string(body, "email")),
                            std::string(get_string(body, "name")),
                            role_member(body).value_or(accounts::Role::viewer),
                            std::string(get_string(body, "password"))};
  Task<Result<accounts::StaffMember>> adding = accounts_.staff.add(call.shop(), std::move(wanted));
  const Result<accounts::StaffMember> member = co_await adding;
  if (!member) {
    co_return std::unexpected(member.error());
  }
  co_return reply(201, render_staff(*member), member->version);
}

Task<Result<Reply>> AdminAccountRoutes::get_staff(Call& call) {
  Task<Result<accounts::StaffMember>> finding =
      accounts_.staff.find(call.shop(), call.path("staff_id"));
  const Result<accounts::StaffMember> member = co_await finding;
  if (!member) {
    co_return std::unexpected(member.error());
  }
  co_return reply(200, render_staff(*member), member->version);
}

Task<Result<Reply>> AdminAccountRoutes::change_staff(Call& call) {
  const json::object& body = call.body();
  accounts::StaffChange change{text_member(body, "name"), role_member(body), std::nullopt,
                               text_member(body, "password")};
  if (has(body, "disabled")) {
    change.disabled = get_bool(body, "disabled");
  }
  Task<Result<accounts::StaffMember>> changing = accounts_.staff.change(
      call.shop(), call.path("staff_id"), call.if_match(), std::move(change));
  const Result<accounts::StaffMember> member = co_await changing;
  if (!member) {
    co_return std::unexpected(member.error());
  }
  co_return reply(200, render_staff(*member), member->version);
}

Task<Result<Reply>> AdminAccountRoutes::list_api_keys(Call& call) {
  Result<std::optional<accounts::Position>> after = position_of(call, "api_keys");
  if (!after) {
    co_return std::unexpected(std::move(after.error()));
  }
  Task<accounts::Page<accounts::ApiKey>> reading =
      accounts_.api_keys.list(call.shop(), call.limit(), std::move(*after));
  const accounts::Page<accounts::ApiKey> page = co_await reading;
  co_return reply(200, render_key_page(page));
}

Task<Result<Reply>> AdminAccountRoutes::add_api_key(Call& call) {
  const json::object& body = call.body();
  accounts::NewKey wanted{
      accounts::parse_key_kind(get_string(body, "kind")).value_or(accounts::KeyKind::publishable),
      std::string(get_string(body, "name")), role_member(body)};
  Task<Result<accounts::IssuedKey>> adding = accounts_.api_keys.add(call.shop(), std::move(wanted));
  const Result<accounts::IssuedKey> issued = co_await adding;
  if (!issued) {
    co_return std::unexpected(issued.error());
  }
  const json::object rendered = {{"key", render_api_key(issued->key)}, {"secret", issued->secret}};
  co_return reply(201, rendered);
}

Task<Result<Reply>> AdminAccountRoutes::revoke_api_key(Call& call) {
  Task<Result<void>> revoking = accounts_.api_keys.revoke(call.shop(), call.path("key_id"));
  const Result<void> revoked = co_await revoking;
  if (!revoked) {
    co_return std::unexpected(revoked.error());
  }
  co_return no_content();
}

Task<Result<Reply>> AdminAccountRoutes::list_customers(Call& call) {
  Result<std::optional<accounts::Position>> after = position_of(call, "customers");
  if (!after) {
    co_return std::unexpected(std::move(after.error()));
  }
  Task<accounts::Page<accounts::Customer>> reading = accounts_.customers.list(
      call.shop(), call.query("q").value_or(""), call.limit(), std::move(*after));
  const accounts::Page<accounts::Customer> page = co_await reading;
  json::array items;
  for (const accounts::Customer& customer : page.items) {
    items.emplace_back(render_customer_for_admin(customer));
  }
  co_return reply(200, render_page(std::move(items), "customers", page.next));
}

Task<Result<Reply>> AdminAccountRoutes::get_customer(Call& call) {
  const std::string customer_id = call.path("customer_id");
  Task<Result<accounts::Customer>> finding = accounts_.customers.find(call.shop(), customer_id);
  const Result<accounts::Customer> customer = co_await finding;
  if (!customer) {
    co_return std::unexpected(customer.error());
  }
  Task<std::vector<accounts::CustomerAddress>> reading =
      accounts_.customers.addresses(call.shop(), customer_id);
  const std::vector<accounts::CustomerAddress> addresses = co_await reading;
  json::array items;
  for (const accounts::CustomerAddress& address : addresses) {
    items.emplace_back(render_customer_address(address));
  }
  json::object rendered = render_customer_for_admin(*customer);
  rendered["addresses"] = std::move(items);
  co_return reply(200, rendered, customer->version);
}

Task<Result<Reply>> AdminAccountRoutes::change_customer(Call& call) {
  const json::object& body = call.body();
  accounts::CustomerCorrection correction{text_member(body, "name"), text_member(body, "email")};
  Task<Result<accounts::Customer>> correcting = accounts_.customers.correct(
      call.shop(), call.path("customer_id"), call.if_match(), std::move(correction));
  const Result<accounts::Customer> customer = co_await correcting;
  if (!customer) {
    co_return std::unexpected(customer.error());
  }
  co_return reply(200, render_customer_for_admin(*customer), customer->version);
}

Task<Result<Reply>> AdminAccountRoutes::erase_customer(Call& call) {
  Task<Result<void>> erasing =
      flows::erase_customer(deps_, call.shop(), call.path("customer_id"), call.if_match());
  const Result<void> erased = co_await erasing;
  if (!erased) {
    co_return std::unexpected(erased.error());
  }
  co_return no_content();
}

}  // namespace securecart::shop::api
