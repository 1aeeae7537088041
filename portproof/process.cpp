// SPDX-License-Identifier: MIT
#include "portproof/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>

#include <fmt/format.h>

#include "mlxaudio/error.h"

extern char** environ;

namespace portproof {
namespace {

constexpr std::size_t kMostError = 64 * 1024;
constexpr int kPollMilliseconds = 4;

/// The two ends of a pipe, closed when they go.
class Pipe {
 public:
  Pipe() {
    if (::pipe2(ends_.data(), O_CLOEXEC) != 0) {
      throw mlxaudio::ConfigError(
          fmt::format("[portproof] no pipe: {}", std::strerror(errno)));
    }
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  ~Pipe() {
    close(0);
    close(1);
  }
  int read_end() const {
    return ends_[0];
  }
  int write_end() const {
    return ends_[1];
  }
  void close(int end) {
    int& fd = ends_[static_cast<std::size_t>(end)];
    if (fd >= 0) {
      ::close(fd);
      fd = -1;
    }
  }

 private:
  std::array<int, 2> ends_{-1, -1};
};

std::vector<std::string> environment(const Command& command) {
  std::vector<std::string> out;
  for (char** e = environ; *e != nullptr; ++e) {
    const std::string entry = *e;
    if (!command.env.contains(entry.substr(0, entry.find('=')))) {
      out.push_back(entry);
    }
  }
  for (const auto& [name, value] : command.env) {
    out.push_back(name + '=' + value);
  }
  return out;
}

std::vector<char*> pointers(std::vector<std::string>& strings) {
  std::vector<char*> out;
  for (std::string& s : strings) {
    out.push_back(s.data());
  }
  out.push_back(nullptr);
  return out;
}

long peak_of(const rusage& used) {
#ifdef __APPLE__
  return used.ru_maxrss / 1024;
#else
  return used.ru_maxrss;
#endif
}

/// Most memory that a running program held so far; 0 where the system does not
/// tell. \unit KiB
long peak_now(pid_t pid) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  std::string word;
  long value = 0;
  while (status >> word) {
    if (word == "VmHWM:" && status >> value) {
      return value;
    }
  }
  return 0;
}

} // namespace

Finished run(const Command& command) {
  using Clock = std::chrono::steady_clock;
  Pipe out;
  Pipe err;
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  if (!command.show) {
    posix_spawn_file_actions_adddup2(&actions, out.write_end(), STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, err.write_end(), STDERR_FILENO);
  }
  posix_spawn_file_actions_addopen(
      &actions,
      STDIN_FILENO,
      "/dev/null",
      O_RDONLY,
      0);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  if (command.time_limit) {
    // A group of its own, so that the limit ends its children too.
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  }

  std::vector<std::string> argv = command.argv;
  std::vector<std::string> env = environment(command);
  std::vector<char*> argv_pointers = pointers(argv);
  std::vector<char*> env_pointers = pointers(env);
  pid_t pid = 0;
  const int error = posix_spawnp(
      &pid,
      argv_pointers[0],
      &actions,
      &attributes,
      argv_pointers.data(),
      env_pointers.data());
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  if (error != 0) {
    throw mlxaudio::ConfigError(fmt::format(
        "[portproof] cannot run {}: {}",
        argv[0],
        std::strerror(error)));
  }
  out.close(1);
  err.close(1);

  Finished finished;
  const Clock::time_point start = Clock::now();
  std::array<pollfd, 2> polls{
      pollfd{out.read_end(), POLLIN, 0},
      pollfd{err.read_end(), POLLIN, 0}};
  std::array<char, 65536> buffer;
  int status = 0;
  rusage used{};
  rusage ours{};
  ::getrusage(RUSAGE_SELF, &ours);
  long seen = 0;
  bool exited = false;
  while (polls[0].fd >= 0 || polls[1].fd >= 0 || !exited) {
    const bool open = polls[0].fd >= 0 || polls[1].fd >= 0;
    if (command.time_limit && !finished.timed_out &&
        Clock::now() - start > *command.time_limit) {
      finished.timed_out = true;
      ::kill(-pid, SIGKILL);
    }
    if (!exited) {
      seen = std::max(seen, peak_now(pid));
    }
    if (open) {
      ::poll(polls.data(), polls.size(), kPollMilliseconds);
    }
    for (std::size_t i = 0; i < polls.size(); ++i) {
      if (polls[i].fd < 0 || polls[i].revents == 0) {
        continue;
      }
      const ssize_t n = ::read(polls[i].fd, buffer.data(), buffer.size());
      if (n > 0) {
        std::string& into = i == 0 ? finished.out : finished.err;
        into.append(buffer.data(), static_cast<std::size_t>(n));
        if (i == 1 && into.size() > kMostError) {
          into.erase(0, into.size() - kMostError);
        }
      } else if (n == 0 || errno != EINTR) {
        polls[i].fd = -1;
      }
    }
    if (!exited) {
      const bool block = !open && !command.time_limit;
      exited = ::wait4(pid, &status, block ? 0 : WNOHANG, &used) == pid;
      if (!exited && !open) {
        ::usleep(2000);
      }
    } else if (open && polls[0].revents == 0 && polls[1].revents == 0) {
      break; // a grandchild holds the pipe open; ours has ended
    }
  }
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) +
           1e-6 * static_cast<double>(t.tv_usec);
  };
  finished.seconds =
      std::chrono::duration<double>(Clock::now() - start).count();
  finished.cpu_seconds = seconds(used.ru_utime) + seconds(used.ru_stime);
  const bool ours_was_more = seen > 0 && peak_of(used) <= peak_of(ours);
  finished.peak_kib = ours_was_more ? seen : peak_of(used);
  if (WIFSIGNALED(status)) {
    finished.code = -1;
    finished.signal = WTERMSIG(status);
  } else {
    finished.code = WEXITSTATUS(status);
  }
  return finished;
}

std::string describe(const Finished& finished) {
  if (finished.timed_out) {
    return "stopped at the time limit";
  }
  if (finished.signal != 0) {
    return fmt::format(
        "killed by signal {} ({})",
        finished.signal,
        ::strsignal(finished.signal));
  }
  return fmt::format("exit code {}", finished.code);
}

} // namespace portproof
