#include "lab/hosts/machine.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <linux/loop.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdexcept>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>

#include "lab/hosts/command.hpp"

namespace securecart::lab {
namespace {

namespace fs = std::filesystem;

constexpr int namespaces = CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC;
// FITHAW of linux/fs.h, which glibc's sys/mount.h does not go together with.
constexpr unsigned long thaw = _IOWR('X', 120, int);
constexpr int restart_after_seconds = 1;
constexpr int loop_attempts = 64;  // others may take the free loop device first

void mount_at(const char* source, const fs::path& target, const char* type, unsigned long flags,
              const std::string& data = {}) {
  must(::mount(source, target.c_str(), type, flags, data.empty() ? nullptr : data.c_str()) == 0,
       "mounting " + target.string());
}

// The file system in `image`, on a loop device that is given back when nobody mounts it any more.
void mount_disk(const Descriptor& image) {
  const Descriptor control(::open("/dev/loop-control", O_RDWR | O_CLOEXEC));
  must(control.valid(), "opening /dev/loop-control");
  for (int attempt = 0; attempt < loop_attempts; ++attempt) {
    const int number = ::ioctl(control.get(), LOOP_CTL_GET_FREE);
    must(number >= 0, "asking for a loop device");
    const std::string device = fmt::format("/dev/loop{}", number);
    const Descriptor loop(::open(device.c_str(), O_RDWR | O_CLOEXEC));
    loop_config config{};
    config.fd = static_cast<__u32>(image.get());
    config.info.lo_flags = LO_FLAGS_AUTOCLEAR;
    if (loop.valid() && ::ioctl(loop.get(), LOOP_CONFIGURE, &config) == 0) {
      // Mounted before the descriptor is closed, or it would be cleared here.
      mount_at(device.c_str(), machine_disk_folder, "ext4", MS_NOATIME);
      return;
    }
  }
  throw std::runtime_error("no loop device is free");
}

void mount_memory() {
  mount_at("tmpfs", "/run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=755");
  mount_at("tmpfs", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777");
  mount_at("tmpfs", "/dev/shm", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777");
}

void enter_root(const MachineFiles& files) {
  mount_at(nullptr, "/", nullptr, MS_REC | MS_PRIVATE);
  const fs::path root = files.root();
  mount_at("overlay", root, "overlay", 0,
           fmt::format("lowerdir=/,upperdir={},workdir={}", files.upper().string(),
                       files.work().string()));
  mount_at("/dev", root / "dev", nullptr, MS_BIND | MS_REC);
  mount_at("proc", root / "proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC);
  mount_at("sysfs", root / "sys", "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC);
  must(::chdir(root.c_str()) == 0, "entering the root");
  // pivot_root(2): the old root is stacked on the new one, and taken off.
  must(::syscall(SYS_pivot_root, ".", ".") == 0, "pivot_root");
  must(::umount2(".", MNT_DETACH) == 0, "leaving the old root");
  must(::chdir("/") == 0, "entering the root");
}

void bring_loopback_up() {
  const Descriptor socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request{};
  std::strncpy(request.ifr_name, "lo", IFNAMSIZ - 1);
  must(::ioctl(socket.get(), SIOCGIFFLAGS, &request) == 0, "looking at lo");
  request.ifr_flags = static_cast<short>(request.ifr_flags | IFF_UP);
  must(::ioctl(socket.get(), SIOCSIFFLAGS, &request) == 0, "bringing lo up");
}

// A new machine knows nothing of the one it is made on.
void clear_environment() {
  ::clearenv();
  ::setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", 1);
  ::setenv("HOME", "/root", 1);
  ::setenv("LANG", "C.UTF-8", 1);
  ::umask(022);
}

class Init {
 public:
  Init(const MachineSpec& spec, int hold, int console)
      : spec_(spec), hold_(hold), console_(console) {
    sigset_t signals;
    sigemptyset(&signals);
    for (const int signal : {SIGCHLD, SIGTERM, SIGUSR1, SIGUSR2}) {
      sigaddset(&signals, signal);
    }
    sigprocmask(SIG_BLOCK, &signals, nullptr);
    signals_ = Descriptor(signalfd(-1, &signals, SFD_CLOEXEC));
    timer_ = Descriptor(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC));
    must(signals_.valid() && timer_.valid(), "listening for signals");
  }

  void run() {
    while (true) {
      std::array<pollfd, 3> waiting{
          {{signals_.get(), POLLIN, 0}, {timer_.get(), POLLIN, 0}, {hold_.get(), POLLIN, 0}}};
      if (::poll(waiting.data(), waiting.size(), -1) < 0) {
        continue;
      }
      if (waiting[2].revents != 0) {
        released();
      }
      if (waiting[1].revents != 0) {
        std::uint64_t times = 0;
        (void)!::read(timer_.get(), &times, sizeof times);
        start_service();
      }
      if (waiting[0].revents != 0) {
        signalfd_siginfo info{};
        (void)!::read(signals_.get(), &info, sizeof info);
        handle(static_cast<int>(info.ssi_signo));
      }
    }
  }

 private:
  // The lab stands; or its builder died, and so does this.
  void released() {
    char byte = 0;
    if (::read(hold_.get(), &byte, 1) != 1) {
      ::_exit(1);
    }
    hold_.reset();
    start_service();
  }

  void handle(int signal) {
    switch (signal) {
      case SIGTERM:
        end_all();
        ::_exit(0);
      case SIGUSR1:
        power_off();
        break;
      case SIGUSR2:
        powered_ = true;
        start_service();
        break;
      default:
        reap();
    }
  }

  // A file system that is held still would outlive its machine, and its loop device with it; only
  // once nobody is left can nobody hold it again.
  void end_all() {
    powered_ = false;
    service_ = -1;
    ::kill(-1, SIGKILL);
    while (::waitpid(-1, nullptr, 0) > 0 || errno == EINTR) {
    }
    const Descriptor disk(::open(machine_disk_folder, O_RDONLY | O_CLOEXEC));
    if (spec_.disk_bytes > 0 && disk.valid()) {
      ::ioctl(disk.get(), thaw, 0);
    }
  }

  void power_off() {
    end_all();
    for (const char* folder : {"/run", "/tmp", "/dev/shm"}) {
      ::umount2(folder, MNT_DETACH);
    }
    mount_memory();
  }

  void reap() {
    pid_t ended = 0;
    while ((ended = ::waitpid(-1, nullptr, WNOHANG)) > 0) {
      if (ended == service_) {
        service_ = -1;
        itimerspec soon{};
        soon.it_value.tv_sec = restart_after_seconds;
        timerfd_settime(timer_.get(), 0, &soon, nullptr);
      }
    }
  }

  void start_service() {
    if (!powered_ || service_ > 0 || spec_.service.empty()) {
      return;
    }
    try {
      service_ = start_command(spec_.service, console_);
    } catch (const std::exception& error) {
      const std::string line = std::string("machine: ") + error.what() + "\n";
      (void)!::write(console_, line.data(), line.size());
    }
  }

  const MachineSpec& spec_;
  Descriptor hold_;
  const int console_;
  Descriptor signals_;
  Descriptor timer_;
  pid_t service_ = -1;
  bool powered_ = true;
};

// The first process of the new namespaces. `ready` gets a byte once everything is in place.
void be_machine(const MachineSpec& spec, const MachineFiles& files, int hold, int ready) {
  const int console =
      ::open(files.console().c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  must(console >= 0, "opening " + files.console().string());
  must(::setsid() >= 0, "a session of its own");
  // Opened here: below the new root it would be a copy.
  const Descriptor disk(spec.disk_bytes > 0 ? ::open(files.disk().c_str(), O_RDWR | O_CLOEXEC)
                                            : -1);
  must(spec.disk_bytes == 0 || disk.valid(), "opening " + files.disk().string());
  enter_root(files);
  mount_memory();
  if (spec.disk_bytes > 0) {
    mount_disk(disk);
  }
  must(::sethostname(spec.name.c_str(), spec.name.size()) == 0, "naming the machine");
  bring_loopback_up();
  clear_environment();
  ::dup2(console, 1);
  ::dup2(console, 2);
  const int nothing = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  ::dup2(nothing, 0);
  ::fcntl(hold, F_SETFD, FD_CLOEXEC);
  Init init(spec, hold, console);
  (void)!::write(ready, "r", 1);
  ::close(ready);
  init.run();
}

}  // namespace

int run_machine(const MachineSpec& spec, const MachineFiles& files, int hold) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0 || ::unshare(namespaces) != 0) {
    std::fprintf(stderr, "machine %s: new namespaces: %s\n", spec.name.c_str(),
                 std::strerror(errno));
    return 1;
  }
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(ends[0]);
    try {
      be_machine(spec, files, hold, ends[1]);
    } catch (const std::exception& error) {
      std::fprintf(stderr, "machine %s: %s\n", spec.name.c_str(), error.what());
    }
    ::_exit(1);
  }
  ::close(ends[1]);
  char byte = 0;
  const bool there = child > 0 && ::read(ends[0], &byte, 1) == 1;
  return there ? 0 : 1;
}

}  // namespace securecart::lab
