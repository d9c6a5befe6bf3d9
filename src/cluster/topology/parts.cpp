#include "cluster/topology/parts.hpp"

#include <fmt/format.h>

#include "base/assets.hpp"
#include "base/crypto.hpp"
#include "base/template.hpp"

namespace securecart::cluster {

void Planner::folder(std::string path, std::string owner, int mode) const {
  plan.folders.push_back({std::move(path), std::move(owner), mode});
}

const RenderedFile& Planner::file(std::string path, std::string_view asset,
                                  const TemplateValues& values, std::string owner, int mode) const {
  plan.files.push_back(
      {std::move(path), render_asset(asset, values), mode, std::move(owner), false});
  return plan.files.back();
}

std::string render_asset(std::string_view asset, const TemplateValues& values) {
  return render_template(embedded_asset(asset), values);
}

std::string address_of(const Host& host, std::uint16_t port) {
  return port == 0 ? host.address : fmt::format("{}:{}", host.address, port);
}

std::string addresses_of(const Topology& topology, Part part, std::uint16_t port,
                         std::string_view between) {
  std::vector<std::string> found;
  for (const Host* host : topology.hosts_with(part)) {
    found.push_back(address_of(*host, port));
  }
  return fmt::format("{}", fmt::join(found, between));
}

std::string hash_of(const std::vector<const RenderedFile*>& files) {
  std::string all;
  for (const RenderedFile* file : files) {
    all += fmt::format("{}\n{}\n", file->path, file->text);
  }
  return sha256_hex(all);
}

std::string lines(const std::vector<std::string>& items) {
  return fmt::format("{}", fmt::join(items, "\n"));
}

std::int64_t milliseconds(Duration duration) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
}

std::int64_t seconds(Duration duration) {
  return std::chrono::duration_cast<std::chrono::seconds>(duration).count();
}

std::string secret_reference(std::string_view name) {
  return fmt::format("${{secret:{}}}", name);
}

}  // namespace securecart::cluster
