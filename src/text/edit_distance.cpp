// SPDX-License-Identifier: MIT
#include "text/edit_distance.h"

#include <algorithm>
#include <array>
#include <limits>
#include <string_view>
#include <unordered_map>

namespace mlxaudio::text {
namespace {

using Sequence = std::span<const std::uint32_t>;

/// Edits in the upper half, substitutions in the lower, so that the smaller
/// number is the better way.
using Cost = std::uint64_t;
constexpr Cost kIndel = Cost{1} << 32;
constexpr Cost kSubstitution = kIndel + 1;
constexpr Cost kUnreachable = std::numeric_limits<Cost>::max() / 2;

std::size_t edits_of(Cost cost) {
  return static_cast<std::size_t>(cost >> 32);
}

/// The diagonals (column less row) that a way of at most `edits` edits can
/// touch: it has to come back to the last corner.
struct Band {
  Band(Sequence a, Sequence b, std::size_t edits) {
    const auto most = static_cast<std::ptrdiff_t>(edits);
    const auto shift = static_cast<std::ptrdiff_t>(b.size()) -
                       static_cast<std::ptrdiff_t>(a.size());
    const std::ptrdiff_t spare = (most - std::abs(shift)) / 2;
    low = std::min<std::ptrdiff_t>(shift, 0) - spare;
    high = std::max<std::ptrdiff_t>(shift, 0) + spare;
  }

  std::size_t width() const {
    return static_cast<std::size_t>(high - low) + 1;
  }
  /// Columns of a row that are in the band, as far as there are such.
  std::size_t first(std::size_t row) const {
    return static_cast<std::size_t>(
        std::max<std::ptrdiff_t>(static_cast<std::ptrdiff_t>(row) + low, 0));
  }
  std::size_t last(std::size_t row, std::size_t columns) const {
    return static_cast<std::size_t>(std::min<std::ptrdiff_t>(
        static_cast<std::ptrdiff_t>(row) + high,
        static_cast<std::ptrdiff_t>(columns)));
  }

  std::ptrdiff_t low = 0;
  std::ptrdiff_t high = 0;
};

/// Costs from the first corner to each column of a row; `kUnreachable`
/// outside the band.
class Row {
 public:
  explicit Row(std::size_t columns) : costs_(columns + 1, kUnreachable) {}

  /// Goes on from the row before, whose band began one column earlier.
  template <class At>
  void advance(
      std::size_t row,
      const Band& band,
      std::size_t columns,
      std::uint32_t symbol,
      const At& symbol_at) {
    const std::size_t first = band.first(row);
    const std::size_t last = band.last(row, columns);
    Cost diagonal = first > 0 ? costs_[first - 1] : kUnreachable;
    Cost left = kUnreachable;
    if (first > 0) {
      costs_[first - 1] = kUnreachable;
    }
    for (std::size_t j = first; j <= last; ++j) {
      const Cost above = costs_[j];
      Cost best = std::min(above, left) + kIndel;
      if (j > 0) {
        best = std::min(
            best,
            diagonal + (symbol_at(j - 1) == symbol ? 0 : kSubstitution));
      }
      diagonal = above;
      left = costs_[j] = best;
    }
  }

  void begin(const Band& band, std::size_t columns) {
    const std::size_t last = band.last(0, columns);
    for (std::size_t j = 0; j <= last; ++j) {
      costs_[j] = j * kIndel;
    }
  }

  Cost operator[](std::size_t column) const {
    return costs_[column];
  }

 private:
  std::vector<Cost> costs_;
};

/// Costs of the way through all of `a` to each column of `b`.
Row forward(Sequence a, Sequence b, const Band& band) {
  Row row(b.size());
  row.begin(band, b.size());
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row.advance(i, band, b.size(), a[i - 1], [&](std::size_t j) {
      return b[j];
    });
  }
  return row;
}

/// The same from the ends, of reversed sequences.
Row backward(Sequence a, Sequence b, const Band& band) {
  Row row(b.size());
  row.begin(band, b.size());
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row.advance(i, band, b.size(), a[a.size() - i], [&](std::size_t j) {
      return b[b.size() - 1 - j];
    });
  }
  return row;
}

/// Edits between two sequences: in ever wider bands, until the way found is
/// one that no wider band can better.
std::size_t distance(Sequence a, Sequence b) {
  const std::size_t difference =
      std::max(a.size(), b.size()) - std::min(a.size(), b.size());
  for (std::size_t most = std::max<std::size_t>(difference, 16);; most *= 2) {
    const std::size_t found =
        edits_of(forward(a, b, Band(a, b, most))[b.size()]);
    if (found <= most) {
      return found;
    }
  }
}

/// Fills the whole table and walks back through it.
void align_small(
    Sequence a, Sequence b, const Band& band, std::vector<Edit>& out) {
  const std::size_t width = band.width();
  std::vector<Cost> table((a.size() + 1) * width, kUnreachable);
  const auto cost = [&](std::size_t i, std::size_t j) -> Cost {
    const std::ptrdiff_t at = static_cast<std::ptrdiff_t>(j) -
                              static_cast<std::ptrdiff_t>(i) - band.low;
    return at >= 0 && at < static_cast<std::ptrdiff_t>(width)
               ? table[i * width + static_cast<std::size_t>(at)]
               : kUnreachable;
  };
  const auto change = [&](std::size_t i, std::size_t j) {
    return a[i - 1] == b[j - 1] ? 0 : kSubstitution;
  };
  for (std::size_t i = 0; i <= a.size(); ++i) {
    for (std::size_t j = band.first(i); j <= band.last(i, b.size()); ++j) {
      Cost best = i == 0 && j == 0 ? 0 : kUnreachable;
      if (i > 0) {
        best = std::min(best, cost(i - 1, j) + kIndel);
      }
      if (j > 0) {
        best = std::min(best, cost(i, j - 1) + kIndel);
      }
      if (i > 0 && j > 0) {
        best = std::min(best, cost(i - 1, j - 1) + change(i, j));
      }
      const std::ptrdiff_t at = static_cast<std::ptrdiff_t>(j) -
                                static_cast<std::ptrdiff_t>(i) - band.low;
      table[i * width + static_cast<std::size_t>(at)] = best;
    }
  }
  const auto begin = static_cast<std::ptrdiff_t>(out.size());
  std::size_t i = a.size();
  std::size_t j = b.size();
  while (i > 0 || j > 0) {
    const Cost here = cost(i, j);
    if (i > 0 && j > 0 && here == cost(i - 1, j - 1) + change(i, j)) {
      out.push_back(change(i, j) == 0 ? Edit::hit : Edit::substitution);
      --i;
      --j;
    } else if (j > 0 && here == cost(i, j - 1) + kIndel) {
      out.push_back(Edit::insertion);
      --j;
    } else {
      out.push_back(Edit::deletion);
      --i;
    }
  }
  std::reverse(out.begin() + begin, out.end());
}

/// Hirschberg: where the best way crosses the middle is found from both ends,
/// then each half is done by itself.
void align_within(
    Sequence a, Sequence b, std::size_t edits, std::vector<Edit>& out) {
  constexpr std::size_t kSmall = std::size_t{1} << 16; // cells
  const Band band(a, b, edits);
  if (a.size() < 2 || (a.size() + 1) * band.width() <= kSmall) {
    align_small(a, b, band, out);
    return;
  }
  const std::size_t middle = a.size() / 2;
  // The band of the whole in the coordinates of each half.
  const auto shift = static_cast<std::ptrdiff_t>(b.size()) -
                     static_cast<std::ptrdiff_t>(a.size());
  Band reversed = band;
  reversed.low = shift - band.high;
  reversed.high = shift - band.low;
  const Row above = forward(a.first(middle), b, band);
  const Row below = backward(a.subspan(middle), b, reversed);
  std::size_t crossing = 0;
  Cost least = std::numeric_limits<Cost>::max();
  for (std::size_t j = 0; j <= b.size(); ++j) {
    const Cost cost = above[j] + below[b.size() - j];
    if (cost < least) {
      least = cost;
      crossing = j;
    }
  }
  const std::size_t first = edits_of(above[crossing]);
  const std::size_t second = edits_of(below[b.size() - crossing]);
  align_within(a.first(middle), b.first(crossing), first, out);
  align_within(a.subspan(middle), b.subspan(crossing), second, out);
}

} // namespace

std::optional<double> EditCounts::rate() const {
  if (reference() == 0) {
    return edits() == 0 ? std::optional(0.0) : std::nullopt;
  }
  return static_cast<double>(edits()) / static_cast<double>(reference());
}

EditCounts& EditCounts::operator+=(const EditCounts& other) {
  hits += other.hits;
  substitutions += other.substitutions;
  deletions += other.deletions;
  insertions += other.insertions;
  return *this;
}

std::vector<Edit> align(Sequence reference, Sequence hypothesis) {
  std::vector<Edit> out;
  out.reserve(std::max(reference.size(), hypothesis.size()));
  align_within(reference, hypothesis, distance(reference, hypothesis), out);
  return out;
}

EditCounts count(std::span<const Edit> edits) {
  EditCounts counts;
  for (const Edit edit : edits) {
    switch (edit) {
      case Edit::hit:
        ++counts.hits;
        break;
      case Edit::substitution:
        ++counts.substitutions;
        break;
      case Edit::deletion:
        ++counts.deletions;
        break;
      case Edit::insertion:
        ++counts.insertions;
        break;
    }
  }
  return counts;
}

std::vector<Edit> align_words(
    std::span<const std::string_view> reference,
    std::span<const std::string_view> hypothesis) {
  std::unordered_map<std::string_view, std::uint32_t> numbers;
  const auto numbered = [&](std::span<const std::string_view> words) {
    std::vector<std::uint32_t> out;
    out.reserve(words.size());
    for (const std::string_view word : words) {
      const auto next = static_cast<std::uint32_t>(numbers.size());
      out.push_back(numbers.emplace(word, next).first->second);
    }
    return out;
  };
  const std::vector<std::uint32_t> a = numbered(reference);
  const std::vector<std::uint32_t> b = numbered(hypothesis);
  return align(a, b);
}

std::vector<Edit> align_characters(
    std::u32string_view reference, std::u32string_view hypothesis) {
  const std::vector<std::uint32_t> a(reference.begin(), reference.end());
  const std::vector<std::uint32_t> b(hypothesis.begin(), hypothesis.end());
  return align(a, b);
}

} // namespace mlxaudio::text
