#include "shop/orders/state.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstdlib>
#include <span>
#include <utility>

namespace securecart::shop::orders {
namespace {

template <class State>
struct Name {
  State state;
  std::string_view text;
};

constexpr std::array status_names{
    Name<Status>{Status::placed, "placed"},
    Name<Status>{Status::completed, "completed"},
    Name<Status>{Status::cancelled, "cancelled"},
};
constexpr std::array payment_names{
    Name<PaymentStatus>{PaymentStatus::pending, "pending"},
    Name<PaymentStatus>{PaymentStatus::requires_action, "requires_action"},
    Name<PaymentStatus>{PaymentStatus::paid, "paid"},
    Name<PaymentStatus>{PaymentStatus::declined, "declined"},
    Name<PaymentStatus>{PaymentStatus::partially_refunded, "partially_refunded"},
    Name<PaymentStatus>{PaymentStatus::refunded, "refunded"},
    Name<PaymentStatus>{PaymentStatus::voided, "voided"},
};
constexpr std::array fulfilment_names{
    Name<FulfilmentStatus>{FulfilmentStatus::unfulfilled, "unfulfilled"},
    Name<FulfilmentStatus>{FulfilmentStatus::partially_fulfilled, "partially_fulfilled"},
    Name<FulfilmentStatus>{FulfilmentStatus::fulfilled, "fulfilled"},
};

constexpr std::array<std::pair<Status, Status>, 2> status_moves{{
    {Status::placed, Status::completed},
    {Status::placed, Status::cancelled},
}};
constexpr std::array<std::pair<PaymentStatus, PaymentStatus>, 17> payment_moves{{
    {PaymentStatus::pending, PaymentStatus::requires_action},
    {PaymentStatus::pending, PaymentStatus::paid},
    {PaymentStatus::pending, PaymentStatus::declined},
    {PaymentStatus::pending, PaymentStatus::voided},
    {PaymentStatus::requires_action, PaymentStatus::paid},
    {PaymentStatus::requires_action, PaymentStatus::declined},
    {PaymentStatus::requires_action, PaymentStatus::voided},
    {PaymentStatus::declined, PaymentStatus::pending},
    {PaymentStatus::declined, PaymentStatus::voided},
    {PaymentStatus::paid, PaymentStatus::partially_refunded},
    {PaymentStatus::paid, PaymentStatus::refunded},
    {PaymentStatus::partially_refunded, PaymentStatus::refunded},
    // The provider refused a refund: what was counted as refunded is counted back.
    {PaymentStatus::partially_refunded, PaymentStatus::paid},
    {PaymentStatus::refunded, PaymentStatus::partially_refunded},
    {PaymentStatus::refunded, PaymentStatus::paid},
    // The provider took the money after the order was cancelled: it goes back at once.
    {PaymentStatus::voided, PaymentStatus::refunded},
    // Cancelled, an order over nothing, which was paid from the start.
    {PaymentStatus::paid, PaymentStatus::voided},
}};
constexpr std::array<std::pair<FulfilmentStatus, FulfilmentStatus>, 3> fulfilment_moves{{
    {FulfilmentStatus::unfulfilled, FulfilmentStatus::partially_fulfilled},
    {FulfilmentStatus::unfulfilled, FulfilmentStatus::fulfilled},
    {FulfilmentStatus::partially_fulfilled, FulfilmentStatus::fulfilled},
}};

template <class State>
std::string_view name_of(std::span<const Name<State>> names, State state) {
  const auto found =
      std::ranges::find_if(names, [state](const auto& name) { return name.state == state; });
  assert(found != names.end());
  return found->text;
}

template <class State>
State state_of(std::span<const Name<State>> names, std::string_view text) {
  const auto found =
      std::ranges::find_if(names, [text](const auto& name) { return name.text == text; });
  assert(found != names.end() && "a row holds a state this program does not know");
  return found->state;
}

template <class Moves, class State>
bool has_move(const Moves& moves, State from, State to) {
  return std::ranges::find(moves, std::pair(from, to)) != moves.end();
}

}  // namespace

std::string_view to_string(Status status) {
  return name_of<Status>(status_names, status);
}
std::string_view to_string(PaymentStatus status) {
  return name_of<PaymentStatus>(payment_names, status);
}
std::string_view to_string(FulfilmentStatus status) {
  return name_of<FulfilmentStatus>(fulfilment_names, status);
}
Status parse_status(std::string_view text) {
  return state_of<Status>(status_names, text);
}
PaymentStatus parse_payment_status(std::string_view text) {
  return state_of<PaymentStatus>(payment_names, text);
}
FulfilmentStatus parse_fulfilment_status(std::string_view text) {
  return state_of<FulfilmentStatus>(fulfilment_names, text);
}

bool may_move(Status from, Status to) {
  return has_move(status_moves, from, to);
}
bool may_move(PaymentStatus from, PaymentStatus to) {
  return has_move(payment_moves, from, to);
}
bool may_move(FulfilmentStatus from, FulfilmentStatus to) {
  return has_move(fulfilment_moves, from, to);
}

bool may_change(const State& from, const State& to) {
  const auto stays_or_may = [](auto before, auto after) {
    return before == after || may_move(before, after);
  };
  return stays_or_may(from.status, to.status) && stays_or_may(from.payment, to.payment) &&
         stays_or_may(from.fulfilment, to.fulfilment);
}

bool may_cancel(const State& state) {
  return state.status == Status::placed && state.fulfilment == FulfilmentStatus::unfulfilled;
}

bool may_fulfil(const State& state) {
  return state.status == Status::placed && state.fulfilment != FulfilmentStatus::fulfilled &&
         (state.payment == PaymentStatus::paid ||
          state.payment == PaymentStatus::partially_refunded);
}

bool may_refund(const State& state) {
  return state.status != Status::cancelled && (state.payment == PaymentStatus::paid ||
                                               state.payment == PaymentStatus::partially_refunded);
}

bool may_retry_payment(const State& state) {
  return state.status == Status::placed && state.payment == PaymentStatus::declined;
}

PaymentStatus after_refund(std::int64_t captured, std::int64_t refunded) {
  if (refunded == 0) {
    return PaymentStatus::paid;
  }
  return refunded < captured ? PaymentStatus::partially_refunded : PaymentStatus::refunded;
}

FulfilmentStatus after_fulfilment(std::int64_t ordered, std::int64_t fulfilled) {
  if (fulfilled == 0) {
    return FulfilmentStatus::unfulfilled;
  }
  return fulfilled < ordered ? FulfilmentStatus::partially_fulfilled : FulfilmentStatus::fulfilled;
}

Status settled_status(const State& state) {
  const bool paid = state.payment == PaymentStatus::paid ||
                    state.payment == PaymentStatus::partially_refunded ||
                    state.payment == PaymentStatus::refunded;
  if (state.status == Status::placed && paid && state.fulfilment == FulfilmentStatus::fulfilled) {
    return Status::completed;
  }
  return state.status;
}

}  // namespace securecart::shop::orders
