// Shops and the people of a shop as the API shows them (api/schemas/shops.json, accounts.json).
#pragma once

#include <optional>
#include <string_view>

#include "base/json.hpp"
#include "shop/accounts/model.hpp"
#include "shop/api/operation.hpp"
#include "shop/shops/model.hpp"

namespace securecart::shop::api {

json::object render_customer(const accounts::Customer& customer);
json::object render_customer_for_admin(const accounts::Customer& customer);
json::object render_customer_address(const accounts::CustomerAddress& address);
json::object render_staff(const accounts::StaffMember& member);
json::object render_api_key(const accounts::ApiKey& key);
json::object render_session(const accounts::IssuedSession& session);

json::object render_shop(const shops::Shop& shop, bool test_payments);
json::object render_shop_for_admin(const shops::Shop& shop);

// {"items": …, "next_cursor": …}; `next` is where the list named `list` goes on.
json::object render_page(json::array items, std::string_view list,
                         const std::optional<accounts::Position>& next);
// A list that is short enough to be whole.
json::object render_whole_list(json::array items);
// The position a request's cursor names; nullopt on the first page. Error: invalid_request.
Result<std::optional<accounts::Position>> position_of(const Call& call, std::string_view list);

// A text that was sent; nullopt when it was not.
std::optional<std::string> text_member(const json::object& body, std::string_view name);

}  // namespace securecart::shop::api
