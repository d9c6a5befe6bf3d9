#include "traffic/health/quorum.hpp"

#include <algorithm>

namespace securecart::traffic::health {

Status judge(std::span<const Vote> votes, const QuorumSettings& settings, Status before,
             SteadyTime now) {
  const auto fresh = [&](Status status) {
    return static_cast<std::size_t>(std::ranges::count_if(votes, [&](const Vote& vote) {
      return vote.status == status && vote.seen != SteadyTime{} &&
             now - vote.seen <= settings.stale;
    }));
  };
  const std::size_t down = fresh(Status::down);
  const std::size_t up = fresh(Status::up);
  // Both can reach a small quorum; then the more cautious answer is to keep sending.
  if (up >= settings.needed && (up >= down || before == Status::up)) {
    return Status::up;
  }
  if (down >= settings.needed) {
    return Status::down;
  }
  return before;
}

}  // namespace securecart::traffic::health
