#include "cluster/etcd/message.hpp"

#include <gtest/gtest.h>

#include "base/crypto.hpp"
#include "base/json.hpp"

namespace securecart::cluster::etcd {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;

TEST(EtcdMessage, TheEndOfAPrefixIsTheLeastKeyBehindIt) {
  EXPECT_EQ(end_of_prefix("/a/"), "/a0");
  EXPECT_EQ(end_of_prefix("a\xff\xff"), "b");
  EXPECT_EQ(end_of_prefix("\xff"), "\0"s);
  EXPECT_EQ(end_of_prefix(""), "\0"s);
}

TEST(EtcdMessage, RequestsAreWhatTheGatewayTakes) {
  EXPECT_EQ(range_request("/a/"), R"({"key":"L2Ev","range_end":"L2Ew"})");
  EXPECT_EQ(get_request("/a"), R"({"key":"L2E="})");
  EXPECT_EQ(
      commit_request(std::vector{absent("/a"), modified_at("/b", 7)},
                     std::vector{put("/a", "one", 9), put("/b", ""), remove("/c")}),
      R"({"compare":[{"key":"L2E=","target":"CREATE","result":"EQUAL","create_revision":"0"},)"
      R"({"key":"L2I=","target":"MOD","result":"EQUAL","mod_revision":"7"}],)"
      R"("success":[{"request_put":{"key":"L2E=","value":"b25l","lease":"9"}},)"
      R"({"request_put":{"key":"L2I=","value":""}},)"
      R"({"request_delete_range":{"key":"L2M="}}]})");
  EXPECT_EQ(grant_request(1500ms), R"({"TTL":"2"})");
  EXPECT_EQ(grant_request(1ms), R"({"TTL":"1"})");
  EXPECT_EQ(lease_request(5), R"({"ID":"5"})");
  EXPECT_EQ(hand_over_request("9"), R"({"targetID":"9"})");
  EXPECT_EQ(watch_request("/a/", 12),
            R"({"create_request":{"key":"L2Ev","range_end":"L2Ew","start_revision":"12"}})");
}

TEST(EtcdMessage, AnswersAreUnderstood) {
  const auto range = parse_range(
      R"({"header":{"cluster_id":"1","revision":"9"},"kvs":[)"
      R"({"key":"L2E=","create_revision":"2","mod_revision":"3","version":"1","value":"b25l"},)"
      R"({"key":"L2I=","create_revision":"4","mod_revision":"4","lease":"77"}],"count":"2"})");
  ASSERT_TRUE(range.has_value()) << range.error();
  EXPECT_EQ(range->revision, 9);
  ASSERT_EQ(range->entries.size(), 2U);
  EXPECT_EQ(range->entries[0], (Entry{"/a", "one", 2, 3, 0}));
  EXPECT_EQ(range->entries[1], (Entry{"/b", "", 4, 4, 77}));
  EXPECT_TRUE(parse_range(R"({"header":{"revision":"1"}})")->entries.empty());

  const auto fingerprint = parse_fingerprint(
      R"({"header":{"revision":"9"},"kvs":[{"key":"L2E=","mod_revision":"3"}],"count":"4"})");
  EXPECT_EQ(fingerprint->fingerprint, (Fingerprint{4, 3}));
  EXPECT_EQ(parse_fingerprint(R"({"header":{"revision":"9"}})")->fingerprint, (Fingerprint{0, 0}));

  const auto members = parse_members(
      R"({"header":{"member_id":"7"},"members":[{"ID":"10501334649042878790","name":"a-data",)"
      R"("peerURLs":["http://p"],"clientURLs":["http://10.77.1.11:2379"]},{"ID":"5"}]})");
  ASSERT_TRUE(members.has_value()) << members.error();
  ASSERT_EQ(members->size(), 1U) << "one has not started yet";
  EXPECT_EQ(members->front().id, "10501334649042878790");
  EXPECT_EQ(members->front().name, "a-data");
  EXPECT_EQ(members->front().url, "http://10.77.1.11:2379");
  EXPECT_FALSE(parse_members("{}").has_value());
  EXPECT_EQ(parse_leader(R"({"leader":"10501334649042878790"})"), "10501334649042878790");
  EXPECT_EQ(parse_leader("{}"), "0");

  const auto done = parse_commit(R"({"header":{"revision":"9"},"succeeded":true,"responses":[]})");
  EXPECT_TRUE(done->applied);
  EXPECT_EQ(done->revision, 9);
  EXPECT_FALSE(parse_commit(R"({"header":{"revision":"9"}})")->applied);

  const auto lease = parse_grant(R"({"header":{"revision":"9"},"ID":"23","TTL":"2"})");
  EXPECT_EQ(lease->id, 23);
  EXPECT_EQ(lease->ttl, 2s);
  EXPECT_TRUE(*parse_keep_alive("{\"result\":{\"ID\":\"5\",\"TTL\":\"2\"}}\n"));
  EXPECT_FALSE(*parse_keep_alive("{\"result\":{\"ID\":\"5\"}}\n"));
}

TEST(EtcdMessage, WatchesAreUnderstood) {
  const auto created = parse_watch(R"({"result":{"header":{"revision":"2"},"created":true}})");
  EXPECT_TRUE(created->events.empty());
  EXPECT_FALSE(created->ended);
  const auto events = parse_watch(
      R"({"result":{"header":{"revision":"5"},"events":[)"
      R"({"kv":{"key":"L2E=","create_revision":"2","mod_revision":"4","value":"b25l"}},)"
      R"({"type":"DELETE","kv":{"key":"L2I=","mod_revision":"5"}}]}})");
  ASSERT_TRUE(events.has_value()) << events.error();
  ASSERT_EQ(events->events.size(), 2U);
  EXPECT_EQ(events->events[0].entry, (Entry{"/a", "one", 2, 4, 0}));
  EXPECT_FALSE(events->events[0].removed);
  EXPECT_EQ(events->events[1].entry.key, "/b");
  EXPECT_TRUE(events->events[1].removed);
  const auto compacted = parse_watch(
      R"({"result":{"header":{"revision":"5"},"canceled":true,"compact_revision":"4"}})");
  EXPECT_TRUE(compacted->ended);
  EXPECT_EQ(compacted->why, "the past was compacted");
  const auto failed = parse_watch(R"({"error":{"grpc_code":14,"message":"no leader"}})");
  EXPECT_TRUE(failed->ended);
  EXPECT_EQ(failed->why, "no leader");
}

TEST(EtcdMessage, WhatIsNoAnswerIsSaidToBeNone) {
  for (const char* const text :
       {"", "[]", "{", "{}", R"({"header":{"revision":"x"}})", R"({"header":{"revision":"0"}})",
        R"({"header":{"revision":"99999999999999999999"}})"}) {
    EXPECT_FALSE(parse_range(text).has_value()) << text;
    EXPECT_FALSE(parse_fingerprint(text).has_value()) << text;
    EXPECT_FALSE(parse_commit(text).has_value()) << text;
    EXPECT_FALSE(parse_grant(text).has_value()) << text;
    EXPECT_FALSE(parse_keep_alive(text).has_value()) << text;
    EXPECT_FALSE(parse_watch(text).has_value()) << text;
  }
  const auto with = [](const char* kvs) {
    return std::string(R"({"header":{"revision":"9"},"count":"1","kvs":)") + kvs + "}";
  };
  for (const char* const kvs :
       {R"(5)", R"([5])", R"([{"key":"!!"}])", R"([{"key":"","mod_revision":"3"}])",
        R"([{"key":"L2E=","mod_revision":"3","value":7}])", R"([{"key":"L2E="}])",
        R"([{"key":"L2I=","mod_revision":"3"},{"key":"L2E=","mod_revision":"3"}])"}) {
    EXPECT_FALSE(parse_range(with(kvs)).has_value()) << kvs;
  }
  EXPECT_FALSE(parse_range(R"({"header":{"revision":"9"},"more":true})").has_value());
  EXPECT_FALSE(parse_fingerprint(R"({"header":{"revision":"9"},"count":"3"})").has_value());
}

TEST(EtcdMessage, RefusalsSayWhy) {
  const Refusal lease =
      parse_refusal(R"({"error":"e","message":"etcdserver: requested lease not found","code":5})");
  EXPECT_TRUE(lease.no_such_lease());
  const Refusal away = parse_refusal(R"({"message":"etcdserver: no leader","code":14})");
  EXPECT_EQ(away.code, 14);
  EXPECT_FALSE(away.no_such_lease());
  EXPECT_EQ(parse_refusal("Bad Gateway").message, "Bad Gateway");
  EXPECT_EQ(parse_refusal(R"({"code":900})").code, 0);
}

}  // namespace
}  // namespace securecart::cluster::etcd
