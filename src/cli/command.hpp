// What every word of the command line is made of.
#pragma once

#include <functional>

#include <CLI/CLI.hpp>

namespace securecart::cli {

// Set by a word's callback; read by run().
struct Exit {
  int status = 0;
};

// Each adds itself below `parent`; its options live as long as the program runs.
void add_serve(CLI::App& parent, Exit& exit);
void add_agent(CLI::App& parent, Exit& exit);
void add_function_worker(CLI::App& parent, Exit& exit);
void add_shop_create(CLI::App& parent, Exit& exit);
void add_receipt_verify(CLI::App& parent, Exit& exit);
void add_load_run(CLI::App& parent, Exit& exit);
void add_load_replay(CLI::App& parent, Exit& exit);
void add_history_check(CLI::App& parent, Exit& exit);
void add_products_import(CLI::App& parent, Exit& exit);
void add_products_export(CLI::App& parent, Exit& exit);
void add_events_parked(CLI::App& parent, Exit& exit);
void add_ca_init(CLI::App& parent, Exit& exit);
void add_ca_issue(CLI::App& parent, Exit& exit);
void add_ca_rotate(CLI::App& parent, Exit& exit);
void add_ca_show(CLI::App& parent, Exit& exit);
void add_dns_explain(CLI::App& parent, Exit& exit);
void add_dns_status(CLI::App& parent, Exit& exit);
void add_dns_drain(CLI::App& parent, Exit& exit);
void add_dns_weight(CLI::App& parent, Exit& exit);
void add_dns_shift(CLI::App& parent, Exit& exit);
void add_dns_override(CLI::App& parent, Exit& exit);
void add_dns_alarm(CLI::App& parent, Exit& exit);
void add_dns_serve(CLI::App& parent, Exit& exit);
void add_dns_check(CLI::App& parent, Exit& exit);
void add_dns_key(CLI::App& parent, Exit& exit);
void add_topology_assess(CLI::App& parent, Exit& exit);
void add_topology_check(CLI::App& parent, Exit& exit);
void add_topology_render(CLI::App& parent, Exit& exit);
void add_topology_show(CLI::App& parent, Exit& exit);
void add_status(CLI::App& parent, Exit& exit);
void add_rollout(CLI::App& parent, Exit& exit);
void add_patch(CLI::App& parent, Exit& exit);
void add_shift(CLI::App& parent, Exit& exit);
void add_controller(CLI::App& parent, Exit& exit);
void add_lab_up(CLI::App& parent, Exit& exit);
void add_lab_down(CLI::App& parent, Exit& exit);
void add_lab_status(CLI::App& parent, Exit& exit);
void add_lab_exec(CLI::App& parent, Exit& exit);
void add_lab_fault(CLI::App& parent, Exit& exit);
void add_lab_heal(CLI::App& parent, Exit& exit);
void add_gameday_run(CLI::App& parent, Exit& exit);
void add_gameday_results(CLI::App& parent, Exit& exit);
void add_lab_machine(CLI::App& parent, Exit& exit);
void add_lab_wire(CLI::App& parent, Exit& exit);

}  // namespace securecart::cli
