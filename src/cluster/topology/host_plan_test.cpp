#include "cluster/topology/host_plan.hpp"

#include <algorithm>
#include <filesystem>
#include <set>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "cluster/topology/topology_fixture.hpp"

namespace securecart::cluster {
namespace {

std::string readiness_text(const Readiness& readiness) {
  constexpr const char* kinds[] = {"none", "http", "tcp", "command"};
  return fmt::format("{} {} {} {}", kinds[static_cast<std::size_t>(readiness.kind)],
                     readiness.target, readiness.alive, readiness.identity);
}

std::string unit_text(const Unit& unit) {
  std::string text =
      fmt::format("== unit {} user={} folder={} after={} ready={} memory={} cores={}\n", unit.name,
                  unit.user, unit.folder, fmt::join(unit.after, ","),
                  readiness_text(unit.readiness), unit.memory_bytes, unit.cores);
  for (const auto& [name, value] : unit.environment) {
    text += fmt::format("{}={}\n", name, value);
  }
  return text + fmt::format("{}\n", fmt::join(unit.command, "\n  "));
}

// Everything of a plan but hashes.
std::string plan_text(const Topology& topology, const Host& host) {
  const HostPlan plan = host_plan(topology, host, {});
  std::string text;
  for (const PlannedFolder& folder : plan.folders) {
    text += fmt::format("== folder {} {} {:04o}\n", folder.path, folder.owner, folder.mode);
  }
  for (const RenderedFile& file : plan.files) {
    text += fmt::format("== file {} {} {:04o}{}\n{}{}", file.path, file.owner, file.mode,
                        file.seed ? " seed" : "", file.text, file.text.ends_with('\n') ? "" : "\n");
  }
  for (const Unit& unit : plan.units) {
    text += unit_text(unit);
  }
  if (host.carries(Part::instances)) {
    for (const Service& service : topology.services) {
      text += unit_text(instance_unit(topology, host, {}, service, 3, "1.2.0"));
    }
  }
  return text;
}

// tests/topology/HOST.plan says what a plan has to be. A change that is meant is taken over with
// the command the failure names.
void expect_golden(const std::string& host_name) {
  const Topology topology = one_region();
  const std::string text = plan_text(topology, *topology.host(host_name));
  const std::string file = fmt::format("{}/tests/topology/{}.plan", test::source_dir(), host_name);
  std::ifstream stream(file);
  const std::string wanted{std::istreambuf_iterator<char>(stream), {}};
  if (wanted == text) {
    return;
  }
  const std::string actual = fmt::format("{}/{}.plan", test::binary_dir(), host_name);
  std::ofstream(actual) << text;
  ADD_FAILURE() << "differs; look at it: diff " << file << " " << actual
                << "\nand take it over: cp " << actual << " " << file;
}

TEST(HostPlan, OfADataHost) {
  expect_golden("b-data");
}
TEST(HostPlan, OfAnApplicationHost) {
  expect_golden("a-app");
}
TEST(HostPlan, OfAnEdgeHost) {
  expect_golden("a-edge");
}

TEST(HostPlan, IsTheSameEveryTime) {
  const Topology topology = one_region();
  for (const Host& host : topology.hosts) {
    const HostPlan one = host_plan(topology, host, {});
    const HostPlan two = host_plan(topology, host, {});
    ASSERT_EQ(one.units.size(), two.units.size());
    for (std::size_t i = 0; i < one.units.size(); ++i) {
      EXPECT_EQ(one.units[i].configuration_hash, two.units[i].configuration_hash);
    }
    EXPECT_EQ(plan_text(topology, host), plan_text(topology, host));
  }
}

TEST(HostPlan, KeepsItsFilesBelowItsPathsAndItsUnitsInOrder) {
  const Topology topology = one_region();
  HostPaths paths;
  paths.configuration = "/x/etc";
  paths.state = "/x/lib";
  paths.runtime = "/x/run";
  paths.secrets = "/x/secrets";
  paths.program = "/x/securecart";
  paths.topology = "/x/topology.toml";
  for (const Host& host : topology.hosts) {
    const HostPlan plan = host_plan(topology, host, paths);
    std::set<std::string> folders;
    for (const PlannedFolder& folder : plan.folders) {
      EXPECT_TRUE(folder.path.starts_with("/x/")) << folder.path;
      EXPECT_TRUE(folders.insert(folder.path).second) << folder.path << " twice";
    }
    std::set<std::string> files;
    for (const RenderedFile& file : plan.files) {
      EXPECT_TRUE(folders.contains(std::filesystem::path(file.path).parent_path())) << file.path;
      EXPECT_TRUE(files.insert(file.path).second) << file.path << " twice";
      EXPECT_EQ(file.text.find("/etc/securecart"), std::string::npos) << file.path;
      EXPECT_EQ(file.text.find("/var/lib/securecart"), std::string::npos) << file.path;
      EXPECT_EQ(file.text.find("/run/securecart"), std::string::npos) << file.path;
    }
    std::set<std::string> before;
    for (const Unit& unit : plan.units) {
      for (const std::string& after : unit.after) {
        EXPECT_TRUE(before.contains(after)) << unit.name << " waits for " << after;
      }
      EXPECT_TRUE(before.insert(unit.name).second) << unit.name << " twice";
    }
  }
}

const Unit& unit_named(const HostPlan& plan, std::string_view name) {
  return *std::ranges::find(plan.units, name, &Unit::name);
}

TEST(HostPlan, RestartsWhatReadsAFileThatChanged) {
  const Topology before = one_region();
  Topology after = before;
  after.postgres.buffers_bytes *= 2;
  const HostPlan one = host_plan(before, *before.host("a-data"), {});
  const HostPlan two = host_plan(after, *after.host("a-data"), {});
  EXPECT_NE(unit_named(one, "postgres").configuration_hash,
            unit_named(two, "postgres").configuration_hash);
  for (const char* other : {"etcd", "redis", "rabbitmq"}) {
    EXPECT_EQ(unit_named(one, other).configuration_hash, unit_named(two, other).configuration_hash)
        << other;
  }
}

TEST(HostPlan, NamesEverySecretItsFilesRefer) {
  const Topology topology = one_region();
  for (const Host& host : topology.hosts) {
    const std::vector<Secret> secrets = host_secrets(topology, host);
    EXPECT_TRUE(std::ranges::is_sorted(secrets, {}, &Secret::name));
    const auto known = [&secrets](std::string_view name) -> Result<std::string> {
      const auto found = std::ranges::find(secrets, name, &Secret::name);
      EXPECT_NE(found, secrets.end()) << name;
      EXPECT_EQ(found->kind, Secret::Kind::password) << name;
      return std::string("sixteen-letters-");
    };
    for (const RenderedFile& file : host_plan(topology, host, {}).files) {
      const Result<std::string> filled = fill_secrets(file.text, known);
      ASSERT_TRUE(filled) << filled.error().detail;
      EXPECT_EQ(filled->find("${secret"), std::string::npos);
      EXPECT_EQ(*filled != file.text, file.text.find("${secret") != std::string::npos);
      if (*filled != file.text) {
        EXPECT_EQ(file.mode & 077, 0) << file.path << " holds a secret";
      }
    }
  }
}

TEST(HostPlan, FillsInGoodSecretsOnly) {
  const auto say = [](std::string text) {
    return [kept = std::move(text)](std::string_view) -> Result<std::string> { return kept; };
  };
  EXPECT_EQ(*fill_secrets("a ${secret:x} b ${secret:x}", say("0123456789abcdef")),
            "a 0123456789abcdef b 0123456789abcdef");
  EXPECT_EQ(*fill_secrets("$ {secret:x} ${x}", say("short")), "$ {secret:x} ${x}");
  for (const char* wrong : {"short", "0123456789abcde'", "0123456789abcdef\n", ""}) {
    const Result<std::string> filled = fill_secrets("${secret:x}", say(wrong));
    ASSERT_FALSE(filled) << wrong;
    EXPECT_NE(filled.error().detail.find("the secret x must be"), std::string::npos);
  }
  EXPECT_FALSE(fill_secrets("${secret:x", say("0123456789abcdef")));
  const auto missing = [](std::string_view name) -> Result<std::string> {
    return fail(errc::invalid_request, std::string(name) + " is missing");
  };
  EXPECT_EQ(fill_secrets("${secret:x}", missing).error().detail, "x is missing");
}

TEST(HostPlan, RunsAnotherVersionFromAFileOfItsOwn) {
  const Topology topology = one_region();
  const Host& host = *topology.host("a-app");
  const Service& web = *topology.service("web");
  EXPECT_EQ(instance_unit(topology, host, {}, web, 0, "").command.front(), "/usr/bin/securecart");
  const Unit other = instance_unit(topology, host, {}, web, 2, "1.4.0");
  EXPECT_EQ(other.command.front(), "/usr/bin/securecart-1.4.0");
  EXPECT_EQ(other.name, "web-a-app-2");
  EXPECT_EQ(other.readiness.target, "http://10.77.1.12:8102/readyz");
}

TEST(HostPlan, RoutesTheLongestPathFirst) {
  const std::string text =
      changed(one_region_text(), "[[service]]\nname = \"accounts\"", R"([[service]]
name = "desk"
roles = ["web"]
paths = ["/v1/admin", "/v1"]
minimum = 1
maximum = 3
port = 8200

[[service]]
name = "accounts")");
  Result<Topology> topology = parse_topology("r.toml", text);
  ASSERT_TRUE(topology) << topology.error().detail;
  const HostPlan plan = host_plan(*topology, *topology->host("a-edge"), {});
  const auto haproxy = std::ranges::find_if(
      plan.files, [](const RenderedFile& file) { return file.path.ends_with("haproxy.cfg"); });
  ASSERT_NE(haproxy, plan.files.end());
  EXPECT_NE(
      haproxy->text.find("  use_backend desk if { path /v1/admin } or { path_beg /v1/admin/ }\n"
                         "  use_backend desk if { path /v1 } or { path_beg /v1/ }\n"
                         "  default_backend web\n"),
      std::string::npos)
      << haproxy->text;
}

}  // namespace
}  // namespace securecart::cluster
