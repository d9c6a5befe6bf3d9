// Any text as a zone file that may include itself: it ends, problems have a place, and each name of
// a zone that is good is found again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "traffic/dns/zone.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace securecart;
  using namespace securecart::traffic::dns;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const Name origin = *Name::parse("a.test.");
  const ReadFile itself = [&text](const std::string& path) -> Result<std::string> {
    return path == "self" ? Result<std::string>(text)
                          : Result<std::string>(fail(errc::not_found, path));
  };
  const auto zone = load_zone("z", text, origin, itself, nullptr);
  if (!zone) {
    if (zone.error().fields.empty() || zone.error().detail.empty()) {
      std::abort();
    }
    return 0;
  }
  std::size_t records = 0;
  (*zone)->for_each_node([&](const Node& node) {
    RdataBytes owner(node.prefix().begin(), node.prefix().end());
    owner.insert(owner.end(), origin.wire().begin(), origin.wire().end());
    NameKey key;
    key.set(owner);
    if (!(*zone)->node_of(key)) {
      std::abort();
    }
    static_cast<void>((*zone)->find(key));
    node.for_each([&records](const RrsetView& set) {
      records += set.count;
      set.for_each([&set](const RecordView& record) {
        if (rdata_text(set.type, record.rdata()).empty()) {
          std::abort();
        }
      });
    });
  });
  if (records != (*zone)->records()) {
    std::abort();
  }
  return 0;
}
