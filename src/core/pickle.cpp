// SPDX-License-Identifier: MIT
#include "core/pickle.h"

#include <fmt/format.h>

#include <array>
#include <bit>
#include <charconv>
#include <cstring>
#include <map>
#include <string_view>

#include "core/byte_reader.h"
#include "core/utf8.h"

namespace mlxaudio::pickle {

namespace {

/// Types of storages that tensors view.
constexpr std::array<std::pair<std::string_view, DType>, 10> kStorages{{
    {"torch.FloatStorage", DType::f32},
    {"torch.HalfStorage", DType::f16},
    {"torch.BFloat16Storage", DType::bf16},
    {"torch.DoubleStorage", DType::f64},
    {"torch.LongStorage", DType::i64},
    {"torch.IntStorage", DType::i32},
    {"torch.ShortStorage", DType::i16},
    {"torch.CharStorage", DType::i8},
    {"torch.ByteStorage", DType::u8},
    {"torch.BoolStorage", DType::boolean},
}};

constexpr std::string_view kOrderedDict = "collections.OrderedDict";
constexpr std::string_view kRebuildTensor = "torch._utils._rebuild_tensor_v2";
constexpr std::string_view kRebuildParameter =
    "torch._utils._rebuild_parameter";

/// Each tensor has its own copy of a key.
constexpr std::size_t kLongestKey = 64;

const DType* storage_type(std::string_view name) {
  for (const auto& [known, dtype] : kStorages)
    if (known == name)
      return &dtype;
  return nullptr;
}

bool is_known(std::string_view name) {
  return name == kOrderedDict || name == kRebuildTensor ||
         name == kRebuildParameter || storage_type(name) != nullptr;
}

} // namespace

/// The machine that a pickle is a program for, without the instruction to
/// call.
class Machine {
 public:
  Machine(Pickle& out, ByteReader in) : out_(out), in_(std::move(in)) {}

  void run() {
    while (step(in_.number<std::uint8_t>())) {
    }
    if (stack_.size() != 1 || stack_.back()->as<Mark>() != nullptr)
      refuse("malformed pickle: it does not end with one value");
    out_.root_ = stack_.back();
  }

 private:
  [[noreturn]] void refuse(const std::string& why) const {
    in_.refuse(why);
  }

  template <typename T>
  Value* make(T value) {
    return &out_.values_.emplace_back(Value{std::move(value)});
  }
  template <typename T>
  void push(T value) {
    stack_.push_back(make(std::move(value)));
  }

  Value* pop() {
    if (stack_.empty())
      refuse("malformed pickle: the stack is empty");
    Value* value = stack_.back();
    stack_.pop_back();
    return value;
  }
  /// Pops a value, which may not be a mark.
  Value* pop_value() {
    Value* value = pop();
    if (value->as<Mark>() != nullptr)
      refuse("malformed pickle: a mark where a value belongs");
    return value;
  }
  Value* top() {
    Value* value = pop_value();
    stack_.push_back(value);
    return value;
  }
  /// Pops what lies above the last mark, and the mark.
  Items pop_to_mark() {
    std::size_t at = stack_.size();
    while (at > 0 && stack_[at - 1]->as<Mark>() == nullptr)
      --at;
    if (at == 0)
      refuse("malformed pickle: no mark");
    Items items(stack_.begin() + static_cast<std::ptrdiff_t>(at), stack_.end());
    stack_.resize(at - 1);
    return items;
  }
  void push_tuple_of(std::size_t count) {
    Tuple tuple;
    tuple.items.resize(count);
    for (std::size_t i = count; i-- > 0;)
      tuple.items[i] = pop_value();
    push(std::move(tuple));
  }

  /// A line of the text protocol, without its end.
  std::string_view line() {
    std::uint64_t size = 0;
    const std::uint64_t begin = in_.position();
    while (in_.number<std::uint8_t>() != '\n')
      ++size;
    in_.seek(begin);
    const auto out = in_.text(size);
    in_.take(1);
    return out;
  }
  std::string unicode(std::uint64_t size) {
    const auto text = in_.text(size);
    if (!is_utf8(text))
      refuse("a string that is not UTF-8");
    return std::string(text);
  }

  std::int64_t decimal(std::string_view text) {
    std::int64_t value = 0;
    const auto [end, ec] =
        std::from_chars(text.data(), text.data() + text.size(), value);
    if (ec != std::errc() || end != text.data() + text.size())
      refuse("malformed pickle: a number was expected");
    return value;
  }
  /// Two's complement of any length that fits 64 bits.
  std::int64_t binary_long(std::uint64_t size) {
    const auto bytes = in_.take(size);
    if (size > 8)
      refuse("an integer of more than 64 bits");
    std::uint64_t value = 0;
    if (size > 0 && (std::to_integer<unsigned>(bytes[size - 1]) & 0x80) != 0)
      value = ~std::uint64_t{0};
    for (std::uint64_t i = size; i-- > 0;)
      value = value << 8 | std::to_integer<std::uint64_t>(bytes[i]);
    return static_cast<std::int64_t>(value);
  }
  double binary_float() {
    std::uint64_t bits = 0;
    for (const std::byte b : in_.take(8)) // big-endian
      bits = bits << 8 | std::to_integer<std::uint64_t>(b);
    return std::bit_cast<double>(bits);
  }

  void get(std::uint64_t index) {
    const auto found = memo_.find(index);
    if (found == memo_.end())
      refuse("malformed pickle: a memo that was never made");
    stack_.push_back(found->second);
  }
  void put(std::uint64_t index) {
    memo_[index] = top();
  }

  void push_global(std::string_view module, std::string_view name) {
    const std::string full = fmt::format("{}.{}", module, name);
    if (!is_known(full))
      refuse_callable(full);
    push(Global{full});
  }
  [[noreturn]] void refuse_callable(std::string_view name) const {
    refuse(fmt::format(
        "refuses to run {}: a checkpoint needs no code, so do not trust this "
        "file",
        printable(name, 200)));
  }

  void append(Value* list, std::span<Value* const> items) {
    List* to = list->as<List>();
    if (to == nullptr)
      refuse("malformed pickle: appends to what is not a list");
    to->items.insert(to->items.end(), items.begin(), items.end());
  }
  void set_items(Value* dict, std::span<Value* const> items) {
    Dict* to = dict->as<Dict>();
    if (to == nullptr)
      refuse("malformed pickle: sets items of what is not a dict");
    if (items.size() % 2 != 0)
      refuse("malformed pickle: a key without a value");
    for (std::size_t i = 0; i < items.size(); i += 2)
      to->items.emplace_back(items[i], items[i + 1]);
  }

  std::int64_t integer(const Value* value) const {
    const auto* number = value->as<std::int64_t>();
    if (number == nullptr)
      refuse("malformed tensor: an integer was expected");
    return *number;
  }
  std::vector<std::int64_t> integers(const Value* value) const {
    const auto* tuple = value->as<Tuple>();
    if (tuple == nullptr || tuple->items.size() > 32)
      refuse("malformed tensor: a tuple of integers was expected");
    std::vector<std::int64_t> out;
    for (const Value* item : tuple->items)
      out.push_back(integer(item));
    return out;
  }

  /// The value that calling a known callable stands for.
  void reduce() {
    const Value* arguments = pop_value();
    const Value* callable = pop_value();
    const auto* name = callable->as<Global>();
    const auto* tuple = arguments->as<Tuple>();
    if (name == nullptr || tuple == nullptr)
      refuse("malformed pickle: calls what is not a callable");
    const Items& args = tuple->items;
    if (name->name == kOrderedDict && args.empty()) {
      push(Dict{});
    } else if (name->name == kRebuildTensor && args.size() >= 6) {
      const auto* storage = args[0]->as<Storage>();
      if (storage == nullptr)
        refuse("malformed tensor: it has no storage");
      push(TensorView{
          *storage,
          integer(args[1]),
          integers(args[2]),
          integers(args[3])});
    } else if (
        name->name == kRebuildParameter && !args.empty() &&
        args[0]->as<TensorView>() != nullptr) {
      stack_.push_back(args[0]);
    } else {
      refuse_callable(name->name);
    }
  }

  /// ("storage", type, key, location, number of elements)
  void persistent() {
    const Value* id = pop_value();
    const auto* tuple = id->as<Tuple>();
    if (tuple == nullptr || tuple->items.size() != 5)
      refuse("malformed pickle: an unknown kind of persistent id");
    const Items& items = tuple->items;
    const auto* kind = items[0]->as<std::string>();
    const auto* type = items[1]->as<Global>();
    const auto* key = items[2]->as<std::string>();
    const DType* dtype = type != nullptr ? storage_type(type->name) : nullptr;
    if (kind == nullptr || *kind != "storage" || dtype == nullptr ||
        key == nullptr || key->size() > kLongestKey)
      refuse("malformed pickle: an unknown kind of storage");
    push(Storage{*dtype, *key, integer(items[4])});
  }

  /// Carries out one instruction; false at the end. The letters are those of
  /// Python's pickletools.
  bool step(std::uint8_t code) {
    switch (code) {
      case 0x80: { // PROTO
        const auto protocol = in_.number<std::uint8_t>();
        if (protocol > 5)
          refuse(fmt::format("pickle protocol {}", protocol));
        break;
      }
      case 0x95: // FRAME
        in_.number<std::uint64_t>();
        break;
      case '.': // STOP
        return false;
      case '(': // MARK
        push(Mark{});
        break;
      case '0': // POP
        pop();
        break;
      case '1': // POP_MARK
        pop_to_mark();
        break;
      case '2': // DUP
        stack_.push_back(top());
        break;
      case 'N': // NONE
        push(None{});
        break;
      case 0x88: // NEWTRUE
        push(true);
        break;
      case 0x89: // NEWFALSE
        push(false);
        break;
      case 'I': { // INT
        const auto text = line();
        if (text == "00" || text == "01")
          push(text == "01");
        else
          push(decimal(text));
        break;
      }
      case 'J': // BININT
        push(std::int64_t{in_.number<std::int32_t>()});
        break;
      case 'K': // BININT1
        push(std::int64_t{in_.number<std::uint8_t>()});
        break;
      case 'M': // BININT2
        push(std::int64_t{in_.number<std::uint16_t>()});
        break;
      case 'L': { // LONG
        auto text = line();
        if (text.ends_with('L'))
          text.remove_suffix(1);
        push(decimal(text));
        break;
      }
      case 0x8a: // LONG1
        push(binary_long(in_.number<std::uint8_t>()));
        break;
      case 0x8b: // LONG4
        push(binary_long(in_.number<std::uint32_t>()));
        break;
      case 'G': // BINFLOAT
        push(binary_float());
        break;
      case 'U': // SHORT_BINSTRING
        push(unicode(in_.number<std::uint8_t>()));
        break;
      case 'T': // BINSTRING
        push(unicode(in_.number<std::uint32_t>()));
        break;
      case 0x8c: // SHORT_BINUNICODE
        push(unicode(in_.number<std::uint8_t>()));
        break;
      case 'X': // BINUNICODE
        push(unicode(in_.number<std::uint32_t>()));
        break;
      case 0x8d: // BINUNICODE8
        push(unicode(in_.number<std::uint64_t>()));
        break;
      case 'C': // SHORT_BINBYTES
        push(Bytes{std::string(in_.text(in_.number<std::uint8_t>()))});
        break;
      case 'B': // BINBYTES
        push(Bytes{std::string(in_.text(in_.number<std::uint32_t>()))});
        break;
      case 0x8e: // BINBYTES8
        push(Bytes{std::string(in_.text(in_.number<std::uint64_t>()))});
        break;
      case ']': // EMPTY_LIST
        push(List{});
        break;
      case 'l': // LIST
        push(List{pop_to_mark()});
        break;
      case 'a': { // APPEND
        Value* item = pop_value();
        append(top(), {&item, 1});
        break;
      }
      case 'e': { // APPENDS
        const Items items = pop_to_mark();
        append(top(), items);
        break;
      }
      case ')': // EMPTY_TUPLE
        push(Tuple{});
        break;
      case 't': // TUPLE
        push(Tuple{pop_to_mark()});
        break;
      case 0x85: // TUPLE1
      case 0x86: // TUPLE2
      case 0x87: // TUPLE3
        push_tuple_of(code - 0x84u);
        break;
      case '}': // EMPTY_DICT
        push(Dict{});
        break;
      case 'd': { // DICT
        const Items items = pop_to_mark();
        push(Dict{});
        set_items(top(), items);
        break;
      }
      case 's': { // SETITEM
        std::array<Value*, 2> items{};
        items[1] = pop_value();
        items[0] = pop_value();
        set_items(top(), items);
        break;
      }
      case 'u': { // SETITEMS
        const Items items = pop_to_mark();
        set_items(top(), items);
        break;
      }
      case 'g': // GET
        get(static_cast<std::uint64_t>(decimal(line())));
        break;
      case 'h': // BINGET
        get(in_.number<std::uint8_t>());
        break;
      case 'j': // LONG_BINGET
        get(in_.number<std::uint32_t>());
        break;
      case 'p': // PUT
        put(static_cast<std::uint64_t>(decimal(line())));
        break;
      case 'q': // BINPUT
        put(in_.number<std::uint8_t>());
        break;
      case 'r': // LONG_BINPUT
        put(in_.number<std::uint32_t>());
        break;
      case 0x94: // MEMOIZE
        put(memo_.size());
        break;
      case 'c': { // GLOBAL
        const auto module = line();
        push_global(module, line());
        break;
      }
      case 0x93: { // STACK_GLOBAL
        const Value* name = pop_value();
        const Value* module = pop_value();
        const auto* name_text = name->as<std::string>();
        const auto* module_text = module->as<std::string>();
        if (name_text == nullptr || module_text == nullptr)
          refuse("malformed pickle: a global without a name");
        push_global(*module_text, *name_text);
        break;
      }
      case 'i': { // INST
        const auto module = line();
        refuse_callable(fmt::format("{}.{}", module, line()));
      }
      case 'R': // REDUCE
        reduce();
        break;
      case 'b': // BUILD
        // PyTorch hangs the versions of its modules on a state dict; they say
        // nothing that we need. Nothing else may be given attributes.
        pop_value();
        if (top()->as<Dict>() == nullptr)
          refuse("refuses to set attributes of an object");
        break;
      case 'Q': // BINPERSID
        persistent();
        break;
      default:
        refuse(fmt::format(
            "refuses pickle instruction 0x{:02x} at {}",
            code,
            in_.position() - 1));
    }
    return true;
  }

  Pickle& out_;
  ByteReader in_;
  Items stack_;
  std::map<std::uint64_t, Value*> memo_;
};

Pickle::Pickle(
    std::span<const std::byte> bytes,
    const std::function<void(const std::string&)>& refuse) {
  Machine(*this, ByteReader(bytes, refuse)).run();
}

} // namespace mlxaudio::pickle
