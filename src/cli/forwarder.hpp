// The role `web` as the gateway: operations of roles that do not run here go to an instance of
// theirs. A process without `web` forwards nothing.
//
// The instances are those of a UpstreamLists; its file is read again when it changes, its SRV names
// are asked again every few seconds (docs/roles.md).
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "cli/loop.hpp"
#include "cli/upstream_lists.hpp"
#include "net/client.hpp"
#include "net/runtime.hpp"
#include "observe/metrics.hpp"
#include "shop/api/elsewhere.hpp"
#include "upstream/upstream.hpp"

namespace securecart::cli {

struct ForwarderOptions {
  std::set<std::string, std::less<>> roles;  // that run here
  UpstreamLists lists;
  std::filesystem::path file;  // empty: none
};

class Forwarder final : public shop::api::Elsewhere {
 public:
  // All outlive this; `client` has the identity that instances are shown. Throws with a message for
  // the operator.
  Forwarder(ForwarderOptions options, net::Client& client, net::Runtime& runtime,
            observe::Metrics& metrics);

  bool runs_here(std::string_view role) const override;
  Task<Result<net::Response>> answer(const shop::api::Operation& operation,
                                     net::Request request) override;

  // What keeps the instances in view, to be run beside the others of the process.
  std::vector<std::unique_ptr<Loop>> loops(Executor& home);

 private:
  void apply(const UpstreamLists& lists);
  // Roles that are found in the same place run in the same instances: those are asked once for all,
  // by the first of the roles. Empty when `role` is none of the first.
  std::vector<upstream::Upstream*> served_by(const std::string& role) const;
  Task<bool> look(std::string role);
  Task<bool> read_again();
  Task<bool> ask_names();
  Task<void> ask_name(std::string role, RoleInstances instances);

  const ForwarderOptions options_;
  net::Client& client_;
  net::Runtime& runtime_;
  observe::Metrics& metrics_;
  std::map<std::string, std::unique_ptr<upstream::Upstream>, std::less<>> upstreams_;
  UpstreamLists lists_;  // as it was last applied; of the loops' executor
  std::filesystem::file_time_type read_at_{};
};

}  // namespace securecart::cli
