// What the words `products import` and `products export` share: the admin API from a plain thread.
#pragma once

#include <string>

#include "base/clock.hpp"
#include "cli/api_access.hpp"
#include "net/client.hpp"
#include "net/runtime.hpp"

namespace securecart::cli {

class AdminCaller {
 public:
  // `access` is resolved().
  explicit AdminCaller(const ApiAccess& access);
  ~AdminCaller();
  AdminCaller(const AdminCaller&) = delete;
  AdminCaller& operator=(const AdminCaller&) = delete;

  // Any status is an answer; throws Unavailable when there is none.
  net::Response call(net::Method method, std::string target, std::string body = "",
                     net::Headers headers = {});

 private:
  SystemClock clock_;
  net::Runtime runtime_;
  net::Client client_;
  const net::Url url_;
  const std::string key_;
};

}  // namespace securecart::cli
