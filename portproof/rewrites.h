// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "portproof/code_pieces.h"
#include "portproof/mutants.h"
#include "portproof/mutation_operators.h"

namespace portproof {

/// The ways to write the same in other words.
std::span<const Operator> rewrite_operators();

/// All rewrites of a component's own code in `.cpp` files that change nothing
/// of what it computes: each is a mutant that must stay green.
std::vector<Mutant> rewrites(const Port& port, const Component& component);

/// Draws rewrites that do not touch each other, spread over the kinds and the
/// components. \param without ids that are not to be drawn
std::vector<Mutant> draw_rewrites(
    const Port& port,
    std::uint64_t seed,
    int count,
    const std::set<std::string>& without);

} // namespace portproof
