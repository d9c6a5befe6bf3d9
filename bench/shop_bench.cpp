// What the whole shop costs, measured over HTTP on `securecart serve` as a child process, beside
// its limits in the same run: bare Beast with a constant body for reads, the completion's own
// batches straight into SqliteDatabase for checkouts. docs/bench.md says how to read the tables.
//
//   shop_bench [--quick] [--only PART] [--seconds S] [--seed N]
//
//   --quick   1k and 10k products, no orders beforehand; without it 100k products, 1M orders, too
//   --only    reads, checkouts or growth
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <future>
#include <sstream>
#include <sys/prctl.h>
#include <thread>

#include <fmt/format.h>

#include "base/crypto.hpp"
#include "base/log.hpp"
#include "bench/bare_beast.hpp"
#include "bench/http_load.hpp"
#include "bench/shop_rows.hpp"
#include "observe/metrics.hpp"
#include "shop/flows/complete_cart.hpp"
#include "shop/flows/receipt_keys.hpp"
#include "storage/sqlite/sqlite_database.hpp"
#include "tests/support/shop_process.hpp"
#include "tests/support/thread_executor.hpp"

namespace securecart::bench {
namespace {

namespace fs = std::filesystem;
namespace flows = shop::flows;
using Steady = std::chrono::steady_clock;

constexpr int rounds = 2;
constexpr std::size_t connections = 64;
constexpr std::int64_t base_products = 1'000;
constexpr std::int64_t carts = 24'000;
constexpr std::size_t bare_batches = 6'000;
constexpr std::size_t checkouts_waiting = 512;  // over HTTP and of the bare batches alike
constexpr std::int64_t products_read = 500;     // that many different ones, in turns
const std::vector<std::string> without_payments{
    "--roles", "accounts,catalog,events,imports,inventory,orders,test-payments,web"};

struct Options {
  bool quick = false;
  std::string only;    // a part; empty: all
  double seconds = 2;  // of each measurement
  std::uint64_t seed = 1;
};

// Markdown, line by line.
class Report {
 public:
  void line(const std::string& text) {
    fmt::print("{}\n", text);
    std::fflush(stdout);
  }
  void table() {
    line("\n| what | rate/s | p50 ms | p99 ms | p99.9 ms | CPU us | RSS MB | failed |");
    line("|---|---:|---:|---:|---:|---:|---:|---:|");
  }
};

std::string read_text(const fs::path& file) {
  std::ifstream stream(file);
  return {std::istreambuf_iterator<char>(stream), {}};
}

// User and system, of a process and all its threads.
double cpu_seconds(pid_t pid) {
  const std::string text = read_text(fmt::format("/proc/{}/stat", pid));
  std::istringstream fields(text.substr(text.rfind(')') + 2));
  std::string skipped;
  for (int i = 0; i < 11; ++i) {
    fields >> skipped;
  }
  double user = 0;
  double system = 0;
  fields >> user >> system;
  return (user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

double resident_mb(pid_t pid) {
  std::istringstream fields(read_text(fmt::format("/proc/{}/statm", pid)));
  double all = 0;
  double resident = 0;
  fields >> all >> resident;
  return resident * static_cast<double>(sysconf(_SC_PAGESIZE)) / 1e6;
}

// bench/bare_beast.hpp in a process of its own.
class BareProcess {
 public:
  explicit BareProcess(std::size_t body_bytes) {
    int ends[2];
    if (pipe(ends) != 0) {
      throw std::runtime_error("no pipe");
    }
    pid_ = fork();
    if (pid_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      const BareBeastServer server(std::max(1U, std::thread::hardware_concurrency()),
                                   std::string(body_bytes, 'j'));
      const std::uint16_t port = server.port();
      if (write(ends[1], &port, sizeof port) != sizeof port) {
        _exit(1);
      }
      for (;;) {
        pause();
      }
    }
    const bool told = read(ends[0], &port_, sizeof port_) == sizeof port_;
    close(ends[0]);
    close(ends[1]);
    if (!told) {
      throw std::runtime_error("bare Beast did not start");
    }
  }
  ~BareProcess() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  BareProcess(const BareProcess&) = delete;
  BareProcess& operator=(const BareProcess&) = delete;

  pid_t pid() const { return pid_; }
  std::uint16_t port() const { return port_; }

 private:
  pid_t pid_ = -1;
  std::uint16_t port_ = 0;
};

std::uint16_t port_of(const std::string& url) {
  return static_cast<std::uint16_t>(std::stoi(url.substr(url.rfind(':') + 1)));
}

double milliseconds(const LoadResult& result, double percent) {
  return std::chrono::duration<double, std::milli>(result.latencies.percentile(percent)).count();
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

class ShopBench {
 public:
  ShopBench(const Options& options, Report& report)
      : options_(options),
        report_(report),
        random_(options.seed),
        base_(fs::temp_directory_path() / fmt::format("shop_bench_{}", getpid())),
        template_(base_ / "template") {
    fs::create_directories(base_);
  }
  ~ShopBench() {
    std::error_code ignored;
    fs::remove_all(base_, ignored);
  }
  ShopBench(const ShopBench&) = delete;
  ShopBench& operator=(const ShopBench&) = delete;

  void run() {
    prepare();
    if (wanted("reads")) {
      reads();
    }
    if (wanted("checkouts")) {
      checkouts();
    }
    if (wanted("growth")) {
      growth_of_products();
      if (!options_.quick) {
        growth_of_orders();
      }
    }
  }

 private:
  bool wanted(std::string_view part) const {
    return options_.only.empty() || options_.only == part;
  }

  // The sample shop, with products and carts of our own, closed.
  void prepare() {
    {
      test::ShopProcess shop(template_);
      shop_id_ = get_string(shop.credentials(), "shop_id");
      publishable_key_ = shop.publishable_key();
      secret_key_ = shop.secret_key();
      shop.end();
    }
    ShopRows rows(template_, shop_id_);
    rows.add_products(0, base_products);
    rows.add_carts(0, carts, base_products);
  }

  // A copy of the template: no measurement sees what another left.
  fs::path fresh() {
    fs::path folder = base_ / fmt::format("copy_{}", ++copies_);
    fs::copy(template_, folder, fs::copy_options::recursive);
    return folder;
  }

  std::string get(const std::string& target) const {
    return fmt::format(
        "GET {} HTTP/1.1\r\nHost: shop.example\r\nUser-Agent: shop_bench\r\n"
        "Accept: application/json\r\nX-Publishable-Key: {}\r\n\r\n",
        target, publishable_key_);
  }

  RequestSource product_source(std::int64_t products) const {
    return [this, products, i = std::int64_t{0}]() mutable -> std::optional<std::string> {
      return get(fmt::format("/v1/store/products/bench-{}",
                             i++ * 7919 % std::min(products, products_read)));
    };
  }
  RequestSource search_source() const {
    return [this, i = 0]() mutable -> std::optional<std::string> {
      return get(fmt::format("/v1/store/search?q=word{}", i++ * 37 % 1000));
    };
  }
  RequestSource list_source() const {
    return [this, i = 0]() mutable -> std::optional<std::string> {
      return get(fmt::format("/v1/store/products?limit={}", 20 + i++ % 50));
    };
  }
  RequestSource orders_source() const {
    return [this]() -> std::optional<std::string> {
      return fmt::format(
          "GET /v1/admin/orders?limit=20 HTTP/1.1\r\nHost: shop.example\r\n"
          "Authorization: Bearer {}\r\n\r\n",
          secret_key_);
    };
  }
  // Completes prepared carts, each once.
  RequestSource checkout_source() const {
    return [this, i = std::int64_t{0}]() mutable -> std::optional<std::string> {
      if (i == carts) {
        return std::nullopt;
      }
      constexpr std::string_view body =
          R"({"payment":{"provider":"test","method":"tok_approved"}})";
      const std::int64_t cart = i++;
      return fmt::format(
          "POST /v1/store/carts/cart_{:026}/complete HTTP/1.1\r\nHost: shop.example\r\n"
          "X-Publishable-Key: {}\r\nX-Cart-Token: {}\r\nIdempotency-Key: bench-{}\r\n"
          "Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{}",
          cart, publishable_key_, cart_token, cart, body.size(), body);
    };
  }

  // A measurement and its row. `rate` 0: as fast as the connections can.
  LoadResult measure(const std::string& name, pid_t pid, std::uint16_t port, double rate,
                     const RequestSource& source, std::size_t width = connections) {
    HttpLoad load(port, width);
    const double before = cpu_seconds(pid);
    LoadResult result = rate == 0 ? load.closed(options_.seconds, source)
                                  : load.open(rate, options_.seconds, random_, source);
    const double cpu = cpu_seconds(pid) - before;
    report_.line(fmt::format(
        "| {} | {:.0f} | {:.2f} | {:.2f} | {:.2f} | {:.0f} | {:.0f} | {} |", name, result.rate(),
        milliseconds(result, 50), milliseconds(result, 99), milliseconds(result, 99.9),
        cpu * 1e6 / static_cast<double>(std::max<std::uint64_t>(1, result.answered)),
        resident_mb(pid), result.failed + result.missing));
    if (!result.first_failure.empty()) {
      std::fprintf(stderr, "first failure: %s\n", result.first_failure.c_str());
    }
    return result;
  }

  void warm(std::uint16_t port, const RequestSource& source) {
    HttpLoad load(port, connections);
    body_bytes_ = load.closed(0.3, source).body_bytes;
  }

  void reads() {
    const test::ShopProcess shop(fresh());
    const std::uint16_t port = port_of(shop.url());
    const RequestSource products = product_source(base_products);
    warm(port, search_source());
    warm(port, products);
    const BareProcess bare(body_bytes_);
    report_.line(
        fmt::format("\n## Reads ({} products, {} bytes a product)", base_products, body_bytes_));
    report_.table();
    std::vector<double> product_ratios;
    std::vector<double> search_ratios;
    for (int round = 0; round < rounds; ++round) {
      const double limit =
          measure("bare Beast, highest", bare.pid(), bare.port(), 0, products).rate();
      const double ours = measure("product, highest", shop.pid(), port, 0, products).rate();
      const double found = measure("search, highest", shop.pid(), port, 0, search_source()).rate();
      product_ratios.push_back(ours / limit);
      search_ratios.push_back(found / limit);
    }
    for (const double rate : {1'000.0, 4'000.0}) {
      measure(fmt::format("bare Beast, {:.0f}/s", rate), bare.pid(), bare.port(), rate, products);
      measure(fmt::format("product, {:.0f}/s", rate), shop.pid(), port, rate, products);
    }
    for (const double rate : {200.0, 1'000.0}) {
      measure(fmt::format("search, {:.0f}/s", rate), shop.pid(), port, rate, search_source());
    }
    report_.line(fmt::format(
        "\nProduct reads: {:.0f} % of bare Beast (aim: 60 %). Search: {:.0f} % of bare Beast.",
        100 * median(product_ratios), 100 * median(search_ratios)));
  }

  LoadResult checkout(const std::string& name, const std::vector<std::string>& extra, double rate) {
    const test::ShopProcess shop(fresh(), extra);
    return measure(name, shop.pid(), port_of(shop.url()), rate, checkout_source(),
                   checkouts_waiting);
  }

  void checkouts() {
    report_.line("\n## Checkouts (carts of two lines, each in a data folder of its own)");
    report_.table();
    std::vector<double> with;
    std::vector<double> without;
    for (int round = 0; round < rounds; ++round) {
      const double limit = bare_batch_rate();
      without.push_back(
          checkout("checkout, highest, payments elsewhere", without_payments, 0).rate() / limit);
      with.push_back(checkout("checkout, highest, payments here", {}, 0).rate() / limit);
    }
    for (const double rate : {100.0, 400.0}) {
      checkout(fmt::format("checkout, {:.0f}/s, payments here", rate), {}, rate);
    }
    report_.line(fmt::format(
        "\nCheckouts: {:.0f} % of the bare batches with payments elsewhere, {:.0f} % with payments "
        "in the same process (aim: 70 %).",
        100 * median(without), 100 * median(with)));
  }

  // The batches that complete the same carts, made beforehand, many waiting at once.
  double bare_batch_rate() {
    const SystemClock clock;
    SecureRandom random;
    observe::Metrics metrics;
    const Ids ids(clock, random);
    const auto database = storage::sqlite::open_files(fresh(), clock, metrics);
    const flows::Deps deps{*database, clock, ids};
    std::vector<storage::Batch> batches = plan_completions(deps);
    test::ThreadExecutor executor;
    std::atomic<std::size_t> next = 0;
    std::vector<std::future<void>> tasks;
    const double cpu = cpu_seconds(getpid());
    const auto start = Steady::now();
    for (std::size_t i = 0; i < checkouts_waiting; ++i) {
      tasks.push_back(
          executor.spawn<void>([&] { return commit_in_turn(*database, batches, next); }));
    }
    for (std::future<void>& task : tasks) {
      task.get();
    }
    const double seconds = std::chrono::duration<double>(Steady::now() - start).count();
    const auto count = static_cast<double>(batches.size());
    report_.line(fmt::format("| bare batches, {} waiting | {:.0f} | | | | {:.0f} | {:.0f} | 0 |",
                             checkouts_waiting, count / seconds,
                             (cpu_seconds(getpid()) - cpu) * 1e6 / count, resident_mb(getpid())));
    return count / seconds;
  }

  std::vector<storage::Batch> plan_completions(const flows::Deps& deps) {
    flows::ReceiptKeys keys(deps.database);
    const shop::orders::ReceiptKey key = run_ready(keys.current(shop_id_));
    const std::string secret = sha256_hex(cart_token);
    std::vector<storage::Batch> batches;
    for (std::size_t i = 0; i < bare_batches; ++i) {
      const auto cart = run_ready(flows::read_cart(deps, shop_id_, fmt::format("cart_{:026}", i)));
      Result<flows::Plan> plan = flows::decide_completion(
          *cart, {"store", secret, "test", "tok_approved", std::nullopt}, key, deps);
      if (!plan) {
        throw std::runtime_error("a prepared cart is refused: " + plan.error().detail);
      }
      plan->batch.key = storage::BatchKey{shop_id_,
                                          "completeCart",
                                          fmt::format("bench-{}", i),
                                          std::string(64, 'f'),
                                          {201, std::string(answer_bytes, 'b')}};
      batches.push_back(std::move(plan->batch));
    }
    return batches;
  }

  static Task<void> commit_in_turn(storage::Database& database,
                                   std::vector<storage::Batch>& batches,
                                   std::atomic<std::size_t>& next) {
    for (std::size_t i = next++; i < batches.size(); i = next++) {
      const storage::Commit outcome = co_await database.commit(std::move(batches[i]));
      if (!std::holds_alternative<storage::Committed>(outcome)) {
        throw std::runtime_error("a prepared batch is refused");
      }
    }
  }

  void growth_of_products() {
    report_.line("\n## As the catalog grows");
    report_.table();
    std::int64_t size = base_products;
    for (const std::int64_t wanted : {1'000, 10'000, 100'000}) {
      if (options_.quick && wanted > 10'000) {
        break;
      }
      if (wanted > size) {
        ShopRows(template_, shop_id_).add_products(size, wanted);
        size = wanted;
      }
      const test::ShopProcess shop(fresh());
      const std::uint16_t port = port_of(shop.url());
      const auto named = [wanted](std::string_view what) {
        return fmt::format("{} products: {}", wanted, what);
      };
      measure(named("product, 500/s"), shop.pid(), port, 500, product_source(wanted));
      measure(named("list, 50/s"), shop.pid(), port, 50, list_source());
      measure(named("search, 200/s"), shop.pid(), port, 200, search_source());
      measure(named("checkout, 100/s"), shop.pid(), port, 100, checkout_source());
    }
  }

  void growth_of_orders() {
    report_.line("\n## As orders grow");
    report_.table();
    std::int64_t size = 0;
    for (const std::int64_t wanted : {0, 100'000, 1'000'000}) {
      if (wanted > size) {
        ShopRows(template_, shop_id_).add_orders(size, wanted);
        size = wanted;
      }
      const test::ShopProcess shop(fresh());
      const std::uint16_t port = port_of(shop.url());
      const auto named = [wanted](std::string_view what) {
        return fmt::format("{} orders: {}", wanted, what);
      };
      measure(named("list of orders, 50/s"), shop.pid(), port, 50, orders_source());
      measure(named("checkout, 100/s"), shop.pid(), port, 100, checkout_source());
    }
  }

  static constexpr std::size_t answer_bytes = 3'000;  // of a completed cart, about

  const Options options_;
  Report& report_;
  Prng random_;
  const fs::path base_;
  const fs::path template_;
  int copies_ = 0;
  std::size_t body_bytes_ = 0;
  std::string shop_id_;
  std::string publishable_key_;
  std::string secret_key_;
};

std::string revision() {
  std::string text;
  if (FILE* pipe = popen("git rev-parse --short HEAD 2>/dev/null", "r")) {
    std::array<char, 64> bytes{};
    if (std::fgets(bytes.data(), bytes.size(), pipe) != nullptr) {
      text = bytes.data();
    }
    pclose(pipe);
  }
  return text.empty() ? "unknown" : text.substr(0, text.find('\n'));
}

bool is_part(std::string_view word) {
  return word == "reads" || word == "checkouts" || word == "growth";
}

Options parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--quick") {
      options.quick = true;
    } else if (word == "--only" && i + 1 < argc && is_part(argv[i + 1])) {
      options.only = argv[++i];
    } else if (word == "--seconds" && i + 1 < argc) {
      options.seconds = std::atof(argv[++i]);
    } else if (word == "--seed" && i + 1 < argc) {
      options.seed = std::strtoull(argv[++i], nullptr, 10);
    } else {
      throw std::runtime_error(
          "usage: shop_bench [--quick] [--only PART] [--seconds S] [--seed N]; "
          "PART: reads, checkouts, growth");
    }
  }
  return options;
}

int run(const Options& options) {
  Report report;
  report.line(
      fmt::format("{}, revision {}, {} cores, seed {}, {} s each, {} "
                  "connections; CPU is the server's, user and system, for one answer.",
                  format_rfc3339(SystemClock().now()), revision(),
                  std::thread::hardware_concurrency(), options.seed, options.seconds, connections));
  ShopBench(options, report).run();
  return 0;
}

}  // namespace
}  // namespace securecart::bench

int main(int argc, char** argv) {
  securecart::initialise_crypto();
  securecart::log::configure(securecart::log::Level::warn, securecart::log::Format::text);
  try {
    return securecart::bench::run(securecart::bench::parse(argc, argv));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "shop_bench: %s\n", error.what());
    return 1;
  }
}
