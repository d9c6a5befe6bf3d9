// Service discovery: instances that say "I am here" and keep saying it. An instance whose lease
// runs out is gone from the answers.
//
// Below a wildcard such as `*.svc.shop.test. POLICY discovery` one finds
//   _api._tcp.svc.shop.test   SRV of every instance of api, and their addresses beside them
//   _api._tcp.zone-a.svc.shop.test   of those in the zone a, for who prefers its own
//   api.svc.shop.test         A and AAAA of instances of api, up to eight, in turn
//   i-17.svc.shop.test        A or AAAA of the instance i-17
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.hpp"
#include "base/errors.hpp"
#include "base/json.hpp"
#include "traffic/model/address.hpp"
#include "traffic/model/policy_source.hpp"

namespace securecart::traffic::routing {

struct Lease {
  std::string service;  // "api": a label of a-z, 0-9, '-'
  std::string protocol = "tcp";
  std::string instance;  // "i-17": a label, unique among instances
  Address address;
  std::uint16_t port = 0;
  std::uint16_t priority = 0;
  std::uint16_t weight = 1;
  std::string zone = {};  // "a": a label; empty: in none
  bool operator==(const Lease&) const = default;
};
json::object to_json(const Lease& lease);
// From fields that nobody has checked; what is missing or of another type is as it is by default.
Lease read_lease(const json::object& fields);
// What of it is not fit for a name or an answer.
Result<void> check_lease(const Lease& lease);

// What is registered, for queries. Immutable.
class LeaseTable {
 public:
  explicit LeaseTable(std::vector<Lease> leases);
  // Answers a question below a wildcard: see above.
  void resolve(const PolicyQuestion& question, PolicyAnswer& answer) const noexcept;
  // What answers a name (wire format, lower case) below a wildcard.
  std::vector<Lease> named(std::span<const std::uint8_t> name) const;
  std::size_t size() const { return leases_.size(); }
  const std::vector<Lease>& leases() const { return leases_; }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept {
      return std::hash<std::string_view>()(text);
    }
  };
  using Index = std::unordered_map<std::string, std::vector<std::uint32_t>, Hash, std::equal_to<>>;

  struct Found {
    const std::vector<std::uint32_t>* leases = nullptr;  // null: nobody has that name
    std::span<const std::uint8_t> suffix;                // of a service: what instances are below
    bool is_service = false;
  };
  Found find(std::span<const std::uint8_t> name) const noexcept;
  void add_services(const std::vector<std::uint32_t>& found, std::span<const std::uint8_t> suffix,
                    PolicyAnswer& answer) const noexcept;
  void add_addresses(const std::vector<std::uint32_t>& found, const PolicyQuestion& question,
                     PolicyAnswer& answer) const noexcept;

  std::vector<Lease> leases_;
  Index by_service_;  // "_api._tcp", and "_api._tcp.zone-a"
  Index by_name_;     // "api", and "i-17"
};

// Pure: the time is passed in. One thread's; compile() makes what queries read.
class LeaseRegistry {
 public:
  // Registers or renews. True when the answers change (an instance is new or said something new);
  // Error when a field is not fit for a name, or limits are reached.
  Result<bool> put(const Lease& lease, Duration lifetime, SteadyTime now);
  // True when it was there.
  bool remove(std::string_view instance);
  // Instances known from elsewhere, beside those that are put here, until they are replaced; of
  // two with one name the one that was put counts. What is not fit is left out. True when that
  // changed the answers.
  bool replace_found(std::vector<Lease> found);
  // Drops what ran out; true when that changed the answers.
  bool expire(SteadyTime now);
  std::shared_ptr<const LeaseTable> compile() const;
  std::size_t size() const { return leases_.size() + found_.size(); }

  // What was put, each with the time it has left.
  json::value save(SteadyTime now) const;
  // What save() wrote `ago`. Nobody could renew while there was no registry, so a lease that would
  // have ended by now, or soon, gets up to `grace` of what it had left. What does not fit is left
  // out; true when there was anything.
  bool restore(const json::value& saved, Duration ago, Duration grace, SteadyTime now);
  // How long an instance's lease lasts; nullopt when it was not put here.
  std::optional<Duration> left(std::string_view instance, SteadyTime now) const;
  SteadyTime next_expiry() const;  // SteadyTime::max() when nothing is registered

 private:
  struct Held {
    Lease lease;
    SteadyTime until;
  };
  std::map<std::string, Held, std::less<>> leases_;  // by instance
  std::map<std::string, std::size_t> of_service_;
  std::vector<Lease> found_;
};

}  // namespace securecart::traffic::routing
