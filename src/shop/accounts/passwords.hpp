// Password hashing that cannot take a server down: argon2id costs 64 MiB and tens of milliseconds,
// so it runs on worker threads, limits::password_hashes_at_once at a time, and past
// limits::password_hashes_waiting the answer is sign_in_overloaded at once.
//
//   enter() -> Place (counted)  ->  hash() / matches() wait for one of the few slots  ->  ~Place
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "base/crypto.hpp"
#include "base/errors.hpp"
#include "base/task.hpp"
#include "net/runtime.hpp"
#include "shop/accounts/limits.hpp"

namespace securecart::shop::accounts {

class Passwords {
 public:
  // `runtime` outlives this.
  explicit Passwords(net::Runtime& runtime, PasswordCost cost = PasswordCost::interactive);

  // The right to hash or verify. Holding one is cheap; let it go when the answer is known.
  class Place {
   public:
    explicit Place(Passwords& passwords) : passwords_(&passwords) {}
    Place(Place&& other) noexcept : passwords_(std::exchange(other.passwords_, nullptr)) {}
    Place& operator=(Place&&) = delete;
    ~Place();

   private:
    friend class Passwords;
    Passwords* passwords_;
  };
  // Error: sign_in_overloaded.
  Result<Place> enter();

  // The PHC string of `password`. `place` outlives the task.
  Task<std::string> hash(const Place& place, std::string password);
  // Without a stored hash (nobody of that name, or one who cannot sign in) it verifies against the
  // hash nobody matches: the answer is false and takes the same time.
  Task<bool> matches(const Place& place, std::optional<std::string> phc, std::string password);

  std::size_t occupied() const;

 private:
  using Job = std::move_only_function<void()>;
  class Slot;

  const std::string& unmatched();
  Task<void> take_slot();
  void give_slot();

  net::Runtime& runtime_;
  const PasswordCost cost_;
  std::once_flag unmatched_made_;
  std::string unmatched_;
  mutable std::mutex mutex_;
  std::size_t places_ = 0;
  std::size_t running_ = 0;
  std::deque<Job> waiting_;  // each hands a slot to a task
};

}  // namespace securecart::shop::accounts
