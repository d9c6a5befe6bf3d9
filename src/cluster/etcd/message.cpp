#include "cluster/etcd/message.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/crypto.hpp"
#include "base/json.hpp"
#include "base/text.hpp"

namespace securecart::cluster::etcd {
namespace {

constexpr int grpc_not_found = 5;
constexpr std::size_t told_bytes = 200;  // of a text we do not understand

std::string number_text(std::int64_t number) {
  return std::to_string(number);
}

// 64-bit numbers are text, smaller ones may be numbers; absent is zero.
std::optional<std::int64_t> number(const json::object& object, std::string_view name) {
  const json::value* const value = object.if_contains(name);
  if (value == nullptr || value->is_null()) {
    return 0;
  }
  if (const std::int64_t* const known = value->if_int64()) {
    return *known;
  }
  const json::string* const text = value->if_string();
  std::int64_t result = 0;
  if (text == nullptr || text->empty()) {
    return std::nullopt;
  }
  const char* const end = text->data() + text->size();
  const auto [stop, error] = std::from_chars(text->data(), end, result);
  return error == std::errc() && stop == end ? std::optional(result) : std::nullopt;
}

std::optional<std::string> bytes(const json::object& object, std::string_view name) {
  const json::value* const value = object.if_contains(name);
  if (value == nullptr || value->is_null()) {
    return std::string();
  }
  const json::string* const text = value->if_string();
  return text == nullptr ? std::nullopt : from_base64(*text);
}

bool flag(const json::object& object, std::string_view name) {
  const json::value* const value = object.if_contains(name);
  return value != nullptr && value->is_bool() && value->get_bool();
}

const json::object* object_in(const json::object& object, std::string_view name) {
  const json::value* const value = object.if_contains(name);
  return value == nullptr ? nullptr : value->if_object();
}

std::string text_in(const json::object& object, std::string_view name) {
  const json::value* const value = object.if_contains(name);
  const json::string* const text = value == nullptr ? nullptr : value->if_string();
  return text == nullptr ? std::string() : std::string(std::string_view(*text));
}

std::unexpected<std::string> not_understood(std::string_view what, std::string_view text) {
  return std::unexpected(fmt::format("etcd's answer has no good {}: {}", what,
                                     repair_utf8(text.substr(0, told_bytes))));
}

Parsed<json::object> object_of(std::string_view text) {
  Result<json::value> value = parse_json(text);
  if (!value || !value->is_object()) {
    return not_understood("JSON object", text);
  }
  return std::move(value->as_object());
}

// Of the header; every answer of a member that serves has one.
std::optional<std::int64_t> revision_of(const json::object& object) {
  const json::object* const header = object_in(object, "header");
  const std::optional<std::int64_t> revision =
      header == nullptr ? std::nullopt : number(*header, "revision");
  return revision && *revision > 0 ? revision : std::nullopt;
}

std::optional<Entry> entry_of(const json::value& value) {
  const json::object* const object = value.if_object();
  if (object == nullptr) {
    return std::nullopt;
  }
  std::optional<std::string> key = bytes(*object, "key");
  std::optional<std::string> content = bytes(*object, "value");
  const auto created = number(*object, "create_revision");
  const auto modified = number(*object, "mod_revision");
  const auto lease = number(*object, "lease");
  if (!key || key->empty() || !content || !created || !modified || !lease || *modified <= 0) {
    return std::nullopt;
  }
  return Entry{std::move(*key), std::move(*content), *created, *modified, *lease};
}

std::optional<std::vector<Entry>> entries_of(const json::object& object) {
  std::vector<Entry> entries;
  const json::value* const list = object.if_contains("kvs");
  if (list == nullptr) {
    return entries;
  }
  if (!list->is_array()) {
    return std::nullopt;
  }
  for (const json::value& value : list->get_array()) {
    std::optional<Entry> entry = entry_of(value);
    if (!entry) {
      return std::nullopt;
    }
    entries.push_back(std::move(*entry));
  }
  return entries;
}

json::object span_of(std::string_view prefix) {
  return {{"key", base64(prefix)}, {"range_end", base64(end_of_prefix(prefix))}};
}

json::object comparison(const Condition& condition) {
  const bool created = condition.field == Condition::Field::created;
  return {{"key", base64(condition.key)},
          {"target", created ? "CREATE" : "MOD"},
          {"result", "EQUAL"},
          {created ? "create_revision" : "mod_revision", number_text(condition.revision)}};
}

json::object operation(const Write& write) {
  if (!write.value) {
    return {{"request_delete_range", json::object{{"key", base64(write.key)}}}};
  }
  json::object put{{"key", base64(write.key)}, {"value", base64(*write.value)}};
  if (write.lease != 0) {
    put["lease"] = number_text(write.lease);
  }
  return {{"request_put", std::move(put)}};
}

}  // namespace

std::string end_of_prefix(std::string_view prefix) {
  std::string end(prefix);
  while (!end.empty()) {
    if (static_cast<unsigned char>(end.back()) < 0xff) {
      end.back() = static_cast<char>(static_cast<unsigned char>(end.back()) + 1);
      return end;
    }
    end.pop_back();
  }
  return {'\0'};
}

std::string range_request(std::string_view prefix) {
  return to_string(span_of(prefix));
}

std::string get_request(std::string_view key) {
  return to_string(json::object{{"key", base64(key)}});
}

std::string fingerprint_request(std::string_view prefix) {
  json::object request = span_of(prefix);
  request["limit"] = "1";
  request["keys_only"] = true;
  request["sort_target"] = "MOD";
  request["sort_order"] = "DESCEND";
  return to_string(request);
}

std::string commit_request(std::span<const Condition> conditions, std::span<const Write> writes) {
  json::array compare;
  for (const Condition& condition : conditions) {
    compare.push_back(comparison(condition));
  }
  json::array success;
  for (const Write& write : writes) {
    success.push_back(operation(write));
  }
  return to_string(json::object{{"compare", std::move(compare)}, {"success", std::move(success)}});
}

std::string grant_request(Duration ttl) {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(ttl).count();
  return to_string(json::object{{"TTL", number_text(std::max<std::int64_t>(seconds, 1))}});
}

std::string lease_request(LeaseId lease) {
  return to_string(json::object{{"ID", number_text(lease)}});
}

std::string watch_request(std::string_view prefix, std::int64_t first_revision) {
  json::object create = span_of(prefix);
  create["start_revision"] = number_text(first_revision);
  return to_string(json::object{{"create_request", std::move(create)}});
}

Parsed<Snapshot> parse_range(std::string_view body) {
  const Parsed<json::object> object = object_of(body);
  if (!object) {
    return std::unexpected(object.error());
  }
  const std::optional<std::int64_t> revision = revision_of(*object);
  std::optional<std::vector<Entry>> entries = entries_of(*object);
  if (!revision || !entries || !std::ranges::is_sorted(*entries, std::less_equal(), &Entry::key) ||
      flag(*object, "more")) {
    return not_understood("list of entries", body);
  }
  return Snapshot{.revision = *revision, .entries = std::move(*entries)};
}

Parsed<FingerprintAnswer> parse_fingerprint(std::string_view body) {
  const Parsed<json::object> object = object_of(body);
  if (!object) {
    return std::unexpected(object.error());
  }
  const std::optional<std::int64_t> revision = revision_of(*object);
  const std::optional<std::vector<Entry>> entries = entries_of(*object);
  const std::optional<std::int64_t> count = number(*object, "count");
  if (!revision || !entries || entries->size() > 1 || !count || (*count == 0) != entries->empty()) {
    return not_understood("count", body);
  }
  return FingerprintAnswer{
      {.count = *count, .newest = entries->empty() ? 0 : entries->front().modified}, *revision};
}

Parsed<Committed> parse_commit(std::string_view body) {
  const Parsed<json::object> object = object_of(body);
  if (!object) {
    return std::unexpected(object.error());
  }
  const std::optional<std::int64_t> revision = revision_of(*object);
  if (!revision) {
    return not_understood("revision", body);
  }
  return Committed{.applied = flag(*object, "succeeded"), .revision = *revision};
}

Parsed<Lease> parse_grant(std::string_view body) {
  const Parsed<json::object> object = object_of(body);
  if (!object) {
    return std::unexpected(object.error());
  }
  constexpr std::int64_t most_seconds = 1'000'000'000;
  const std::optional<std::int64_t> id = number(*object, "ID");
  const std::optional<std::int64_t> ttl = number(*object, "TTL");
  if (!id || *id == 0 || !ttl || *ttl <= 0 || *ttl > most_seconds) {
    return not_understood("lease", body);
  }
  return Lease{.id = *id, .ttl = std::chrono::seconds(*ttl)};
}

Parsed<std::vector<Member>> parse_members(std::string_view body) {
  const Parsed<json::object> object = object_of(body);
  if (!object) {
    return std::unexpected(object.error());
  }
  const json::value* const listed = object->if_contains("members");
  if (listed == nullptr || !listed->is_array()) {
    return not_understood("list of members", body);
  }
  std::vector<Member> members;
  for (const json::value& value : listed->get_array()) {
    const json::object* const one = value.if_object();
    const json::value* const urls = one == nullptr ? nullptr : one->if_contains("clientURLs");
    const json::array* const list = urls == nullptr ? nullptr : urls->if_array();
    if (list == nullptr || list->empty() || !list->front().is_string()) {
      continue;  // it has not started yet
    }
    members.push_back(
        {text_in(*one, "ID"), text_in(*one, "name"), std::string(list->front().get_string())});
  }
  return members;
}

Parsed<std::string> parse_leader(std::string_view body) {
  const Parsed<json::object> object = object_of(body);
  if (!object) {
    return std::unexpected(object.error());
  }
  const std::string leader = text_in(*object, "leader");
  return leader.empty() ? "0" : leader;
}

std::string hand_over_request(std::string_view to) {
  return to_string(json::object{{"targetID", to}});
}

Parsed<bool> parse_keep_alive(std::string_view body) {
  const Parsed<json::object> object = object_of(trim(body));
  if (!object) {
    return std::unexpected(object.error());
  }
  const json::object* const result = object_in(*object, "result");
  const std::optional<std::int64_t> ttl = result == nullptr ? std::nullopt : number(*result, "TTL");
  if (!ttl) {
    return not_understood("lease", body);
  }
  return *ttl > 0;
}

Parsed<WatchMessage> parse_watch(std::string_view line) {
  const Parsed<json::object> object = object_of(line);
  if (!object) {
    return std::unexpected(object.error());
  }
  WatchMessage message;
  if (const json::object* const error = object_in(*object, "error")) {
    message.ended = true;
    message.why = text_in(*error, "message");
    return message;
  }
  const json::object* const result = object_in(*object, "result");
  const std::optional<std::int64_t> revision =
      result == nullptr ? std::nullopt : revision_of(*result);
  if (!revision) {
    return not_understood("revision", line);
  }
  message.revision = *revision;
  if (flag(*result, "canceled")) {
    message.ended = true;
    message.why = has(*result, "compact_revision") ? "the past was compacted"
                                                   : text_in(*result, "cancel_reason");
    return message;
  }
  const json::value* const events = result->if_contains("events");
  if (events == nullptr) {
    return message;
  }
  if (!events->is_array()) {
    return not_understood("list of events", line);
  }
  for (const json::value& value : events->get_array()) {
    const json::object* const event = value.if_object();
    const json::value* const kv = event == nullptr ? nullptr : event->if_contains("kv");
    std::optional<Entry> entry = kv == nullptr ? std::nullopt : entry_of(*kv);
    if (!entry) {
      return not_understood("event", line);
    }
    message.events.push_back({std::move(*entry), text_in(*event, "type") == "DELETE"});
  }
  return message;
}

bool Refusal::no_such_lease() const {
  return code == grpc_not_found && message.find("lease not found") != std::string::npos;
}

Refusal parse_refusal(std::string_view body) {
  const Parsed<json::object> object = object_of(trim(body));
  if (!object) {
    return {.code = 0, .message = repair_utf8(body.substr(0, told_bytes))};
  }
  const std::optional<std::int64_t> code = number(*object, "code");
  const bool small = code && *code >= 0 && *code <= 16;
  return {.code = small ? static_cast<int>(*code) : 0, .message = text_in(*object, "message")};
}

}  // namespace securecart::cluster::etcd
