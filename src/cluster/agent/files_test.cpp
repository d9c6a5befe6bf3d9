#include "cluster/agent/files.hpp"

#include <fstream>
#include <iterator>
#include <sys/stat.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/temp_dir.hpp"

namespace securecart::cluster::agent {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string read(const std::filesystem::path& file) {
  std::ifstream stream(file);
  return {std::istreambuf_iterator<char>(stream), {}};
}

int mode_of(const std::filesystem::path& file) {
  struct stat found{};
  stat(file.c_str(), &found);
  return static_cast<int>(found.st_mode & 07777U);
}

class Files : public testing::Test {
 protected:
  std::string path(const std::string& name) const { return (folder_.path() / name).string(); }
  Applied apply() const { return apply_files(plan_, folder_.path() / "secrets"); }

  test::TempDir folder_;
  HostPlan plan_;
};

TEST_F(Files, AreMadeOnceAndWrittenAgainWhenTheyDiffer) {
  plan_.folders = {{path("etc"), "root", 0750}};
  plan_.files = {{path("etc/a.conf"), "one\n", 0640, "root", false}};
  EXPECT_THAT(apply().written, ElementsAre(path("etc/a.conf")));
  EXPECT_EQ(read(path("etc/a.conf")), "one\n");
  EXPECT_EQ(mode_of(path("etc")), 0750);
  EXPECT_EQ(mode_of(path("etc/a.conf")), 0640);
  EXPECT_THAT(apply().written, IsEmpty());
  std::ofstream(path("etc/a.conf")) << "by hand";
  EXPECT_THAT(apply().written, ElementsAre(path("etc/a.conf")));
  EXPECT_EQ(read(path("etc/a.conf")), "one\n");
  chmod(path("etc/a.conf").c_str(), 0666);
  EXPECT_THAT(apply().written, ElementsAre(path("etc/a.conf")));
  EXPECT_EQ(mode_of(path("etc/a.conf")), 0640);
}

TEST_F(Files, ASeedIsLeftToItsProgram) {
  plan_.files = {{path("sentinel.conf"), "seed", 0644, "root", true}};
  EXPECT_THAT(apply().written, ElementsAre(path("sentinel.conf")));
  std::ofstream(path("sentinel.conf")) << "rewritten";
  EXPECT_THAT(apply().written, IsEmpty());
  EXPECT_EQ(read(path("sentinel.conf")), "rewritten");
}

TEST_F(Files, SecretsAreFilledIn) {
  plan_.files = {{path("a.conf"), "password=${secret:redis}\n", 0600, "root", false}};
  EXPECT_THAT(apply().problems, ElementsAre(HasSubstr("secrets/redis is not there")));
  EXPECT_FALSE(std::filesystem::exists(path("a.conf")));
  std::filesystem::create_directory(path("secrets"));
  std::ofstream(path("secrets/redis")) << "abcdefghijklmnop0123\nsecond line\n";
  const Applied applied = apply();
  EXPECT_THAT(applied.problems, IsEmpty());
  EXPECT_EQ(read(path("a.conf")), "password=abcdefghijklmnop0123\n");
}

TEST_F(Files, OneThatCannotBeMadeDoesNotHinderTheOthers) {
  std::ofstream(path("file")) << "in the way";
  plan_.folders = {{path("file/folder"), "root", 0755}};
  plan_.files = {{path("file/a.conf"), "a", 0644, "root", false},
                 {path("b.conf"), "b", 0644, "root", false}};
  if (geteuid() == 0) {
    plan_.files.push_back({path("c.conf"), "c", 0644, "nobody-has-this-name", false});
  }
  const Applied applied = apply();
  EXPECT_THAT(applied.written, ElementsAre(path("b.conf")));
  EXPECT_EQ(applied.problems.size(), plan_.folders.size() + plan_.files.size() - 1);
}

}  // namespace
}  // namespace securecart::cluster::agent
