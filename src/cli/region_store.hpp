// etcd of a topology file's region, for words of the command line that look, or leave an order.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "cli/topology_file.hpp"
#include "cluster/control/records.hpp"
#include "cluster/etcd/etcd_store.hpp"
#include "cluster/topology/model.hpp"

namespace securecart::cli {

class RegionStore {
 public:
  // Throws std::runtime_error with what is wrong with the file.
  explicit RegionStore(const std::string& topology_file);
  ~RegionStore();
  RegionStore(const RegionStore&) = delete;
  RegionStore& operator=(const RegionStore&) = delete;

  const cluster::Topology& topology() const { return topology_; }
  const cluster::Keys& keys() const { return keys_; }
  Timestamp now() const { return clock_.now(); }

  // All below `prefix`. Throws Unavailable.
  cluster::Snapshot range(const std::string& prefix);
  // Writes what `change` makes of the value that is there (nullopt: none; nullopt back: removed),
  // again when somebody else wrote it meanwhile. Throws Unavailable, and what `change` throws.
  using Change = std::function<std::optional<std::string>(const std::optional<std::string>&)>;
  void change(const std::string& key, const Change& change);

 private:
  const cluster::Topology topology_;
  const cluster::Keys keys_;
  SystemClock clock_;
  SecureRandom random_;
  net::Runtime runtime_;
  cluster::EtcdStore store_;
};

}  // namespace securecart::cli
