// As many questions for one name as a DNS server can take, with every answer accounted for.
#pragma once

#include <array>
#include <atomic>
#include <bitset>
#include <cstdint>
#include <map>
#include <mutex>
#include <netinet/in.h>
#include <stdexcept>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include "base/text.hpp"

namespace securecart::test {

// Clients that each keep a window of questions under way, so that the server is never idle and its
// socket never overflows: what does not come back was lost by the server.
class DnsFlood {
 public:
  struct Options {
    std::size_t clients = 4;
    std::size_t window = 50;    // of each client
    std::uint64_t most = 0;     // questions of all clients; 0: until end()
    std::uint16_t answers = 1;  // how many records a right answer has
  };

  // Asks for the A records of `name`, without EDNS.
  DnsFlood(int port, const std::string& name, const Options& options)
      : options_(options), question_(question_for(name)) {
    for (std::size_t i = 0; i < options.clients; ++i) {
      threads_.emplace_back([this, port] { run(port); });
    }
  }
  ~DnsFlood() { end(); }
  DnsFlood(const DnsFlood&) = delete;
  DnsFlood& operator=(const DnsFlood&) = delete;

  // Asks no more and waits for what is under way.
  void end() {
    ending_ = true;
    wait();
  }
  // Until `most` questions were asked.
  void wait() {
    for (std::thread& thread : threads_) {
      thread.join();
    }
    threads_.clear();
  }
  std::uint64_t asked() const { return asked_; }
  std::uint64_t answered() const { return answered_; }
  std::uint64_t lost() const { return lost_; }    // no answer within two seconds
  std::uint64_t wrong() const { return wrong_; }  // an error, or another number of records
  // How often each address stood at the end of an answer. After end() or wait().
  const std::map<std::uint32_t, std::uint64_t>& last_addresses() const { return addresses_; }

 private:
  using Packet = std::array<std::uint8_t, 512>;
  static constexpr std::size_t ids = 65'536;
  static constexpr std::size_t header_bytes = 12;

  struct Client {
    int socket;
    std::uint16_t next_id = 0;
    std::bitset<ids> waiting;
    std::size_t under_way = 0;
    std::map<std::uint32_t, std::uint64_t> addresses;
  };

  static std::string question_for(const std::string& name) {
    std::string packet("\0\0\0\0\0\1\0\0\0\0\0\0", header_bytes);
    for (const std::string_view label : split(name, '.')) {
      packet += static_cast<char>(label.size());
      packet += label;
    }
    return packet + std::string("\0\0\1\0\1", 5);
  }
  static int connected(int port) {
    const int socket = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<std::uint16_t>(port));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(socket, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) {
      throw std::runtime_error("no socket to ask from");
    }
    const timeval patience{2, 0};
    setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    return socket;
  }

  bool may_ask() { return !ending_ && (options_.most == 0 || begun_++ < options_.most); }

  void run(int port) {
    Client client{connected(port), 0, {}, 0, {}};
    std::string packet = question_;
    bool asking = true;
    while (asking || client.under_way > 0) {
      while (asking && client.under_way < options_.window) {
        asking = may_ask();
        if (asking) {
          ask(client, packet);
        }
      }
      if (client.under_way > 0) {
        take(client);
      }
    }
    close(client.socket);
    const std::scoped_lock lock(mutex_);
    for (const auto& [address, count] : client.addresses) {
      addresses_[address] += count;
    }
  }

  void ask(Client& client, std::string& packet) {
    ++asked_;
    const std::uint16_t id = client.next_id++;
    packet[0] = static_cast<char>(id >> 8);
    packet[1] = static_cast<char>(id);
    if (send(client.socket, packet.data(), packet.size(), 0) < 0) {
      ++lost_;
      return;
    }
    client.waiting.set(id);
    ++client.under_way;
  }

  void take(Client& client) {
    Packet answer;
    const ssize_t size = recv(client.socket, answer.data(), answer.size(), 0);
    if (size < 0) {
      lost_ += client.under_way;
      client.under_way = 0;
      client.waiting.reset();
      return;
    }
    const auto id = static_cast<std::uint16_t>(answer[0] << 8U | answer[1]);
    if (static_cast<std::size_t>(size) < header_bytes || !client.waiting.test(id)) {
      ++wrong_;
      return;
    }
    client.waiting.reset(id);
    --client.under_way;
    ++answered_;
    const unsigned records = static_cast<unsigned>(answer[6] << 8U | answer[7]);
    if ((answer[3] & 0x0fU) != 0 || records != options_.answers) {
      ++wrong_;
      return;
    }
    std::uint32_t address = 0;
    for (ssize_t i = size - 4; i < size; ++i) {
      address = address << 8U | answer[static_cast<std::size_t>(i)];
    }
    ++client.addresses[address];
  }

  const Options options_;
  const std::string question_;
  std::atomic<bool> ending_ = false;
  std::atomic<std::uint64_t> begun_ = 0;
  std::atomic<std::uint64_t> asked_ = 0;
  std::atomic<std::uint64_t> answered_ = 0;
  std::atomic<std::uint64_t> lost_ = 0;
  std::atomic<std::uint64_t> wrong_ = 0;
  std::mutex mutex_;
  std::map<std::uint32_t, std::uint64_t> addresses_;  // guarded by mutex_
  std::vector<std::thread> threads_;
};

}  // namespace securecart::test
