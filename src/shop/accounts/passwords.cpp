#include "shop/accounts/passwords.hpp"

#include <utility>
#include <variant>

#include "base/executor.hpp"
#include "base/prng.hpp"
#include "shop/accounts/errc.hpp"
#include "shop/accounts/limits.hpp"

namespace securecart::shop::accounts {

namespace {

// A password nobody has: 256 bits that are forgotten here.
std::string unknown_password() {
  SecureRandom random;
  std::string bytes;
  for (int i = 0; i < 4; ++i) {
    bytes.append(std::to_string(random.next()));
  }
  return bytes;
}

}  // namespace

// One of the few slots, given back when the work is done or fails.
class Passwords::Slot {
 public:
  explicit Slot(Passwords& passwords) : passwords_(passwords) {}
  Slot(const Slot&) = delete;
  Slot& operator=(const Slot&) = delete;
  ~Slot() { passwords_.give_slot(); }

 private:
  Passwords& passwords_;
};

Passwords::Passwords(net::Runtime& runtime, PasswordCost cost) : runtime_(runtime), cost_(cost) {}

// Made at the first login of whomever, known or not: most processes never see one, and it costs as
// much as half of their start.
const std::string& Passwords::unmatched() {
  std::call_once(unmatched_made_,
                 [this] { unmatched_ = hash_password(unknown_password(), cost_); });
  return unmatched_;
}

Passwords::Place::~Place() {
  if (passwords_ != nullptr) {
    const std::scoped_lock lock(passwords_->mutex_);
    --passwords_->places_;
  }
}

Result<Passwords::Place> Passwords::enter() {
  {
    const std::scoped_lock lock(mutex_);
    if (places_ >= limits::password_hashes_at_once + limits::password_hashes_waiting) {
      return fail(errc::sign_in_overloaded, "Try again in a moment.");
    }
    ++places_;
  }
  return Place(*this);
}

std::size_t Passwords::occupied() const {
  const std::scoped_lock lock(mutex_);
  return places_;
}

Task<void> Passwords::take_slot() {
  using Resume = std::move_only_function<void(std::monostate)>;
  std::move_only_function<void(Resume)> begin = [this](Resume resume) {
    {
      const std::scoped_lock lock(mutex_);
      if (running_ >= limits::password_hashes_at_once) {
        waiting_.push_back([resume = std::move(resume)]() mutable { resume({}); });
        return;
      }
      ++running_;
    }
    resume({});
  };
  Task<std::monostate> waiting = await_on_current<std::monostate>(std::move(begin));
  co_await waiting;
}

void Passwords::give_slot() {
  Job next;
  {
    const std::scoped_lock lock(mutex_);
    if (waiting_.empty()) {
      --running_;
      return;
    }
    next = std::move(waiting_.front());
    waiting_.pop_front();
  }
  next();
}

Task<std::string> Passwords::hash(const Place& /*place*/, std::string password) {
  Task<void> taking = take_slot();
  co_await taking;
  const Slot slot(*this);
  std::move_only_function<std::string()> work = [password = std::move(password), cost = cost_] {
    return hash_password(password, cost);
  };
  Task<std::string> hashing = runtime_.blocking<std::string>(std::move(work));
  co_return co_await hashing;
}

Task<bool> Passwords::matches(const Place& /*place*/, std::optional<std::string> phc,
                              std::string password) {
  Task<void> taking = take_slot();
  co_await taking;
  const Slot slot(*this);
  const bool known = phc.has_value();
  std::move_only_function<bool()> work = [this, phc = std::move(phc),
                                          password = std::move(password)] {
    const std::string& of_nobody = unmatched();
    return password_matches(phc ? *phc : of_nobody, password);
  };
  Task<bool> verifying = runtime_.blocking<bool>(std::move(work));
  const bool matched = co_await verifying;
  co_return matched&& known;
}

}  // namespace securecart::shop::accounts
