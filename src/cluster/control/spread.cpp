#include "cluster/control/spread.hpp"

#include <algorithm>
#include <numeric>

namespace securecart::cluster {
namespace {

int sum(std::span<const int> counts) {
  return std::accumulate(counts.begin(), counts.end(), 0);
}

// Each zone filled up to `level`, as far as its room goes.
std::vector<int> filled(std::span<const int> room, int level) {
  std::vector<int> counts;
  counts.reserve(room.size());
  for (const int most : room) {
    counts.push_back(std::min(most, level));
  }
  return counts;
}

// The lowest level at which `enough(filled)`; `top` when none is. `enough` is monotonous.
template <class Enough>
int lowest_level(std::span<const int> room, int top, Enough enough) {
  int low = 0;
  int high = top;
  while (low < high) {
    const int middle = low + (high - low) / 2;
    if (enough(filled(room, middle))) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

// Takes one each from zones at the level until `total` is reached, first from those that would
// have to add it.
void trim(std::vector<int>& counts, int level, int total, std::span<const int> current) {
  std::vector<std::size_t> order;
  for (std::size_t zone = 0; zone < counts.size(); ++zone) {
    if (counts[zone] == level) {
      order.push_back(zone);
    }
  }
  std::ranges::sort(order, {}, [&](std::size_t zone) { return std::pair(current[zone], zone); });
  int excess = sum(counts) - total;
  for (std::size_t i = 0; i < order.size() && excess > 0; ++i, --excess) {
    --counts[order[i]];
  }
}

}  // namespace

int left_after_loss(std::span<const int> counts) {
  return counts.empty() ? 0 : sum(counts) - std::ranges::max(counts);
}

std::vector<int> spread(int wanted, int most, std::span<const int> room,
                        std::span<const int> current) {
  const int top = room.empty() ? 0 : std::ranges::max(room);
  const int best = left_after_loss(filled(room, top));
  const int survivors = std::min(wanted, best);
  const int safe = lowest_level(room, top, [&](const std::vector<int>& counts) {
    return left_after_loss(counts) >= survivors;
  });
  const int carrying = lowest_level(
      room, top, [&](const std::vector<int>& counts) { return sum(counts) >= wanted; });
  int level = std::max(safe, carrying);
  int total = std::max(wanted, survivors + level);
  if (total > most || sum(filled(room, level)) > most) {
    total = std::min(total, most);
    level = lowest_level(room, top,
                         [&](const std::vector<int>& counts) { return sum(counts) >= total; });
  }
  std::vector<int> counts = filled(room, level);
  trim(counts, level, total, current);
  return counts;
}

int most_wanted(int most, std::span<const int> room) {
  const auto zones = std::ranges::count_if(room, [](int free) { return free > 0; });
  if (zones <= 1) {
    return std::min(most, sum(room));
  }
  const int top = std::ranges::max(room);
  int low = 0;
  int high = std::min(most, left_after_loss(filled(room, top)));
  while (low < high) {  // the greatest that spread() leaves
    const int middle = low + (high - low + 1) / 2;
    const std::vector<int> none(room.size());
    if (left_after_loss(spread(middle, most, room, none)) >= middle) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  return low;
}

}  // namespace securecart::cluster
