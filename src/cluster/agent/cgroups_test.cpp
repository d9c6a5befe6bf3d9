// Against a folder that looks like the kernel's tree: what is written where.
#include "cluster/agent/cgroups.hpp"

#include <fstream>
#include <iterator>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/temp_dir.hpp"

namespace securecart::cluster::agent {
namespace {

class CgroupTree : public testing::Test {
 protected:
  CgroupTree() {
    make("", {"cgroup.subtree_control"});
    std::ofstream(root_.path() / "cgroup.controllers") << "cpuset cpu io memory pids\n";
    make("securecart", {"cgroup.subtree_control"});
    make("securecart/a-app", {"cgroup.subtree_control"});
    make("securecart/a-app/orders", {"memory.max", "cpu.max", "cgroup.procs", "cgroup.kill"});
  }
  void make(const std::string& group, const std::vector<std::string>& files) const {
    std::filesystem::create_directories(root_.path() / group);
    for (const std::string& file : files) {
      std::ofstream(root_.path() / group / file) << "";
    }
  }
  std::string read(const std::string& file) const {
    std::ifstream stream(root_.path() / file);
    return {std::istreambuf_iterator<char>(stream), {}};
  }

  test::TempDir root_;
};

TEST_F(CgroupTree, AUnitGetsItsLimits) {
  const auto groups = Cgroups::open(root_.path(), "a-app");
  ASSERT_TRUE(groups.has_value()) << groups.error();
  EXPECT_EQ(read("cgroup.subtree_control"), "+memory +cpu");
  EXPECT_EQ(read("securecart/a-app/cgroup.subtree_control"), "+memory +cpu");
  const auto procs = groups->prepare("orders", 256 << 20, 1.5);
  ASSERT_TRUE(procs.has_value()) << procs.error();
  EXPECT_EQ(*procs, (root_.path() / "securecart/a-app/orders/cgroup.procs").string());
  EXPECT_EQ(read("securecart/a-app/orders/memory.max"), "268435456");
  EXPECT_EQ(read("securecart/a-app/orders/cpu.max"), "150000 100000");
  EXPECT_TRUE(groups->kill("orders"));
  EXPECT_EQ(read("securecart/a-app/orders/cgroup.kill"), "1");
  EXPECT_FALSE(groups->kill("nobody"));
}

TEST_F(CgroupTree, ATreeWithoutTheControllersIsNone) {
  std::ofstream(root_.path() / "cgroup.controllers") << "pids\n";
  const auto groups = Cgroups::open(root_.path(), "a-app");
  ASSERT_FALSE(groups.has_value());
  EXPECT_THAT(groups.error(), testing::HasSubstr("no controllers"));
  EXPECT_FALSE(Cgroups::open(root_.path() / "missing", "a-app").has_value());
}

TEST_F(CgroupTree, NoLimitIsTheMost) {
  const auto groups = Cgroups::open(root_.path(), "a-app");
  ASSERT_TRUE(groups.has_value());
  ASSERT_TRUE(groups->prepare("orders", 0, 0.0).has_value());
  EXPECT_EQ(read("securecart/a-app/orders/memory.max"), "max");
  EXPECT_EQ(read("securecart/a-app/orders/cpu.max"), "max 100000");
}

}  // namespace
}  // namespace securecart::cluster::agent
