// SPDX-License-Identifier: MIT
#include "portproof/audit.h"

namespace portproof {

const std::vector<Practice>& checks() {
  static const std::vector<Practice> kChecks = {
      {"attention-by-hand",
       "attention made of two products and a softmax",
       "the scores of all queries and keys go through memory twice",
       "use the fused attention (fast::scaled_dot_product_attention, or the "
       "op over it)"},
      {"norm-by-hand",
       "a normalization made of single operations",
       "each operation reads and writes the whole array",
       "use fast::layer_norm or fast::rms_norm, or the op over it"},
      {"rope-by-hand",
       "rotary positions made of single operations",
       "the halves are cut, multiplied and joined in memory of their own",
       "use fast::rope with the right `traditional`, base and offset"},
      {"activation-by-hand",
       "an activation made of single operations",
       "each operation reads and writes the whole array",
       "use the op that fuses it, or mx::compile the function"},
      {"log-of-softmax",
       "the logarithm of a softmax",
       "small probabilities become 0 and their logarithm infinite, and the "
       "array is read once more",
       "subtract logsumexp"},
      {"grown-cache",
       "an array that grows by a copy at each step",
       "n steps copy n * n / 2 rows",
       "allocate what can come at most and write into it with slice_update"},
      {"sync-in-loop",
       "the host waits for the device in a loop",
       "the device idles while the host works, and the other way round",
       "evaluate once after the loop, or begin the next step with async_eval "
       "first"},
      {"constant-in-loop",
       "a constant array made anew in each pass",
       "each pass allocates and fills the same numbers",
       "make it before the loop"},
      {"table-per-call",
       "a table made anew at each call of a module",
       "the same numbers are computed for every call",
       "make it when the module is built, and keep it"},
      {"cast-in-loop",
       "a cast in each pass of a loop",
       "each pass reads and writes the whole array",
       "cast before the loop, or compute in the type that is there"},
      {"copy-in-loop",
       "a copy in each pass of a loop",
       "each pass copies an array that a view would do for",
       "let the operation take the view, or copy before the loop"},
      {"element-loop",
       "elements of an array taken one by one",
       "each element costs a node of the graph and a kernel",
       "write the loop as one operation over the array"},
      {"text-in-loop",
       "text or JSON made in a loop with array work",
       "the host makes strings while the device waits",
       "collect numbers, and make the text after the loop"},
      {"f32-scalar",
       "an f32 scalar that meets an array",
       "in C++ a float is an f32 array: it makes a result of half types f32, "
       "and all that follows",
       "give the scalar the array's type: array(value, x.dtype())"},
      {"float64-array",
       "a float64 array",
       "only a CPU has float64, and it is half as fast there",
       "use f32; where the reference needs more, compute on the host"},
      {"layout-around-conv",
       "a transpose before a convolution",
       "MLX convolves channels last: each transpose copies the signal",
       "keep channels last through the whole module"},
      {"weight-turned-per-call",
       "weights transposed at each call",
       "the whole matrix may be copied for each product",
       "turn it once when the weights are loaded, or use the op that reads "
       "it as it is"},
      {"global-random",
       "random numbers from the state of the whole program",
       "results depend on what ran before, and a compiled function keeps the "
       "state that it was made with",
       "take a key as an argument"},
      {"static-array",
       "an array that lives as long as the program",
       "it belongs to the stream of the thread that made it, and is freed "
       "after MLX itself",
       "keep it in the module, or make it where it is used"},
      {"unfinished-weights",
       "a ledger of weights that is never closed",
       "weights that nobody took, or that are missing, are not noticed",
       "call finish() once the model is built"},
  };
  return kChecks;
}

const std::vector<const char*>& review_questions() {
  static const std::vector<const char*> kQuestions = {
      "Does every product over f16, bf16 or quantized weights keep them in "
      "that type until the kernel?",
      "Is each loop over time that could be one batched operation written as "
      "one?",
      "Is a decoder's prompt computed in one call, not token by token?",
      "Are cross-attention keys and values computed once for an utterance?",
      "Is only the last position's row of logits computed where only it is "
      "used?",
      "Is what a step evaluates exactly what the host needs to decide?",
      "Could the next step be started (async_eval) before the host reads this "
      "one?",
      "Are buffers given away (moved) where nobody needs them again, so that "
      "they are written in place?",
      "Are shapes padded to few sizes where a compiled function would "
      "otherwise be traced anew?",
      "Does memory stay level over an hour of input?",
      "Is work that depends on the model alone done when it is loaded?",
      "Does the code between two evaluations stay small enough that the graph "
      "does not grow with the input?",
  };
  return kQuestions;
}

} // namespace portproof
