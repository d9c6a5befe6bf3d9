#include "shop/api/router.hpp"

#include <algorithm>
#include <stdexcept>

#include "net/limits.hpp"
#include "shop/api/path.hpp"

namespace securecart::shop::api {

namespace {

constexpr std::size_t none = static_cast<std::size_t>(-1);
constexpr std::array<net::Method, 5> methods = {
    net::Method::get, net::Method::post, net::Method::put, net::Method::patch, net::Method::del};

std::size_t slot_of(net::Method method) {
  const net::Method served = method == net::Method::head ? net::Method::get : method;
  const auto found = std::ranges::find(methods, served);
  return found == methods.end() ? none : static_cast<std::size_t>(found - methods.begin());
}

}  // namespace

struct Router::Node {
  std::vector<std::pair<std::string_view, std::unique_ptr<Node>>> literals;  // sorted
  std::unique_ptr<Node> parameter;
  std::array<std::size_t, methods.size()> operations;
  std::string allow;  // empty: no operation ends here

  Node() { operations.fill(none); }

  const Node* literal(std::string_view segment) const {
    const auto found = std::ranges::lower_bound(literals, segment, {},
                                                [](const auto& child) { return child.first; });
    return found != literals.end() && found->first == segment ? found->second.get() : nullptr;
  }
  Node& child(std::string_view segment) {
    if (parameter_name(segment)) {
      if (!parameter) {
        parameter = std::make_unique<Node>();
      }
      return *parameter;
    }
    const auto place = std::ranges::lower_bound(literals, segment, {},
                                                [](const auto& other) { return other.first; });
    if (place != literals.end() && place->first == segment) {
      return *place->second;
    }
    return *literals.emplace(place, segment, std::make_unique<Node>())->second;
  }
};

Router::Router(const Operations& operations) : root_(std::make_unique<Node>()) {
  for (std::size_t index = 0; index < operations.all().size(); ++index) {
    insert(operations.all()[index], index);
  }
}

Router::~Router() = default;
Router::Router(Router&&) noexcept = default;

void Router::insert(const Operation& operation, std::size_t index) {
  const std::vector<std::string_view> segments = segments_of(operation.path);
  const auto parameters = std::ranges::count_if(
      segments, [](std::string_view segment) { return parameter_name(segment).has_value(); });
  if (segments.size() > most_segments || static_cast<std::size_t>(parameters) > most_parameters) {
    throw std::logic_error("operation " + std::string(operation.id) + ": the path is too long");
  }
  Node* node = root_.get();
  for (const std::string_view segment : segments) {
    node = &node->child(segment);
  }
  node->operations[slot_of(operation.method)] = index;
  write_allow(*node);
}

void Router::write_allow(Node& node) {
  node.allow.clear();
  for (std::size_t slot = 0; slot < methods.size(); ++slot) {
    if (node.operations[slot] == none) {
      continue;
    }
    node.allow.append(net::to_string(methods[slot])).append(", ");
    if (methods[slot] == net::Method::get) {
      node.allow.append("HEAD, ");
    }
  }
  node.allow.append("OPTIONS");
}

// False for a path no pattern can fit.
bool Router::split_path(std::string_view path, Segments& segments) {
  if (!path.starts_with('/')) {
    return false;
  }
  if (path.size() == 1) {
    return true;
  }
  std::size_t begin = 1;
  while (begin <= path.size()) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    if (end == begin || segments.count == most_segments) {
      return false;
    }
    segments.parts[segments.count++] = path.substr(begin, end - begin);
    begin = end + 1;
  }
  return true;
}

const Router::Node* Router::walk(const Node& node, const Segments& segments, std::size_t at,
                                 Match& match) {
  if (at == segments.count) {
    return node.allow.empty() ? nullptr : &node;
  }
  const std::string_view segment = segments.parts[at];
  if (const Node* literal = node.literal(segment)) {
    if (const Node* end = walk(*literal, segments, at + 1, match)) {
      return end;
    }
  }
  if (!node.parameter || segment.size() > limits::path_parameter_bytes) {
    return nullptr;
  }
  match.values[match.value_count++] = segment;
  const Node* end = walk(*node.parameter, segments, at + 1, match);
  if (end == nullptr) {
    --match.value_count;
  }
  return end;
}

Router::Match Router::match(net::Method method, std::string_view path) const {
  Match match;
  Segments segments;
  const Node* node = split_path(path, segments) ? walk(*root_, segments, 0, match) : nullptr;
  if (node == nullptr) {
    return match;
  }
  match.path_known = true;
  match.allow = node->allow;
  const std::size_t slot = slot_of(method);
  if (slot != none && node->operations[slot] != none) {
    match.found = true;
    match.operation = node->operations[slot];
  }
  return match;
}

}  // namespace securecart::shop::api
