// The TCP side of one thread (RFC 7766): questions behind their length, as many as the client
// likes, answered in the order they come; zone transfers piece by piece.
#pragma once

#include <list>
#include <memory>
#include <unordered_map>
#include <vector>

#include "traffic/dns/transfer.hpp"
#include "traffic/dns/worker.hpp"

namespace securecart::traffic::dns {

class TcpPort {
 public:
  TcpPort(std::vector<int> listeners, int epoll, WorkerContext& context);
  ~TcpPort();
  TcpPort(const TcpPort&) = delete;
  TcpPort& operator=(const TcpPort&) = delete;
  // A socket of epoll has something: a listener's or a connection's.
  void event(int socket, std::uint32_t events);
  // Closes who was idle for too long. Once a second or so.
  void sweep();

 private:
  struct Connection {
    int socket = -1;
    Address address;
    SteadyTime last;  // that something moved
    std::vector<std::uint8_t> in;
    std::vector<std::uint8_t> out;
    std::size_t sent = 0;  // of `out`
    std::unique_ptr<Transfer> transfer;
    bool ending = false;        // the client has said its last word
    std::uint32_t watched = 0;  // by epoll
    std::list<int>::iterator place;
  };
  bool is_full(const Connection& connection) const;
  bool is_listener(int socket) const;
  void accept_all(int listener);
  void admit(int socket, const Address& address);
  // These return false when the connection is over.
  bool read(Connection& connection);
  bool work(Connection& connection);
  bool take_question(Connection& connection);
  void answer(Connection& connection, Bytes query);
  void start_transfer(Connection& connection, const Client& client, const Reply& reply,
                      Bytes query);
  bool write(Connection& connection);
  void append(Connection& connection, Bytes message);
  void watch(Connection& connection);
  void touch(Connection& connection);
  void end(int socket);

  std::vector<int> listeners_;
  int epoll_;
  WorkerContext& context_;
  std::unordered_map<int, Connection> connections_;
  std::list<int> by_age_;  // the longest idle first
  std::unordered_map<std::string, std::size_t> by_client_;
  std::size_t transfers_ = 0;
  std::vector<std::uint8_t> scratch_;
};

}  // namespace securecart::traffic::dns
