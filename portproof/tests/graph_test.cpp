// SPDX-License-Identifier: MIT
#include "portproof/graph.h"

#include <gtest/gtest.h>

#include <fmt/format.h>

#include "mlxaudio/error.h"

namespace portproof {
namespace {

/// "Matmul: A B > C" lines as export_to_dot writes them.
std::string dot(const std::vector<std::vector<std::string>>& nodes) {
  std::string out = "digraph {\n";
  int id = 1000;
  for (const auto& node : nodes) { // operation, inputs..., output
    ++id;
    out += fmt::format(
        "{{ {} [label =\"{}\", shape=rectangle]; }}\n",
        id,
        node.front());
    for (std::size_t i = 1; i + 1 < node.size(); ++i) {
      out += fmt::format("\"{}\" -> {}\n", node[i], id);
    }
    out += fmt::format(
        "{{ \"{}\"; }}\n{} -> \"{}\"\n",
        node.back(),
        id,
        node.back());
  }
  return out + "}\n";
}

std::vector<std::string> found(
    const std::vector<std::vector<std::string>>& nodes) {
  std::vector<std::string> out;
  for (const AuditFinding& f :
       audit_graph("g.dot", Graph::parse(dot(nodes), "g.dot"))) {
    out.push_back(f.check);
  }
  return out;
}

using Texts = std::vector<std::string>;

TEST(Graph, FindsAttentionByHand) {
  EXPECT_EQ(
      found(
          {{"Matmul", "q", "k", "s"},
           {"Multiply", "s", "scale", "t"},
           {"Add", "t", "mask", "u"},
           {"Softmax", "u", "w"},
           {"AsType", "w", "x"},
           {"Matmul", "x", "v", "o"}}),
      Texts{"graph-attention"});
  // A softmax over the vocabulary has no product behind it.
  EXPECT_EQ(
      found(
          {{"Matmul", "x", "w", "l"},
           {"Softmax", "l", "p"},
           {"Log", "p", "q"}}),
      Texts{});
  EXPECT_EQ(
      found(
          {{"ScaledDotProductAttention", "q", "k", "v", "o"},
           {"Matmul", "o", "w", "y"}}),
      Texts{});
}

TEST(Graph, FindsCastsCopiesAndWhatIsComputedTwice) {
  EXPECT_EQ(
      found({{"AsType", "a", "b"}, {"AsType", "b", "c"}, {"Exp", "c", "d"}}),
      Texts{"graph-cast-twice"});
  EXPECT_EQ(
      found({{"AsType", "a", "b"}, {"Exp", "b", "c"}, {"AsType", "c", "d"}}),
      Texts{});
  EXPECT_EQ(found({{"Contiguous", "a", "b"}}), Texts{"graph-copy"});
  EXPECT_EQ(
      found({{"Matmul", "a", "w", "b"}, {"Matmul", "a", "w", "c"}}),
      Texts{"graph-twice"});
  EXPECT_EQ(
      found({{"Matmul", "a", "w", "b"}, {"Matmul", "a", "v", "c"}}),
      Texts{});
}

TEST(Graph, SaysThePlace) {
  const auto findings =
      audit_graph("g.dot", Graph::parse(dot({{"Copy", "a", "b"}}), "g.dot"));
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].line, 2);
  EXPECT_EQ(findings[0].code, "Copy (a) -> b");
}

TEST(Graph, WhatIsNoGraphIsRefused) {
  const std::string whole = dot({{"Copy", "a", "b"}});
  for (const std::string& bad :
       {std::string(),
        std::string("digraph {\n}\n"),
        whole.substr(0, whole.size() - 3),
        std::string("digraph {\n\"A\" -> 7\n}\n"),
        "graph" + whole}) {
    try {
      Graph::parse(bad, "g.dot");
      ADD_FAILURE() << bad;
    } catch (const mlxaudio::ConfigError& e) {
      EXPECT_NE(std::string(e.what()).find("g.dot"), std::string::npos);
    }
  }
}

} // namespace
} // namespace portproof
