#include "storage/postgres/seeker.hpp"

#include <algorithm>
#include <libpq-fe.h>
#include <utility>

#include <fmt/format.h>

#include "storage/limits.hpp"
#include "storage/postgres/limits.hpp"
#include "storage/postgres/messages.hpp"

namespace securecart::storage::postgres {
namespace {

constexpr std::ptrdiff_t most_beside = 4;  // attempts with one host

Hosts::Settings settings_for(Purpose purpose) {
  const resilience::Backoff for_standby{limits::postgres_standby_pause,
                                        limits::postgres_standby_pause_most};
  const resilience::Backoff for_primary{limits::postgres_retry_pause,
                                        limits::postgres_retry_pause_most};
  return {.rest = {limits::postgres_connect_timeout, limits::postgres_slow_rest_most},
          .pause = purpose == Purpose::standby ? for_standby : for_primary};
}

}  // namespace

void FreeConnection::operator()(pg_conn* connection) const {
  PQfinish(connection);
}

Seeker::Seeker(const std::vector<Endpoint>& endpoints, Purpose purpose,
               std::string synchronous_commit, const Clock& clock)
    : endpoints_(endpoints),
      purpose_(purpose),
      synchronous_commit_(std::move(synchronous_commit)),
      clock_(clock),
      random_(SecureRandom().next()),
      hosts_(endpoints_.size(), settings_for(purpose)),
      problems_(endpoints_.size()) {}

std::optional<Seeker::Found> Seeker::step(bool may_begin) {
  const bool began = seeking();
  for (std::size_t i = 0; i < attempts_.size();) {
    const State state = move_on(attempts_[i]);
    const std::size_t host = attempts_[i].host;
    if (state == State::ready) {
      Found found{std::move(attempts_[i].connection), host};
      attempts_.clear();
      hosts_.connected(host);
      return found;
    }
    if (state == State::waiting) {
      ++i;
      continue;
    }
    const bool slow = attempts_[i].slow;
    attempts_.erase(attempts_.begin() + static_cast<std::ptrdiff_t>(i));
    if (slow) {
      continue;  // another was allowed beside it
    }
    if (state == State::refused) {
      hosts_.refused(host, clock_.steady(), random_);
    } else {
      hosts_.silent(host, clock_.steady(), random_);
    }
  }
  const SteadyTime now = clock_.steady();
  const std::optional<Hosts::Choice> next = hosts_.next(now);
  if ((may_begin || began) && !fresh() && next && next->at <= now) {
    begin(next->host);
  }
  return std::nullopt;
}

bool Seeker::fresh() const {
  return std::ranges::any_of(attempts_, [](const Attempt& attempt) { return !attempt.slow; });
}

void Seeker::begin(std::size_t host) {
  const Settings settings = session_settings(endpoints_[host], purpose_, synchronous_commit_);
  std::vector<const char*> names;
  std::vector<const char*> values;
  for (const auto& [name, value] : settings) {
    names.push_back(name.c_str());
    values.push_back(value.c_str());
  }
  names.push_back(nullptr);
  values.push_back(nullptr);
  hosts_.began(host);
  const auto of_host = [host](const Attempt& attempt) { return attempt.host == host; };
  if (std::ranges::count_if(attempts_, of_host) >= most_beside) {
    attempts_.erase(std::ranges::find_if(attempts_, of_host));
  }
  Attempt attempt{.host = host,
                  .connection = Raw(PQconnectStartParams(names.data(), values.data(), 0))};
  pg_conn* const raw = attempt.connection.get();
  if (raw == nullptr || PQstatus(raw) == CONNECTION_BAD) {
    useless(host, raw == nullptr ? "out of memory" : one_line(PQerrorMessage(raw)));
    return;
  }
  attempt.stage = PQstatus(raw);
  attempt.began = clock_.steady();
  const bool hurry = endpoints_.size() > 1 && attempt.stage == CONNECTION_STARTED;
  attempt.due = attempt.began + (hurry ? Duration(limits::postgres_next_host)
                                       : Duration(limits::postgres_connect_timeout));
  attempts_.push_back(std::move(attempt));
}

Seeker::State Seeker::move_on(Attempt& attempt) {
  pg_conn* const raw = attempt.connection.get();
  if (std::exchange(attempt.heard, false)) {
    switch (PQconnectPoll(raw)) {
      case PGRES_POLLING_READING:
        attempt.wanted = POLLIN;
        break;
      case PGRES_POLLING_WRITING:
        attempt.wanted = POLLOUT;
        break;
      case PGRES_POLLING_OK:
        return State::ready;
      default:
        problems_[attempt.host] = one_line(PQerrorMessage(raw));
        return State::refused;
    }
  }
  const SteadyTime now = clock_.steady();
  if (const int stage = PQstatus(raw);
      std::exchange(attempt.stage, stage) != stage && !attempt.slow) {
    attempt.due = now + limits::postgres_connect_timeout;
  }
  if (now < attempt.due) {
    return State::waiting;
  }
  problems_[attempt.host] = fmt::format("{} does not answer", endpoints_[attempt.host].label);
  // Before the socket is connected, nothing of it is in the server's queue.
  const bool reached = attempt.stage != CONNECTION_STARTED;
  const SteadyTime last = attempt.began + limits::postgres_connect_patience;
  const SteadyTime unreachable = attempt.began + limits::postgres_connect_timeout;
  if (now >= (reached ? last : unreachable)) {
    return State::silent;
  }
  if (!reached) {
    attempt.slow = true;
    attempt.due = unreachable;
    hosts_.silent(attempt.host, now, random_);
    return State::waiting;
  }
  if (!std::exchange(attempt.slow, true)) {
    hosts_.slow(attempt.host, now, random_);
  }
  attempt.due = last;
  return State::waiting;
}

void Seeker::lost(std::size_t host, std::string why) {
  problems_[host] = std::move(why);
  hosts_.lost(host, clock_.steady());
}

void Seeker::useless(std::size_t host, std::string why) {
  problems_[host] = std::move(why);
  hosts_.refused(host, clock_.steady(), random_);
}

void Seeker::prefer(std::size_t host) {
  hosts_.prefer(host, clock_.steady());
}

std::string Seeker::problem() const {
  std::string all;
  for (const std::string& problem : problems_) {
    all += (all.empty() || problem.empty() ? "" : "; ") + problem;
  }
  return all.empty() ? "it was not tried yet" : all;
}

SteadyTime Seeker::due() const {
  SteadyTime due = SteadyTime::max();
  for (const Attempt& attempt : attempts_) {
    due = std::min(due, attempt.due);
  }
  if (const std::optional<Hosts::Choice> next = hosts_.next(clock_.steady()); next && !fresh()) {
    due = std::min(due, next->at);
  }
  return due;
}

void Seeker::watch(std::vector<pollfd>& sockets) {
  for (Attempt& attempt : attempts_) {
    attempt.place = sockets.size();
    sockets.push_back({PQsocket(attempt.connection.get()), attempt.wanted, 0});
  }
}

void Seeker::hear(std::span<const pollfd> sockets) {
  for (Attempt& attempt : attempts_) {
    attempt.heard = attempt.heard || sockets[attempt.place].revents != 0;
  }
}

}  // namespace securecart::storage::postgres
