// A lab that runs a region: what is known of it, who holds which seat, whether it is well.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/errors.hpp"
#include "cluster/topology/model.hpp"
#include "lab/hosts/lab.hpp"
#include "lab/region.hpp"

namespace securecart::lab {

// An instance that is ready, as its agent told discovery.
struct RegionInstance {
  std::string service;
  std::string address;
  std::int64_t port = 0;
};

class RegionLab {
 public:
  // Keeps the plan's secrets and the topology's text beside the machines. Throws as Lab::create.
  static RegionLab create(const std::filesystem::path& state, RegionPlan plan,
                          std::string_view topology_text);
  // Throws std::runtime_error when there is no lab of a region in `state`.
  static RegionLab open(const std::filesystem::path& state);

  const Lab& lab() const { return lab_; }
  const cluster::Topology& topology() const { return topology_; }
  const RegionSecrets& secrets() const { return secrets_; }
  std::filesystem::path shop_authority_file() const { return lab_.state() / "shop-ca.pem"; }
  // Keys of the shop and where it is (cli/sample.hpp), once it was made.
  std::filesystem::path credentials_file() const { return lab_.state() / "credentials.json"; }
  // Who an operator of the region is towards its processes: certificate and key of an agent.
  std::filesystem::path operator_identity_file() const;
  std::string shop_url() const { return "https://" + topology_.reserved_address; }

  // The host that holds a seat now: "primary", "etcd", "balancer", "controller", "redis".
  Result<std::string> holder_of(std::string_view seat) const;
  // Those that discovery knows of now. Throws std::runtime_error when no etcd answers.
  std::vector<RegionInstance> instances() const;
  // What keeps the region from being whole: engines without a leader or a member, services with too
  // few instances. Empty when it is well. Asked from inside; takes some hundred milliseconds.
  std::vector<std::string> ailments() const;

 private:
  RegionLab(Lab lab, cluster::Topology topology, RegionSecrets secrets)
      : lab_(std::move(lab)), topology_(std::move(topology)), secrets_(std::move(secrets)) {}

  Result<std::string> primary() const;
  Result<std::string> etcd_leader() const;
  Result<std::string> balancer() const;
  Result<std::string> controller() const;
  Result<std::string> redis_master() const;
  std::string http(std::string_view host, std::string_view url) const;
  // What etcd prints to `words`, asked of its members in turn.
  std::string ask_etcd(const Arguments& words) const;
  void look_at_etcd(std::vector<std::string>& ailments) const;
  void look_at_postgres(std::vector<std::string>& ailments) const;
  void look_at_services(std::vector<std::string>& ailments) const;

  Lab lab_;
  cluster::Topology topology_;
  RegionSecrets secrets_;
};

}  // namespace securecart::lab
