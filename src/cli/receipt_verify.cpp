// securecart receipt verify: checks receipts without the shop.
#include <algorithm>
#include <cstdio>

#include "base/files.hpp"
#include "base/json.hpp"
#include "cli/command.hpp"
#include "lab/history.hpp"
#include "shop/orders/receipts.hpp"

namespace securecart::cli {
namespace {

using shop::orders::Verification;

struct VerifyArguments {
  std::vector<std::string> files;
  std::string key;
};

// Sound in itself; anybody could have made it.
constexpr int status_unknown_signer = 3;

struct Receipt {
  std::string name;
  std::string text;
};

// A file is one receipt, or a JSON array of them.
void add_receipts(const std::string& file, std::vector<Receipt>& receipts) {
  std::string text = need_file(file);
  const Result<json::value> parsed = parse_json(text);
  if (!parsed || !parsed->is_array()) {
    receipts.push_back({file, std::move(text)});
    return;
  }
  for (const json::value& one : parsed->as_array()) {
    receipts.push_back({file + " [" + std::to_string(receipts.size()) + "]", to_string(one)});
  }
}

bool tell(const Receipt& receipt, const Verification& verification) {
  std::printf("%s\n", receipt.name.c_str());
  for (const std::string& check : verification.checks) {
    std::printf("  ok      %s\n", check.c_str());
  }
  if (!verification.valid) {
    std::printf("  FAILED  %s\n", verification.failure.c_str());
    return false;
  }
  const std::string facts = to_string(json::value(verification.statement));
  std::printf("  says    %s\n", facts.c_str());
  return true;
}

// Only receipts of one shop are links of one chain.
bool check_chain(std::vector<Verification> verified) {
  std::ranges::sort(verified, {}, &Verification::sequence);
  const std::string broken = shop::orders::chain_break(verified);
  if (broken.empty()) {
    std::printf("  ok      %zu receipts follow one another without a gap\n", verified.size());
  } else {
    std::printf("  FAILED  %s\n", broken.c_str());
  }
  return broken.empty();
}

// Says what was shown, and gives the exit status of it.
int conclude(bool valid, bool key_was_given) {
  if (!valid) {
    std::printf("NOT VALID.\n");
    return 1;
  }
  if (!key_was_given) {
    std::printf(
        "Consistent: nothing was changed since it was signed. WHO signed it was not checked, and\n"
        "anybody can sign with a key of their own. Say the shop's with --key; the shop gives it "
        "at\n"
        "/v1/store/receipt-keys.\n");
    return status_unknown_signer;
  }
  std::printf("Valid.\n");
  return 0;
}

int verify(const VerifyArguments& arguments) {
  try {
    std::vector<Receipt> receipts;
    for (const std::string& file : arguments.files) {
      add_receipts(file, receipts);
    }
    const std::optional<std::string_view> key =
        arguments.key.empty() ? std::nullopt : std::optional<std::string_view>(arguments.key);
    std::vector<Verification> verified;
    bool valid = !receipts.empty();
    for (const Receipt& receipt : receipts) {
      Verification verification = shop::orders::verify_receipt(receipt.text, key);
      valid &= tell(receipt, verification);
      verified.push_back(std::move(verification));
    }
    if (valid && verified.size() > 1) {
      std::printf("the chain\n");
      valid = check_chain(std::move(verified));
    }
    return conclude(valid, key.has_value());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "securecart receipt verify: %s\n", error.what());
    return 2;
  }
}

}  // namespace

void add_receipt_verify(CLI::App& parent, Exit& exit) {
  CLI::App& word = *parent.add_subcommand(
      "verify", "Check receipts offline: signatures, and how several follow one another");
  word.footer(
      "Exit status: 0 signed with --key and unchanged, 1 not valid, 2 not readable, 3 unchanged, "
      "but without --key nobody knows who signed.");
  auto arguments = std::make_shared<VerifyArguments>();
  word.add_option("FILE", arguments->files,
                  "Receipt files as the shop hands them out, or JSON arrays of them")
      ->required()
      ->check(CLI::ExistingFile);
  word.add_option(
      "--key", arguments->key,
      "The shop's public key (base64url), from GET /v1/store/receipt-keys; without it a "
      "forger's receipt is as good as the shop's");
  word.callback([arguments, &exit] { exit.status = verify(*arguments); });
}

}  // namespace securecart::cli
