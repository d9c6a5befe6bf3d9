#include "cli/application.hpp"

#include <algorithm>
#include <thread>

#include <fmt/format.h>

#include "base/assets.hpp"
#include "base/ids.hpp"
#include "base/limits.hpp"
#include "base/log.hpp"
#include "cli/loop.hpp"
#include "cli/sample.hpp"
#include "cli/wait.hpp"
#include "events/log.hpp"
#include "events/workers.hpp"
#include "net/client.hpp"
#include "net/runtime.hpp"
#include "net/server.hpp"
#include "observe/metrics.hpp"
#include "shop/accounts/accounts.hpp"
#include "shop/accounts/cached_authenticator.hpp"
#include "shop/api/admin/accounts_routes.hpp"
#include "shop/api/admin/catalog_routes.hpp"
#include "shop/api/admin/event_routes.hpp"
#include "shop/api/admin/import_routes.hpp"
#include "shop/api/admin/inventory_routes.hpp"
#include "shop/api/admin/order_routes.hpp"
#include "shop/api/admin/settings_routes.hpp"
#include "shop/api/admin/shops_routes.hpp"
#include "shop/api/api_handler.hpp"
#include "shop/api/document_routes.hpp"
#include "shop/api/pages.hpp"
#include "shop/api/schema.hpp"
#include "shop/api/store/accounts_routes.hpp"
#include "shop/api/store/cart_routes.hpp"
#include "shop/api/store/catalog_routes.hpp"
#include "shop/api/store/order_routes.hpp"
#include "shop/api/store/payment_webhooks.hpp"
#include "shop/api/store/shops_routes.hpp"
#include "shop/api/system_routes.hpp"
#include "shop/catalog/cache_tags.hpp"
#include "shop/catalog/collections.hpp"
#include "shop/catalog/service.hpp"
#include "shop/catalog/sqlite_search.hpp"
#include "shop/flows/erase_customer.hpp"
#include "shop/flows/import_products.hpp"
#include "shop/flows/payment_work.hpp"
#include "shop/flows/receipt_chain.hpp"
#include "shop/flows/receipt_keys.hpp"
#include "shop/payments/test_provider.hpp"
#include "shop/payments/test_provider_service.hpp"
#include "storage/cache/memory_cache.hpp"
#include "storage/maintenance.hpp"

namespace securecart::cli {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t payment_concurrency = 32;
constexpr std::size_t blocking_threads = 2;
constexpr auto retry_pause = 200ms;
constexpr auto reaper_pause = 1s;
constexpr auto import_pause = 200ms;
constexpr auto housekeeping_pause = 10min;
constexpr auto stop_poll = 10ms;

std::string address_url(const std::string& address, std::uint16_t port) {
  return fmt::format("http://{}:{}", address, port);
}

// The secret between the shop and the test provider: made once, kept beside the data.
std::string provider_secret(const std::filesystem::path& folder, const Ids& ids) {
  const std::optional<Credentials> known = read_credentials(folder / "sample-shop.json");
  return known && !known->test_payments_secret.empty() ? known->test_payments_secret
                                                       : "tps_" + ids.secret(24);
}

storage::SqliteOptions database_options(const ApplicationOptions& options) {
  storage::SqliteOptions database;
  database.sabotage = options.sabotage;
  return database;
}

shop::api::ApiOptions api_options(const ApplicationOptions& options) {
  shop::api::ApiOptions api;
  if (options.writes_per_second != 0) {
    api.admission.writes_per_second = std::max<std::int64_t>(options.writes_per_second, 0);
  }
  return api;
}

// Pages of a process without the role `web`.
class NoPages final : public net::Handler {
 public:
  Task<net::Response> handle(net::Request request) override {
    co_return net::problem(Error(errc::not_found, "This instance serves the API only."),
                           request.request_id);
  }
};

// Stands in for a handler that is made after its listener.
class LateHandler final : public net::Handler {
 public:
  void set(net::Handler& handler) { handler_ = &handler; }
  Task<net::Response> handle(net::Request request) override {
    return handler_->handle(std::move(request));
  }

 private:
  net::Handler* handler_ = nullptr;
};

}  // namespace

struct Application::Parts {
  explicit Parts(ApplicationOptions given);

  bool has(std::string_view role) const { return options.roles.contains(role); }
  void mount_routes();
  void make_workers();
  void add_consumer(std::string name, events::EventTypes types, events::Handler handler);
  void make_loops();
  void drop_order_guard();
  void make_payments();
  void make_payment_work();
  void listen();
  Task<bool> chain_receipts();
  Task<bool> reap_payments();
  Task<bool> keep_house();
  std::string url() const;

  const ApplicationOptions options;
  SystemClock clock;
  SecureRandom random;
  Ids ids{clock, random};
  observe::Metrics metrics;
  net::Runtime runtime;
  std::unique_ptr<storage::SqliteDatabase> database;
  std::unique_ptr<storage::SqliteDatabase> provider_database;
  storage::MemoryCache cache;
  events::Log log;
  shop::flows::Deps deps;
  net::Client client;

  shop::accounts::Passwords passwords;
  shop::accounts::Accounts accounts;
  shop::accounts::CachedAuthenticator authenticator;
  shop::shops::Shops shops;
  shop::catalog::SqliteSearch search;
  shop::catalog::Catalog catalog;
  shop::catalog::Collections collections;
  shop::flows::ReceiptKeys receipt_keys;
  shop::flows::ReceiptChain receipt_chain;
  shop::flows::ProductImports product_imports;

  std::string secret;  // towards the test provider
  std::string provider_url;
  observe::Metrics provider_metrics;  // the other side's own; nobody scrapes them
  std::unique_ptr<LateHandler> provider_handler;
  std::unique_ptr<shop::payments::TestProviderService> provider_service;
  std::unique_ptr<net::Server> provider_server;
  std::unique_ptr<shop::payments::TestProvider> provider;
  std::unique_ptr<shop::flows::PaymentWork> payment_work;

  shop::api::SystemRoutes system_routes;
  shop::api::DocumentRoutes documents;
  shop::api::StoreShopRoutes store_shop;
  shop::api::AdminShopRoutes admin_shop;
  shop::api::StoreAccountRoutes store_accounts;
  shop::api::AdminAccountRoutes admin_accounts;
  shop::api::StoreCatalogRoutes store_catalog;
  shop::api::AdminCatalogRoutes admin_catalog;
  shop::api::CartRoutes carts;
  shop::api::OrderRoutes orders;
  shop::api::AdminOrderRoutes admin_orders;
  shop::api::InventoryRoutes inventory;
  shop::api::SettingsRoutes settings;
  shop::api::EventRoutes events;
  shop::api::ImportRoutes imports;
  std::unique_ptr<shop::api::PaymentWebhooks> webhooks;

  shop::api::Operations operations;
  shop::api::Schemas schemas;
  std::unique_ptr<net::Handler> pages;
  std::unique_ptr<shop::api::ApiHandler> handler;
  std::unique_ptr<net::Server> server;
  std::unique_ptr<events::Workers> workers;
  std::vector<std::unique_ptr<Loop>> loops;
};

Application::Parts::Parts(ApplicationOptions given)
    : options(std::move(given)),
      runtime(options.cores, blocking_threads, clock),
      database(
          storage::sqlite::open_files(options.data, clock, metrics, database_options(options))),
      cache(limits::page_cache_bytes, clock, metrics),
      log(*database),
      deps{.database = *database,
           .clock = clock,
           .ids = ids,
           .guard_completed_carts = !options.sabotage.skip_dedupe},
      client(runtime, {}),
      passwords(runtime),
      accounts(*database, clock, ids, passwords),
      authenticator(*database, clock),
      shops(*database, clock, ids),
      search(*database),
      catalog(*database, search, clock, ids),
      collections(*database, ids),
      receipt_keys(*database),
      receipt_chain(deps, log, receipt_keys),
      product_imports(deps, catalog, runtime),
      system_routes(*database, metrics),
      store_shop(shops, options.roles.contains("test-payments")),
      admin_shop(shops),
      store_accounts(accounts),
      admin_accounts(deps, accounts),
      store_catalog(catalog, collections, cache),
      admin_catalog(catalog, collections),
      carts(deps, receipt_keys),
      orders(deps),
      admin_orders(deps),
      inventory(deps),
      settings(deps),
      events(log),
      imports(deps, product_imports),
      schemas(embedded_assets()) {
  shop::catalog::keep_fresh(*database, cache);
}

void Application::Parts::mount_routes() {
  system_routes.mount(operations);
  documents.mount(operations);
  if (has("accounts")) {
    store_shop.mount(operations);
    admin_shop.mount(operations);
    store_accounts.mount(operations);
    admin_accounts.mount(operations);
    settings.mount(operations);
  }
  if (has("catalog")) {
    store_catalog.mount(operations);
    admin_catalog.mount(operations);
  }
  if (has("inventory")) {
    inventory.mount(operations);
  }
  if (has("orders")) {
    carts.mount(operations);
    orders.mount(operations);
    admin_orders.mount(operations);
  }
  if (has("payments")) {
    webhooks->mount(operations);
  }
  if (has("events")) {
    events.mount(operations);
  }
  if (has("imports")) {
    imports.mount(operations);
  }
}

void Application::Parts::add_consumer(std::string name, events::EventTypes types,
                                      events::Handler consume) {
  events::ConsumerOptions consumer;
  consumer.name = std::move(name);
  consumer.types = std::move(types);
  consumer.concurrency = payment_concurrency;
  workers->add(std::move(consumer), std::move(consume), runtime.executor(0), random);
}

void Application::Parts::make_workers() {
  workers = std::make_unique<events::Workers>(
      events::ConsumerContext{*database, log, clock, random, metrics});
  if (payment_work) {
    add_consumer("payments", shop::flows::PaymentWork::charge_events(),
                 [this](const events::Event& event) { return payment_work->charge(event); });
    add_consumer("refunds", shop::flows::PaymentWork::refund_events(),
                 [this](const events::Event& event) { return payment_work->refund(event); });
  }
  if (has("accounts")) {
    add_consumer("erasures", shop::flows::erasure_events(), [this](const events::Event& event) {
      return shop::flows::blank_answers(deps, event);
    });
  }
}

// More to chain at once, or a wait for the log to grow.
Task<bool> Application::Parts::chain_receipts() {
  const std::int64_t stands = co_await receipt_chain.step();
  co_await log.wait_after(stands);
  co_return true;
}

Task<bool> Application::Parts::reap_payments() {
  const std::size_t found = co_await payment_work->reap();
  co_return found >= limits::reaper_page;
}

Task<bool> Application::Parts::keep_house() {
  co_await accounts.purge();
  co_await storage::prune_idempotency_keys(*database,
                                           clock.now() - limits::idempotency_key_lifetime);
  co_return false;
}

void Application::Parts::make_loops() {
  const auto add = [this](std::string name, Duration pause, Loop::Step step) {
    loops.push_back(
        std::make_unique<Loop>(std::move(name), runtime.executor(0), pause, std::move(step)));
  };
  if (has("orders")) {
    add("receipt chain", retry_pause, [this] { return chain_receipts(); });
  }
  if (payment_work) {
    add("reaper", reaper_pause, [this] { return reap_payments(); });
  }
  if (has("imports")) {
    add("imports", import_pause, [this] { return product_imports.step(); });
  }
  add("housekeeping", housekeeping_pause, [this] { return keep_house(); });
}

// For the lab: the last line of defence against doubled orders, gone with the others.
void Application::Parts::drop_order_guard() {
  storage::Batch batch;
  batch.add("DROP INDEX IF EXISTS orders_by_cart");
  run_ready(database->commit(std::move(batch)));
}

void Application::Parts::make_payments() {
  secret = provider_secret(options.data, ids);
  if (has("test-payments")) {
    storage::SqliteOptions file;
    file.path = options.data / "test-provider.db";
    file.reader_threads = 1;
    // What storage itself needs comes first, then the provider's own.
    std::vector<storage::Migration> migrations =
        storage::embedded_migrations(storage::Dialect::sqlite, "sql/test_provider/");
    migrations.insert(migrations.begin(),
                      storage::embedded_migrations(storage::Dialect::sqlite).front());
    provider_database =
        std::make_unique<storage::SqliteDatabase>(file, clock, provider_metrics, migrations);
    net::ServerOptions listener;
    listener.port = options.test_payments_port;
    listener.name = "test-payments";
    // The service learns its own address from the port it got.
    provider_handler = std::make_unique<LateHandler>();
    provider_server = std::make_unique<net::Server>(runtime, listener, *provider_handler, metrics);
    provider_url = address_url(listener.address, provider_server->port());
    provider_service = std::make_unique<shop::payments::TestProviderService>(
        *provider_database, client, clock, ids,
        shop::payments::TestProviderOptions{secret, provider_url});
    provider_handler->set(*provider_service);
  }
  if (has("payments")) {
    webhooks = std::make_unique<shop::api::PaymentWebhooks>(deps, secret);
  }
}

// The charging side: it names the address the provider reports to, so it comes after the port.
void Application::Parts::make_payment_work() {
  if (!has("payments") || provider_url.empty()) {
    return;
  }
  provider = std::make_unique<shop::payments::TestProvider>(
      client, clock, metrics,
      shop::payments::TestProviderClientOptions{
          provider_url, secret, url() + "/v1/webhooks/payments/test", options.payment_timeout});
  payment_work = std::make_unique<shop::flows::PaymentWork>(
      deps, std::map<std::string, shop::payments::Provider*, std::less<>>{{"test", provider.get()}},
      shop::flows::PaymentWorkOptions{
          options.public_url.empty() ? url() : options.public_url,
          std::chrono::duration_cast<std::chrono::milliseconds>(options.unpaid_lifetime)});
}

void Application::Parts::listen() {
  mount_routes();
  documents.build(operations, schemas, SECURECART_VERSION);
  if (has("web")) {
    pages = std::make_unique<shop::api::Pages>(embedded_assets());
  } else {
    pages = std::make_unique<NoPages>();
  }
  handler = std::make_unique<shop::api::ApiHandler>(
      shop::api::ApiParts{operations, schemas, authenticator, *database, clock, metrics,
                          pages.get()},
      api_options(options));
  net::ServerOptions listener;
  listener.address = options.address;
  listener.port = options.port;
  listener.name = "api";
  server = std::make_unique<net::Server>(runtime, listener, *handler, metrics);
}

std::string Application::Parts::url() const {
  return address_url(options.address, server->port());
}

Application::Application(ApplicationOptions options)
    : parts_(std::make_unique<Parts>(std::move(options))) {
  if (parts_->options.sabotage.skip_dedupe) {
    parts_->drop_order_guard();
  }
  parts_->make_payments();
  parts_->listen();
  parts_->make_payment_work();
  parts_->make_workers();
  parts_->make_loops();
}

Application::~Application() = default;

std::uint16_t Application::port() const {
  return parts_->server->port();
}

std::string Application::url() const {
  return parts_->options.public_url.empty() ? parts_->url() : parts_->options.public_url;
}

std::filesystem::path Application::sample_file() const {
  return parts_->options.sample_shop ? parts_->options.data / "sample-shop.json"
                                     : std::filesystem::path();
}

void Application::start() {
  Parts& parts = *parts_;
  parts.runtime.run();
  if (parts.options.sample_shop) {
    Credentials addresses;
    addresses.url = url();
    addresses.test_payments_url = parts.provider_url;
    addresses.test_payments_secret = parts.secret;
    ensure_sample_shop(
        parts.options.data,
        {parts.deps, parts.shops, parts.accounts, parts.catalog, parts.collections, parts.random},
        parts.runtime.executor(0), std::move(addresses));
  }
  if (parts.provider_server) {
    parts.provider_server->start();
  }
  parts.workers->start();
  for (const auto& loop : parts.loops) {
    loop->start();
  }
  parts.server->start();
}

void Application::stop(const std::function<bool()>& hurry) {
  Parts& parts = *parts_;
  const SteadyTime begun = parts.clock.steady();
  const auto passed = [&](Duration span) {
    return parts.clock.steady() - begun >= span || hurry();
  };
  parts.system_routes.drain();
  parts.server->drain(parts.options.drain_notice);  // each answer says `Connection: close` from now
  while (!passed(parts.options.drain_notice)) {
    std::this_thread::sleep_for(stop_poll);
  }
  parts.server->drain(0s);
  while (!parts.server->drained() && !passed(limits::drain_timeout)) {
    std::this_thread::sleep_for(stop_poll);
  }
  for (const auto& loop : parts.loops) {
    loop->stop();
  }
  parts.workers->request_stop();
  const auto busy = [&parts] {
    parts.log.wake();
    return parts.workers->running() > 0 ||
           std::ranges::any_of(parts.loops, [](const auto& loop) { return !loop->ended(); });
  };
  while (busy() && !passed(limits::drain_timeout)) {
    std::this_thread::sleep_for(stop_poll);
  }
  parts.runtime.stop();
  parts.runtime.join();
  parts.database->close();
}

}  // namespace securecart::cli
