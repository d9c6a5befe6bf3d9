// Orders paid through Stripe, as a server in its shape answers: lost answers, errors, a provider
// that is away. Whatever happens, an order is charged once and in the end settled.
#include <future>
#include <thread>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "net/server.hpp"
#include "shop/flows/payment_work.hpp"
#include "shop/payments/stripe_amount.hpp"
#include "shop/payments/stripe_provider.hpp"
#include "tests/support/flows_world.hpp"
#include "tests/support/stripe_double.hpp"

namespace securecart::shop::flows {
namespace {

using namespace std::chrono_literals;
using orders::PaymentStatus;
using payments::Outcome;
using payments::StripeProvider;
using test::StripeDouble;
using Fault = StripeDouble::Fault;

constexpr const char* secret = "sk_test_51Saltmarsh";

class StripePaymentTest : public testing::Test {
 protected:
  StripePaymentTest() {
    runtime.run();
    open_stripe(0);
    work = work_with(10s);
    world.pays_with = "stripe";
    world.pays_by = "pm_card_visa";
    set_account({.enabled = true,
                 .publishable_key = "pk_test_51Saltmarsh",
                 .secret_key = secret,
                 .webhook_secret = "whsec_51Saltmarsh"});
  }
  ~StripePaymentTest() override {
    EXPECT_EQ(stripe.complaints(), std::vector<std::string>());
    server.reset();
    runtime.stop();
    runtime.join();
  }

  void open_stripe(std::uint16_t at) {
    net::ServerOptions options;
    options.name = "stripe";
    options.port = at;
    server = std::make_unique<net::Server>(runtime, options, stripe, world.metrics);
    port = server->port();
    server->start();
  }
  void set_account(const payments::ProviderAccountChange& change) {
    const auto account = run_ready(accounts.read(world.shop_a, "stripe"));
    const Result<payments::ProviderAccount> changed = accounts.decide(*account, change);
    ASSERT_TRUE(changed) << changed.error().detail;
    storage::Batch batch;
    accounts.add_account(batch, *changed, world.clock.now());
    world.apply(std::move(batch));
  }
  std::unique_ptr<PaymentWork> work_with(Duration timeout) {
    providers.push_back(std::make_unique<StripeProvider>(
        client, world.clock, world.metrics, accounts,
        payments::StripeOptions{"http://127.0.0.1:" + std::to_string(port), timeout}));
    return std::make_unique<PaymentWork>(
        world.deps,
        std::map<std::string, payments::Provider*, std::less<>>{{"stripe", providers.back().get()}},
        PaymentWorkOptions{.return_url_base = "https://shop.test"});
  }

  // Runs a task on an io thread, where the client lives.
  template <class T>
  T on_io(std::move_only_function<Task<T>()> make) {
    std::promise<T> done;
    runtime.executor(0).post([&] {
      start(make(), [&done](std::variant<T, std::exception_ptr> outcome) {
        if (outcome.index() == 1) {
          done.set_exception(std::get<1>(outcome));
        } else {
          done.set_value(std::move(std::get<0>(outcome)));
        }
      });
    });
    return done.get_future().get();
  }
  void deliver(PaymentWork& by, const events::EventTypes& types,
               Task<events::ConsumerOutcome> (PaymentWork::*handle)(const events::Event&)) {
    for (const std::string& type : types.names) {
      for (const events::EventPtr& event : world.events_of(type)) {
        auto outcome = on_io<events::ConsumerOutcome>([&] { return (by.*handle)(*event); });
        world.commit(std::move(std::get<storage::Batch>(outcome)));
      }
    }
  }
  void charge() { deliver(*work, PaymentWork::charge_events(), &PaymentWork::charge); }
  void refund() { deliver(*work, PaymentWork::refund_events(), &PaymentWork::refund); }
  std::size_t reap(Duration later = 2h) {
    world.clock.advance(later);
    return on_io<std::size_t>([this] { return work->reap(); });
  }
  OrderSnapshot see(const OrderSnapshot& order) { return world.see_order(order.order.id); }
  PaymentStatus status(const OrderSnapshot& order) { return see(order).order.state.payment; }
  std::string payment_id(const OrderSnapshot& order) { return order.payments.at(0).id; }
  void ask_for_refund(const OrderSnapshot& order, std::int64_t amount) {
    const RefundOrderRequest wanted{
        .actor = "staff", .amount = amount, .lines = {}, .reason = "", .restock = false};
    Result<OrderPlan> plan = decide_refund(see(order), wanted, world.deps);
    ASSERT_TRUE(plan) << plan.error().detail;
    world.apply(std::move(plan->batch));
  }
  void cancel(const OrderSnapshot& order) {
    Result<OrderPlan> plan = decide_cancel(see(order), {"staff", "asked"}, world.deps);
    ASSERT_TRUE(plan) << plan.error().detail;
    world.apply(std::move(plan->batch));
  }
  void expect_paid_once(const OrderSnapshot& order) {
    EXPECT_EQ(status(order), PaymentStatus::paid);
    EXPECT_EQ(stripe.times_charged(payment_id(order)), 1);
    world.check_books();
  }

  test::FlowsWorld world;
  const catalog::Variant lamp = world.product("Lamp", 1'210, 1'000);
  net::Runtime runtime{2, 1, world.real_clock};
  net::Client client{runtime, {}};
  StripeDouble stripe{world.clock, secret};
  std::unique_ptr<net::Server> server;
  std::uint16_t port = 0;
  payments::ProviderAccounts accounts{world.database, world.random,
                                      std::string(sealing_key_bytes, 'k')};
  std::vector<std::unique_ptr<StripeProvider>> providers;
  std::unique_ptr<PaymentWork> work;
  std::unique_ptr<PaymentWork> impatient;
};

TEST_F(StripePaymentTest, AnOrderIsChargedOnceHoweverOftenItsEventComes) {
  const OrderSnapshot order = world.place({{lamp.id, 2}});
  charge();
  charge();
  expect_paid_once(order);
  const json::object intent = stripe.intent_of(payment_id(order));
  EXPECT_EQ(intent.at("amount").as_int64(), order.order.total);
  EXPECT_EQ(see(order).payments[0].provider_reference, intent.at("id").as_string());
  EXPECT_EQ(reap(), 0U);
}

TEST_F(StripePaymentTest, ADeclineCanNeverTakeMoneyLater) {
  world.pays_by = "pm_card_visa_chargeDeclined";
  const OrderSnapshot order = world.place({{lamp.id, 1}});
  charge();
  EXPECT_EQ(status(order), PaymentStatus::declined);
  EXPECT_EQ(see(order).payments[0].failure, "Your card was declined.");
  EXPECT_EQ(stripe.intent_of(payment_id(order)).at("status").as_string(), "canceled");
  world.check_books();
}

TEST_F(StripePaymentTest, AnUnknownMethodIsDeclined) {
  world.pays_by = "pm_of_nobody";
  const OrderSnapshot order = world.place({{lamp.id, 1}});
  charge();
  EXPECT_EQ(status(order), PaymentStatus::declined);
  EXPECT_EQ(see(order).payments[0].failure, "The payment provider does not accept this payment.");
}

TEST_F(StripePaymentTest, TheShopperConfirmsAtTheBank) {
  world.pays_by = "pm_card_authenticationRequired";
  const OrderSnapshot order = world.place({{lamp.id, 1}});
  charge();
  EXPECT_EQ(status(order), PaymentStatus::requires_action);
  EXPECT_TRUE(see(order).order.payment->action_url.starts_with("https://hooks.stripe.test/"));
  stripe.authenticate(payment_id(order), true);
  EXPECT_EQ(reap(), 1U);
  expect_paid_once(order);
}

TEST_F(StripePaymentTest, WhoFailsAtTheBankIsDeclined) {
  world.pays_by = "pm_card_authenticationRequired";
  const OrderSnapshot order = world.place({{lamp.id, 1}});
  charge();
  stripe.authenticate(payment_id(order), false);
  EXPECT_EQ(reap(), 1U);
  EXPECT_EQ(status(order), PaymentStatus::declined);
  EXPECT_EQ(stripe.intent_of(payment_id(order)).at("status").as_string(), "canceled");
}

TEST_F(StripePaymentTest, ACancelledOrdersIntentIsCancelled) {
  world.pays_by = "pm_card_authenticationRequired";
  const OrderSnapshot order = world.place({{lamp.id, 1}});
  charge();
  cancel(order);
  EXPECT_GE(reap(), 1U);
  EXPECT_EQ(stripe.intent_of(payment_id(order)).at("status").as_string(), "canceled");
  EXPECT_EQ(see(order).payments[0].status, "declined");
  EXPECT_EQ(status(order), PaymentStatus::voided);
  world.check_books();
}

TEST_F(StripePaymentTest, MoneyTakenForACancelledOrderGoesBack) {
  world.pays_by = "pm_card_authenticationRequired";
  const OrderSnapshot order = world.place({{lamp.id, 1}});
  charge();
  cancel(order);
  stripe.authenticate(payment_id(order), true);  // faster than the reaper
  EXPECT_GE(reap(), 1U);
  refund();
  EXPECT_EQ(status(order), PaymentStatus::refunded);
  EXPECT_EQ(stripe.refunded(), order.order.total);
  world.check_books();
}

TEST_F(StripePaymentTest, ASilentStripeIsAskedNotChargedAgain) {
  const OrderSnapshot order = world.place({{lamp.id, 1}});
  stripe.fail_next({Fault::slow});
  std::swap(work, impatient = work_with(100ms));
  charge();
  EXPECT_EQ(status(order), PaymentStatus::pending);
  EXPECT_EQ(see(order).payments[0].status, "unknown");
  std::swap(work, impatient);
  EXPECT_EQ(reap(1min), 1U);
  expect_paid_once(order);
  EXPECT_EQ(stripe.intents_made(payment_id(order)), 1);
}

TEST_F(StripePaymentTest, AnAnswerCutOffIsFoundAgainWhenStripeIsBack) {
  const OrderSnapshot order = world.place({{lamp.id, 1}});
  stripe.fail_next({Fault::slow});
  stripe.silence = 300ms;
  std::thread stripe_dies([this, id = payment_id(order)] {
    while (stripe.intents_made(id) == 0) {
      std::this_thread::yield();
    }
    server.reset();  // the money is taken; the answer never leaves
  });
  charge();
  stripe_dies.join();
  EXPECT_EQ(see(order).payments[0].status, "unknown");
  EXPECT_EQ(reap(1min), 1U) << "refused connections are no answer either";
  EXPECT_EQ(see(order).payments[0].status, "unknown");
  EXPECT_EQ(status(order), PaymentStatus::pending);
  open_stripe(port);
  EXPECT_EQ(reap(), 1U);
  expect_paid_once(order);
}

TEST_F(StripePaymentTest, AnErrorAfterTheChargeIsFoundByItsName) {
  const OrderSnapshot order = world.place({{lamp.id, 1}});
  stripe.fail_next({Fault::error_after});
  charge();
  EXPECT_EQ(see(order).payments[0].status, "unknown");
  EXPECT_EQ(reap(1min), 1U);
  expect_paid_once(order);
}

TEST_F(StripePaymentTest, AKeySpoiledByAnErrorGivesWayToASecond) {
  const OrderSnapshot order = world.place({{lamp.id, 1}});
  stripe.fail_next({Fault::error_before});
  charge();
  EXPECT_EQ(reap(1min), 1U);
  EXPECT_EQ(status(order), PaymentStatus::pending) << "the key answers 500 until it is forgotten";
  EXPECT_EQ(reap(20min), 1U);
  expect_paid_once(order);
  EXPECT_EQ(stripe.intents_made(payment_id(order)), 1);
}

TEST_F(StripePaymentTest, BusyRefusingAndLockedOutAreNotDeclines) {
  for (const Fault fault : {Fault::in_use, Fault::rate_limited, Fault::no_access}) {
    const OrderSnapshot order = world.place({{lamp.id, 1}});
    stripe.fail_next({fault});
    charge();
    EXPECT_EQ(see(order).payments[0].status, "unknown");
    EXPECT_EQ(reap(1min), 1U);
    expect_paid_once(order);
  }
}

// The consumer's own crash: charged, nothing written, and the event comes again days later, when
// Stripe has long forgotten the key.
TEST_F(StripePaymentTest, AForgottenKeyIsLookedUpBeforeItIsUsed) {
  const OrderSnapshot order = world.place({{lamp.id, 1}});
  const auto event = world.events_of("order.placed").at(0);
  on_io<events::ConsumerOutcome>([&] { return work->charge(*event); });  // and dies
  world.clock.advance(72h);
  charge();
  expect_paid_once(order);
  EXPECT_EQ(stripe.intents_made(payment_id(order)), 1);
}

TEST_F(StripePaymentTest, AnIntentIsFoundAmongManyOthers) {
  const OrderSnapshot order = world.place({{lamp.id, 1}});
  stripe.fail_next({Fault::error_after});
  charge();
  stripe.add_noise(750);
  EXPECT_EQ(reap(1min), 1U) << "by walking the list: too young for search";
  expect_paid_once(order);
  const OrderSnapshot second = world.place({{lamp.id, 1}});
  stripe.fail_next({Fault::error_after});
  charge();
  stripe.add_noise(5'100);
  EXPECT_EQ(reap(1min), 1U);
  EXPECT_EQ(status(second), PaymentStatus::pending) << "not seen in 50 pages proves nothing";
  EXPECT_EQ(reap(3h), 1U);
  expect_paid_once(second);
}

TEST_F(StripePaymentTest, RefundsArePartialAndMadeOnce) {
  const OrderSnapshot order = world.place({{lamp.id, 3}});
  charge();
  ask_for_refund(order, 500);
  refund();
  refund();
  EXPECT_EQ(status(order), PaymentStatus::partially_refunded);
  EXPECT_EQ(stripe.refunded(), 500);
  world.clock.advance(1s);
  ask_for_refund(order, 700);
  stripe.fail_next({Fault::error_after});
  refund();
  EXPECT_EQ(see(order).refunds[1].status, "pending");
  EXPECT_EQ(reap(), 1U);
  EXPECT_EQ(see(order).refunds[1].status, "succeeded");
  EXPECT_EQ(stripe.refunded(), 1'200);
  world.check_books();
}

TEST_F(StripePaymentTest, ARefundTheBankThinksAboutIsWaitedFor) {
  const OrderSnapshot order = world.place({{lamp.id, 1}});
  charge();
  stripe.refund_status = "pending";
  ask_for_refund(order, 100);
  refund();
  EXPECT_EQ(see(order).refunds[0].status, "pending");
  stripe.decide_refund(see(order).refunds[0].id, "failed");
  EXPECT_EQ(reap(), 1U);
  EXPECT_EQ(see(order).refunds[0].status, "failed");
  EXPECT_EQ(status(order), PaymentStatus::paid);
  world.check_books();
}

TEST_F(StripePaymentTest, ARefundBeyondTheChargeFails) {
  const OrderSnapshot order = world.place({{lamp.id, 1}});
  charge();
  const payments::RefundRequest beyond{
      .key = "ref_1",
      .shop_id = world.shop_a,
      .charge_reference = see(order).payments[0].provider_reference,
      .amount = order.order.total + 1,
      .currency = "EUR",
      .created_at = world.clock.now()};
  const auto result = on_io<payments::RefundResult>([&] { return providers[0]->refund(beyond); });
  EXPECT_EQ(result.outcome, payments::RefundResult::Outcome::failed);
}

TEST_F(StripePaymentTest, TheBreakerOpensAndEverythingIsSettledAfterwards) {
  server.reset();
  std::vector<OrderSnapshot> orders;
  for (int i = 0; i < 30; ++i) {
    orders.push_back(world.place({{lamp.id, 1}}));
  }
  charge();
  auto& refused = world.metrics.counter("securecart_payment_breaker_refused_total", "",
                                        {{"provider", "stripe"}});
  EXPECT_GE(refused.value(), 5U) << "the breaker opened";
  for (const OrderSnapshot& order : orders) {
    EXPECT_EQ(status(order), PaymentStatus::pending);
  }
  open_stripe(port);
  for (int round = 0; round < 3; ++round) {
    reap();
  }
  for (const OrderSnapshot& order : orders) {
    expect_paid_once(order);
  }
}

TEST_F(StripePaymentTest, AShopThatTurnedItOffChargesNothingNewButSettlesTheOld) {
  const OrderSnapshot sent = world.place({{lamp.id, 1}});
  stripe.fail_next({Fault::error_after});
  charge();
  set_account({.enabled = false, .publishable_key = {}, .secret_key = {}, .webhook_secret = {}});
  EXPECT_EQ(reap(1min), 1U);
  expect_paid_once(sent);
  const OrderSnapshot late = world.place({{lamp.id, 1}});
  charge();
  EXPECT_EQ(status(late), PaymentStatus::declined);
  EXPECT_EQ(stripe.intents_made(payment_id(late)), 0);
}

TEST_F(StripePaymentTest, EventsSayWhatTheyAreAbout) {
  world.pays_by = "pm_card_authenticationRequired";
  const OrderSnapshot order = world.place({{lamp.id, 1}});
  charge();
  const json::object intent = stripe.authenticate(payment_id(order), true);
  const auto read = [](const std::string& text) {
    return payments::stripe_event(json::value(*parse_json(text)).as_object());
  };
  const payments::StripeEvent told = read(StripeDouble::event("payment_intent.succeeded", intent));
  EXPECT_EQ(told.about, payments::StripeEvent::About::payment);
  EXPECT_EQ(told.id, payment_id(order));
  EXPECT_EQ(told.shop_id, world.shop_a);
  EXPECT_TRUE(told.captured);
  EXPECT_EQ(told.amount, order.order.total);
  EXPECT_FALSE(read(StripeDouble::event("payment_intent.created", intent)).captured);
  EXPECT_EQ(read(R"({"type":"payout.paid","data":{"object":{"id":"po_1"}}})").about,
            payments::StripeEvent::About::other);
  EXPECT_EQ(read(R"({"type":"payment_intent.succeeded"})").about,
            payments::StripeEvent::About::other);
}

// Answers lost in every way, events and reaper in any order: one charge, one order, balanced books.
RC_GTEST_FIXTURE_PROP(StripePaymentTest, EveryOrderIsChargedOnce, ()) {
  const OrderSnapshot order = world.place({{lamp.id, 1}});
  const std::vector<Fault> all{Fault::error_before, Fault::error_after, Fault::in_use,
                               Fault::rate_limited, Fault::no_access};
  const auto picks = *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 5));
  for (const int pick : picks) {
    stripe.fail_next({all[static_cast<std::size_t>(pick)]});
  }
  const int steps = *rc::gen::inRange(1, 8);
  for (int i = 0; i < steps; ++i) {
    if (*rc::gen::inRange(0, 2) == 0) {
      charge();
    } else {
      reap(std::chrono::minutes(*rc::gen::element(1, 15, 200, 2'000)));
    }
  }
  for (std::size_t i = 0; i < picks.size() + 2; ++i) {
    reap(26h);
  }
  RC_ASSERT(status(order) == PaymentStatus::paid);
  RC_ASSERT(stripe.times_charged(payment_id(order)) == 1);
  RC_ASSERT(stripe.intents_made(payment_id(order)) == 1);
}

}  // namespace
}  // namespace securecart::shop::flows
