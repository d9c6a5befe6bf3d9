// One entry of the event log. Batches append them (storage/database.hpp); everything that happens
// later reads them: payment, fulfilment, webhooks, replication, GET /v1/events.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "storage/database.hpp"

namespace securecart::events {

using Event = storage::CommittedEvent;
// Shared by every consumer in the process; never changes.
using EventPtr = std::shared_ptr<const Event>;

// Which events somebody wants; an empty list is all of them.
struct EventTypes {
  std::vector<std::string> names;

  bool contain(const std::string& type) const;
};

}  // namespace securecart::events
