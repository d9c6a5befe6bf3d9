#include "cli/application.hpp"

#include <algorithm>
#include <thread>

#include <fmt/format.h>

#include "base/assets.hpp"
#include "base/files.hpp"
#include "base/ids.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "cli/forwarder.hpp"
#include "cli/limits.hpp"
#include "cli/loop.hpp"
#include "cli/no_database.hpp"
#include "cli/peer_guard.hpp"
#include "cli/sample.hpp"
#include "cli/secrets_key.hpp"
#include "cli/wait.hpp"
#include "events/amqp/amqp_broker.hpp"
#include "events/limits.hpp"
#include "events/log.hpp"
#include "events/workers.hpp"
#include "identity/folder.hpp"
#include "identity/private_file.hpp"
#include "net/client.hpp"
#include "net/runtime.hpp"
#include "net/server.hpp"
#include "observe/metrics.hpp"
#include "shop/accounts/accounts.hpp"
#include "shop/accounts/cached_authenticator.hpp"
#include "shop/accounts/limits.hpp"
#include "shop/api/admin/accounts_routes.hpp"
#include "shop/api/admin/catalog_routes.hpp"
#include "shop/api/admin/event_routes.hpp"
#include "shop/api/admin/function_routes.hpp"
#include "shop/api/admin/import_routes.hpp"
#include "shop/api/admin/inventory_routes.hpp"
#include "shop/api/admin/order_routes.hpp"
#include "shop/api/admin/payment_routes.hpp"
#include "shop/api/admin/sales_routes.hpp"
#include "shop/api/admin/settings_routes.hpp"
#include "shop/api/admin/shops_routes.hpp"
#include "shop/api/api_handler.hpp"
#include "shop/api/document_routes.hpp"
#include "shop/api/limits.hpp"
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
#include "shop/catalog/postgres_search.hpp"
#include "shop/catalog/service.hpp"
#include "shop/catalog/sqlite_search.hpp"
#include "shop/flows/bought_together.hpp"
#include "shop/flows/erase_customer.hpp"
#include "shop/flows/import_products.hpp"
#include "shop/flows/limits.hpp"
#include "shop/flows/order_functions.hpp"
#include "shop/flows/payment_work.hpp"
#include "shop/flows/receipt_chain.hpp"
#include "shop/flows/receipt_keys.hpp"
#include "shop/functions/store.hpp"
#include "shop/functions/worker_pool.hpp"
#include "shop/payments/accounts.hpp"
#include "shop/payments/stripe_provider.hpp"
#include "shop/payments/test_provider.hpp"
#include "shop/payments/test_provider_service.hpp"
#include "storage/maintenance.hpp"
#include "storage/open.hpp"
#include "storage/sqlite/sqlite_database.hpp"

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
constexpr std::int64_t burst_seconds = limits::writes_burst / limits::writes_per_second;
constexpr auto identity_pause = 1s;
constexpr auto start_patience = 30s;  // for the database to answer the first question
constexpr auto lateness_pause = 20ms;
constexpr auto idle_lateness_pause = 100ms;
constexpr auto idle_lateness = 5ms;     // at most, while there is nothing to do
constexpr auto delivery_patience = 1s;  // for an invalidation to reach the shared cache

std::string address_url(const std::string& address, std::uint16_t port, bool tls = false) {
  return fmt::format("{}://{}:{}", tls ? "https" : "http", address, port);
}

// Roles that keep nothing in the shop's database.
bool keeps_nothing(const std::string& role) {
  return role == "web" || role == "test-payments";
}

// The secret between the shop and the test provider: given, or made once and kept beside the data.
std::string provider_secret(const ApplicationOptions& options, const Ids& ids) {
  if (!options.test_payments_secret_file.empty()) {
    return std::string(trim(identity::read_private(options.test_payments_secret_file)));
  }
  const std::optional<Credentials> known = read_credentials(options.data / "sample-shop.json");
  return known && !known->test_payments_secret.empty() ? known->test_payments_secret
                                                       : "tps_" + ids.secret(24);
}

std::string sealing_key(const ApplicationOptions& options, const Ids& ids) {
  return secrets_key(
      options.secrets_key.empty() ? options.data / "secrets.key" : options.secrets_key, ids);
}

std::unique_ptr<storage::Database> open_database(const ApplicationOptions& options,
                                                 const Clock& clock, observe::Metrics& metrics) {
  if (std::ranges::all_of(options.roles, keeps_nothing)) {
    return std::make_unique<NoDatabase>();
  }
  std::unique_ptr<storage::Database> database =
      storage::open_database({options.data, options.database, options.standby_database,
                              options.synchronous_commit, options.sabotage},
                             clock, metrics);
  return options.around_database ? options.around_database(std::move(database))
                                 : std::move(database);
}

// Empty without a path.
std::string file_text(const std::filesystem::path& path) {
  if (path.empty()) {
    return {};
  }
  Result<std::string> text = read_file(path);
  if (!text) {
    throw storage::OpenError("cannot read " + text.error().detail);
  }
  return std::move(*text);
}

std::unique_ptr<shop::catalog::ProductSearch> search_on(const ApplicationOptions& options,
                                                        storage::Database& database) {
  if (options.database.empty()) {
    return std::make_unique<shop::catalog::SqliteSearch>(database);
  }
  return std::make_unique<shop::catalog::PostgresSearch>(database);
}

shop::api::ApiOptions api_options(const ApplicationOptions& options) {
  shop::api::ApiOptions api;
  if (options.writes_per_second != 0) {
    api.admission.writes_per_second = std::max<std::int64_t>(options.writes_per_second, 0);
    api.admission.writes_burst = api.admission.writes_per_second * burst_seconds;
  }
  if (options.requests_at_once != 0) {
    const auto most = static_cast<std::int64_t>(options.requests_at_once);
    resilience::ConcurrencyLimiter::Settings& at_once = api.admission.at_once;
    at_once.most = most;
    at_once.least = std::min(at_once.least, most);
    at_once.start = std::min(at_once.start, most);
  }
  return api;
}

// Pages of a process without the role `web`.
class NoPages final : public net::Handler {
 public:
  Task<net::Response> handle(net::Request request) override {
    co_return net::problem(Error(securecart::errc::not_found, "This instance serves the API only."),
                           request.request_id);
  }
};

std::shared_ptr<net::TlsIdentity> load_identity(const ApplicationOptions& options) {
  return options.identity.empty()
             ? nullptr
             : std::make_shared<net::TlsIdentity>(identity::read_material(options.identity));
}

net::Client::Options client_options(const std::shared_ptr<net::TlsIdentity>& identity) {
  net::Client::Options client;
  client.identity = identity;
  if (identity) {
    client.connect_timeout = 1s;  // others of the region are near: the next one is asked sooner
  }
  return client;
}

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
  void make_broker();
  void make_workers();
  void add_consumer(std::string name, events::EventTypes types, events::Handler handler);
  void make_loops();
  void drop_order_guard();
  void make_payments();
  void make_functions();
  void make_payment_work();
  void make_test_provider();
  void listen();
  void make_gateway();
  bool has_database() const;
  // Two processes must not make two of it.
  bool makes_sample() const { return options.sample_shop && has("all"); }
  bool is_inner() const { return identity != nullptr && !has("web"); }
  Task<bool> watch_identity();
  Task<bool> measure_lateness(bool& idle);
  std::int64_t read_tail_patiently();
  Task<bool> chain_receipts();
  Task<bool> reap_payments();
  Task<bool> keep_house();
  Task<events::ConsumerOutcome> redeliver(const events::Event& event);
  std::string url() const;

  const ApplicationOptions options;
  SystemClock clock;
  SecureRandom random;
  Ids ids{clock, random};
  observe::Metrics metrics;
  net::Runtime runtime;
  std::shared_ptr<net::TlsIdentity> identity;
  std::filesystem::file_time_type identity_read_at{};
  std::unique_ptr<storage::Database> database;
  std::unique_ptr<storage::SqliteDatabase> provider_database;
  storage::CacheStack cache;
  events::Log log;
  shop::flows::Deps deps;
  net::Client client;

  shop::accounts::Passwords passwords;
  shop::accounts::Accounts accounts;
  shop::accounts::CachedAuthenticator authenticator;
  shop::shops::Shops shops;
  std::unique_ptr<shop::catalog::ProductSearch> search;
  shop::catalog::Catalog catalog;
  shop::catalog::Collections collections;
  shop::flows::ReceiptKeys receipt_keys;
  shop::flows::ReceiptChain receipt_chain;
  shop::flows::ProductImports product_imports;

  shop::payments::ProviderAccounts payment_accounts;
  std::unique_ptr<shop::payments::StripeProvider> stripe;
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
  shop::api::SalesRoutes sales;
  shop::api::InventoryRoutes inventory;
  shop::api::SettingsRoutes settings;
  shop::api::EventRoutes events;
  shop::api::ImportRoutes imports;
  shop::api::PaymentProviderRoutes payment_providers;
  shop::api::FunctionRoutes function_routes;
  std::unique_ptr<shop::api::PaymentWebhooks> webhooks;

  shop::api::Operations operations;
  shop::api::Schemas schemas;
  std::unique_ptr<net::Handler> pages;
  shop::api::Pages* web_pages = nullptr;  // null without the role `web`
  std::unique_ptr<Forwarder> forwarder;
  std::unique_ptr<shop::api::ApiHandler> handler;
  std::unique_ptr<PeerGuard> guard;
  std::unique_ptr<net::Server> server;
  std::unique_ptr<shop::functions::WorkerPool> functions;
  std::unique_ptr<events::AmqpBroker> broker;  // null: queues in this process
  std::unique_ptr<events::Workers> workers;
  std::vector<std::unique_ptr<Loop>> loops;
  std::int64_t tail_at_start = 0;  // of the log: later events were observed as they were committed
};

Application::Parts::Parts(ApplicationOptions given)
    : options(std::move(given)),
      runtime(options.cores, blocking_threads, clock),
      identity(load_identity(options)),
      database(open_database(options, clock, metrics)),
      cache(options.cache, file_text(options.cache_tls_ca), runtime, clock, random, metrics),
      log(*database),
      deps{.database = *database,
           .clock = clock,
           .ids = ids,
           .guard_completed_carts = !options.sabotage.skip_dedupe},
      client(runtime, client_options(identity)),
      passwords(runtime),
      accounts(*database, clock, ids, passwords),
      authenticator(*database, cache.cache(), clock),
      shops(*database, clock, ids),
      search(search_on(options, *database)),
      catalog(*database, *search, clock, ids),
      collections(*database, ids),
      receipt_keys(*database),
      receipt_chain(deps, log, receipt_keys),
      product_imports(deps, catalog, runtime),
      payment_accounts(*database, random, sealing_key(options, ids)),
      system_routes(has_database() ? database.get() : nullptr, clock, metrics),
      store_shop(shops, *database, has("test-payments") || !options.test_payments_url.empty()),
      admin_shop(shops),
      store_accounts(accounts),
      admin_accounts(deps, accounts),
      store_catalog(catalog, collections, cache.cache()),
      admin_catalog(catalog, collections),
      carts(deps, receipt_keys),
      orders(deps),
      admin_orders(deps),
      sales(*database),
      inventory(deps),
      settings(deps),
      events(log),
      imports(deps, product_imports),
      payment_providers(deps, payment_accounts),
      function_routes(deps),
      schemas(embedded_assets()) {
  shop::catalog::keep_fresh(*database, cache.cache());
}

bool Application::Parts::has_database() const {
  return !std::ranges::all_of(options.roles, keeps_nothing);
}

// The whole table in every process, each operation with its role: what does not run here is
// forwarded, or answered with where it belongs.
void Application::Parts::mount_routes() {
  system_routes.mount(operations);
  documents.mount(operations);
  operations.begin_role("accounts");
  store_shop.mount(operations);
  admin_shop.mount(operations);
  store_accounts.mount(operations);
  admin_accounts.mount(operations);
  settings.mount(operations);
  operations.begin_role("catalog");
  store_catalog.mount(operations);
  admin_catalog.mount(operations);
  operations.begin_role("inventory");
  inventory.mount(operations);
  operations.begin_role("orders");
  carts.mount(operations);
  orders.mount(operations);
  admin_orders.mount(operations);
  sales.mount(operations);
  operations.begin_role("payments");
  webhooks->mount(operations);
  payment_providers.mount(operations);
  operations.begin_role("events");
  events.mount(operations);
  operations.begin_role("functions");
  function_routes.mount(operations);
  operations.begin_role("imports");
  imports.mount(operations);
}

void Application::Parts::add_consumer(std::string name, events::EventTypes types,
                                      events::Handler consume) {
  events::ConsumerOptions consumer;
  consumer.name = std::move(name);
  consumer.types = std::move(types);
  consumer.concurrency = payment_concurrency;
  workers->add(std::move(consumer), std::move(consume), runtime.executor(0), random);
}

// A broker that is away stops nothing: the shop opens, and what happens later happens later.
void Application::Parts::make_broker() {
  if (options.broker.empty()) {
    return;
  }
  events::AmqpOptions amqp;
  amqp.address = options.broker;
  amqp.confirms = !options.sabotage.confirms_off;
  broker = std::make_unique<events::AmqpBroker>(std::move(amqp), clock, random, metrics);
  system_routes.watch("broker", [this] { return broker->connected(); });
}

void Application::Parts::make_workers() {
  std::optional<events::OutsideBroker> outside;
  if (broker) {
    outside.emplace(
        events::OutsideBroker{*broker, ids, ids.make("proc"), options.sweep_after,
                              std::min<Duration>(options.sweep_after, limits::sweep_after_away),
                              !options.sabotage.confirms_off});
  }
  workers = std::make_unique<events::Workers>(
      events::ConsumerContext{*database, log, clock, random, metrics}, std::move(outside));
  if (payment_work) {
    add_consumer("payments", shop::flows::PaymentWork::charge_events(),
                 [this](const events::Event& event) { return payment_work->charge(event); });
    add_consumer("refunds", shop::flows::PaymentWork::refund_events(),
                 [this](const events::Event& event) { return payment_work->refund(event); });
  }
  if (has("functions")) {
    add_consumer("functions", shop::flows::function_events(), [this](const events::Event& event) {
      return shop::flows::run_functions(deps, event);
    });
  }
  if (has("catalog")) {
    add_consumer("bought-together", shop::flows::bought_together_events(),
                 [this](const events::Event& event) {
                   return shop::flows::count_bought_together(deps, event);
                 });
  }
  if (!options.cache.empty()) {
    add_consumer("cache", {}, [this](const events::Event& event) { return redeliver(event); });
  }
  if (has("accounts")) {
    add_consumer("erasures", shop::flows::erasure_events(), [this](const events::Event& event) {
      return shop::flows::blank_answers(deps, event);
    });
  }
}

// Holds the cursor of the log until the shared cache has heard of an event, and tells it again what
// an earlier life of this process may not have told it. Whatever is older than anything kept there
// does not matter.
Task<events::ConsumerOutcome> Application::Parts::redeliver(const events::Event& event) {
  constexpr auto longest_kept = 2 * limits::cached_session_lifetime;
  if (event.position <= tail_at_start && clock.now() - event.at < longest_kept) {
    shop::catalog::outdate(cache.cache(), event);
    authenticator.observe({&event, 1});
  }
  Task<bool> delivering = cache.cache().delivered(delivery_patience);
  if (!co_await delivering) {
    co_return events::Retry{"the cache has not heard of it", std::nullopt, false};
  }
  co_return storage::Batch();
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
  co_return co_await shop::functions::prune_runs(*database,
                                                 clock.now() - limits::function_run_lifetime);
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
  if (has_database()) {
    add("housekeeping", housekeeping_pause, [this] { return keep_house(); });
  }
  if (identity) {
    identity_read_at = std::filesystem::last_write_time(options.identity);
    metrics.gauge_from(
        "securecart_identity_expires_at_seconds",
        "When this process's certificate ends, in seconds since 1970.", {}, [held = identity] {
          return std::chrono::duration<double>(held->expires_at().time_since_epoch()).count();
        });
    add("identity", identity_pause, [this] { return watch_identity(); });
  }
  for (std::size_t core = 0; core < runtime.cores(); ++core) {
    loops.push_back(
        std::make_unique<Loop>("lateness", runtime.executor(core), Duration::zero(),
                               [this, idle = false]() mutable { return measure_lateness(idle); }));
  }
  for (std::unique_ptr<Loop>& loop : forwarder->loops(runtime.executor(0))) {
    loops.push_back(std::move(loop));
  }
}

// A new certificate, or new trust, is used from the next connection on.
Task<bool> Application::Parts::watch_identity() {
  const auto written = std::filesystem::last_write_time(options.identity);
  if (written != identity_read_at) {
    identity_read_at = written;
    identity->replace(identity::read_material(options.identity));
    metrics.counter("securecart_identity_reloads_total", "Certificates taken up while it runs.")
        .add();
    log::info("certificate read again", {{"file", options.identity.string()}});
  }
  co_return false;
}

// How late this io thread runs its jobs: what its requests wait before anybody looks at them. A
// thread that is on time is looked at less often; a single late job then says only that it is time
// to look.
Task<bool> Application::Parts::measure_lateness(bool& idle) {
  const Duration pause = idle ? idle_lateness_pause : lateness_pause;
  const SteadyTime due = clock.steady() + pause;
  co_await sleep_for(pause);
  const Duration late = clock.steady() - due;
  if (!idle || late <= idle_lateness) {
    handler->note_lateness(late);
  }
  idle = late <= idle_lateness;
  co_return true;
}

// The database was there a moment ago. Where a whole region starts at once, to give up now would
// only be to begin anew.
std::int64_t Application::Parts::read_tail_patiently() {
  const SteadyTime until = clock.steady() + start_patience;
  while (true) {
    try {
      return wait_on(runtime.executor(0), log.read_tail());
    } catch (const Unavailable& problem) {
      if (clock.steady() >= until) {
        throw;
      }
      log::warn("database_not_reached_yet", {{"problem", std::string_view(problem.what())}});
    }
  }
}

// For the lab: the last line of defence against doubled orders, gone with the others.
void Application::Parts::drop_order_guard() {
  storage::Batch batch;
  batch.add("DROP INDEX IF EXISTS orders_by_cart");
  run_ready(database->commit(std::move(batch)));
}

// Where orders are placed they are checked too: an instance that takes carts has workers.
void Application::Parts::make_functions() {
  if (!has("functions") && !has("orders")) {
    return;
  }
  shop::functions::WorkerPoolOptions pool;
  pool.program = options.program;
  pool.workers = options.function_workers;
  functions = std::make_unique<shop::functions::WorkerPool>(pool, metrics);
  deps.functions = functions.get();
}

void Application::Parts::make_payments() {
  secret = provider_secret(options, ids);
  provider_url = options.test_payments_url;
  if (has("test-payments")) {
    std::filesystem::create_directories(options.data);
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
    listener.address = options.test_payments_address;
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
  webhooks = std::make_unique<shop::api::PaymentWebhooks>(deps, payment_accounts, secret);
}

// The charging side: it names the address the provider reports to, so it comes after the port.
void Application::Parts::make_payment_work() {
  if (!has("payments")) {
    return;
  }
  stripe = std::make_unique<shop::payments::StripeProvider>(
      client, clock, metrics, payment_accounts,
      shop::payments::StripeOptions{options.stripe_url, options.payment_timeout});
  std::map<std::string, shop::payments::Provider*, std::less<>> providers{{"stripe", stripe.get()}};
  if (!provider_url.empty()) {
    make_test_provider();
    providers.emplace("test", provider.get());
  }
  payment_work = std::make_unique<shop::flows::PaymentWork>(
      deps, std::move(providers),
      shop::flows::PaymentWorkOptions{
          options.public_url.empty() ? url() : options.public_url,
          std::chrono::duration_cast<std::chrono::milliseconds>(options.unpaid_lifetime)});
}

void Application::Parts::make_test_provider() {
  provider = std::make_unique<shop::payments::TestProvider>(
      client, clock, metrics,
      shop::payments::TestProviderClientOptions{
          provider_url, secret,
          (options.webhook_url.empty() ? url() : options.webhook_url) +
              "/v1/webhooks/payments/test",
          options.payment_timeout});
}

void Application::Parts::make_gateway() {
  ForwarderOptions gateway{.roles = options.roles, .lists = {}, .file = {}};
  if (has("web")) {
    gateway.lists = options.upstreams;
    gateway.file = options.upstreams_file;
  }
  forwarder = std::make_unique<Forwarder>(std::move(gateway), client, runtime, metrics);
}

void Application::Parts::listen() {
  mount_routes();
  make_gateway();
  documents.build(operations, schemas, SECURECART_VERSION);
  if (has("web")) {
    auto site = std::make_unique<shop::api::Pages>(embedded_assets());
    web_pages = site.get();
    pages = std::move(site);
  } else {
    pages = std::make_unique<NoPages>();
  }
  handler = std::make_unique<shop::api::ApiHandler>(
      shop::api::ApiParts{operations, schemas, authenticator, *database, clock, metrics,
                          pages.get(), forwarder.get()},
      api_options(options));
  if (web_pages != nullptr) {
    web_pages->read_from(*handler);
  }
  net::ServerOptions listener;
  listener.address = options.address;
  listener.port = options.port;
  listener.name = "api";
  listener.request_deadline = options.request_deadline;
  listener.trusted_proxies = options.trusted_proxies;
  net::Handler* outermost = handler.get();
  if (is_inner()) {
    guard = std::make_unique<PeerGuard>(*handler, std::vector<std::string>{"web"});
    outermost = guard.get();
    listener.identity = identity;
    listener.forwarding_roles = {"web"};
  }
  server = std::make_unique<net::Server>(runtime, listener, *outermost, metrics);
}

std::string Application::Parts::url() const {
  return address_url(options.address, server->port(), is_inner());
}

Application::Application(ApplicationOptions options)
    : parts_(std::make_unique<Parts>(std::move(options))) {
  if (parts_->options.sabotage.skip_dedupe) {
    parts_->drop_order_guard();
  }
  parts_->make_functions();
  parts_->make_payments();
  parts_->listen();
  parts_->make_payment_work();
  parts_->make_broker();
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
  return parts_->makes_sample() ? parts_->options.data / "sample-shop.json"
                                : std::filesystem::path();
}

void Application::start() {
  Parts& parts = *parts_;
  parts.runtime.run();
  if (parts.makes_sample()) {
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
  if (parts.has_database()) {
    parts.tail_at_start = parts.read_tail_patiently();
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
    return parts.workers->running() > 0 || parts.cache.cache().refreshing() > 0 ||
           std::ranges::any_of(parts.loops, [](const auto& loop) { return !loop->ended(); });
  };
  while (busy() && !passed(limits::drain_timeout)) {
    std::this_thread::sleep_for(stop_poll);
  }
  parts.cache.close();
  parts.runtime.stop();
  parts.runtime.join();
  parts.database->close();
}

}  // namespace securecart::cli
