// SPDX-License-Identifier: MIT
#include "audio/ffmpeg.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "mlxaudio/error.h"

extern char** environ; // NOLINT: POSIX declares it nowhere

namespace mlxaudio {
namespace {

[[noreturn]] void fail(const std::string& what) {
  throw AudioError("[audio] " + what);
}

class Descriptor {
 public:
  explicit Descriptor(int value = -1) : value_(value) {}
  Descriptor(Descriptor&& other) noexcept
      : value_(std::exchange(other.value_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(value_, other.value_);
    return *this;
  }
  ~Descriptor() {
    close();
  }
  int get() const {
    return value_;
  }
  bool open() const {
    return value_ >= 0;
  }
  void close() {
    if (value_ >= 0) {
      ::close(std::exchange(value_, -1));
    }
  }

 private:
  int value_;
};

struct Pipe {
  Descriptor read;
  Descriptor write;
};

Pipe make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe(ends.data()) != 0) {
    fail(fmt::format(
        "no pipe to ffmpeg can be made: {}: close other programs, or convert "
        "the file to WAV",
        std::strerror(errno)));
  }
  for (const int end : ends) {
    ::fcntl(end, F_SETFD, FD_CLOEXEC);
  }
  return {Descriptor(ends[0]), Descriptor(ends[1])};
}

// What the child gets as its standard streams, and its signals.
class SpawnSettings {
 public:
  SpawnSettings() {
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawnattr_init(&attributes);
    sigset_t none;
    sigset_t defaults;
    sigemptyset(&none);
    sigemptyset(&defaults);
    for (const int signal : {SIGPIPE, SIGINT, SIGTERM}) {
      sigaddset(&defaults, signal);
    }
    ::posix_spawnattr_setsigmask(&attributes, &none);
    ::posix_spawnattr_setsigdefault(&attributes, &defaults);
    // A group of its own: Ctrl-C is for us to handle, and ends the child with
    // its reader.
    ::posix_spawnattr_setpgroup(&attributes, 0);
    ::posix_spawnattr_setflags(
        &attributes,
        POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;
  ~SpawnSettings() {
    ::posix_spawn_file_actions_destroy(&actions);
    ::posix_spawnattr_destroy(&attributes);
  }

  posix_spawn_file_actions_t actions{};
  posix_spawnattr_t attributes{};
};

class FfmpegSource : public AudioSource {
 public:
  FfmpegSource(
      const std::filesystem::path& program,
      const std::filesystem::path& file,
      const InputFile& input,
      int sample_rate)
      : input_(input) {
    info_.format = "read by ffmpeg";
    // The prefix makes a name that begins with a dash or looks like a protocol
    // a plain file, and the list keeps playlists from reaching the network.
    const std::vector<std::string> arguments = {
        program.string(),
        "-nostdin",
        "-v",
        "error",
        "-protocol_whitelist",
        "file,pipe",
        "-threads",
        "0",
        "-i",
        input.spooled() ? "file:/dev/fd/0" : "file:" + file.string(),
        "-f",
        "s16le",
        "-ac",
        "1",
        "-acodec",
        "pcm_s16le",
        "-ar",
        std::to_string(sample_rate),
        "-"};
    start(arguments);
  }
  FfmpegSource(const FfmpegSource&) = delete;
  FfmpegSource& operator=(const FfmpegSource&) = delete;

  ~FfmpegSource() override {
    if (child_ > 0) {
      ::kill(child_, SIGKILL);
      wait();
    }
  }

  std::size_t read(std::span<float> out) override {
    std::size_t filled = 0;
    while (filled < out.size()) {
      const std::size_t ready = (end_ - begin_) / 2;
      if (ready == 0) {
        if (!refill()) {
          break;
        }
        continue;
      }
      const std::size_t n = std::min(ready, out.size() - filled);
      for (std::size_t i = 0; i < n; ++i) {
        const auto low = static_cast<std::uint8_t>(bytes_[begin_ + 2 * i]);
        const auto high = static_cast<std::uint8_t>(bytes_[begin_ + 2 * i + 1]);
        const auto step = static_cast<std::int16_t>(low | high << 8);
        out[filled + i] = static_cast<float>(step) / 32768.0F;
      }
      begin_ += 2 * n;
      filled += n;
    }
    return filled;
  }

  const AudioInfo& info() const override {
    return info_;
  }

 private:
  void start(const std::vector<std::string>& arguments) {
    Pipe sound = make_pipe();
    Pipe words = make_pipe();
    SpawnSettings settings;
    if (input_.spooled()) {
      ::lseek(input_.descriptor(), 0, SEEK_SET);
      ::posix_spawn_file_actions_adddup2(
          &settings.actions,
          input_.descriptor(),
          STDIN_FILENO);
    } else {
      ::posix_spawn_file_actions_addopen(
          &settings.actions,
          STDIN_FILENO,
          "/dev/null",
          O_RDONLY,
          0);
    }
    ::posix_spawn_file_actions_adddup2(
        &settings.actions,
        sound.write.get(),
        STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(
        &settings.actions,
        words.write.get(),
        STDERR_FILENO);
    std::vector<char*> argv;
    argv.reserve(arguments.size() + 1);
    for (const std::string& argument : arguments) {
      // posix_spawn does not write to them; its type is older than const.
      argv.push_back(const_cast<char*>(argument.c_str()));
    }
    argv.push_back(nullptr);
    const int error = ::posix_spawn(
        &child_,
        arguments[0].c_str(),
        &settings.actions,
        &settings.attributes,
        argv.data(),
        environ);
    if (error != 0) {
      child_ = -1;
      fail(fmt::format(
          "{} needs ffmpeg, and {} cannot be run ({}): install ffmpeg "
          "again",
          input_.name(),
          arguments[0],
          std::strerror(error)));
    }
    sound_ = std::move(sound.read);
    words_ = std::move(words.read);
  }

  // Waits for more samples, and reads the words that come meanwhile, so that
  // the child never waits for us on one pipe while we wait on the other.
  bool refill() {
    if (begin_ < end_) {
      bytes_[0] = bytes_[begin_];
      end_ = 1;
    } else {
      end_ = 0;
    }
    begin_ = 0;
    while (sound_.open()) {
      std::array<pollfd, 2> polled{
          pollfd{sound_.get(), POLLIN, 0},
          pollfd{words_.get(), POLLIN, 0}};
      if (::poll(polled.data(), polled.size(), -1) < 0 && errno != EINTR) {
        fail(fmt::format(
            "{}: waiting for ffmpeg failed: {}: try again, or convert the file "
            "to WAV",
            input_.name(),
            std::strerror(errno)));
      }
      if (polled[1].revents != 0) {
        hear();
      }
      if (polled[0].revents == 0) {
        continue;
      }
      const ssize_t got =
          ::read(sound_.get(), bytes_.data() + end_, bytes_.size() - end_);
      if (got > 0) {
        end_ += static_cast<std::size_t>(got);
        if (end_ >= 2) {
          any_ = true;
          return true;
        }
      } else if (got == 0 || errno != EINTR) {
        sound_.close();
      }
    }
    while (words_.open()) {
      hear();
    }
    if (child_ > 0) {
      check(wait());
    }
    if (!any_) {
      refuse_no_sound(input_);
    }
    return false;
  }

  void hear() {
    std::array<char, 4096> block{};
    const ssize_t got = ::read(words_.get(), block.data(), block.size());
    if (got > 0) {
      said_.append(block.data(), static_cast<std::size_t>(got));
      // The last words say what ended it.
      constexpr std::size_t kMostWords = 1 << 14;
      if (said_.size() > kMostWords) {
        said_.erase(0, said_.size() - kMostWords);
      }
    } else if (got == 0 || errno != EINTR) {
      words_.close();
    }
  }

  int wait() {
    int status = 0;
    while (::waitpid(child_, &status, 0) < 0 && errno == EINTR) {
    }
    child_ = -1;
    return status;
  }

  void check(int status) const {
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
      return;
    }
    fail(fmt::format(
        "{} is not audio that libsndfile or ffmpeg can read (ffmpeg: {}): "
        "check that the file is whole, and convert it to WAV",
        input_.name(),
        WIFSIGNALED(status)
            ? fmt::format("ended by signal {}", WTERMSIG(status))
            : last_words()));
  }

  std::string last_words() const {
    std::string_view said = said_;
    while (!said.empty() && said.back() == '\n') {
      said.remove_suffix(1);
    }
    if (said.empty()) {
      return "no reason given";
    }
    const std::size_t line = said.rfind('\n');
    return std::string(
        line == std::string_view::npos ? said : said.substr(line + 1));
  }

  const InputFile& input_;
  AudioInfo info_;
  pid_t child_ = -1;
  Descriptor sound_;
  Descriptor words_;
  std::string said_;
  std::array<char, 1 << 16> bytes_{};
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  bool any_ = false; // whether there was a sample yet
};

} // namespace

std::optional<std::filesystem::path> find_ffmpeg() {
  const char* path = std::getenv("PATH");
  std::string_view rest = path != nullptr ? path : "";
  while (!rest.empty()) {
    const std::size_t colon = rest.find(':');
    const std::filesystem::path folder(rest.substr(0, colon));
    rest.remove_prefix(
        colon == std::string_view::npos ? rest.size() : colon + 1);
    const std::filesystem::path program = folder / "ffmpeg";
    std::error_code error;
    if (std::filesystem::is_regular_file(program, error) &&
        ::access(program.c_str(), X_OK) == 0) {
      return program;
    }
  }
  return std::nullopt;
}

std::unique_ptr<AudioSource> open_ffmpeg(
    const std::filesystem::path& program,
    const std::filesystem::path& file,
    const InputFile& input,
    int sample_rate) {
  return std::make_unique<FfmpegSource>(program, file, input, sample_rate);
}

} // namespace mlxaudio
