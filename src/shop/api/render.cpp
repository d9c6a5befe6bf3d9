#include "shop/api/render.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "shop/flows/complete_cart.hpp"

namespace securecart::shop::api {

json::value text_or_null(const std::string& text) {
  return text.empty() ? json::value(nullptr) : json::value(text);
}

namespace {

json::value image(const std::string& src, const std::string& alt) {
  return src.empty() ? json::value(nullptr) : json::value(json::object{{"src", src}, {"alt", alt}});
}

json::object render_line(const flows::CartSnapshot& cart, const flows::SnapshotLine& line) {
  const std::optional<std::int64_t> left = cart.available(line);
  const std::int64_t price = line.unit_price.value_or(0);
  return {{"id", line.id},
          {"variant_id", line.variant_id},
          {"product_id", line.product_id},
          {"handle", line.handle},
          {"title", line.title},
          {"variant_title", line.variant_title},
          {"sku", line.sku},
          {"image", image(line.image, line.image_alt)},
          {"quantity", line.quantity},
          {"unit_price", price},
          {"total", line.buyable() ? price * line.quantity : 0},
          {"available", line.buyable() && (!left || *left >= line.quantity)},
          {"quantity_available", left ? json::value(std::max<std::int64_t>(*left, 0)) : nullptr},
          {"requires_shipping", line.requires_shipping}};
}

// What the shopper should mend before completing: told early, decided again at completion.
json::array render_problems(const flows::CartSnapshot& cart) {
  json::array problems;
  for (const flows::SnapshotLine& line : cart.lines) {
    const std::optional<std::int64_t> left = cart.available(line);
    if (!line.buyable()) {
      problems.push_back(json::object{{"line_id", line.id},
                                      {"code", "variant_unavailable"},
                                      {"detail", line.title + " cannot be bought right now."}});
    } else if (left && *left < line.quantity) {
      problems.push_back(json::object{
          {"line_id", line.id},
          {"code", "out_of_stock"},
          {"detail", *left > 0 ? fmt::format("Only {} of {} are left.", *left, line.title)
                               : line.title + " is sold out."}});
    }
  }
  return problems;
}

json::array render_tax_lines(const carts::Totals& totals) {
  json::array lines;
  for (const carts::TaxLine& tax : totals.tax_lines) {
    lines.push_back(json::object{
        {"name", tax.rate.name}, {"basis_points", tax.rate.basis_points}, {"amount", tax.amount}});
  }
  return lines;
}

json::value render_method(const flows::CartSnapshot& cart) {
  const flows::ShippingMethod* method = cart.chosen_method();
  if (method == nullptr) {
    return nullptr;
  }
  return json::object{
      {"id", method->id}, {"name", method->name}, {"amount", *cart.method_price(*method)}};
}

json::array render_order_lines(const orders::Order& order) {
  json::array lines;
  for (const orders::Line& line : order.lines) {
    lines.push_back(json::object{{"id", line.id},
                                 {"product_id", line.product_id},
                                 {"variant_id", line.variant_id},
                                 {"title", line.title},
                                 {"variant_title", line.variant_title},
                                 {"sku", line.sku},
                                 {"image", text_or_null(line.image)},
                                 {"quantity", line.quantity},
                                 {"unit_price", line.unit_price},
                                 {"total", line.total},
                                 {"tax", line.tax},
                                 {"fulfilled", line.fulfilled},
                                 {"refunded", line.refunded}});
  }
  return lines;
}

json::value render_payment(const orders::Order& order) {
  if (!order.payment) {
    return nullptr;
  }
  const orders::PaymentView& payment = *order.payment;
  return json::object{
      {"id", payment.id},
      {"attempt", payment.attempt},
      {"provider", payment.provider},
      {"method", payment.method},
      {"status", payment.status},
      {"action_url", payment.status == "requires_action" ? text_or_null(payment.action_url)
                                                         : json::value(nullptr)},
      {"failure", text_or_null(payment.failure)}};
}

json::array render_fulfilments(const orders::Order& order) {
  json::array list;
  for (const orders::Fulfilment& fulfilment : order.fulfilments) {
    list.push_back(json::object{{"id", fulfilment.id},
                                {"lines", fulfilment.lines},
                                {"carrier", fulfilment.carrier},
                                {"tracking_number", fulfilment.tracking_number},
                                {"tracking_url", fulfilment.tracking_url},
                                {"at", format_rfc3339(fulfilment.at)}});
  }
  return list;
}

// The story for the shopper: what happened and when; who did it is the merchant's to know.
json::array render_history(const orders::Order& order) {
  json::array list;
  for (const orders::HistoryEntry& entry : order.history) {
    list.push_back(json::object{
        {"at", format_rfc3339(entry.at)}, {"kind", entry.kind}, {"detail", entry.detail}});
  }
  return list;
}

}  // namespace

json::object render_cart(const flows::CartSnapshot& cart) {
  json::array lines;
  for (const flows::SnapshotLine& line : cart.lines) {
    lines.push_back(render_line(cart, line));
  }
  json::array missing;
  for (const std::string& name : flows::missing_for_completion(cart)) {
    missing.emplace_back(name);
  }
  const carts::Totals totals = cart.totals();
  const bool complete = missing.empty();
  return {{"id", cart.id},
          {"currency", cart.currency},
          {"email", cart.email},
          {"customer_id", text_or_null(cart.customer_id)},
          {"shipping_address", cart.shipping_address},
          {"billing_address", cart.billing_address},
          {"shipping_method", render_method(cart)},
          {"lines", std::move(lines)},
          {"totals", json::object{{"subtotal", totals.subtotal},
                                  {"shipping", totals.shipping},
                                  {"tax", totals.tax},
                                  {"total", totals.total},
                                  {"tax_included", totals.tax_included},
                                  {"tax_lines", render_tax_lines(totals)}}},
          {"requires_shipping", cart.requires_shipping()},
          {"ready", json::object{{"complete", complete}, {"missing", std::move(missing)}}},
          {"problems", render_problems(cart)},
          {"status", cart.status},
          {"order_id", text_or_null(cart.order_id)},
          {"version", cart.version}};
}

json::object render_shipping_methods(const flows::CartSnapshot& cart) {
  json::array items;
  for (const flows::ShippingMethod* method : cart.methods()) {
    if (const std::optional<std::int64_t> price = cart.method_price(*method)) {
      items.push_back(json::object{{"id", method->id},
                                   {"name", method->name},
                                   {"description", method->description},
                                   {"amount", *price},
                                   {"currency", cart.currency}});
    }
  }
  return {{"items", std::move(items)}};
}

json::object render_order(const orders::Order& order) {
  return {{"id", order.id},
          {"number", order.number},
          {"status", orders::to_string(order.state.status)},
          {"payment_status", orders::to_string(order.state.payment)},
          {"fulfilment_status", orders::to_string(order.state.fulfilment)},
          {"email", order.email},
          {"currency", order.currency},
          {"lines", render_order_lines(order)},
          {"totals", json::object{{"subtotal", order.subtotal},
                                  {"shipping", order.shipping_total},
                                  {"tax", order.tax_total},
                                  {"total", order.total},
                                  {"refunded", order.refunded_total},
                                  {"tax_included", order.prices_include_tax},
                                  {"tax_lines", order.tax_lines}}},
          {"tax_country", order.tax_country},
          {"shipping_address", order.shipping_address},
          {"billing_address", order.billing_address},
          {"shipping_method", order.shipping_method},
          {"payment", render_payment(order)},
          {"fulfilments", render_fulfilments(order)},
          {"history", render_history(order)},
          {"placed_at", format_rfc3339(order.placed_at)},
          {"version", order.version},
          {"receipt", order.receipt}};
}

}  // namespace securecart::shop::api
