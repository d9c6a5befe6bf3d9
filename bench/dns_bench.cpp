// `securecart dns` beside Knot, gdnsd and PowerDNS of Debian, by dnsperf: every server answers on
// one core, the client asks from another, all in one run, one server after the other for each case.
//
//   dns_bench [--seconds S] [--only CASE]
//
// CASE is one of plain, nxdomain, signed, weighted, geo, zones, answers; `zones` is 100,000 zones
// with a million records, `answers` what of ours is not the system's: from the bytes of a question
// to the bytes of its answer, without sockets. Rates are the most that a server and one core of
// client reach together, which may be the client's limit: so the server's CPU for one answer stands
// beside them. p99 is at a rate that all of them carry.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <sched.h>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <time.h>
#include <vector>

#include <fmt/format.h>

#include "base/text.hpp"
#include "bench/dns_servers.hpp"
#include "cli/dns_files.hpp"
#include "cli/dns_traffic.hpp"
#include "traffic/dns/limits.hpp"

namespace securecart::bench {
namespace {

constexpr int rate_of_p99 = 10'000;
constexpr std::size_t zones_of_many = 100'000;
constexpr std::size_t records_of_zone = 10;  // SOA and NS among them
constexpr std::size_t names_asked = 100'000;

struct Measured {
  double per_second = 0;
  double cpu_us = 0;
  double p99_ms = 0;
  double lost_percent = 0;
};

// How a case is asked: the questions, more of dnsperf's options, and one process a client network.
struct Case {
  std::string name;
  std::string questions;
  std::vector<std::string> clients;  // options of dnsperf, each a process of its own
};

// user and system time of a process, in seconds.
double cpu_seconds(pid_t process) {
  std::ifstream file(fmt::format("/proc/{}/stat", process));
  const std::string text{std::istreambuf_iterator<char>(file), {}};
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

double number_behind(const std::string& text, std::string_view words) {
  const std::size_t at = text.find(words);
  return at == std::string::npos ? 0 : std::strtod(text.c_str() + at + words.size(), nullptr);
}

// Runs dnsperf once a client of the case, all at once, on the client's core; what each printed.
std::vector<std::string> run_dnsperf(const Case& asked, int port, const std::string& options) {
  std::vector<std::string> texts(asked.clients.size());
  std::vector<std::jthread> runners;
  for (std::size_t i = 0; i < asked.clients.size(); ++i) {
    runners.emplace_back([&, i] {
      texts[i] = test::output_of(fmt::format("taskset -c {} dnsperf -s 127.0.0.1 -p {} -d {} {} {}",
                                             client_core, port, asked.questions, asked.clients[i],
                                             options));
    });
  }
  runners.clear();
  return texts;
}

// The 99th percentile of the latencies that `dnsperf -v` prints, one a line, in milliseconds.
double p99_of(const std::vector<std::string>& texts) {
  std::vector<double> latencies;
  for (const std::string& text : texts) {
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
      if (line.starts_with("> ")) {
        latencies.push_back(std::strtod(line.c_str() + line.rfind(' ') + 1, nullptr) * 1'000);
      }
    }
  }
  if (latencies.empty()) {
    return 0;
  }
  const auto place = latencies.begin() + static_cast<std::ptrdiff_t>(latencies.size() * 99 / 100);
  std::ranges::nth_element(latencies, place);
  return *place;
}

Measured measure(const Case& asked, const ServerProcess& server, double seconds) {
  const std::size_t clients = asked.clients.size();
  run_dnsperf(asked, server.port(), "-q 20 -n 1 -l 2");  // fills what the server keeps
  const double before = cpu_seconds(server.pid());
  const std::vector<std::string> texts =
      run_dnsperf(asked, server.port(), fmt::format("-q {} -l {}", 200 / clients, seconds));
  const double cpu = cpu_seconds(server.pid()) - before;
  Measured result;
  double completed = 0;
  double sent = 0;
  for (const std::string& text : texts) {
    completed += number_behind(text, "Queries completed:");
    sent += number_behind(text, "Queries sent:");
    result.per_second += number_behind(text, "Queries per second:");
  }
  if (completed == 0) {
    throw std::runtime_error(fmt::format("{} answered nothing:\n{}", server.name(), texts[0]));
  }
  result.cpu_us = cpu * 1e6 / completed;
  result.lost_percent = (sent - completed) / sent * 100;
  result.p99_ms = p99_of(
      run_dnsperf(asked, server.port(),
                  fmt::format("-q 100 -l 1 -v -Q {}", rate_of_p99 / static_cast<int>(clients))));
  return result;
}

void print_row(const std::string& name, const Measured& result, double ours) {
  fmt::print("  {:<12} {:>9.0f} q/s {:>7.2f} us CPU {:>7.2f} ms p99 {:>6.2f} % lost", name,
             result.per_second, result.cpu_us, result.p99_ms, result.lost_percent);
  if (ours > 0) {
    fmt::print("   ours: {:.2f} of its rate", ours / result.per_second);
  }
  fmt::print("\n");
  std::fflush(stdout);
}

std::string numbered_questions(const std::filesystem::path& path, std::string_view pattern,
                               std::size_t names) {
  std::ofstream file(path);
  for (std::size_t i = 0; i < names; ++i) {
    // In an order that is not the order of the zone.
    file << fmt::format(fmt::runtime(pattern), i * 7'919 % names) << " A\n";
  }
  return path.string();
}

std::vector<Case> cases(const std::filesystem::path& folder, const GeoFiles& geo) {
  const auto questions = [&](const char* name, std::string_view pattern, std::size_t names) {
    return numbered_questions(folder / fmt::format("{}.questions", name), pattern, names);
  };
  std::vector<std::string> networks;
  for (const std::string& subnet : geo.client_subnets) {
    networks.push_back("-E 8:" + subnet);
  }
  return {{"plain", questions("plain", "h{}.plain.test", plain_names), {""}},
          {"nxdomain", questions("nxdomain", "missing{}.plain.test", plain_names), {""}},
          {"signed", questions("signed", "h{}.signed.test", plain_names), {"-D"}},
          {"weighted", questions("weighted", "www{}.weighted.test", policy_names), {""}},
          {"geo", questions("geo", "www{}.geo.test", policy_names), networks}};
}

void compare(const std::string& only, double seconds) {
  const test::TempDir folder;
  const HealthPort health;
  const GeoFiles geo(folder.path());
  const std::vector<std::unique_ptr<ServerProcess>> servers =
      start_servers(folder.path(), geo, health.port());
  for (const Case& asked : cases(folder.path(), geo)) {
    if (!only.empty() && asked.name != only) {
      continue;
    }
    fmt::print("{}\n", asked.name);
    double ours = 0;
    for (const std::unique_ptr<ServerProcess>& server : servers) {
      if (!server->serves(asked.name)) {
        fmt::print("  {:<12} cannot do it\n", server->name());
        continue;
      }
      const Measured result = measure(asked, *server, seconds);
      print_row(server->name(), result, ours);
      ours = ours == 0 ? result.per_second : ours;  // ours is the first
    }
  }
}

double resident_mb(pid_t process) {
  std::ifstream file(fmt::format("/proc/{}/status", process));
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  return number_behind(text, "VmRSS:") / 1'024;
}

// A hundred thousand zones beside one zone with as many names asked for.
void many_zones(double seconds) {
  const test::TempDir folder;
  const auto time = [&](std::size_t zones, std::size_t names, Case& asked) {
    const std::filesystem::path home = folder.path() / std::to_string(zones);
    write_zones(home / "zones", zones, names);
    std::ofstream questions(asked.questions);
    for (std::size_t i = 0; i < names_asked; ++i) {
      const std::size_t record = i * 7'919 % (zones * names);
      questions << fmt::format("h{}.z{}.test A\n", record % names, record / names);
    }
    questions.close();
    const auto began = std::chrono::steady_clock::now();
    const std::unique_ptr<ServerProcess> server = start_many(home);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
    const Measured result = measure(asked, *server, seconds);
    fmt::print("  {} zones, {} records: started in {:.2f} s, {:.0f} MB resident\n", zones,
               zones * (names + 2), took.count(), resident_mb(server->pid()));
    return result;
  };
  fmt::print("zones\n");
  Case asked{"zones", (folder.path() / "questions").string(), {""}};
  const Measured one = time(1, 10'000, asked);
  print_row("one zone", one, 0);
  const Measured many = time(zones_of_many, records_of_zone - 2, asked);
  print_row("many zones", many, 0);
  fmt::print("  many / one: {:.2f} of the rate, {:.2f} of the CPU\n",
             many.per_second / one.per_second, many.cpu_us / one.cpu_us);
}

// A question of `name` for A, with the client subnet `option` (hexadecimal) or DO where asked for.
std::vector<std::uint8_t> packet_for(const std::string& name, const std::string& option,
                                     bool dnssec_ok) {
  std::vector<std::uint8_t> packet{0, 7, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0};
  for (const std::string_view label : split(name, '.')) {
    packet.push_back(static_cast<std::uint8_t>(label.size()));
    packet.insert(packet.end(), label.begin(), label.end());
  }
  packet.insert(packet.end(), {0, 0, 1, 0, 1});
  if (option.empty() && !dnssec_ok) {
    return packet;
  }
  packet[11] = 1;
  const auto size = static_cast<std::uint8_t>(option.size() / 2);
  const auto flags = static_cast<std::uint8_t>(dnssec_ok ? 0x80 : 0);
  packet.insert(packet.end(), {0, 0, 41, 4, 208, 0, 0, flags, 0, 0});
  packet.push_back(static_cast<std::uint8_t>(size == 0 ? 0 : size + 4));
  if (size > 0) {
    packet.insert(packet.end(), {0, 8, 0, size});
    for (std::size_t i = 0; i < option.size(); i += 2) {
      packet.push_back(
          static_cast<std::uint8_t>(std::strtoul(option.substr(i, 2).c_str(), nullptr, 16)));
    }
  }
  return packet;
}

double thread_seconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

double answer_ns(const traffic::dns::Snapshot& snapshot, traffic::dns::Answerer& answerer,
                 const std::vector<std::vector<std::uint8_t>>& packets) {
  constexpr std::size_t answers = 2'000'000;
  std::vector<std::uint8_t> out(limits::dns_message_bytes);
  traffic::dns::Client client;
  client.address = *traffic::parse_address("127.0.0.1");
  client.unix_seconds = 1'800'000'000;
  std::size_t bytes = 0;
  const auto ask = [&](std::size_t i) {
    client.random = i * 0x9e37'79b9'7f4a'7c15U;
    bytes += answerer.answer(packets[i % packets.size()], client, snapshot, out).size;
  };
  for (std::size_t i = 0; i < packets.size(); ++i) {
    ask(i);
  }
  const double before = thread_seconds();
  for (std::size_t i = 0; i < answers; ++i) {
    ask(i);
  }
  const double took = thread_seconds() - before;
  if (bytes < answers * traffic::dns::header_bytes) {
    throw std::runtime_error("there were no answers");
  }
  return took * 1e9 / answers;
}

void only_answers() {
  const test::TempDir folder;
  const GeoFiles geo(folder.path());
  write_ours(folder.path(), write_securecart(folder.path(), geo, 1));
  observe::Metrics metrics;
  SecureRandom random;
  cli::DnsFiles files(folder.path() / "dns.toml", cli::check_dns_policies, metrics, random);
  const auto loaded = files.load(nullptr);
  if (!loaded) {
    throw std::runtime_error(loaded.error().detail);
  }
  traffic::dns::Answerer answerer(0, {1, 2});
  fmt::print("answers\n");
  const auto time = [&](const char* name, std::string_view pattern, std::size_t names,
                        const std::vector<std::string>& options, bool dnssec_ok) {
    std::vector<std::vector<std::uint8_t>> packets;
    for (std::size_t i = 0; i < names; ++i) {
      packets.push_back(packet_for(fmt::format(fmt::runtime(pattern), i * 7'919 % names),
                                   options[i % options.size()], dnssec_ok));
    }
    fmt::print("  {:<12} {:>7.0f} ns\n", name, answer_ns(*loaded->snapshot, answerer, packets));
  };
  time("plain", "h{}.plain.test", plain_names, {""}, false);
  time("nxdomain", "missing{}.plain.test", plain_names, {""}, false);
  time("signed", "h{}.signed.test", plain_names, {""}, true);
  time("weighted", "www{}.weighted.test", policy_names, {""}, false);
  time("geo", "www{}.geo.test", policy_names, geo.client_subnets, false);
}

int run(int argc, char** argv) {
  double seconds = 3;
  std::string only;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view option = argv[i];
    if (option == "--seconds") {
      seconds = std::strtod(argv[i + 1], nullptr);
    } else if (option == "--only") {
      only = argv[i + 1];
    }
  }
  if (std::thread::hardware_concurrency() < 2) {
    fmt::print("dns_bench needs two cores\n");
    return 2;
  }
  if (only.empty() || only == "answers") {
    only_answers();
  }
  if (only != "zones" && only != "answers") {
    compare(only, seconds);
  }
  if (only.empty() || only == "zones") {
    many_zones(seconds);
  }
  return 0;
}

}  // namespace
}  // namespace securecart::bench

int main(int argc, char** argv) {
  try {
    return securecart::bench::run(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "dns_bench: {}\n", error.what());
    return 1;
  }
}
