// The life of an order as a table. Three small machines, because money and goods move on their own:
//
//   order       placed -> completed            (all fulfilled and paid)
//               placed -> cancelled            (nothing fulfilled yet)
//   payment     pending -> requires_action -> paid -> partially_refunded -> refunded
//               pending|requires_action -> declined -> pending (another attempt)
//               pending|requires_action|declined -> voided (cancelled unpaid)
//               and a few that are rarer: state.cpp says when
//   fulfilment  unfulfilled -> partially_fulfilled -> fulfilled
//
// Every batch that moves a state is guarded by the order's version, and orders::add_change, which
// alone writes states, asserts that the tables have the move. change_order_test.cpp walks every
// life of an order: the tables have the moves that are made, and no others.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace securecart::shop::orders {

enum class Status : std::uint8_t { placed, completed, cancelled };
enum class PaymentStatus : std::uint8_t {
  pending,
  requires_action,
  paid,
  declined,
  partially_refunded,
  refunded,
  voided
};
enum class FulfilmentStatus : std::uint8_t { unfulfilled, partially_fulfilled, fulfilled };

std::string_view to_string(Status status);
std::string_view to_string(PaymentStatus status);
std::string_view to_string(FulfilmentStatus status);
// Assert on a text that is none of them: only our own rows are parsed.
Status parse_status(std::string_view text);
PaymentStatus parse_payment_status(std::string_view text);
FulfilmentStatus parse_fulfilment_status(std::string_view text);

// Whether the table has the move. Staying is not a move.
bool may_move(Status from, Status to);
bool may_move(PaymentStatus from, PaymentStatus to);
bool may_move(FulfilmentStatus from, FulfilmentStatus to);

// An order's place in all three; below, what may be asked of it there.
struct State {
  Status status = Status::placed;
  PaymentStatus payment = PaymentStatus::pending;
  FulfilmentStatus fulfilment = FulfilmentStatus::unfulfilled;
};
// Whether each of the three stays or makes a move of its table.
bool may_change(const State& from, const State& to);
bool may_cancel(const State& state);
bool may_fulfil(const State& state);
bool may_refund(const State& state);
bool may_retry_payment(const State& state);

// The payment status of an order with these sums.
PaymentStatus after_refund(std::int64_t captured, std::int64_t refunded);
FulfilmentStatus after_fulfilment(std::int64_t ordered, std::int64_t fulfilled);
// placed becomes completed when everything is paid and has left.
Status settled_status(const State& state);

}  // namespace securecart::shop::orders
