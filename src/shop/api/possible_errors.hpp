// Which errors an operation may answer with: those it declares and those its flags imply. The
// handler counts others as defects, the OpenAPI document and the reference list exactly these.
#pragma once

#include <vector>

#include "shop/api/operation.hpp"

namespace securecart::shop::api {

// Sorted by status, then code; each once.
std::vector<const ErrorKind*> possible_errors(const Operation& operation);
// Every error a client can meet, in the same order: those of all operations, and what is refused
// before a request comes to one.
std::vector<const ErrorKind*> all_errors(const Operations& operations);

}  // namespace securecart::shop::api
