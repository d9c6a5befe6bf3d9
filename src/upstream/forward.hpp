// A request as it goes on to another process, and its answer as it goes back. Pure.
//
// Hop-by-hop fields (RFC 9110 section 7.6.1, and those Connection names) end here. Whatever the
// client said about where it comes from is replaced by what is known: the address it has for us.
#pragma once

#include "net/client.hpp"
#include "net/http.hpp"

namespace securecart::upstream {

// The request for an instance; its timeout and deadline field are set for each attempt. HEAD goes
// on as GET: the server that answers the client leaves the body out, and knows its length.
net::ClientRequest onward(net::Request request);
// The answer for the client.
net::Response back(net::Response answer);

// The answer refuses work for lack of room; nothing was done.
bool is_overload(const net::Response& answer);

}  // namespace securecart::upstream
