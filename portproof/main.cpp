// SPDX-License-Identifier: MIT
#include "portproof/commands/commands.h"

int main(int argc, char** argv) {
  portproof::Commands commands;
  // In the order of a port's steps, which is how `--help` lists them.
  portproof::add_next(commands);
  portproof::add_init(commands);
  portproof::add_fetch(commands);
  portproof::add_map(commands);
  portproof::add_inventory(commands);
  portproof::add_scaffold(commands);
  portproof::add_audit(commands);
  portproof::add_trace(commands);
  portproof::add_verify(commands);
  portproof::add_bisect(commands);
  portproof::add_review(commands);
  portproof::add_round(commands);
  portproof::add_followup(commands);
  portproof::add_mutate(commands);
  portproof::add_status(commands);
  portproof::add_gate(commands);
  portproof::add_upgrade(commands);
  portproof::add_tests(commands);
  portproof::add_report(commands);
  portproof::add_stamp(commands);
  return commands.run(argc, argv);
}
