// Several healthy members in one answer, up to eight; the client tries them in turn. With more
// members than answers, each turn begins one further, so all are named equally often.
#include "traffic/routing/evaluation.hpp"
#include "traffic/routing/limits.hpp"

namespace securecart::traffic::routing {

bool choose_multivalue(Evaluation& evaluation, const Node& node) {
  const Member* const members = evaluation.snapshot().members_of(node);
  std::array<std::uint8_t, limits::policy_members> usable;
  std::uint32_t count = 0;
  for (std::size_t i = 0; i < node.count; ++i) {
    if (evaluation.usable(members[i])) {
      usable[count++] = static_cast<std::uint8_t>(i);
    }
  }
  if (count == 0) {
    return false;
  }
  const auto begin = static_cast<std::uint32_t>(evaluation.next_turn(node) % count);
  unsigned taken = 0;
  for (std::uint32_t i = 0; i < count && taken < node.answers && !evaluation.full(); ++i) {
    taken += evaluation.take(node, usable[(begin + i) % count]) ? 1 : 0;
  }
  return taken > 0;
}

}  // namespace securecart::traffic::routing
