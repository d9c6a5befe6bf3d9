// Performs faults on a lab and takes them back. What is in force is kept in the lab's folder, so
// that any later process can heal it.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/errors.hpp"
#include "base/prng.hpp"
#include "cluster/topology/model.hpp"
#include "lab/faults/cables.hpp"
#include "lab/faults/fault.hpp"
#include "lab/hosts/lab.hpp"

namespace securecart::lab {

struct ActiveFault {
  int number = 0;
  Fault fault;
  std::vector<std::string> machines;  // that it was performed on
  std::vector<std::string> others;    // of a partition: from these
  std::vector<std::string> units;     // kill, pause: the units found there
};
std::string describe(const ActiveFault& active);
std::string to_json(const std::vector<ActiveFault>& faults);
Result<std::vector<ActiveFault>> parse_active_faults(std::string_view json);

// Who holds a seat right now ("primary" -> "a-data"). The Error says why nobody is known to.
using SeatFinder = std::function<Result<std::string>(std::string_view seat)>;

// The machines a place means; `random` draws where the place says so. Pure but for `seats`.
Result<std::vector<std::string>> machines_of(const Place& place, const cluster::Topology& topology,
                                             const SeatFinder& seats, Random& random);

// What the switch has to drop while these are in force.
std::vector<Drop> drops_of(const std::vector<ActiveFault>& faults, const Lab& lab);

class Injector {
 public:
  // All outlive this.
  Injector(const Lab& lab, const cluster::Topology& topology, SeatFinder seats, Random& random)
      : lab_(lab), topology_(topology), seats_(std::move(seats)), random_(random) {}

  // The Error says why it could not be performed; nothing of it is in force then. Throws
  // std::runtime_error when the lab itself fails.
  Result<ActiveFault> inject(const Fault& fault);
  // False when no such fault is in force.
  bool heal(int number);
  void heal_all();
  std::vector<ActiveFault> active() const;

 private:
  Result<void> perform(ActiveFault& active);
  void undo(const ActiveFault& active);
  std::vector<std::string> units_named(const std::string& unit) const;
  Result<void> signal_units(ActiveFault& active, int signal);
  void start_wire(const std::string& machine, const Fault& fault);
  void stop_wire(const std::string& machine);
  void apply_rules(const std::vector<ActiveFault>& faults) const;
  void keep(const std::vector<ActiveFault>& faults) const;

  const Lab& lab_;
  const cluster::Topology& topology_;
  const SeatFinder seats_;
  Random& random_;
};

}  // namespace securecart::lab
