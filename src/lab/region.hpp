// A region as a lab: the hosts of a topology file as machines, each with the agent as its service
// and the secrets that people would have put there; and beside them one machine outside of the
// region, with the test payment provider and whoever shops.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/errors.hpp"
#include "base/prng.hpp"
#include "cluster/topology/model.hpp"
#include "lab/hosts/lab.hpp"

namespace securecart::lab {

inline constexpr std::string_view outside_name = "outside";

// What the lab knows of the region it made; readable by its owner only.
struct RegionSecrets {
  std::string shop_authority;  // PEM: who signed the certificate that shoppers see
  std::string test_payments;   // password of the test payment provider
  std::string postgres_shop;   // password of the shop's database
};

struct RegionPlan {
  LabSpec spec;
  LabFiles files;
  RegionSecrets secrets;
};

// `text` is what `topology` was read from. The Error says what a lab cannot do with it. Draws all
// passwords, keys and certificates.
Result<RegionPlan> plan_region(const cluster::Topology& topology, std::string_view text,
                               const std::filesystem::path& program, const Clock& clock,
                               Random& random);

// The service command line of a host's machine.
std::vector<std::string> agent_words(std::string_view host);

}  // namespace securecart::lab
