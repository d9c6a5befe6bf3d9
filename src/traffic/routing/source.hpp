// Policies and discovered instances behind the seam the DNS server asks (model/policy_source.hpp).
#pragma once

#include <memory>

#include "traffic/model/policy_source.hpp"
#include "traffic/routing/evaluation.hpp"
#include "traffic/routing/leases.hpp"
#include "traffic/routing/live.hpp"
#include "traffic/routing/published.hpp"

namespace securecart::traffic::routing {

class RoutingSource final : public PolicySource {
 public:
  // `leases` may be null: then there is no discovery.
  RoutingSource(std::shared_ptr<Live> live, std::shared_ptr<Published<LeaseTable>> leases);

  std::optional<PolicyHandle> find(std::string_view name) const override;
  std::span<const std::uint16_t> types(PolicyHandle policy) const override;
  void resolve(const PolicyQuestion& question, PolicyAnswer& answer) const noexcept override;

 private:
  void add_target(const Target& target, std::uint16_t type, PolicyAnswer& answer) const noexcept;

  const std::shared_ptr<Live> live_;
  const std::shared_ptr<Published<LeaseTable>> leases_;
};

}  // namespace securecart::traffic::routing
