#include "cli/registry.hpp"

#include <exception>

#include "base/crypto.hpp"
#include "cli/command.hpp"

namespace securecart::cli {
namespace {

CLI::App& group(CLI::App& app, const char* word, const char* about) {
  CLI::App& added = *app.add_subcommand(word, about);
  added.require_subcommand(1);
  return added;
}

void add_words(CLI::App& app, Exit& exit) {
  add_serve(app, exit);
  add_agent(app, exit);
  add_function_worker(app, exit);
  add_shop_create(group(app, "shop", "Shops of this installation"), exit);
  CLI::App& products = group(app, "products", "The catalog of a shop, over the API");
  add_products_import(products, exit);
  add_products_export(products, exit);
  add_receipt_verify(group(app, "receipt", "Signed receipts"), exit);
  CLI::App& load = group(app, "load", "Load from outside, with a history to check afterwards");
  add_load_run(load, exit);
  add_load_replay(load, exit);
  add_history_check(group(app, "history", "What clients sent and what was acknowledged"), exit);
  add_events_parked(group(app, "events", "The event log"), exit);
  CLI::App& ca = group(app, "ca", "Certificates between the processes of an installation");
  add_ca_init(ca, exit);
  add_ca_issue(ca, exit);
  add_ca_rotate(ca, exit);
  add_ca_show(ca, exit);
  CLI::App& dns = group(app, "dns", "Authoritative DNS whose answers follow health");
  add_dns_serve(dns, exit);
  add_dns_check(dns, exit);
  add_dns_key(group(dns, "key", "Keys of signed zones"), exit);
  add_dns_explain(dns, exit);
  add_dns_status(dns, exit);
  add_dns_drain(dns, exit);
  add_dns_weight(dns, exit);
  add_dns_shift(dns, exit);
  add_dns_override(dns, exit);
  add_dns_alarm(dns, exit);
  CLI::App& topology = group(app, "topology", "A region as one file");
  add_topology_check(topology, exit);
  add_topology_show(topology, exit);
  add_topology_render(topology, exit);
  add_topology_assess(topology, exit);
  add_status(app, exit);
  add_rollout(app, exit);
  add_patch(app, exit);
  add_shift(app, exit);
  add_controller(app, exit);
  CLI::App& lab = group(app, "lab", "A whole region on this machine: hosts, network and faults");
  add_lab_up(lab, exit);
  add_lab_down(lab, exit);
  add_lab_status(lab, exit);
  add_lab_exec(lab, exit);
  add_lab_fault(lab, exit);
  add_lab_heal(lab, exit);
  add_lab_machine(lab, exit);
  add_lab_wire(lab, exit);
  CLI::App& gameday = group(app, "gameday", "Drills with real faults, measured from outside");
  add_gameday_run(gameday, exit);
  add_gameday_results(gameday, exit);
}

}  // namespace

int run(int argc, char** argv) {
  CLI::App app("SecureCart: an online shop that keeps selling, and proves it");
  app.name("securecart");
  app.set_version_flag("--version", SECURECART_VERSION);
  app.require_subcommand(1);
  Exit exit;
  try {
    initialise_crypto();
    add_words(app, exit);
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "securecart: %s\n", error.what());
    return 2;
  }
  return exit.status;
}

}  // namespace securecart::cli
