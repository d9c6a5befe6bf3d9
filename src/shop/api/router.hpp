// Finds the operation of a method and path: a trie over path segments, built once, then only read.
//
// A literal segment is tried before a parameter, so /customers/me is not the customer "me". A path
// that ends in a slash is another path than the one without, and there is nothing at it.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/http.hpp"
#include "shop/api/operation.hpp"

namespace securecart::shop::api {

class Router {
 public:
  // Segments a path may have; a longer one matches nothing.
  static constexpr std::size_t most_segments = 16;
  // Parameters one path may have.
  static constexpr std::size_t most_parameters = 4;

  struct Match {
    // Index into Operations::all(); meaningless unless `found`.
    std::size_t operation = 0;
    bool found = false;
    // The path is known: with other methods when not `found`, which `allow` then names.
    bool path_known = false;
    std::string_view allow;  // "GET, HEAD, PATCH, OPTIONS"
    // The values of the parameters, views into the path.
    std::array<std::string_view, most_parameters> values;
    std::size_t value_count = 0;
  };

  // `operations` outlives the router and does not grow. Throws std::logic_error on a path with more
  // segments or parameters than above.
  explicit Router(const Operations& operations);
  ~Router();
  Router(Router&&) noexcept;

  // HEAD finds the operation of GET. `path` is decoded and outlives the match.
  Match match(net::Method method, std::string_view path) const;

 private:
  struct Node;
  struct Segments {
    std::array<std::string_view, most_segments> parts;
    std::size_t count = 0;
  };
  static bool split_path(std::string_view path, Segments& segments);
  void insert(const Operation& operation, std::size_t index);
  static void write_allow(Node& node);
  static const Node* walk(const Node& node, const Segments& segments, std::size_t at, Match& match);

  std::unique_ptr<Node> root_;
};

}  // namespace securecart::shop::api
