#include "cluster/etcd/etcd_store.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

#include "cluster/etcd/connection.hpp"
#include "cluster/etcd/mirror.hpp"
#include "cluster/store/limits.hpp"

namespace securecart::cluster {

EtcdStore::EtcdStore(net::Runtime& runtime, Executor& home, const Clock& clock, Random& random,
                     EtcdOptions options)
    : connection_(std::make_shared<Connection>(runtime, home, clock, random, std::move(options))) {}

EtcdStore::~EtcdStore() = default;

Task<Snapshot> EtcdStore::range(std::string prefix) {
  return connection_->ask<Snapshot>("/v3/kv/range", etcd::range_request(prefix), true,
                                    etcd::parse_range);
}

Task<std::optional<Entry>> EtcdStore::get(std::string key) {
  Snapshot found = co_await connection_->ask<Snapshot>("/v3/kv/range", etcd::get_request(key), true,
                                                       etcd::parse_range);
  co_return found.entries.empty() ? std::nullopt : std::optional(std::move(found.entries.front()));
}

Task<Committed> EtcdStore::commit(std::vector<Condition> conditions, std::vector<Write> writes) {
  assert(conditions.size() <= limits::store_writes && writes.size() <= limits::store_writes);
  const net::Response response =
      co_await connection_->ask("/v3/kv/txn", etcd::commit_request(conditions, writes), false);
  if (response.status != 200) {
    const etcd::Refusal refusal = etcd::parse_refusal(response.bytes());
    if (refusal.no_such_lease()) {
      co_return Committed{};
    }
    throw Unavailable("etcd refuses: " + refusal.message);
  }
  const etcd::Parsed<Committed> committed = etcd::parse_commit(response.bytes());
  if (!committed) {
    throw Unavailable(committed.error(), true);
  }
  co_return *committed;
}

Task<Lease> EtcdStore::grant(Duration ttl) {
  // One that was granted twice ends by itself.
  return connection_->ask<Lease>("/v3/lease/grant", etcd::grant_request(ttl), true,
                                 etcd::parse_grant);
}

Task<bool> EtcdStore::keep_alive(LeaseId lease) {
  return connection_->ask<bool>("/v3/lease/keepalive", etcd::lease_request(lease), true,
                                etcd::parse_keep_alive);
}

Task<void> EtcdStore::revoke(LeaseId lease) {
  const net::Response response =
      co_await connection_->ask("/v3/lease/revoke", etcd::lease_request(lease), true);
  if (response.status != 200) {
    const etcd::Refusal refusal = etcd::parse_refusal(response.bytes());
    if (!refusal.no_such_lease()) {
      throw Unavailable("etcd refuses: " + refusal.message);
    }
  }
}

namespace {

template <class Mirror>
class Handle final : public Store::Watch {
 public:
  explicit Handle(std::shared_ptr<Mirror> mirror) : mirror_(std::move(mirror)) {}
  ~Handle() override { mirror_->end(); }
  SteadyTime confirmed() const override { return mirror_->confirmed(); }

 private:
  const std::shared_ptr<Mirror> mirror_;
};

}  // namespace

std::unique_ptr<Store::Watch> EtcdStore::watch(std::string prefix, Changed changed) {
  auto mirror = std::make_shared<Mirror>(connection_, std::move(prefix), std::move(changed));
  mirror->begin();
  return std::make_unique<Handle<Mirror>>(std::move(mirror));
}

struct EtcdStore::Members {
  std::string leader;  // its number
  std::vector<etcd::Member> all;
};

Task<EtcdStore::Members> EtcdStore::members() {
  Members members;
  members.leader = co_await connection_->ask<std::string>("/v3/maintenance/status", "{}", true,
                                                          etcd::parse_leader);
  members.all = co_await connection_->ask<std::vector<etcd::Member>>(
      "/v3/cluster/member/list", "{}", true, etcd::parse_members);
  co_return members;
}

Task<EtcdStore::Seat> EtcdStore::seat() {
  const Members members = co_await this->members();
  Seat seat;
  for (const etcd::Member& member : members.all) {
    if (member.id == members.leader) {
      seat.leader = member.name;
    }
    seat.members.push_back(member.name);
  }
  co_return seat;
}

Task<void> EtcdStore::hand_over(std::string to) {
  const Members members = co_await this->members();
  const auto from = std::ranges::find(members.all, members.leader, &etcd::Member::id);
  const auto next = std::ranges::find(members.all, to, &etcd::Member::name);
  if (from == members.all.end() || next == members.all.end()) {
    throw Unavailable("etcd has no leader, or no member " + to);
  }
  co_await connection_->ask_at(from->url, "/v3/maintenance/transfer-leadership",
                               etcd::hand_over_request(next->id));
}

bool EtcdStore::idle() const {
  return connection_->idle();
}

}  // namespace securecart::cluster
