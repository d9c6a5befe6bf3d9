// Worker processes and what merchants' code can do to them: nothing that lasts. First the pool
// alone, then a shop whose functions run amok while it sells.
#include <chrono>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <future>
#include <stdexcept>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <thread>

#include "shop/functions/limits.hpp"
#include "shop/functions/worker_pool.hpp"
#include "shop/functions/worker_process.hpp"
#include "tests/support/engines.hpp"
#include "tests/support/shop_client.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/thread_executor.hpp"

namespace securecart::test {
namespace {

using namespace std::chrono_literals;
using shop::functions::Ending;
using shop::functions::RunReport;
using shop::functions::RunRequest;
using shop::functions::WorkerPool;
using shop::functions::WorkerPoolOptions;

constexpr auto patience = 60s;

RunRequest request(std::string source, Duration timeout = 10s) {
  RunRequest made;
  made.source = std::move(source);
  made.input = "{}";
  made.timeout = timeout;
  return made;
}
const std::string good = "function run() { return {decision: 'accept'}; }";
const std::string endless = "function run() { while (true) {} }";

class FunctionPool : public testing::Test {
 protected:
  std::unique_ptr<WorkerPool> pool_of(std::size_t workers, int runs = 1'000) {
    WorkerPoolOptions options;
    options.program = program();
    options.workers = workers;
    options.runs_of_a_worker = runs;
    return std::make_unique<WorkerPool>(options, metrics_);
  }
  std::future<RunReport> begin(WorkerPool& pool, RunRequest made) {
    return executor_.spawn<RunReport>(
        [&pool, made = std::move(made)]() mutable { return pool.run(std::move(made)); });
  }
  RunReport run(WorkerPool& pool, RunRequest made) { return begin(pool, std::move(made)).get(); }
  std::uint64_t started() {
    return metrics_.counter("securecart_function_workers_started_total", "").value();
  }

  ThreadExecutor executor_;
  observe::Metrics metrics_;
};

TEST_F(FunctionPool, RunsOneAfterTheOther) {
  const auto pool = pool_of(1);
  for (int i = 0; i < 50; ++i) {
    const RunReport report = run(*pool, request(good));
    ASSERT_EQ(report.ending, Ending::finished) << report.error;
    EXPECT_EQ(report.output, R"({"decision":"accept"})");
    EXPECT_GT(report.took, Duration(0));
  }
  EXPECT_EQ(started(), 1U);
}

TEST_F(FunctionPool, AnEndlessLoopIsKilledAtItsDeadlineAndHurtsNobodyElse) {
  const auto pool = pool_of(2);
  const auto begun = std::chrono::steady_clock::now();
  RunReport report;
  do {  // until both workers have started: before, it may be told that nobody is free
    std::future<RunReport> loop = begin(*pool, request(endless, 300ms));
    for (int i = 0; i < 20; ++i) {
      EXPECT_EQ(run(*pool, request(good)).ending, Ending::finished) << "beside it";
    }
    report = loop.get();
  } while (report.ending == Ending::overloaded &&
           std::chrono::steady_clock::now() - begun < patience);
  EXPECT_EQ(report.ending, Ending::timed_out);
  EXPECT_GE(report.took, 300ms);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, patience);
  EXPECT_EQ(run(*pool, request(good)).ending, Ending::finished);
  const auto regex =
      request("function run() { return /^(a+)+$/.test('" + std::string(60, 'a') + "b'); }", 500ms);
  EXPECT_NE(run(*pool, regex).ending, Ending::finished) << "a loop inside of the interpreter";
  EXPECT_EQ(run(*pool, request(good)).ending, Ending::finished);
}

TEST_F(FunctionPool, MemoryEndsWithTheRun) {
  const auto pool = pool_of(1);
  rusage before{};
  getrusage(RUSAGE_SELF, &before);
  for (const char* greedy :
       {"var s = 'x'; while (true) { s += s; }", "var a = []; while (true) { a.push([1, 2, 3]); }",
        "return new Uint8Array(1e9);"}) {
    const RunReport report = run(*pool, request("function run() { " + std::string(greedy) + " }"));
    EXPECT_EQ(report.ending, Ending::out_of_memory) << greedy << " " << report.error;
    EXPECT_LE(report.heap_bytes, limits::function_heap_bytes);
  }
  EXPECT_EQ(run(*pool, request(good)).ending, Ending::finished);
  EXPECT_EQ(started(), 1U) << "the worker bore it";
  rusage after{};
  getrusage(RUSAGE_SELF, &after);
  EXPECT_LT(after.ru_maxrss - before.ru_maxrss, 200 * 1024) << "KiB, here in the parent";
}

TEST_F(FunctionPool, AWorkerThatDiesIsReplacedAndTheRunGoesOn) {
  const auto pool = pool_of(1);
  ASSERT_EQ(run(*pool, request(good)).ending, Ending::finished);
  // Whoever it is, it is our only child.
  std::vector<pid_t> ours;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    std::ifstream stream(task.path() / "children");
    for (pid_t child = 0; stream >> child;) {
      ours.push_back(child);
    }
  }
  ASSERT_EQ(ours.size(), 1U);
  kill(ours[0], SIGKILL);
  EXPECT_EQ(run(*pool, request(good)).ending, Ending::finished) << "by another one";
  EXPECT_EQ(started(), 2U);
}

TEST_F(FunctionPool, WorkersAreReplacedAfterSoManyRuns) {
  const auto pool = pool_of(1, 3);
  for (int i = 0; i < 9; ++i) {
    ASSERT_EQ(run(*pool, request(good)).ending, Ending::finished);
  }
  EXPECT_GE(started(), 3U);
}

TEST_F(FunctionPool, WhoWaitsTooLongIsOverloaded) {
  const auto pool = pool_of(1);
  std::future<RunReport> loop = begin(*pool, request(endless, 2s));
  // One after the other at the one worker; this one has a tenth of a second to wait.
  const RunReport late = run(*pool, request(good, 100ms));
  EXPECT_EQ(late.ending, Ending::overloaded);
  EXPECT_EQ(loop.get().ending, Ending::timed_out);
}

TEST_F(FunctionPool, TheEndOfThePoolIsTheEndOfWhatRuns) {
  auto pool = pool_of(1);
  std::future<RunReport> loop = begin(*pool, request(endless, 500ms));
  std::future<RunReport> waiting = begin(*pool, request(good, 60s));
  while (started() == 0) {
    std::this_thread::yield();
  }
  executor_.run_task<bool>([]() -> Task<bool> { co_return true; });  // both are with the pool
  pool.reset();
  EXPECT_NE(loop.get().ending, Ending::finished);
  waiting.get();
}

// What a worker may not do kills it, whatever asked for it: here another program in its place.
TEST_F(FunctionPool, AProgramThatIsNoWorkerIsAnError) {
  WorkerPoolOptions options;
  options.program = "/bin/true";
  EXPECT_THROW(WorkerPool(options, metrics_), std::runtime_error);
  options.program = "/nowhere";
  EXPECT_THROW(WorkerPool(options, metrics_), std::runtime_error);
}

// Does `forbidden` in a process that has given everything up; how that process ended.
int end_of(void (*forbidden)()) {
  const pid_t child = fork();
  if (child == 0) {
    alarm(30);
    if (!shop::functions::give_up_everything(0)) {
      _exit(3);
    }
    forbidden();
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFSIGNALED(status) ? WTERMSIG(status) : -WEXITSTATUS(status);
}

TEST(FunctionWorker, MayDoNothingButComputeAndSpeakOnItsSocket) {
  EXPECT_EQ(end_of([] { std::string(1'000'000, 'x').shrink_to_fit(); }), 0) << "memory is its own";
  EXPECT_EQ(end_of([] { (void)::open("/etc/passwd", O_RDONLY); }), SIGSYS);
  EXPECT_EQ(end_of([] { (void)::socket(AF_INET, SOCK_STREAM, 0); }), SIGSYS);
  EXPECT_EQ(end_of([] { (void)::fork(); }), SIGSYS);
  EXPECT_EQ(end_of([] { (void)::execl("/bin/true", "true", nullptr); }), SIGSYS);
  EXPECT_EQ(end_of([] { (void)::kill(1, 0); }), SIGSYS);
  EXPECT_NE(end_of([] { _exit(::write(1, "x", 1) == 1 ? 9 : 0); }), -9) << "another descriptor";
  EXPECT_EQ(end_of([] {
              (void)::mmap(nullptr, 4'096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1,
                           0);
            }),
            SIGSYS)
      << "memory that is code";
}

class FunctionShop : public testing::TestWithParam<Engine> {
 protected:
  FunctionShop() : shop_(folder_.path(), home_.options()), client_(shop_) {}

  std::string install(const std::string& name, const std::string& trigger,
                      const std::string& on_failure, const std::string& source,
                      std::int64_t timeout_ms = 200) {
    const lab::ApiAnswer made = client_.admin(net::Method::post, "/v1/admin/functions",
                                              json::object{{"name", name},
                                                           {"trigger", trigger},
                                                           {"on_failure", on_failure},
                                                           {"timeout_ms", timeout_ms},
                                                           {"enabled", true},
                                                           {"source", source}});
    EXPECT_EQ(made.status, 201) << made.describe();
    return std::string(get_string(made.body, "id"));
  }
  lab::ApiAnswer buy(const TestVariant& lamp, std::int64_t quantity = 1) {
    const TestCart cart = client_.cart_of({{lamp.variant_id, quantity}});
    return client_.at_once({ShopClient::completion(cart, client_.key())})[0];
  }
  json::object order(const std::string& id) {
    return client_.admin(net::Method::get, "/v1/admin/orders/" + id).body;
  }
  // Until the order is as `done` says.
  json::object wait_for(const std::string& id,
                        const std::function<bool(const json::object&)>& done) {
    const auto until = std::chrono::steady_clock::now() + patience;
    while (std::chrono::steady_clock::now() < until) {
      json::object seen = order(id);
      if (done(seen)) {
        return seen;
      }
      std::this_thread::sleep_for(20ms);  // between two looks at a condition with a deadline
    }
    throw std::runtime_error("order " + id + " never got there");
  }

  TempDir folder_;
  EngineHome home_{GetParam()};
  ShopProcess shop_;
  ShopClient client_;
};

INSTANTIATE_TEST_SUITE_P(Engines, FunctionShop, testing::Values(Engine::sqlite, Engine::postgres),
                         engine_name);

TEST_P(FunctionShop, TheSampleFraudCheckHoldsALargeOrder) {
  const lab::ApiAnswer list = client_.admin(net::Method::get, "/v1/admin/functions");
  const json::object& fraud = get_array(list.body, "items").at(0).as_object();
  EXPECT_EQ(get_string(fraud, "name"), "fraud-check");
  const std::string path = "/v1/admin/functions/" + std::string(get_string(fraud, "id"));
  const lab::ApiAnswer on = client_.admin(net::Method::patch, path, json::object{{"enabled", true}},
                                          {{"If-Match", "\"v1\""}});
  ASSERT_EQ(on.status, 200) << on.describe();
  const TestVariant lamp = client_.add_product("Lamps", 1'000);
  const std::string large(get_string(buy(lamp, 200).body, "id"));
  const json::object held =
      wait_for(large, [](const json::object& seen) { return !seen.at("review").is_null(); });
  EXPECT_EQ(get_string(get_object(held, "review"), "status"), "held");
  wait_for(large,
           [](const json::object& seen) { return get_string(seen, "payment_status") == "paid"; });
  const std::string order_path = "/v1/admin/orders/" + large;
  EXPECT_EQ(client_
                .admin(net::Method::post, order_path + "/fulfilments", nullptr,
                       {{"Idempotency-Key", client_.key()}})
                .code,
            "order_held");
  EXPECT_EQ(client_
                .admin(net::Method::post, order_path + "/release", nullptr,
                       {{"Idempotency-Key", client_.key()}})
                .status,
            200);
  EXPECT_EQ(client_
                .admin(net::Method::post, order_path + "/fulfilments", nullptr,
                       {{"Idempotency-Key", client_.key()}})
                .status,
            201);
  const lab::ApiAnswer tried =
      client_.admin(net::Method::post, path + "/test", json::object{{"order_id", large}});
  EXPECT_EQ(get_string(tried.body, "decision"), "review") << tried.describe();
}

TEST_P(FunctionShop, SellsOnWhileItsFunctionsRunAmok) {
  const TestVariant lamp = client_.add_product("Lamps", 1'000);
  install("endless", "order_placed", "open", endless, 50);
  install("greedy", "order_placed", "open",
          "function run() { var s = 'x'; while (true) { s += s; } }");
  const std::string closed = install("endless-closed", "order_placed", "closed", endless, 50);
  const auto begun = std::chrono::steady_clock::now();
  std::vector<std::string> placed;
  for (int i = 0; i < 4; ++i) {
    const lab::ApiAnswer answer = buy(lamp);
    ASSERT_EQ(answer.status, 201) << answer.describe();
    placed.emplace_back(get_string(answer.body, "id"));
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begun, patience) << "checkouts do not wait for it";
  for (const std::string& id : placed) {
    const json::object held = wait_for(id, [](const json::object& seen) {
      return !seen.at("review").is_null() && get_string(seen, "payment_status") == "paid";
    });
    const json::array& flags = get_array(get_object(held, "review"), "flags");
    ASSERT_EQ(flags.size(), 1U) << "those that fail open say nothing";
    EXPECT_EQ(get_string(flags[0].as_object(), "function_id"), closed);
    EXPECT_EQ(get_string(flags[0].as_object(), "outcome"), "timed_out");
  }
}

TEST_P(FunctionShop, BeforeCompletionTheShopsPolicyHolds) {
  const TestVariant lamp = client_.add_product("Lamps", 1'000);
  const std::string open = install("endless", "before_completion", "open", endless, 50);
  EXPECT_EQ(buy(lamp).status, 201) << "fails open";
  const auto change = [this](const std::string& id, const json::object& body) {
    const std::string path = "/v1/admin/functions/" + id;
    const lab::ApiAnswer read = client_.admin(net::Method::get, path);
    const std::string tag = "\"v" + std::to_string(get_int(read.body, "version")) + "\"";
    EXPECT_EQ(client_.admin(net::Method::patch, path, body, {{"If-Match", tag}}).status, 200);
  };
  change(open, {{"on_failure", "closed"}});
  EXPECT_EQ(buy(lamp).code, "order_refused") << "fails closed";
  change(open, {{"enabled", false}});
  EXPECT_EQ(buy(lamp).status, 201);
  install("few", "before_completion", "closed",
          "function run(i) { return {decision: i.order.lines[0].quantity > 5 ? 'reject' : "
          "'accept'}; }",
          2'000);
  EXPECT_EQ(buy(lamp, 6).code, "order_refused");
  EXPECT_EQ(buy(lamp, 5).status, 201);
}

}  // namespace
}  // namespace securecart::test
