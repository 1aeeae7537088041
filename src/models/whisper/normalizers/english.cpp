// SPDX-License-Identifier: MIT
// Ported from openai-whisper, Copyright (c) 2022 OpenAI,
// https://github.com/openai/whisper, MIT: see licenses/whisper.txt.
#include "models/whisper/normalizers/english.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "core/utf8.h"
#include "models/whisper/normalizers/basic.h"
#include "models/whisper/normalizers/spellings.h"
#include "models/whisper/normalizers/spoken_number.h"
#include "text/python.h"
#include "text/python_unicode.h"

namespace mlxaudio::whisper {
namespace {

using View = std::u32string_view;
using Word =
    std::optional<View>; ///< nothing before the first and behind the last

constexpr std::array<View, 3> kZeros = {U"o", U"oh", U"zero"};

constexpr std::array<View, 19> kOnes = {
    U"one",
    U"two",
    U"three",
    U"four",
    U"five",
    U"six",
    U"seven",
    U"eight",
    U"nine",
    U"ten",
    U"eleven",
    U"twelve",
    U"thirteen",
    U"fourteen",
    U"fifteen",
    U"sixteen",
    U"seventeen",
    U"eighteen",
    U"nineteen"};

constexpr std::array<View, 8> kTens = {
    U"twenty",
    U"thirty",
    U"forty",
    U"fifty",
    U"sixty",
    U"seventy",
    U"eighty",
    U"ninety"};

constexpr std::array<std::pair<View, int>, 12> kMultipliers = {{
    {U"hundred", 2},
    {U"thousand", 3},
    {U"million", 6},
    {U"billion", 9},
    {U"trillion", 12},
    {U"quadrillion", 15},
    {U"quintillion", 18},
    {U"sextillion", 21},
    {U"septillion", 24},
    {U"octillion", 27},
    {U"nonillion", 30},
    {U"decillion", 33},
}};

constexpr std::array<std::pair<View, char32_t>, 4> kPrecedingPrefixers = {
    {{U"minus", U'-'},
     {U"negative", U'-'},
     {U"plus", U'+'},
     {U"positive", U'+'}}};

constexpr std::array<std::pair<View, char32_t>, 8> kFollowingPrefixers = {
    {{U"pound", U'£'},
     {U"pounds", U'£'},
     {U"euro", U'€'},
     {U"euros", U'€'},
     {U"dollar", U'$'},
     {U"dollars", U'$'},
     {U"cent", U'¢'},
     {U"cents", U'¢'}}};

constexpr View kPrefixes = U"-+£€$¢";
constexpr std::array<View, 2> kSuffixers = {U"per", U"percent"};
constexpr std::array<View, 4> kSpecials = {
    U"and", U"double", U"triple", U"point"};

template <class Table>
bool contains(const Table& table, const Word& word) {
  return word && std::find(table.begin(), table.end(), *word) != table.end();
}

template <class Table>
auto find(const Table& table, View word) {
  return std::find_if(table.begin(), table.end(), [word](const auto& row) {
    return row.first == word;
  });
}

bool is_ascii_digit(char32_t c) {
  return c >= U'0' && c <= U'9';
}

bool is_ascii_letter(char32_t c) {
  return c >= U'a' && c <= U'z';
}

std::size_t skip_spaces(View s, std::size_t at) {
  while (at < s.size() && text::is_python_space(s[at])) {
    ++at;
  }
  return at;
}

/// One of the rewritings that a pattern stands for: what it matched at `at`,
/// if it did, and what comes in its place.
struct Match {
  std::size_t length = 0;
  std::u32string replacement = {};
};

/// `re.sub`: what was replaced is not looked at again, nor what it took.
template <class Matcher>
std::u32string substitute(View s, const Matcher& matcher) {
  std::u32string out;
  out.reserve(s.size());
  for (std::size_t at = 0; at < s.size();) {
    if (std::optional<Match> match = matcher(s, at)) {
      out += match->replacement;
      at += match->length;
    } else {
      out += s[at];
      ++at;
    }
  }
  return out;
}

/// A pattern that is a text, with word boundaries before or behind it.
struct Literal {
  View pattern;
  View replacement;
  bool begins_word = true;
  bool ends_word = true;
};

std::u32string replace(View s, const Literal& literal) {
  std::u32string out;
  std::size_t copied = 0;
  std::size_t at = s.find(literal.pattern);
  while (at != s.npos) {
    const std::size_t end = at + literal.pattern.size();
    if ((literal.begins_word && !text::is_word_boundary(s, at)) ||
        (literal.ends_word && !text::is_word_boundary(s, end))) {
      at = s.find(literal.pattern, at + 1);
      continue;
    }
    out += s.substr(copied, at - copied);
    out += literal.replacement;
    copied = end;
    at = s.find(literal.pattern, end);
  }
  out += s.substr(copied);
  return out;
}

std::u32string join(const std::vector<std::u32string>& words) {
  std::u32string out;
  for (const std::u32string& word : words) {
    if (&word != words.data()) {
      out += U' ';
    }
    out += word;
  }
  return out;
}

/// End of `and a half` if it stands at `at`.
std::optional<std::size_t> end_of_and_a_half(View s, std::size_t at) {
  constexpr std::array<View, 3> kWords = {U"and", U"a", U"half"};
  if (!text::is_word_boundary(s, at)) {
    return std::nullopt;
  }
  for (const View word : kWords) {
    if (word != kWords.front()) {
      const std::size_t next = skip_spaces(s, at);
      if (next == at) {
        return std::nullopt;
      }
      at = next;
    }
    if (s.substr(at, word.size()) != word) {
      return std::nullopt;
    }
    at += word.size();
  }
  return text::is_word_boundary(s, at) ? std::optional(at) : std::nullopt;
}

std::vector<View> split_at_and_a_half(View s) {
  std::vector<View> segments;
  std::size_t begin = 0;
  for (std::size_t at = s.find(U"and"); at != s.npos;) {
    if (const auto end = end_of_and_a_half(s, at)) {
      segments.push_back(s.substr(begin, at - begin));
      begin = *end;
      at = s.find(U"and", begin);
    } else {
      at = s.find(U"and", at + 1);
    }
  }
  segments.push_back(s.substr(begin));
  return segments;
}

/// Length of one or two digits at `at` with a word's end behind them; 0 if
/// there are none.
std::size_t short_number(View s, std::size_t at) {
  std::size_t end = at;
  while (end < s.size() && end < at + 2 && is_ascii_digit(s[end])) {
    ++end;
  }
  return end > at && text::is_word_boundary(s, end) ? end - at : 0;
}

bool is_currency(char32_t c) {
  return c == U'€' || c == U'£' || c == U'$';
}

/// `([€£$])([0-9]+) (?:and )?¢([0-9]{1,2})\b`: "$2 and ¢7" is "$2.07".
std::optional<Match> combine_cents(View s, std::size_t at) {
  constexpr View kAnd = U"and ";
  if (!is_currency(s[at])) {
    return std::nullopt;
  }
  std::size_t end = at + 1;
  while (end < s.size() && is_ascii_digit(s[end])) {
    ++end;
  }
  const View whole = s.substr(at, end - at);
  if (whole.size() < 2 || s.substr(end, 1) != U" ") {
    return std::nullopt;
  }
  ++end;
  if (s.substr(end, kAnd.size()) == kAnd) {
    end += kAnd.size();
  }
  if (s.substr(end, 1) != U"¢") {
    return std::nullopt;
  }
  ++end;
  const std::size_t digits = short_number(s, end);
  if (digits == 0) {
    return std::nullopt;
  }
  std::u32string out(whole);
  out += digits == 1 ? U".0" : U".";
  out += s.substr(end, digits);
  return Match{end + digits - at, std::move(out)};
}

/// `[€£$]0.([0-9]{1,2})\b`: "$0.36" is "¢36". The dot stands for any
/// character, as in the reference.
std::optional<Match> extract_cents(View s, std::size_t at) {
  constexpr std::size_t kBefore = 3;
  if (!is_currency(s[at]) || at + kBefore > s.size() || s[at + 1] != U'0' ||
      s[at + 2] == U'\n') {
    return std::nullopt;
  }
  const std::size_t digits = short_number(s, at + kBefore);
  if (digits == 0) {
    return std::nullopt;
  }
  View cents = s.substr(at + kBefore, digits);
  if (cents.size() == 2 && cents.front() == U'0') {
    cents.remove_prefix(1);
  }
  return Match{kBefore + digits, U"¢" + std::u32string(cents)};
}

/// `\b1(s?)\b`, for readability.
std::optional<Match> write_one(View s, std::size_t at) {
  if (s[at] != U'1' || !text::is_word_boundary(s, at)) {
    return std::nullopt;
  }
  if (s.substr(at + 1, 1) == U"s" && text::is_word_boundary(s, at + 2)) {
    return Match{2, U"ones"};
  }
  return text::is_word_boundary(s, at + 1) ? std::optional(Match{1, U"one"})
                                           : std::nullopt;
}

/// `([0-9])\s+(st|nd|rd|th|s)\b`: the space goes.
std::optional<Match> attach_ending(View s, std::size_t at) {
  constexpr std::array<View, 5> kEndings = {U"st", U"nd", U"rd", U"th", U"s"};
  // The digit first: spaces are only worth counting behind one.
  if (!is_ascii_digit(s[at])) {
    return std::nullopt;
  }
  const std::size_t begin = skip_spaces(s, at + 1);
  if (begin == at + 1) {
    return std::nullopt;
  }
  for (const View ending : kEndings) {
    const std::size_t end = begin + ending.size();
    if (s.substr(begin, ending.size()) == ending &&
        text::is_word_boundary(s, end)) {
      return Match{end - at, s[at] + std::u32string(ending)};
    }
  }
  return std::nullopt;
}

} // namespace

/// Goes through the words once; keeps the number read so far.
class NumberReader {
 public:
  explicit NumberReader(const EnglishNumberNormalizer& names) : n_(names) {}

  std::vector<std::u32string> read(std::span<const View> words);

 private:
  using Suffixed = EnglishNumberNormalizer::Suffixed;

  void read_word();
  void read_digits(bool has_prefix);
  void read_multiplier(int zeros);
  void read_multiplier_with(const Suffixed& multiplier);
  void read_preceding_prefixer(char32_t prefix);
  void read_suffixer();
  void read_special();

  /// The number so far with a number from 1 to 19, or with tens.
  SpokenNumber with_ones(int ones) const;
  SpokenNumber with_tens(int tens) const;
  /// `str(value or "")`.
  std::u32string digits_so_far() const {
    return value_ && !value_->is_zero() ? value_->str() : std::u32string();
  }

  /// `yield output(result)`.
  void output(View result);
  void output_value() {
    if (value_) {
      output(std::u32string(value_->str()));
    }
  }

  bool next_can_be_numeric() const {
    return next_ && (n_.words_.contains(*next_) || is_number(*next_));
  }

  const EnglishNumberNormalizer& n_;
  Word prev_;
  View current_;
  Word next_;
  std::optional<char32_t> prefix_;
  std::optional<SpokenNumber> value_;
  bool skip_ = false;
  std::vector<std::u32string> out_;
};

void NumberReader::output(View result) {
  std::u32string word;
  if (prefix_) {
    word += *prefix_;
  }
  word += result;
  out_.push_back(std::move(word));
  value_.reset();
  prefix_.reset();
}

std::vector<std::u32string> NumberReader::read(std::span<const View> words) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (std::exchange(skip_, false)) {
      continue;
    }
    prev_ = i > 0 ? Word(words[i - 1]) : Word();
    current_ = words[i];
    next_ = i + 1 < words.size() ? Word(words[i + 1]) : Word();
    read_word();
  }
  output_value();
  return std::move(out_);
}

void NumberReader::read_word() {
  const bool has_prefix =
      !current_.empty() && kPrefixes.find(current_.front()) != View::npos;
  if (is_number(current_.substr(has_prefix ? 1 : 0))) {
    read_digits(has_prefix);
  } else if (!n_.words_.contains(current_)) {
    output_value();
    output(current_);
  } else if (contains(kZeros, current_)) {
    value_ = SpokenNumber::text(digits_so_far() + U"0");
  } else if (const auto one = n_.ones_.find(current_); one != n_.ones_.end()) {
    value_ = with_ones(one->second);
  } else if (const auto ones = n_.ones_suffixed_.find(current_);
             ones != n_.ones_suffixed_.end()) {
    output(
        with_ones(ones->second.value).str() +
        std::u32string(ones->second.suffix));
  } else if (const auto ten = n_.tens_.find(current_); ten != n_.tens_.end()) {
    value_ = with_tens(ten->second);
  } else if (const auto tens = n_.tens_suffixed_.find(current_);
             tens != n_.tens_suffixed_.end()) {
    output(
        with_tens(tens->second.value).str() +
        std::u32string(tens->second.suffix));
  } else if (const auto multiplier = n_.multipliers_.find(current_);
             multiplier != n_.multipliers_.end()) {
    read_multiplier(multiplier->second);
  } else if (const auto multipliers = n_.multipliers_suffixed_.find(current_);
             multipliers != n_.multipliers_suffixed_.end()) {
    read_multiplier_with(multipliers->second);
  } else if (const auto* const before = find(kPrecedingPrefixers, current_);
             before != kPrecedingPrefixers.end()) {
    read_preceding_prefixer(before->second);
  } else if (const auto* const after = find(kFollowingPrefixers, current_);
             after != kFollowingPrefixers.end()) {
    if (value_) {
      prefix_ = after->second;
      output_value();
    } else {
      output(current_);
    }
  } else if (contains(kSuffixers, current_)) {
    read_suffixer();
  } else {
    read_special();
  }
}

void NumberReader::read_digits(bool has_prefix) {
  const View digits = current_.substr(has_prefix ? 1 : 0);
  if (value_) {
    if (value_->is_text() && value_->str().back() == U'.') {
      // Decimals, or the parts of a network address.
      value_ = SpokenNumber::text(value_->str() + std::u32string(current_));
      return;
    }
    output_value();
  }
  if (has_prefix) {
    prefix_ = current_.front();
  }
  // DEVIATION(whisper-long-number): a number of any length is read. The
  // reference reads 4300 digits, where Python's int() has its limit, and fails
  // at 4301 (AssertionError), or where a product becomes longer (ValueError: of
  // 4300 nines and "thousand"). Of a text of 4301 digits before a multiplier
  // ("one" 4301 times, "hundred") it makes two numbers, "...111 100", where
  // this makes one.
  value_ = SpokenNumber::scaled(digits, 0).value_or(
      SpokenNumber::text(std::u32string(digits)));
}

SpokenNumber NumberReader::with_ones(int ones) const {
  SpokenNumber said = SpokenNumber::whole(ones);
  if (!value_) {
    return said;
  }
  const bool after_one = prev_ && n_.ones_.contains(*prev_);
  constexpr int kTen = 10;
  if (value_->is_text() || after_one) {
    std::u32string digits = value_->str();
    if (prev_ && n_.tens_.contains(*prev_) && ones < kTen) {
      digits.pop_back(); // the zero of the tens
    }
    return SpokenNumber::text(digits + said.str());
  }
  return value_->ends_in(ones < kTen ? 1 : 2)
             ? value_->plus(said)
             : SpokenNumber::text(value_->str() + said.str());
}

SpokenNumber NumberReader::with_tens(int tens) const {
  SpokenNumber said = SpokenNumber::whole(tens);
  if (!value_) {
    return said;
  }
  return !value_->is_text() && value_->ends_in(2)
             ? value_->plus(said)
             : SpokenNumber::text(value_->str() + said.str());
}

void NumberReader::read_multiplier(int zeros) {
  if (!value_) {
    value_ = SpokenNumber::power_of_ten(zeros);
  } else if (!value_->is_text()) {
    value_ = value_->multiplied(zeros);
  } else if (auto product = SpokenNumber::scaled(value_->str(), zeros)) {
    value_ = std::move(product);
  } else {
    output_value();
    value_ = SpokenNumber::power_of_ten(zeros);
  }
}

void NumberReader::read_multiplier_with(const Suffixed& multiplier) {
  const int zeros = multiplier.value;
  const auto put = [&](const SpokenNumber& number) {
    output(number.str() + std::u32string(multiplier.suffix));
  };
  if (!value_) {
    put(SpokenNumber::power_of_ten(zeros));
  } else if (!value_->is_text()) {
    put(value_->multiplied(zeros));
  } else if (const auto product = SpokenNumber::scaled(value_->str(), zeros)) {
    put(*product);
  } else {
    output_value();
    put(SpokenNumber::power_of_ten(zeros));
  }
}

void NumberReader::read_preceding_prefixer(char32_t prefix) {
  output_value();
  if (next_can_be_numeric()) {
    prefix_ = prefix;
  } else {
    output(current_);
  }
}

void NumberReader::read_suffixer() {
  if (!value_) {
    output(current_);
  } else if (current_ == U"percent") {
    output(value_->str() + U"%");
  } else if (next_ == View(U"cent")) {
    output(value_->str() + U"%");
    skip_ = true;
  } else {
    output_value();
    output(current_);
  }
}

void NumberReader::read_special() {
  const auto put_as_it_is = [this] {
    output_value();
    output(current_);
  };
  if (!next_can_be_numeric()) {
    put_as_it_is();
  } else if (current_ == U"and") {
    // Left out after hundreds, thousands and so on.
    if (!prev_ || !n_.multipliers_.contains(*prev_)) {
      put_as_it_is();
    }
  } else if (current_ == U"double" || current_ == U"triple") {
    const auto one = n_.ones_.find(*next_);
    if (one == n_.ones_.end() && !contains(kZeros, next_)) {
      put_as_it_is();
      return;
    }
    const std::u32string digit =
        SpokenNumber::whole(one == n_.ones_.end() ? 0 : one->second).str();
    std::u32string digits = digits_so_far() + digit + digit;
    if (current_ == U"triple") {
      digits += digit;
    }
    value_ = SpokenNumber::text(std::move(digits));
    skip_ = true;
  } else if (
      n_.ones_.contains(*next_) || n_.tens_.contains(*next_) ||
      contains(kZeros, next_) || is_number(*next_)) {
    value_ = SpokenNumber::text(digits_so_far() + U".");
  }
  // Another "point" is passed over, in the reference too.
}

EnglishNumberNormalizer::EnglishNumberNormalizer() {
  for (std::size_t i = 0; i < kOnes.size(); ++i) {
    const std::u32string name(kOnes[i]);
    const int value = static_cast<int>(i) + 1;
    ones_[name] = value;
    ones_suffixed_[name == U"six" ? U"sixes" : name + U"s"] = {value, U"s"};
    // "nineth" is what the reference makes of it.
    if (value > 3 && value != 5 && value != 12) {
      ones_suffixed_[name + (name.back() == U't' ? U"h" : U"th")] = {
          value,
          U"th"};
    }
  }
  ones_suffixed_[U"zeroth"] = {0, U"th"};
  ones_suffixed_[U"first"] = {1, U"st"};
  ones_suffixed_[U"second"] = {2, U"nd"};
  ones_suffixed_[U"third"] = {3, U"rd"};
  ones_suffixed_[U"fifth"] = {5, U"th"};
  ones_suffixed_[U"twelfth"] = {12, U"th"};
  for (std::size_t i = 0; i < kTens.size(); ++i) {
    const std::u32string name(kTens[i]);
    const std::u32string stem = name.substr(0, name.size() - 1);
    const int value = 10 * (static_cast<int>(i) + 2);
    tens_[name] = value;
    tens_suffixed_[stem + U"ies"] = {value, U"s"};
    tens_suffixed_[stem + U"ieth"] = {value, U"th"};
  }
  for (const auto& [view, zeros] : kMultipliers) {
    const std::u32string name(view);
    multipliers_[name] = zeros;
    multipliers_suffixed_[name + U"s"] = {zeros, U"s"};
    multipliers_suffixed_[name + U"th"] = {zeros, U"th"};
  }

  words_.insert(kZeros.begin(), kZeros.end());
  words_.insert(kSuffixers.begin(), kSuffixers.end());
  words_.insert(kSpecials.begin(), kSpecials.end());
  const auto add = [this](const auto& table) {
    for (const auto& row : table) {
      words_.emplace(row.first);
    }
  };
  add(ones_);
  add(ones_suffixed_);
  add(tens_);
  add(tens_suffixed_);
  add(multipliers_);
  add(multipliers_suffixed_);
  add(kPrecedingPrefixers);
  add(kFollowingPrefixers);
}

std::vector<std::u32string> EnglishNumberNormalizer::process_words(
    std::span<const View> words) const {
  return NumberReader(*this).read(words);
}

std::u32string EnglishNumberNormalizer::preprocess(View s) const {
  std::vector<std::u32string> results;
  const std::vector<View> segments = split_at_and_a_half(s);
  for (std::size_t i = 0; i < segments.size(); ++i) {
    const std::vector<View> words = text::python_split(segments[i]);
    if (words.empty()) {
      continue;
    }
    results.emplace_back(segments[i]);
    if (i + 1 < segments.size()) {
      const View last = words.back();
      const bool number = ones_.contains(last) || tens_.contains(last) ||
                          contains(kZeros, last) || multipliers_.contains(last);
      results.emplace_back(number ? U"point five" : U"and a half");
    }
  }

  std::u32string spaced;
  for (const char32_t c : join(results)) {
    if (!spaced.empty() &&
        ((is_ascii_letter(spaced.back()) && is_ascii_digit(c)) ||
         (is_ascii_digit(spaced.back()) && is_ascii_letter(c)))) {
      spaced += U' ';
    }
    spaced += c;
  }
  return substitute(spaced, attach_ending);
}

std::u32string EnglishNumberNormalizer::postprocess(View s) const {
  return substitute(
      substitute(substitute(s, combine_cents), extract_cents),
      write_one);
}

std::u32string EnglishNumberNormalizer::operator()(View s) const {
  const std::u32string prepared = preprocess(s);
  return postprocess(join(process_words(text::python_split(prepared))));
}

std::u32string EnglishSpellingNormalizer::operator()(View s) const {
  std::vector<std::u32string> words;
  for (const View word : text::python_split(s)) {
    const std::string british = to_utf8(word);
    const auto table = spellings();
    const auto found = std::lower_bound(
        table.begin(),
        table.end(),
        british,
        [](const Spelling& row, std::string_view w) {
          return row.british < w;
        });
    if (found != table.end() && found->british == british) {
      words.emplace_back(found->american.begin(), found->american.end());
    } else {
      words.emplace_back(word);
    }
  }
  return join(words);
}

namespace {

constexpr std::array<Literal, 49> kReplacers = {{
    // contractions
    {U"won't", U"will not"},
    {U"can't", U"can not"},
    {U"let's", U"let us"},
    {U"ain't", U"aint"},
    {U"y'all", U"you all"},
    {U"wanna", U"want to"},
    {U"gotta", U"got to"},
    {U"gonna", U"going to"},
    {U"i'ma", U"i am going to"},
    {U"imma", U"i am going to"},
    {U"woulda", U"would have"},
    {U"coulda", U"could have"},
    {U"shoulda", U"should have"},
    {U"ma'am", U"madam"},
    // titles
    {U"mr", U"mister "},
    {U"mrs", U"missus "},
    {U"st", U"saint "},
    {U"dr", U"doctor "},
    {U"prof", U"professor "},
    {U"capt", U"captain "},
    {U"gov", U"governor "},
    {U"ald", U"alderman "},
    {U"gen", U"general "},
    {U"sen", U"senator "},
    {U"rep", U"representative "},
    {U"pres", U"president "},
    {U"rev", U"reverend "},
    {U"hon", U"honorable "},
    {U"asst", U"assistant "},
    {U"assoc", U"associate "},
    {U"lt", U"lieutenant "},
    {U"col", U"colonel "},
    {U"jr", U"junior "},
    {U"sr", U"senior "},
    {U"esq", U"esquire "},
    // past perfect, as far as a list can know it
    {U"'d been", U" had been", false},
    {U"'s been", U" has been", false},
    {U"'d gone", U" had gone", false},
    {U"'s gone", U" has gone", false},
    {U"'d done", U" had done", false},
    {U"'s got", U" has got", false},
    // all other contractions
    {U"n't", U" not", false},
    {U"'re", U" are", false},
    {U"'s", U" is", false},
    {U"'d", U" would", false},
    {U"'ll", U" will", false},
    {U"'t", U" not", false},
    {U"'ve", U" have", false},
    {U"'m", U" am", false},
}};

/// `\b(hmm|mm|mhm|mmm|uh|um)\b`.
constexpr std::array<View, 6> kIgnored = {
    U"hmm", U"mm", U"mhm", U"mmm", U"uh", U"um"};

std::optional<Match> ignore_pauses(View s, std::size_t at) {
  if (!text::is_word_boundary(s, at)) {
    return std::nullopt;
  }
  for (const View word : kIgnored) {
    if (s.substr(at, word.size()) == word &&
        text::is_word_boundary(s, at + word.size())) {
      return Match{word.size()};
    }
  }
  return std::nullopt;
}

/// `\s+'`: the apostrophe goes to the word before it. Where the first of
/// several spaces does not begin a match, the others need not be tried.
std::optional<Match> attach_apostrophe(View s, std::size_t at) {
  if (at > 0 && text::is_python_space(s[at - 1])) {
    return std::nullopt;
  }
  const std::size_t end = skip_spaces(s, at);
  return end > at && s.substr(end, 1) == U"'"
             ? std::optional(Match{end + 1 - at, U"'"})
             : std::nullopt;
}

/// `(\d),(\d)`. It takes both digits, so of "1,2,3" one comma stays.
std::optional<Match> remove_comma(View s, std::size_t at) {
  return at + 2 < s.size() && s[at + 1] == U',' &&
                 text::is_python_digit(s[at]) &&
                 text::is_python_digit(s[at + 2])
             ? std::optional(Match{3, {s[at], s[at + 2]}})
             : std::nullopt;
}

/// `\.([^0-9]|$)`: points that no digit follows.
std::optional<Match> remove_point(View s, std::size_t at) {
  if (s[at] != U'.' || (at + 1 < s.size() && is_ascii_digit(s[at + 1]))) {
    return std::nullopt;
  }
  return at + 1 < s.size() ? Match{2, {U' ', s[at + 1]}} : Match{1, U" "};
}

/// `[.$¢€£]([^0-9])`: signs that no digit follows.
std::optional<Match> remove_prefix(View s, std::size_t at) {
  constexpr View kSigns = U".$¢€£";
  return kSigns.find(s[at]) != kSigns.npos && at + 1 < s.size() &&
                 !is_ascii_digit(s[at + 1])
             ? std::optional(Match{2, {U' ', s[at + 1]}})
             : std::nullopt;
}

/// `([^0-9])%`: percents that no digit precedes.
std::optional<Match> remove_percent(View s, std::size_t at) {
  return at + 1 < s.size() && !is_ascii_digit(s[at]) && s[at + 1] == U'%'
             ? std::optional(Match{2, {s[at], U' '}})
             : std::nullopt;
}

} // namespace

std::string EnglishTextNormalizer::operator()(std::string_view utf8) const {
  std::u32string s =
      text::python_lower(to_utf32(replace_malformed_utf8(utf8)).value());
  s = remove_bracketed(s);
  s = substitute(s, ignore_pauses);
  s = substitute(s, attach_apostrophe);
  for (const Literal& literal : kReplacers) {
    s = replace(s, literal);
  }
  s = substitute(s, remove_comma);
  s = substitute(s, remove_point);
  s = remove_symbols_and_diacritics(s, U".%$¢€£");
  s = standardize_numbers_(s);
  s = standardize_spellings_(s);
  s = substitute(s, remove_prefix);
  s = substitute(s, remove_percent);
  return to_utf8(text::collapse_spaces(s));
}

} // namespace mlxaudio::whisper
