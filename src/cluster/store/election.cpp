#include "cluster/store/election.hpp"

#include <cassert>
#include <utility>

namespace securecart::cluster {

Election::Election(Store& store, const Clock& clock, Options options)
    : store_(store), clock_(clock), options_(std::move(options)) {}

Task<void> Election::step() {
  if (lease_.id != 0) {
    const SteadyTime asked = clock_.steady();
    if (co_await store_.keep_alive(lease_.id)) {
      lease_end_ = asked + lease_.ttl;
    } else {
      lose();
    }
  }
  const std::optional<Entry> seat = co_await store_.get(options_.key);
  if (seat) {
    leader_ = seat->value;
    // Ours also when the answer to our commit was lost; not ours when somebody removed the key.
    token_ = lease_.id != 0 && seat->lease == lease_.id ? seat->created : 0;
    co_return;
  }
  token_ = 0;
  leader_.clear();
  co_await stand();
}

Task<void> Election::stand() {
  if (lease_.id == 0) {
    const SteadyTime asked = clock_.steady();
    lease_ = co_await store_.grant(options_.ttl);
    lease_end_ = asked + lease_.ttl;
  }
  const Committed taken =
      co_await store_.commit(std::vector<Condition>(1, absent(options_.key)),
                             std::vector<Write>(1, put(options_.key, options_.name, lease_.id)));
  if (taken.applied) {
    token_ = taken.revision;
    leader_ = options_.name;
  }
}

Task<void> Election::resign() {
  const LeaseId lease = lease_.id;
  lose();
  if (lease != 0) {
    co_await store_.revoke(lease);
  }
}

bool Election::leading() const {
  return token_ != 0 && clock_.steady() < lease_end_;
}

Condition Election::fence() const {
  assert(token_ != 0);
  return created_at(options_.key, token_);
}

void Election::lose() {
  lease_ = {};
  token_ = 0;
  if (leader_ == options_.name) {
    leader_.clear();
  }
}

}  // namespace securecart::cluster
