// The folders of tests/dns/scenarios: each a configuration, a zone, policies, and steps with the
// answers that must come. A step is a line of the file `steps`:
//
//   ask NAME TYPE [from NET] is RDATA...       the answer now (dig; blanks in rdata as '_')
//   soon MS NAME TYPE [from NET] is RDATA...   the answer within so many milliseconds
//   stays MS NAME TYPE [from NET] is RDATA...  the answer, and no other for so long
//   share N NAME TYPE [from NET] is RDATA PERCENT...  of N questions, to 1.5 percent
//   shares MS NAME TYPE is RDATA PERCENT...    a hundred at a time, until the shares are so
//   count N NAME TYPE                          so many records
//   run WORDS... | refuse WORDS...             securecart dns WORDS, which goes well or not
//   show WORDS... : TEXT                       its output has the text
//   post CALL JSON                             the admin API
//   load TARGET RATE DEMAND                    the target reports its share of DEMAND from now on
//   site K up|down|broken, metric VALUE        what the checks look at
//   status MS CHECK up|down                    the verdict within so many milliseconds
//   sleepless MS saved                         the state file has a verdict "down"
//   kill | restart                             SIGKILL or SIGTERM, and a new start
//   put FILE NAME                              FILE becomes the file of that name
//   use FILE                                   FILE becomes policies.toml; SIGHUP
//   flood begin NAME | flood end               all the questions it can take; none may be lost
#include <atomic>
#include <chrono>
#include <cmath>
#include <iomanip>
#include <map>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/text.hpp"
#include "cli/dns_caller.hpp"
#include "net/server.hpp"
#include "tests/support/dns_flood.hpp"
#include "tests/support/dns_node.hpp"
#include "tests/support/mmdb_writer.hpp"
#include "tests/support/places.hpp"
#include "tests/support/temp_dir.hpp"

namespace securecart {
namespace {

using namespace std::chrono_literals;
using Instant = std::chrono::steady_clock::time_point;
using Words = std::vector<std::string>;

Instant now() {
  return std::chrono::steady_clock::now();
}

// A web site that checks look at; it can be stopped and started on its port.
class Site {
 public:
  Site() {
    start();
    port_ = server_->port();
  }
  ~Site() { stop(); }

  std::uint16_t port() const { return port_; }
  void set(const std::string& how) {
    page_.broken = how == "broken";
    if (how == "down") {
      stop();
    } else if (server_ == nullptr) {
      start();
    }
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
  void start() {
    net::ServerOptions options;
    options.port = port_;
    options.name = "site";
    runtime_ = std::make_unique<net::Runtime>(1, 1, clock_);
    server_ = std::make_unique<net::Server>(*runtime_, options, page_, metrics_);
    server_->start();
    runtime_->run();
  }
  void stop() {
    if (runtime_ != nullptr) {
      runtime_->stop();
      runtime_->join();
      server_.reset();
      runtime_.reset();
    }
  }

  SystemClock clock_;
  observe::Metrics metrics_;
  Page page_;
  std::uint16_t port_ = 0;
  std::unique_ptr<net::Runtime> runtime_;
  std::unique_ptr<net::Server> server_;
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
    for (const auto& entry : std::filesystem::directory_iterator(source)) {
      copy(entry.path().filename().string(), entry.path().filename().string());
    }
    write_geo();
    process_ = std::make_unique<test::DnsNode>(folder_.path());
  }

  void play() {
    std::istringstream lines(read_file(source_ / "steps"));
    for (std::string line; std::getline(lines, line) && !testing::Test::HasFailure();) {
      if (!line.empty() && line.front() != '#') {
        SCOPED_TRACE(line);
        step(line, words_of(line));
      }
    }
  }

 private:
  void copy(const std::string& from, const std::string& to) {
    std::ofstream file(folder_.path() / to, std::ios::binary);
    file << filled(read_file(source_ / from), {{"site_1", std::to_string(sites_[0].port())},
                                               {"site_2", std::to_string(sites_[1].port())}});
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
    std::ofstream file(folder_.path() / "geo.mmdb", std::ios::binary);
    file << writer.bytes();
  }

  Words answer(const Asked& asked) const {
    return test::dig(process_->port(), asked.name, asked.type, asked.subnet);
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
    } else if (verb == "sleepless") {
      saved(std::stoi(words.at(1)));
    } else if (verb == "kill" || verb == "restart") {
      process_->stop(verb == "kill" ? SIGKILL : SIGTERM);
      process_->start();
    } else if (verb == "put") {
      copy(words.at(1), words.at(2));
    } else if (verb == "use") {
      copy(words.at(1), "policies.toml");
      process_->reload();
    } else if (verb == "flood") {
      flood(words);
    } else {
      ADD_FAILURE() << "unknown step";
    }
  }

  void soon(int milliseconds, const Asked& asked) {
    const Instant begin = now();
    Words got;
    do {
      if (!load_target_.empty()) {
        report_load(asked);
      }
      got = answer(asked);
      if (got == wanted(asked)) {
        return;
      }
    } while (now() - begin < std::chrono::milliseconds(milliseconds));
    EXPECT_EQ(got, wanted(asked));
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
    const std::string text = test::shell(fmt::format(
        "dig +short +tries=1 +time=2 -p {} @127.0.0.1 -f {}", process_->port(), batch.string()));
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
    arguments.insert(arguments.end(), {"--state", (folder_.path() / "state").string()});
    std::string output;
    const int status = test::run_program(arguments, &output);
    EXPECT_EQ(status == 0, words[0] != "refuse") << output;
    if (shows) {
      EXPECT_NE(output.find(line.substr(colon + 3)), std::string::npos) << output;
    }
  }
  void post(const std::string& call, const std::string& body) const {
    cli::DnsCaller node(folder_.path() / "state");
    node.post("/v1/dns/" + call, parse_json(body).value().as_object());
  }

  std::string verdict(const std::string& check) const {
    cli::DnsCaller node(folder_.path() / "state");
    const json::value answer = node.get("/v1/dns/status");
    for (const json::value& item : get_array(answer.as_object(), "checks")) {
      if (get_string(item.as_object(), "name") == check) {
        return std::string(get_string(item.as_object(), "verdict"));
      }
    }
    return "not there";
  }
  void status(int milliseconds, const std::string& check, const std::string& wanted_verdict) {
    const Instant begin = now();
    std::string got;
    do {
      got = verdict(check);
    } while (got != wanted_verdict && now() - begin < std::chrono::milliseconds(milliseconds));
    EXPECT_EQ(got, wanted_verdict);
  }
  // Waits until what is in memory now is in the state file as well.
  void saved(int milliseconds) {
    const std::filesystem::path state = folder_.path() / "state" / "state.json";
    const Instant begin = now();
    while (read_file(state).find("\"verdict\":\"down\"") == std::string::npos) {
      ASSERT_LT(now() - begin, std::chrono::milliseconds(milliseconds));
    }
  }
  void flood(const Words& words) {
    if (words.at(1) == "begin") {
      flood_ = std::make_unique<test::DnsFlood>(process_->port(), words.at(2),
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
  test::TempDir folder_;
  std::array<Site, 2> sites_;
  std::unique_ptr<test::DnsNode> process_;
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
