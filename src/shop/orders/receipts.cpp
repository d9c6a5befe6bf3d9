#include "shop/orders/receipts.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace securecart::shop::orders {
namespace {

json::object sign_payload(const json::object& payload, const ReceiptKey& key) {
  const std::string text = canonical_json(payload);
  return {{"payload", text}, {"key_id", key.id}, {"signature", base64url(sign(key.key, text))}};
}

// A member of a document from outside; empty when it is missing or no string.
std::string_view outside_string(const json::object& object, std::string_view name) {
  const json::value* member = object.if_contains(name);
  return member != nullptr && member->is_string() ? std::string_view(member->get_string())
                                                  : std::string_view();
}

std::int64_t outside_int(const json::object& object, std::string_view name) {
  const json::value* member = object.if_contains(name);
  return member != nullptr && member->is_int64() ? member->get_int64() : -1;
}

const json::object* outside_object(const json::object& object, std::string_view name) {
  const json::value* member = object.if_contains(name);
  return member != nullptr ? member->if_object() : nullptr;
}

// Whether a chain entry is of the statement: one of many, or, as entries were once, of it alone.
bool chains(const json::object& link, std::string_view statement) {
  const json::value* many = link.if_contains("statements");
  if (many == nullptr || !many->is_array()) {
    return outside_string(link, "statement") == statement;
  }
  return std::ranges::any_of(many->get_array(), [statement](const json::value& one) {
    return one.is_string() && std::string_view(one.get_string()) == statement;
  });
}

// Carries the checks of one file; each step says what it found.
class Verifier {
 public:
  Verifier(std::string_view file, std::optional<std::string_view> trusted_key)
      : file_(file), trusted_key_(trusted_key) {}

  Verification run() {
    result_.valid = parse() && choose_key() && check_statement() && check_entry();
    return std::move(result_);
  }

 private:
  bool failed(std::string what) {
    result_.failure = std::move(what);
    return false;
  }
  bool passed(std::string what) {
    result_.checks.push_back(std::move(what));
    return true;
  }

  bool parse() {
    Result<json::value> parsed = parse_json(file_);
    if (!parsed) {
      return failed("the file is not JSON: " + parsed.error().detail);
    }
    if (!parsed->is_object()) {
      return failed("the file is not a receipt: a JSON object is expected");
    }
    document_ = std::move(parsed->as_object());
    statement_ = outside_object(document_, "statement");
    entry_ = outside_object(document_, "entry");
    if (statement_ == nullptr || entry_ == nullptr) {
      return failed("the file is not a receipt: `statement` or `entry` is missing");
    }
    return true;
  }

  bool choose_key() {
    const std::string_view own = outside_string(document_, "public_key");
    result_.public_key = std::string(trusted_key_.value_or(own));
    const std::optional<std::string> bytes = from_base64url(result_.public_key);
    if (!bytes || bytes->size() != 32) {
      return failed("the public key is not 32 bytes of base64url");
    }
    key_ = *bytes;
    if (trusted_key_ && *trusted_key_ != own) {
      return failed("the receipt names another public key than the trusted one");
    }
    return !trusted_key_ || passed("the key is the trusted one");
  }

  std::optional<json::object> signed_payload(const json::object& document, const char* what) {
    const std::string_view payload = outside_string(document, "payload");
    const auto signature = from_base64url(outside_string(document, "signature"));
    if (!signature || signature->size() != 64 || !verify(key_, payload, *signature)) {
      failed(fmt::format("the signature of the {} does not hold", what));
      return std::nullopt;
    }
    Result<json::value> parsed = parse_json(payload);
    if (!parsed || !parsed->is_object()) {
      failed(fmt::format("the {} is signed but is no JSON object", what));
      return std::nullopt;
    }
    passed(fmt::format("the signature of the {} holds", what));
    return std::move(parsed->as_object());
  }

  bool check_statement() {
    std::optional<json::object> facts = signed_payload(*statement_, "statement");
    if (!facts) {
      return false;
    }
    result_.statement = std::move(*facts);
    return true;
  }

  bool check_entry() {
    const std::optional<json::object> link = signed_payload(*entry_, "chain entry");
    if (!link) {
      return false;
    }
    result_.sequence = outside_int(*link, "sequence");
    result_.previous = std::string(outside_string(*link, "previous"));
    result_.digest = sha256_hex(outside_string(*entry_, "payload"));
    if (result_.sequence < 1 || result_.previous.size() != 64) {
      return failed("the chain entry has no place in a chain");
    }
    if (!chains(*link, sha256_hex(outside_string(*statement_, "payload")))) {
      return failed("the chain entry is of other statements");
    }
    if (outside_string(*link, "shop_id") != outside_string(result_.statement, "shop_id")) {
      return failed("the chain entry is of another shop");
    }
    return passed(
        fmt::format("the statement is in entry {} of the shop's chain", result_.sequence));
  }

  std::string_view file_;
  std::optional<std::string_view> trusted_key_;
  json::object document_;
  const json::object* statement_ = nullptr;
  const json::object* entry_ = nullptr;
  std::string key_;
  Verification result_;
};

}  // namespace

json::object sign_statement(const Order& order, const ReceiptKey& key) {
  json::array lines;
  for (const Line& line : order.lines) {
    lines.push_back(json::object{{"variant_id", line.variant_id},
                                 {"title", line.title},
                                 {"variant_title", line.variant_title},
                                 {"sku", line.sku},
                                 {"quantity", line.quantity},
                                 {"unit_price", line.unit_price},
                                 {"total", line.total}});
  }
  const json::object payload{{"format", "securecart-receipt-1"},
                             {"shop_id", order.shop_id},
                             {"order_id", order.id},
                             {"number", order.number},
                             {"placed_at", format_rfc3339(order.placed_at)},
                             {"currency", order.currency},
                             {"lines", std::move(lines)},
                             {"subtotal", order.subtotal},
                             {"shipping", order.shipping_total},
                             {"tax", order.tax_total},
                             {"tax_included", order.prices_include_tax},
                             {"total", order.total}};
  return sign_payload(payload, key);
}

std::string first_link() {
  return std::string(64, '0');
}

std::string statement_digest(const json::object& statement) {
  return sha256_hex(get_string(statement, "payload"));
}

ChainEntry chain_statements(std::string_view shop_id, std::span<const std::string> statements,
                            std::int64_t sequence, std::string_view previous,
                            const ReceiptKey& key) {
  const json::object payload{{"format", "securecart-receipt-chain-2"},
                             {"shop_id", shop_id},
                             {"sequence", sequence},
                             {"previous", previous},
                             {"statements", json::array(statements.begin(), statements.end())}};
  ChainEntry entry;
  entry.sequence = sequence;
  entry.previous = std::string(previous);
  entry.document = sign_payload(payload, key);
  entry.digest = sha256_hex(get_string(entry.document, "payload"));
  return entry;
}

json::object receipt_file(const json::object& statement, const ChainEntry& entry,
                          std::string_view public_key_base64url) {
  return {{"format", "securecart-receipt-file-1"},
          {"statement", statement},
          {"entry", entry.document},
          {"public_key", public_key_base64url}};
}

Verification verify_receipt(std::string_view file, std::optional<std::string_view> trusted_key) {
  return Verifier(file, trusted_key).run();
}

std::string chain_break(const std::vector<Verification>& receipts) {
  const Verification* before = nullptr;
  for (const Verification& receipt : receipts) {
    if (receipt.sequence == 1 && receipt.previous != first_link()) {
      return "entry 1 does not begin the chain";
    }
    if (before != nullptr && receipt.sequence == before->sequence) {
      if (receipt.digest != before->digest) {
        return fmt::format("there are two entries {}: the chain was rewritten", receipt.sequence);
      }
      continue;
    }
    if (before != nullptr && receipt.sequence != before->sequence + 1) {
      return fmt::format("entry {} is missing", before->sequence + 1);
    }
    if (before != nullptr && receipt.previous != before->digest) {
      return fmt::format("entry {} does not follow entry {}: the chain was rewritten",
                         receipt.sequence, before->sequence);
    }
    before = &receipt;
  }
  return {};
}

}  // namespace securecart::shop::orders
