// What an instance does with more than it can carry: offered load from half to ten times what its
// dependency can do, by class of request, with the protection and without, and how fast it is well
// again. Prints tables and writes the curves as overload.svg.
//
//   overload_bench [--seconds S] [--out FILE]
//
// The instance is the real one (net::Server, ApiHandler with its admission) before a dependency of
// a known size: `slots` requests at a time, each for its class's service time, first come first
// served, whatever became of who asked. So "ten times" is exact, on any machine, and a client that
// is ten times as busy fits beside it. Goodput is work done for somebody who still waited, as a
// part of what the dependency can do.
#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <cstdio>
#include <deque>
#include <filesystem>
#include <fstream>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include "base/assets.hpp"
#include "base/crypto.hpp"
#include "base/log.hpp"
#include "cli/no_database.hpp"
#include "lab/latency.hpp"
#include "net/client.hpp"
#include "net/hop.hpp"
#include "net/server.hpp"
#include "shop/api/api_handler.hpp"

namespace securecart::bench {
namespace {

using namespace std::chrono_literals;
using shop::api::Access;
using shop::api::Call;
using shop::api::Reply;

constexpr std::size_t slots = 1;
constexpr Duration patience = 2s;
constexpr std::size_t classes = 4;

struct Kind {
  const char* name;
  const char* colour;
  Duration service;
  double part;  // of the requests
  net::Method method;
  const char* target;
};
constexpr std::array<Kind, classes> kinds{{
    {"checkout", "#b3261e", 8ms, 0.03, net::Method::post, "/v1/store/carts/1/complete"},
    {"cart", "#c77700", 4ms, 0.17, net::Method::post, "/v1/store/carts/1/lines"},
    {"browse", "#1a6fb0", 2ms, 0.70, net::Method::get, "/v1/store/products/1"},
    {"bulk", "#5c6b73", 10ms, 0.10, net::Method::get, "/v1/admin/orders"},
}};

double mean_service_seconds() {
  double mean = 0;
  for (const Kind& kind : kinds) {
    mean += kind.part * std::chrono::duration<double>(kind.service).count();
  }
  return mean;
}
double capacity_per_second() {
  return static_cast<double>(slots) / mean_service_seconds();
}

// On one io thread: a queue before a few slots.
class Dependency {
 public:
  Task<void> work(Duration service) {
    if (busy_ >= slots) {
      Callback<bool> waiting(
          [this](Callback<bool>::Resume resume) { queue_.push_back(std::move(resume)); });
      co_await waiting;
    } else {
      ++busy_;
    }
    // By absolute times, so that a timer that fires late does not make the dependency smaller.
    const SteadyTime now = clock_.steady();
    SteadyTime& free_at = *std::ranges::min_element(free_at_);
    const SteadyTime begun = now - free_at < 50ms ? std::max(free_at, now - 50ms) : now;
    free_at = begun + service;
    if (free_at > now) {
      co_await sleep_for(free_at - now);
    }
    if (queue_.empty()) {
      --busy_;
    } else {
      Callback<bool>::Resume next = std::move(queue_.front());
      queue_.pop_front();
      Executor::current().post([next = std::move(next)]() mutable { next(true); });
    }
  }

 private:
  SystemClock clock_;
  std::size_t busy_ = 0;
  std::array<SteadyTime, slots> free_at_{};
  std::deque<Callback<bool>::Resume> queue_;
};

class Everybody final : public shop::accounts::Authenticator {
 public:
  Task<Result<shop::accounts::Caller>> authenticate(
      const shop::accounts::Credentials& /*credentials*/) override {
    shop::accounts::Caller caller;
    caller.shop_id = "shop_1";
    caller.actor = "guest";
    caller.role = shop::accounts::Role::owner;
    co_return caller;
  }
};

class Instance {
 public:
  explicit Instance(bool is_protected)
      : handler_((mount(), shop::api::ApiParts{operations_, schemas_, everybody_, database_, clock_,
                                               metrics_}),
                 options(is_protected)),
        server_(runtime_, server_options(), handler_, metrics_) {
    runtime_.run();
    server_.start();
    runtime_.executor(0).post(
        [this] { start(watch(), [this](const std::exception_ptr&) { watching_.set_value(); }); });
  }
  ~Instance() {
    stopping_ = true;
    watching_.get_future().wait();
    runtime_.stop();
    runtime_.join();
  }
  std::uint16_t port() const { return server_.port(); }

 private:
  void mount() {
    operations_.begin_role("orders");
    add("completeCart", kinds[0], "/v1/store/carts/{id}/complete", "Carts", Access::store);
    add("addCartLine", kinds[1], "/v1/store/carts/{id}/lines", "Carts", Access::store);
    add("getProduct", kinds[2], "/v1/store/products/{id}", "Products", Access::store);
    add("listOrders", kinds[3], "/v1/admin/orders", "Orders", Access::admin);
  }
  void add(std::string_view id, const Kind& kind, std::string_view path, std::string_view tag,
           Access access) {
    shop::api::Operation operation{.id = id,
                                   .method = kind.method,
                                   .path = path,
                                   .tag = tag,
                                   .summary = "Work",
                                   .access = access};
    if (access == Access::admin) {
      operation.permission = shop::accounts::Permission::orders_read;
    }
    operation.handler = [this, service = kind.service](Call&) { return serve(service); };
    operations_.add(operation);
  }
  Task<Result<Reply>> serve(Duration service) {
    co_await dependency_.work(service);
    Reply answer;
    answer.body = "{}";
    co_return answer;
  }
  Task<void> watch() {
    while (!stopping_) {
      const SteadyTime due = clock_.steady() + 20ms;
      co_await sleep_for(20ms);
      handler_.note_lateness(clock_.steady() - due);
    }
  }
  static shop::api::ApiOptions options(bool is_protected) {
    shop::api::ApiOptions options;
    options.admission.writes_per_second = 0;
    if (!is_protected) {
      options.admission.at_once.start = 1'000'000;
      options.admission.at_once.least = 1'000'000;
      options.admission.at_once.most = 1'000'000;
    }
    return options;
  }
  static net::ServerOptions server_options() {
    net::ServerOptions options;
    options.name = "overload";
    return options;
  }

  SystemClock clock_;
  observe::Metrics metrics_;
  net::Runtime runtime_{1, 1, clock_};
  shop::api::Operations operations_;
  shop::api::Schemas schemas_{embedded_assets()};
  Everybody everybody_;
  cli::NoDatabase database_;
  Dependency dependency_;
  shop::api::ApiHandler handler_;
  net::Server server_;
  std::atomic<bool> stopping_ = false;
  std::promise<void> watching_;
};

struct Counts {
  std::uint64_t offered = 0;
  std::uint64_t good = 0;         // 2xx while somebody waited
  std::uint64_t in_span = 0;      // answered well within the span, whenever it was due
  std::uint64_t shed = 0;         // 503 at once
  std::uint64_t failed = 0;       // let in, and no answer in time
  lab::LatencyHistogram latency;  // of the good ones

  double admitted_finished() const {
    return good + failed == 0
               ? 100.0
               : 100.0 * static_cast<double>(good) / static_cast<double>(good + failed);
  }
};
struct Phase {
  double factor = 0;
  double seconds = 0;
  SteadyTime begin{};
  SteadyTime end{};
  std::array<Counts, classes> of;

  double goodput() const {  // as a part of what can be done
    double seconds_of_work = 0;
    for (std::size_t i = 0; i < classes; ++i) {
      seconds_of_work += static_cast<double>(of[i].in_span) *
                         std::chrono::duration<double>(kinds[i].service).count();
    }
    return seconds_of_work / (static_cast<double>(slots) * seconds);
  }
};

// Shoppers by a Poisson process, on a thread of their own. Whoever is due is sent, whatever became
// of the others.
class Shoppers {
 public:
  explicit Shoppers(std::uint16_t port, std::uint64_t seed) : port_(port), random_(seed) {
    runtime_.run();
  }
  ~Shoppers() {
    runtime_.stop();
    runtime_.join();
  }

  // Shoppers come for `warm` and then for `span`, which is what is counted: those due in it,
  // whenever they are answered.
  Phase run(double factor, Duration warm, Duration span) {
    std::promise<void> done;
    Phase phase;
    phase.factor = factor;
    phase.seconds = std::chrono::duration<double>(span).count();
    phase.begin = clock_.steady() + warm;
    phase.end = phase.begin + span;
    runtime_.executor(0).post(
        [&] { start(drive(phase), [&done](const std::exception_ptr&) { done.set_value(); }); });
    done.get_future().get();
    return phase;
  }

 private:
  Task<void> drive(Phase& phase) {
    const double rate = phase.factor * capacity_per_second();
    SteadyTime due = clock_.steady();
    for (;;) {
      due += std::chrono::duration_cast<Duration>(
          std::chrono::duration<double>(-std::log(1.0 - random_.unit()) / rate));
      if (due >= phase.end) {
        break;
      }
      if (due > clock_.steady()) {
        co_await sleep_for(due - clock_.steady());
      }
      begin(phase, due);
    }
    while (under_way_ > 0) {
      co_await sleep_for(10ms);
    }
  }

  void begin(Phase& phase, SteadyTime due) {
    double drawn = random_.unit();
    std::size_t kind = 0;
    while (kind + 1 < classes && drawn >= kinds[kind].part) {
      drawn -= kinds[kind++].part;
    }
    ++under_way_;
    start(one(phase, kind, due), [this](const std::exception_ptr&) { --under_way_; });
  }

  Task<void> one(Phase& phase, std::size_t index, SteadyTime due) {
    const Kind& kind = kinds[index];
    Counts& counts = phase.of[index];
    net::ClientRequest request;
    request.method = kind.method;
    request.target = kind.target;
    request.timeout = std::max<Duration>(1ms, due + patience - clock_.steady());
    request.headers.add(
        std::string(net::deadline_field),
        std::to_string(
            std::chrono::duration_cast<std::chrono::milliseconds>(request.timeout).count()));
    int status = 0;
    try {
      const net::Response answer = co_await client_.send({"127.0.0.1", port_}, std::move(request));
      status = answer.status;
    } catch (const net::HttpError&) {
      status = 0;
    }
    const SteadyTime now = clock_.steady();
    counts.in_span += status == 200 && now >= phase.begin && now < phase.end ? 1 : 0;
    if (due < phase.begin) {
      co_return;
    }
    ++counts.offered;
    counts.good += status == 200 ? 1 : 0;
    counts.shed += status == 503 ? 1 : 0;
    counts.failed += status != 200 && status != 503 ? 1 : 0;
    if (status == 200) {
      counts.latency.record(now - due);
    }
  }

  static net::Client::Options client_options() {
    net::Client::Options options;
    options.connections_per_peer = 7'000;
    options.idle_connections_per_peer = 512;
    options.waiting_per_peer = 100'000;
    return options;
  }

  const std::uint16_t port_;
  SystemClock clock_;
  Prng random_;
  net::Runtime runtime_{1, 1, clock_};
  net::Client client_{runtime_, client_options()};
  std::atomic<std::int64_t> under_way_ = 0;
};

double milliseconds(Duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

std::vector<Phase> sweep(bool is_protected, const std::vector<double>& factors, Duration span) {
  std::vector<Phase> phases;
  std::printf("\n%s\n", is_protected ? "With the protection" : "Without it");
  std::printf(
      "| offered | goodput | checkout: good/s, of those let in, p99 ms | cart good/s | "
      "browse good/s | bulk good/s | shed/s |\n|---|---|---|---|---|---|---|\n");
  for (const double factor : factors) {
    Instance instance(is_protected);
    Shoppers shoppers(instance.port(), 7);
    const Phase phase = shoppers.run(factor, span, span);  // first until it knows what it can do
    const auto rate = [&phase](std::size_t i) {
      return static_cast<double>(phase.of[i].good) / phase.seconds;
    };
    std::uint64_t shed = 0;
    for (const Counts& counts : phase.of) {
      shed += counts.shed;
    }
    std::printf("| %.1fx (%.0f/s) | %.0f %% | %.1f, %.1f %%, %.0f | %.0f | %.0f | %.0f | %.0f |\n",
                factor, factor * capacity_per_second(), 100 * phase.goodput(), rate(0),
                phase.of[0].admitted_finished(), milliseconds(phase.of[0].latency.percentile(99)),
                rate(1), rate(2), rate(3), static_cast<double>(shed) / phase.seconds);
    std::fflush(stdout);
    phases.push_back(phase);
  }
  return phases;
}

// Ten times for a while, then half: after how many seconds everybody is answered again, and
// quickly; below 0: never.
double recovery(Duration span) {
  Instance instance(true);
  Shoppers shoppers(instance.port(), 11);
  shoppers.run(0.5, 0s, span);
  shoppers.run(10, 0s, span * 2);
  std::printf("\nAfter ten times the load, half of it: goodput and answers by the second\n");
  double recovered = -1;
  for (int tick = 0; tick < 20; ++tick) {
    const Phase half_a_second = shoppers.run(0.5, 0s, 500ms);
    std::uint64_t offered = 0;
    std::uint64_t good = 0;
    for (const Counts& counts : half_a_second.of) {
      offered += counts.offered;
      good += counts.good;
    }
    const bool well = offered > 0 && good * 100 >= offered * 99;
    recovered = !well ? -1 : recovered < 0 ? (tick + 1) * 0.5 : recovered;
  }
  std::printf(
      "everybody answered again (99 %% and more, to the end) %.1f s after the load dropped\n",
      recovered);
  return recovered;
}

class Svg {
 public:
  Svg() {
    out_ =
        R"(<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 760 640"
  font-family="sans-serif" font-size="12">
<rect width="760" height="640" fill="white"/>
)";
  }
  void text(double x, double y, const std::string& words, const std::string& more = "") {
    out_ += fmt::format("<text x=\"{:.0f}\" y=\"{:.0f}\" {}>{}</text>\n", x, y, more, words);
  }
  void line(double x1, double y1, double x2, double y2, const std::string& colour) {
    out_ += fmt::format(
        "<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" stroke=\"{}\"/>\n", x1, y1,
        x2, y2, colour);
  }
  void curve(const std::vector<std::pair<double, double>>& points, const std::string& colour,
             const std::string& more = "") {
    std::string path;
    for (const auto& [x, y] : points) {
      path += fmt::format("{:.1f},{:.1f} ", x, y);
    }
    out_ +=
        fmt::format("<polyline points=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"2\" {}/>\n",
                    path, colour, more);
  }
  void write(const std::filesystem::path& file) const {
    if (file.has_parent_path()) {
      std::filesystem::create_directories(file.parent_path());
    }
    std::ofstream(file) << out_ << "</svg>\n";
  }

 private:
  std::string out_;
};

constexpr double left = 60;
constexpr double width = 660;
constexpr double height = 220;

void frame(Svg& svg, double top, const std::string& title, const std::string& across) {
  svg.text(left, top - 12, title, "font-weight=\"bold\"");
  for (int part = 0; part <= 100; part += 25) {
    const double y = top + height * (100 - part) / 100;
    svg.line(left, y, left + width, y, "#ddd");
    svg.text(left - 36, y + 4, std::to_string(part) + " %");
  }
  svg.text(left + width / 2, top + height + 34, across, "text-anchor=\"middle\"");
}

void draw(const std::filesystem::path& file, const std::vector<Phase>& with,
          const std::vector<Phase>& without) {
  Svg svg;
  const auto x = [](double factor) { return left + width * factor / 10; };
  frame(svg, 40, "Goodput, as a part of what the dependency can do", "offered load, times that");
  frame(svg, 350, "Requests answered in time, by class, as a part of those offered",
        "offered load, times what can be carried");
  for (int factor = 0; factor <= 10; factor += 2) {
    for (const double top : {40.0, 350.0}) {
      svg.text(x(factor), top + height + 16, std::to_string(factor), "text-anchor=\"middle\"");
    }
  }
  const auto goodput = [&](const std::vector<Phase>& phases) {
    std::vector<std::pair<double, double>> points;
    for (const Phase& phase : phases) {
      points.emplace_back(x(phase.factor), 40 + height * (1 - std::min(1.0, phase.goodput())));
    }
    return points;
  };
  svg.curve(goodput(with), "#2e7d32");
  svg.curve(goodput(without), "#9e9e9e", "stroke-dasharray=\"6 4\"");
  svg.text(left + width - 220, 60, "with the protection", "fill=\"#2e7d32\"");
  svg.text(left + width - 220, 76, "without (dashed)", "fill=\"#757575\"");
  for (std::size_t i = 0; i < classes; ++i) {
    std::vector<std::pair<double, double>> points;
    for (const Phase& phase : with) {
      const Counts& counts = phase.of[i];
      const double part = counts.offered == 0 ? 1
                                              : static_cast<double>(counts.good) /
                                                    static_cast<double>(counts.offered);
      points.emplace_back(x(phase.factor), 350 + height * (1 - part));
    }
    svg.curve(points, kinds[i].colour);
    svg.text(left + width - 90, 370 + 16 * static_cast<double>(i), kinds[i].name,
             fmt::format("fill=\"{}\"", kinds[i].colour));
  }
  svg.write(file);
  std::printf("\ncurves: %s\n", file.c_str());
}

int run(int argc, char** argv) {
  double seconds = 4;
  std::filesystem::path out = "artifacts/bench/overload.svg";
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view option = argv[i];
    if (option == "--seconds") {
      seconds = std::stod(argv[i + 1]);
    } else if (option == "--out") {
      out = argv[i + 1];
    } else {
      std::fprintf(stderr, "overload_bench [--seconds S] [--out FILE]\n");
      return 2;
    }
  }
  const auto span = std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
  std::printf("The dependency does %zu at a time: %.0f requests/s of this mix\n", slots,
              capacity_per_second());
  const std::vector<Phase> with = sweep(true, {0.5, 0.8, 1, 1.5, 2, 3, 5, 7, 10}, span);
  const std::vector<Phase> without = sweep(false, {0.5, 0.8, 1, 1.5, 2, 3, 5}, span);
  const double recovered = recovery(span);
  draw(out, with, without);
  double peak = 0;
  for (const Phase& phase : with) {
    peak = std::max(peak, phase.goodput());
  }
  const double kept = with.back().goodput() / peak;
  const double finished = with.back().of[0].admitted_finished();
  std::printf("goodput at ten times the load: %.0f %% of its peak\n", 100 * kept);
  const bool met = kept >= 0.9 && finished >= 99 && recovered >= 0 && recovered <= 30;
  std::printf(met ? "All aims are met.\n"
                  : "MISSED: at ten times the load 90 %% of the peak's goodput, 99 %% of the "
                    "checkouts let in, and 30 s until everybody is answered again are aimed at.\n");
  return met ? 0 : 1;
}

}  // namespace
}  // namespace securecart::bench

int main(int argc, char** argv) {
  securecart::initialise_crypto();
  securecart::log::configure(securecart::log::Level::error, securecart::log::Format::text);
  return securecart::bench::run(argc, argv);
}
