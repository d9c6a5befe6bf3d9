// The folders of tests/dns/scenarios: each a configuration, a zone, policies, and steps with the
// answers that must come. A step is a line of the file `steps`:
//
//   ask NAME TYPE [from NET] is RDATA...       the answer now (dig; blanks in rdata as '_')
//   soon MS NAME TYPE [from NET] is RDATA...   the answer within so many milliseconds, and what
//   this
//                                              machine kept everybody waiting meanwhile
//   stays MS NAME TYPE [from NET] is RDATA...  the answer, and no other for so long
//   share N NAME TYPE [from NET] is RDATA PERCENT...  of N questions, to 1.5 percent
//   shares MS NAME TYPE is RDATA PERCENT...    a hundred at a time, until the shares are so
//   count N NAME TYPE                          so many records
//   run WORDS... | refuse WORDS...             securecart dns WORDS, which goes well or not
//   show WORDS... : TEXT                       its output has the text
//   post CALL JSON                             the admin API
//   load TARGET RATE DEMAND                    the target reports its share of DEMAND from now on
//   site K up|down|broken|silent               what the checks look at: it refuses, answers 500, or
//                                              swallows every byte
//   metric VALUE                               the same
//   clean MS CHECK                             until so little is lost on the way to it that two
//                                              silent rounds are enough
//   known                                      a restart that finds in its state folder what a long
//                                              time without a lost round leaves there
//   status MS CHECK up|down                    the verdict within so many milliseconds
//   saved MS FILE : TEXT                       the file of the state folder has the text
//   kill | restart                             SIGKILL or SIGTERM, and a new start
//   stop | start | pause | resume              SIGKILL; a new start; SIGSTOP; SIGCONT
//   clock SECONDS                              the wall clock is so far from the true one
//   put FILE NAME                              FILE becomes the file of that name
//   use FILE                                   FILE becomes policies.toml; SIGHUP
//   flood begin NAME | flood end               all the questions it can take; none may be lost
//
// Of several nodes (`nodes N` is the first line; files have {{node}}, {{admin_port}} and
// {{peers}}):
//
//   at K STEP...                               the step at this node, else it is the first
//   cut K | heal K                             nothing gets through between it and the others
//   vote MS CHECK NODE up|down                 what this node knows that the other one sees
//   heard MS CHECK up|down                     every node knows that every node sees that
#include <atomic>
#include <chrono>
#include <cmath>
#include <iomanip>
#include <map>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/text.hpp"
#include "cli/dns_caller.hpp"
#include "cli/dns_state.hpp"
#include "net/server.hpp"
#include "tests/support/dns_flood.hpp"
#include "tests/support/dns_node.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/mmdb_writer.hpp"
#include "tests/support/moved_clock.hpp"
#include "tests/support/places.hpp"
#include "tests/support/raw_listener.hpp"
#include "tests/support/tcp_proxy.hpp"
#include "tests/support/temp_dir.hpp"

namespace securecart {
namespace {

using namespace std::chrono_literals;
using Instant = std::chrono::steady_clock::time_point;
using Words = std::vector<std::string>;

Instant now() {
  return std::chrono::steady_clock::now();
}

// A web site that checks look at, behind a proxy that fails as it is told.
class Site {
 public:
  Site() {
    net::ServerOptions options;
    options.name = "site";
    server_ = std::make_unique<net::Server>(runtime_, options, page_, metrics_);
    server_->start();
    runtime_.run();
    proxy_ = std::make_unique<test::TcpProxy>(server_->port());
  }
  ~Site() {
    proxy_.reset();
    runtime_.stop();
    runtime_.join();
  }
  Site(const Site&) = delete;
  Site& operator=(const Site&) = delete;

  int port() const { return proxy_->port(); }
  void set(const std::string& how) {
    page_.broken = how == "broken";
    proxy_->refuse(how == "down");
    proxy_->swallow(how == "silent");
  }
  void set_metric(const std::string& value) { page_.metric = std::stoi(value); }

 private:
  struct Page final : net::Handler {
    Task<net::Response> handle(net::Request request) override {
      net::Response response;
      response.status = broken ? 500 : 200;
      response.body = request.path == "/metrics" ? fmt::format("queue_depth {}\n", metric.load())
                                                 : std::string("ready");
      co_return response;
    }
    std::atomic<bool> broken = false;
    std::atomic<int> metric = 5;
  };

  SystemClock clock_;
  observe::Metrics metrics_;
  Page page_;
  net::Runtime runtime_{1, 1, clock_};
  std::unique_ptr<net::Server> server_;
  std::unique_ptr<test::TcpProxy> proxy_;
};

// How long a thread that only sleeps is kept from its work here: what a bound on the time of
// something says of this machine, and not of what is tested.
class Lateness {
 public:
  ~Lateness() {
    over_ = true;
    thread_.join();
  }
  void begin() { worst_ = 0; }
  // A decision is some steps of several threads, and each may wait.
  std::chrono::milliseconds allowance() const { return std::chrono::milliseconds(3 * worst_); }

 private:
  void measure() {
    constexpr auto nap = 5ms;
    while (!over_) {
      const Instant begin = now();
      std::this_thread::sleep_for(nap);
      const std::int64_t late = (now() - begin - nap) / 1ms;
      worst_ = std::max<std::int64_t>(worst_, late);
    }
  }
  std::atomic<std::int64_t> worst_ = 0;
  std::atomic<bool> over_ = false;
  std::thread thread_{[this] { measure(); }};
};

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string filled(std::string text, const std::map<std::string, std::string>& values) {
  for (const auto& [name, value] : values) {
    const std::string mark = "{{" + name + "}}";
    for (std::size_t at; (at = text.find(mark)) != std::string::npos;) {
      text.replace(at, mark.size(), value);
    }
  }
  return text;
}

Words words_of(const std::string& line) {
  Words words;
  std::istringstream stream(line);
  for (std::string word; stream >> std::quoted(word);) {
    words.push_back(word);
  }
  return words;
}

// What a step asks for, after its own words: NAME TYPE [from NET] is RDATA...
struct Asked {
  std::string name;
  std::string type;
  std::string subnet;
  Words rest;
};
Asked asked_of(const Words& words, std::size_t at) {
  Asked asked{words.at(at), words.at(at + 1), "", {}};
  at += 2;
  if (at < words.size() && words[at] == "from") {
    asked.subnet = words.at(at + 1);
    at += 2;
  }
  asked.rest.assign(words.begin() + static_cast<std::ptrdiff_t>(std::min(at + 1, words.size())),
                    words.end());
  return asked;
}

class Scenario {
 public:
  explicit Scenario(const std::filesystem::path& source) : source_(source) {
    std::istringstream lines(read_file(source_ / "steps"));
    std::size_t count = 1;
    bool moves_clock = false;
    for (std::string line; std::getline(lines, line);) {
      const Words words = words_of(line);
      moves_clock |= !words.empty() && words[0] == "clock";
      if (!words.empty() && words[0] == "nodes") {
        count = std::stoul(words.at(1));
      } else if (!words.empty()) {
        steps_.push_back(line);
      }
    }
    if (moves_clock) {
      clock_ = std::make_unique<test::MovedClock>(folder_.path() / "clock");
    }
    make_nodes(count);
  }

  void play() {
    for (const std::string& line : steps_) {
      if (line.front() == '#') {
        continue;
      }
      SCOPED_TRACE(line);
      const bool elsewhere = line.starts_with("at ");
      const Words words = words_of(line);
      here_ = elsewhere ? std::stoul(words.at(1)) - 1 : 0;
      const std::string rest = elsewhere ? line.substr(line.find(words.at(2), 4)) : line;
      step(rest, words_of(rest));
      if (testing::Test::HasFailure()) {
        return;
      }
    }
  }

 private:
  struct Node {
    std::filesystem::path folder;
    int admin_port = 0;
    std::unique_ptr<test::DnsNode> process;
  };

  void make_nodes(std::size_t count) {
    nodes_.resize(count);
    for (std::size_t i = 0; i < count; ++i) {
      nodes_[i].folder = folder_.path() / fmt::format("n{}", i + 1);
      std::filesystem::create_directory(nodes_[i].folder);
      const test::RawListener free;
      nodes_[i].admin_port = free.port();
    }
    links_.resize(count);
    for (std::vector<std::unique_ptr<test::TcpProxy>>& from : links_) {
      for (const Node& to : nodes_) {
        from.push_back(count > 1 ? std::make_unique<test::TcpProxy>(to.admin_port) : nullptr);
      }
    }
    for (here_ = 0; here_ < count; ++here_) {
      for (const auto& entry : std::filesystem::directory_iterator(source_)) {
        copy(entry.path().filename().string(), entry.path().filename().string());
      }
      write_geo();
      node().process = std::make_unique<test::DnsNode>(
          node().folder, clock_ ? clock_->wrap() : std::vector<std::string>());
    }
  }

  Node& node() { return nodes_[here_]; }
  const Node& node() const { return nodes_[here_]; }
  std::string name_of(std::size_t node) const { return fmt::format("n{}", node + 1); }

  std::string peers() const {
    std::string text;
    for (std::size_t to = 0; to < nodes_.size(); ++to) {
      if (to != here_) {
        text += fmt::format("[[peer]]\nname = \"{}\"\nurl = \"http://127.0.0.1:{}\"\n", name_of(to),
                            links_[here_][to]->port());
      }
    }
    return text;
  }
  void cut(std::size_t one, bool cut) {
    for (std::size_t other = 0; other < nodes_.size(); ++other) {
      links_[one][other]->swallow(cut);
      links_[other][one]->swallow(cut);
    }
  }

  void copy(const std::string& from, const std::string& to) {
    std::ofstream file(node().folder / to, std::ios::binary);
    file << filled(read_file(source_ / from), {{"site_1", std::to_string(sites_[0].port())},
                                               {"site_2", std::to_string(sites_[1].port())},
                                               {"node", name_of(here_)},
                                               {"admin_port", std::to_string(node().admin_port)},
                                               {"peers", peers()}});
  }
  void write_geo() {
    test::MmdbWriter writer;
    const auto add = [&writer](const char* network, const char* country) {
      writer.add(traffic::parse_network(network).value(), country);
    };
    add("192.0.2.0/24", "DE");
    add("198.51.100.0/24", "US");
    add("203.0.113.0/24", "JP");
    add("2001:db8::/32", "FR");
    std::ofstream file(node().folder / "geo.mmdb", std::ios::binary);
    file << writer.bytes();
  }

  Words answer(const Asked& asked) const {
    return test::dig(node().process->port(), asked.name, asked.type, asked.subnet);
  }
  static Words wanted(const Asked& asked) {
    Words sorted = asked.rest;
    std::ranges::sort(sorted);
    return sorted;
  }

  void step(const std::string& line, const Words& words) {
    const std::string& verb = words.at(0);
    if (verb == "ask") {
      const Asked asked = asked_of(words, 1);
      EXPECT_EQ(answer(asked), wanted(asked));
    } else if (verb == "soon") {
      soon(std::stoi(words.at(1)), asked_of(words, 2));
    } else if (verb == "stays") {
      stays(std::stoi(words.at(1)), asked_of(words, 2));
    } else if (verb == "share") {
      const Asked asked = asked_of(words, 2);
      EXPECT_LE(distance(shares(std::stoi(words.at(1)), asked), asked.rest), 1.5);
    } else if (verb == "shares") {
      shares_soon(std::stoi(words.at(1)), asked_of(words, 2));
    } else if (verb == "count") {
      EXPECT_EQ(answer(asked_of(words, 2)).size(), std::stoul(words.at(1)));
    } else if (verb == "run" || verb == "refuse" || verb == "show") {
      run(line, words);
    } else if (verb == "post") {
      post(words.at(1), line.substr(line.find('{')));
    } else if (verb == "load") {
      load_target_ = words.at(1);
      demand_ = std::stod(words.at(3));
    } else if (verb == "site") {
      sites_[std::stoul(words.at(1)) - 1].set(words.at(2));
    } else if (verb == "metric") {
      sites_[0].set_metric(words.at(1));
    } else if (verb == "status") {
      status(std::stoi(words.at(1)), words.at(2), words.at(3));
    } else if (verb == "clean") {
      clean(std::stoi(words.at(1)), words.at(2));
    } else if (verb == "known") {
      know_the_way();
    } else if (verb == "saved") {
      saved(std::stoi(words.at(1)), words.at(2), line.substr(line.find(" : ") + 3));
    } else if (verb == "clock") {
      move_clock(std::chrono::seconds(std::stoll(words.at(1))));
    } else if (verb == "cut" || verb == "heal") {
      cut(std::stoul(words.at(1)) - 1, verb == "cut");
    } else if (verb == "vote") {
      EXPECT_TRUE(voted(std::stoi(words.at(1)), words.at(2), {words.at(3)}, words.at(4)));
    } else if (verb == "heard") {
      heard(std::stoi(words.at(1)), words.at(2), words.at(3));
    } else if (signalled(verb)) {
      return;
    } else if (verb == "put") {
      copy(words.at(1), words.at(2));
    } else if (verb == "use") {
      copy(words.at(1), "policies.toml");
      node().process->reload();
    } else if (verb == "flood") {
      flood(words);
    } else {
      ADD_FAILURE() << "unknown step";
    }
  }

  // False when the verb is none of these.
  bool signalled(const std::string& verb) {
    test::DnsNode& process = *node().process;
    if (verb == "kill" || verb == "stop") {
      process.stop(SIGKILL);
    } else if (verb == "restart") {
      process.stop(SIGTERM);
    } else if (verb == "pause" || verb == "resume") {
      kill(process.pid(), verb == "pause" ? SIGSTOP : SIGCONT);
    }
    if (verb == "kill" || verb == "restart" || verb == "start") {
      process.start();
    }
    return verb == "kill" || verb == "stop" || verb == "restart" || verb == "start" ||
           verb == "pause" || verb == "resume";
  }

  // The last question is one that was asked when the time was over: dig takes its time as well.
  void soon(int milliseconds, const Asked& asked) {
    const Instant begin = now();
    lateness_.begin();
    Words got;
    Instant asked_at;
    do {
      if (!load_target_.empty()) {
        report_load(asked);
      }
      asked_at = now();
      got = answer(asked);
      if (got == wanted(asked)) {
        return;
      }
    } while (asked_at - begin < std::chrono::milliseconds(milliseconds) + lateness_.allowance());
    EXPECT_EQ(got, wanted(asked)) << "this machine made it " << lateness_.allowance() / 1ms
                                  << " ms late";
  }
  void stays(int milliseconds, const Asked& asked) {
    const Instant begin = now();
    while (now() - begin < std::chrono::milliseconds(milliseconds)) {
      ASSERT_EQ(answer(asked), wanted(asked));
    }
  }

  // Percent of each answer over so many questions, asked by one dig.
  std::map<std::string, double> shares(int count, const Asked& asked) const {
    const std::filesystem::path batch = folder_.path() / "questions";
    std::ofstream file(batch);
    for (int i = 0; i < count; ++i) {
      file << asked.name << ' ' << asked.type
           << (asked.subnet.empty() ? "" : " +subnet=" + asked.subnet) << '\n';
    }
    file.close();
    const std::string text =
        test::shell(fmt::format("dig +short +tries=1 +time=2 -p {} @127.0.0.1 -f {}",
                                node().process->port(), batch.string()));
    std::map<std::string, double> percent;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
      percent[line] += 100.0 / count;
    }
    return percent;
  }
  // How far the shares are from those wanted, at the worst; one nobody named counts in full.
  static double distance(std::map<std::string, double> got, const Words& rest) {
    double worst = 0;
    for (std::size_t i = 0; i + 1 < rest.size(); i += 2) {
      worst = std::max(worst, std::abs(got[rest[i]] - std::stod(rest[i + 1])));
      got.erase(rest[i]);
    }
    for (const auto& [name, percent] : got) {
      worst = std::max(worst, percent);
    }
    return worst;
  }
  void shares_soon(int milliseconds, const Asked& asked) {
    const Instant begin = now();
    double off = 100;
    while (off > 5 && now() - begin < std::chrono::milliseconds(milliseconds)) {
      off = distance(report_load(asked), asked.rest);
    }
    EXPECT_LE(off, 5);
  }
  // The target says how much of the demand reaches it: its share of a hundred answers.
  std::map<std::string, double> report_load(const Asked& asked) {
    std::map<std::string, double> got = shares(100, asked);
    post("load", fmt::format("{{\"target\": \"{}\", \"load\": {}}}", load_target_,
                             demand_ * got["10.0.0.1"] / 100));
    return got;
  }

  void run(const std::string& line, const Words& words) {
    const bool shows = words[0] == "show";
    const std::size_t colon = line.find(" : ");
    Words arguments = words_of(shows ? line.substr(0, colon) : line);
    arguments.erase(arguments.begin());
    arguments.insert(arguments.begin(), "dns");
    arguments.insert(arguments.end(), {"--state", (node().folder / "state").string()});
    std::string output;
    const int status = test::run_program(arguments, &output);
    EXPECT_EQ(status == 0, words[0] != "refuse") << output;
    if (shows) {
      EXPECT_NE(output.find(line.substr(colon + 3)), std::string::npos) << output;
    }
  }
  void post(const std::string& call, const std::string& body) const {
    cli::DnsCaller(node().folder / "state")
        .post("/v1/dns/" + call, parse_json(body).value().as_object());
  }

  json::value status_now() const {
    return cli::DnsCaller(node().folder / "state").get("/v1/dns/status");
  }
  // What the status of the node says of a check; null when it has none of this name.
  json::value told_of(const std::string& check) const {
    const json::value all = status_now();
    for (const json::value& item : get_array(all.as_object(), "checks")) {
      if (get_string(item.as_object(), "name") == check) {
        return item;
      }
    }
    return {};
  }
  template <class Condition>
  static bool within(int milliseconds, const Condition& condition) {
    return test::eventually(condition, std::chrono::milliseconds(milliseconds));
  }
  void status(int milliseconds, const std::string& check, const std::string& verdict) {
    json::value told;
    EXPECT_TRUE(within(milliseconds, [&] {
      told = told_of(check);
      return told.is_object() && get_string(told.as_object(), "verdict") == verdict;
    })) << to_string(told);
  }
  void clean(int milliseconds, const std::string& check) {
    json::value told;
    EXPECT_TRUE(within(milliseconds, [&] {
      told = told_of(check);
      return told.is_object() && told.as_object().at("steady_path").as_bool();
    })) << to_string(told);
  }

  // A check of every second has that after a minute and a half.
  void know_the_way() {
    constexpr std::size_t state_most = 1UL << 20U;
    node().process->stop(SIGTERM);
    const std::filesystem::path file = node().folder / "state" / "state.json";
    json::value state = cli::read_checked_file(file, state_most).value();
    for (json::value& check : state.as_object().at("checks").as_array()) {
      check.as_object()["lost"] = 0.0;
      check.as_object()["rounds"] = 128.0;
    }
    cli::write_checked_file(file, state);
    node().process->start();
  }

  // The node has a vote of each place, and it is this one.
  bool voted(int milliseconds, const std::string& check, const Words& places,
             const std::string& wanted_status) const {
    return within(milliseconds, [&] {
      const json::value told = told_of(check);
      std::size_t found = 0;
      for (const json::value& item : get_array(told.as_object(), "votes")) {
        const json::object& vote = item.as_object();
        const bool counts = std::ranges::find(places, get_string(vote, "node")) != places.end();
        found += counts && get_string(vote, "status") == wanted_status ? 1U : 0U;
      }
      return found == places.size();
    });
  }
  void heard(int milliseconds, const std::string& check, const std::string& wanted_status) {
    Words places;
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      places.push_back(name_of(i));
    }
    for (here_ = 0; here_ < nodes_.size(); ++here_) {
      EXPECT_TRUE(voted(milliseconds, check, places, wanted_status)) << name_of(here_);
    }
  }

  // Waits until what is in memory now is on disk as well.
  void saved(int milliseconds, const std::string& file, const std::string& text) {
    const std::filesystem::path path = node().folder / "state" / file;
    EXPECT_TRUE(within(milliseconds, [&] { return read_file(path).contains(text); }))
        << read_file(path);
  }
  // And the node has noticed.
  void move_clock(std::chrono::seconds by) {
    clock_->move(by);
    const json::value told = status_now();
    const Timestamp theirs = parse_rfc3339(get_string(told.as_object(), "now")).value();
    const Duration off = theirs - SystemClock().now() - by;
    EXPECT_LT(std::chrono::abs(off), 5s);
  }
  void flood(const Words& words) {
    if (words.at(1) == "begin") {
      flood_ = std::make_unique<test::DnsFlood>(node().process->port(), words.at(2),
                                                test::DnsFlood::Options{});
      return;
    }
    flood_->end();
    EXPECT_EQ(flood_->lost(), 0U);
    EXPECT_EQ(flood_->wrong(), 0U);
    EXPECT_GT(flood_->answered(), 1'000U);
    std::printf("%llu questions while the configuration was swapped\n",
                static_cast<unsigned long long>(flood_->asked()));
  }

  const std::filesystem::path source_;
  std::vector<std::string> steps_;
  test::TempDir folder_;
  std::array<Site, 2> sites_;
  Lateness lateness_;
  std::unique_ptr<test::MovedClock> clock_;                          // when a step moves it
  std::vector<std::vector<std::unique_ptr<test::TcpProxy>>> links_;  // from, to
  std::vector<Node> nodes_;
  std::size_t here_ = 0;  // the node of the step
  std::unique_ptr<test::DnsFlood> flood_;
  std::string load_target_;
  double demand_ = 0;
};

std::filesystem::path scenario_folder() {
  return std::filesystem::path(test::source_dir()) / "tests/dns/scenarios";
}

std::vector<std::string> scenario_names() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(scenario_folder())) {
    if (std::filesystem::exists(entry.path() / "policies.toml")) {
      names.push_back(entry.path().filename().string());
    }
  }
  std::ranges::sort(names);
  return names;
}

class DnsScenario : public testing::TestWithParam<std::string> {};

TEST_P(DnsScenario, AnswersAsItSays) {
  Scenario(scenario_folder() / GetParam()).play();
}

INSTANTIATE_TEST_SUITE_P(Folders, DnsScenario, testing::ValuesIn(scenario_names()),
                         [](const testing::TestParamInfo<std::string>& info) {
                           std::string name = info.param;
                           std::ranges::replace(name, '-', '_');
                           return name;
                         });

}  // namespace
}  // namespace securecart
