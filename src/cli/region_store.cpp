#include "cli/region_store.hpp"

#include <stdexcept>

#include "base/errors.hpp"
#include "cli/wait.hpp"

namespace securecart::cli {
namespace {

constexpr int change_attempts = 10;  // others write the same key hardly ever

}  // namespace

RegionStore::RegionStore(const std::string& topology_file)
    : topology_(read_topology_file(topology_file)),
      keys_(topology_.region),
      runtime_(1, 1, clock_),
      store_(runtime_, runtime_.executor(0), clock_, random_,
             {.endpoints = etcd_endpoints(topology_)}) {
  runtime_.run();
}

RegionStore::~RegionStore() {
  runtime_.stop();
  runtime_.join();
}

cluster::Snapshot RegionStore::range(const std::string& prefix) {
  return wait_on(runtime_.executor(0), store_.range(prefix));
}

void RegionStore::change(const std::string& key, const Change& change) {
  for (int attempt = 0; attempt < change_attempts; ++attempt) {
    const std::optional<cluster::Entry> entry = wait_on(runtime_.executor(0), store_.get(key));
    std::optional<std::string> value = change(entry ? std::optional(entry->value) : std::nullopt);
    cluster::Write write = value ? cluster::put(key, std::move(*value)) : cluster::remove(key);
    std::vector<cluster::Condition> conditions{entry ? cluster::modified_at(key, entry->modified)
                                                     : cluster::absent(key)};
    std::vector<cluster::Write> writes{std::move(write)};
    if (wait_on(runtime_.executor(0), store_.commit(std::move(conditions), std::move(writes)))
            .applied) {
      return;
    }
  }
  throw std::runtime_error("others change " + key + " all the time; try again");
}

}  // namespace securecart::cli
