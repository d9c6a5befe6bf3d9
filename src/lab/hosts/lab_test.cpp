#include "lab/hosts/lab.hpp"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "tests/support/temp_dir.hpp"

namespace securecart::lab {
namespace {

TEST(LabSpec, IsWrittenAndReadAgain) {
  LabSpec spec;
  spec.prefix_bits = 24;
  spec.machines.push_back({"a-data", "a", "10.77.1.11", {"/usr/bin/securecart", "agent"}, 1 << 20});
  spec.machines.push_back({.name = "switch"});
  const Result<LabSpec> again = parse_lab_spec(to_json(spec));
  ASSERT_TRUE(again);
  EXPECT_EQ(again->prefix_bits, 24);
  ASSERT_EQ(again->machines.size(), 2U);
  const MachineSpec* machine = again->machine("a-data");
  ASSERT_NE(machine, nullptr);
  EXPECT_EQ(machine->zone, "a");
  EXPECT_EQ(machine->address, "10.77.1.11");
  EXPECT_EQ(machine->service, (std::vector<std::string>{"/usr/bin/securecart", "agent"}));
  EXPECT_EQ(machine->disk_bytes, 1 << 20);
  EXPECT_EQ(again->machine("b-data"), nullptr);
  EXPECT_FALSE(parse_lab_spec("[]"));
}

TEST(Lab, IsNotTakenForAnotherFolder) {
  const test::TempDir folder;
  EXPECT_THROW(Lab::open(folder.path()), std::runtime_error);
  EXPECT_EQ(Lab::take_down(folder.path() / "nothing"), 0) << "what is not there is gone";
  std::ofstream(folder.path() / "precious") << "data";
  EXPECT_THROW(Lab::take_down(folder.path()), std::runtime_error);
  EXPECT_TRUE(std::filesystem::exists(folder.path() / "precious"));
}

TEST(Command, TellsWhatBecameOfIt) {
  const Ran good = run_command({"cat"}, "some input");
  EXPECT_TRUE(good.ok());
  EXPECT_EQ(good.output, "some input");
  const Ran bad = run_command({"sh", "-c", "echo wrong >&2; exit 3"});
  EXPECT_EQ(bad.status, 3);
  EXPECT_EQ(bad.output, "wrong\n");
  EXPECT_EQ(run_command({"sh", "-c", "kill -9 $$"}).status, 128 + 9);
  EXPECT_EQ(run_command({"/no/such/program"}).status, 127);
  EXPECT_THROW(must_run({"false"}), std::runtime_error);
}

}  // namespace
}  // namespace securecart::lab
