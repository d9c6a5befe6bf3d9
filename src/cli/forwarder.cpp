#include "cli/forwarder.hpp"

#include <algorithm>
#include <stdexcept>
#include <system_error>

#include "base/log.hpp"
#include "base/prng.hpp"
#include "cli/roles.hpp"
#include "cli/srv.hpp"
#include "upstream/forward.hpp"

namespace securecart::cli {
namespace {

using namespace std::chrono_literals;

constexpr auto look_pause = 500ms;
constexpr auto file_pause = 1s;
constexpr auto srv_pause = 2s;

}  // namespace

// The roles others may run are known from the start, so that requests read the map without a lock.
Forwarder::Forwarder(ForwarderOptions options, net::Client& client, net::Runtime& runtime,
                     observe::Metrics& metrics)
    : options_(std::move(options)), client_(client), runtime_(runtime), metrics_(metrics) {
  UpstreamLists lists = options_.lists;
  if (!options_.file.empty()) {
    read_at_ = std::filesystem::last_write_time(options_.file);
    for (auto& [role, instances] : read_upstream_lists(options_.file)) {
      lists[role] = std::move(instances);
    }
  }
  SecureRandom random;
  for (const Role& role : all_roles()) {
    const std::string name(role.name);
    const bool may_come = lists.contains(name) || !options_.file.empty();
    if (may_come && !runs_here(name) && name != "web" && name != "all") {
      upstream::UpstreamOptions upstream;
      upstream.role = name;
      upstream.identity = name;
      upstreams_.emplace(
          name, std::make_unique<upstream::Upstream>(std::move(upstream), client_, runtime_.clock(),
                                                     random.next(), metrics_));
    }
  }
  apply(lists);
}

void Forwarder::apply(const UpstreamLists& lists) {
  for (auto& [role, upstream] : upstreams_) {
    const auto found = lists.find(role);
    if (found == lists.end()) {
      upstream->set_instances({});
    } else if (found->second.srv.empty()) {
      upstream->set_instances(found->second.urls);
    }
  }
  lists_ = lists;
}

bool Forwarder::runs_here(std::string_view role) const {
  return options_.roles.contains(role);
}

Task<Result<net::Response>> Forwarder::answer(const shop::api::Operation& operation,
                                              net::Request request) {
  const auto found = upstreams_.find(operation.role);
  if (found == upstreams_.end()) {
    co_return fail(
        shop::api::errc::misdirected_request,
        "It belongs to the role " + std::string(operation.role) + ", which another instance runs.");
  }
  upstream::Outgoing outgoing;
  outgoing.deadline = request.deadline;
  outgoing.repeatable = operation.may_be_repeated();
  outgoing.request = upstream::onward(std::move(request));
  Task<Result<net::Response>> sending = found->second->send(std::move(outgoing));
  co_return co_await sending;
}

std::vector<upstream::Upstream*> Forwarder::served_by(const std::string& role) const {
  std::vector<upstream::Upstream*> served;
  const auto own = lists_.find(role);
  for (const auto& [name, instances] : lists_) {
    const auto upstream = upstreams_.find(name);
    if (own != lists_.end() && instances == own->second && upstream != upstreams_.end()) {
      served.push_back(upstream->second.get());
    }
  }
  return !served.empty() && served.front()->role() == role ? served
                                                           : std::vector<upstream::Upstream*>();
}

Task<bool> Forwarder::look(std::string role) {
  const std::vector<upstream::Upstream*> served = served_by(role);
  if (served.empty()) {
    co_return false;
  }
  Task<std::vector<upstream::Upstream::Look>> looking = served.front()->look_around();
  for (const upstream::Upstream::Look& look : co_await looking) {
    std::for_each(served.begin() + 1, served.end(),
                  [&look](upstream::Upstream* other) { other->note(look); });
  }
  co_return false;
}

Task<bool> Forwarder::read_again() {
  std::error_code error;
  const auto written = std::filesystem::last_write_time(options_.file, error);
  if (!error && written != read_at_) {
    read_at_ = written;
    UpstreamLists lists = options_.lists;
    for (auto& [role, instances] : read_upstream_lists(options_.file)) {
      lists[role] = std::move(instances);
    }
    apply(lists);
    log::info("instances read again", {{"file", options_.file.string()}});
  }
  co_return false;
}

Task<void> Forwarder::ask_name(std::string role, RoleInstances instances) {
  std::move_only_function<std::vector<std::string>()> asking = [instances] {
    return ask_srv(instances.srv, instances.srv_tls);
  };
  Task<std::vector<std::string>> waiting = runtime_.blocking(std::move(asking));
  std::vector<std::string> urls = co_await waiting;
  // Who answers for nobody is more likely broken than right: those who are known stay.
  if (!urls.empty()) {
    urls.insert(urls.end(), instances.urls.begin(), instances.urls.end());
    for (upstream::Upstream* const upstream : served_by(role)) {
      upstream->set_instances(urls);
    }
  }
}

Task<bool> Forwarder::ask_names() {
  const UpstreamLists lists = lists_;
  for (const auto& [role, instances] : lists) {
    if (!instances.srv.empty() && !served_by(role).empty()) {
      Task<void> asking = ask_name(role, instances);
      co_await asking;
    }
  }
  co_return false;
}

std::vector<std::unique_ptr<Loop>> Forwarder::loops(Executor& home) {
  std::vector<std::unique_ptr<Loop>> loops;
  for (const auto& entry : upstreams_) {
    loops.push_back(std::make_unique<Loop>("instances of " + entry.first, home, look_pause,
                                           [this, role = entry.first] { return look(role); }));
  }
  if (!options_.file.empty()) {
    loops.push_back(
        std::make_unique<Loop>("lists", home, file_pause, [this] { return read_again(); }));
  }
  loops.push_back(
      std::make_unique<Loop>("service names", home, srv_pause, [this] { return ask_names(); }));
  return loops;
}

}  // namespace securecart::cli
