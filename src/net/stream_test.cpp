#include "net/stream.hpp"

#include <condition_variable>
#include <mutex>
#include <string>

#include <gtest/gtest.h>

#include "tests/support/raw_listener.hpp"

namespace securecart::net {
namespace {

using namespace std::chrono_literals;

// Keeps what it is told, for the test's thread to wait for.
class Heard final : public Stream::Listener {
 public:
  void opened() override {
    change([this] { open_ = true; });
  }
  void received(std::string_view bytes) override {
    change([&] { bytes_ += bytes; });
  }
  void closed(const std::string& why) override {
    change([&] { why_ = why; });
  }

  bool opens() {
    return wait([this] { return open_; });
  }
  std::string receives(std::size_t size) {
    wait([this, size] { return bytes_.size() >= size; });
    const std::scoped_lock lock(mutex_);
    return bytes_;
  }
  std::string closes() {
    wait([this] { return !why_.empty(); });
    const std::scoped_lock lock(mutex_);
    return why_;
  }

 private:
  template <class Work>
  void change(Work work) {
    const std::scoped_lock lock(mutex_);
    work();
    changed_.notify_all();
  }
  template <class Condition>
  bool wait(Condition condition) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, 20s, condition);
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
  std::string bytes_;
  std::string why_;
};

class StreamTest : public testing::Test {
 protected:
  StreamTest() { runtime_.run(); }
  ~StreamTest() override {
    on_core([this] { stream_.reset(); });
    runtime_.stop();
    runtime_.join();
  }

  void on_core(const std::function<void()>& work) {
    std::mutex mutex;
    std::condition_variable ended;
    bool done = false;
    runtime_.executor(0).post([&] {
      work();
      const std::scoped_lock lock(mutex);
      done = true;
      ended.notify_one();
    });
    std::unique_lock lock(mutex);
    ended.wait(lock, [&done] { return done; });
  }
  void open(std::uint16_t port, const std::string& host = "127.0.0.1") {
    on_core(
        [&] { stream_ = open_stream(runtime_.executor(0), {host, port}, 5s, nullptr, heard_); });
  }

  SystemClock clock_;
  Runtime runtime_{1, 1, clock_};
  std::shared_ptr<Heard> heard_ = std::make_shared<Heard>();
  std::shared_ptr<Stream> stream_;
};

TEST_F(StreamTest, CarriesBytesBothWaysInOrder) {
  test::RawListener listener;
  open(listener.port(), "localhost");
  test::RawConnection peer = listener.accept();
  ASSERT_TRUE(heard_->opens());
  std::string sent;
  for (int i = 0; i < 200'000; ++i) {
    sent += std::to_string(i);
  }
  on_core([&] {
    stream_->write(std::string_view(sent).substr(0, 10));
    stream_->write(std::string_view(sent).substr(10));
  });
  std::string echoed;
  std::string buffer(65'536, '\0');
  while (echoed.size() < sent.size()) {
    const ssize_t size = ::recv(peer.handle(), buffer.data(), buffer.size(), 0);
    ASSERT_GT(size, 0);
    echoed.append(buffer, 0, static_cast<std::size_t>(size));
    ASSERT_EQ(::send(peer.handle(), buffer.data(), static_cast<std::size_t>(size), 0), size);
  }
  EXPECT_EQ(echoed, sent);
  EXPECT_EQ(heard_->receives(sent.size()), sent);
  on_core([this] { EXPECT_EQ(stream_->unsent(), 0U); });
}

TEST_F(StreamTest, SaysWhyItEnds) {
  std::uint16_t port = 0;
  {
    test::RawListener listener;
    port = listener.port();
    open(port);
    const test::RawConnection peer = listener.accept();
    ASSERT_TRUE(heard_->opens());
  }
  EXPECT_EQ(heard_->closes(), "the peer closed the connection");
  heard_ = std::make_shared<Heard>();
  open(port);
  EXPECT_NE(heard_->closes().find("cannot connect"), std::string::npos);
  heard_ = std::make_shared<Heard>();
  open(port, "no-such-host.invalid");
  EXPECT_NE(heard_->closes().find("cannot resolve"), std::string::npos);
}

TEST_F(StreamTest, EndsWithItsListener) {
  test::RawListener listener;
  open(listener.port());
  test::RawConnection peer = listener.accept();
  ASSERT_TRUE(heard_->opens());
  heard_.reset();
  ASSERT_EQ(::send(peer.handle(), "x", 1, 0), 1);
  char byte = 0;
  EXPECT_LE(::recv(peer.handle(), &byte, 1, 0), 0);  // closed, or reset
}

TEST_F(StreamTest, IsQuietOnceItIsClosed) {
  test::RawListener listener;
  open(listener.port());
  test::RawConnection peer = listener.accept();
  ASSERT_TRUE(heard_->opens());
  on_core([this] {
    stream_->write("never sent");
    stream_->close();
    stream_->write("neither");
  });
  char byte = 0;
  EXPECT_EQ(::recv(peer.handle(), &byte, 1, 0), 0);
}

}  // namespace
}  // namespace securecart::net
