#include "identity/folder.hpp"

#include <fstream>

#include <gtest/gtest.h>

#include "identity/private_file.hpp"
#include "tests/support/seed.hpp"
#include "tests/support/temp_dir.hpp"

namespace securecart::identity {
namespace {

using namespace std::chrono_literals;
using std::filesystem::perms;

class FolderTest : public testing::Test {
 protected:
  AuthorityFolder authority() { return {folder.path() / "ca", clock, random}; }
  std::filesystem::path file(const std::string& name) const { return folder.path() / name; }
  Description of(const std::string& name) const {
    return describe(split_certificates(read_private(file(name))).front()).value();
  }
  std::size_t trusts(const std::string& name) const {
    return split_certificates(read_material(file(name)).trust).size();
  }

  test::TempDir folder;
  ManualClock clock;
  Prng random{test::seed()};
};

TEST_F(FolderTest, IssuesWhatOnlyItsOwnerMayRead) {
  AuthorityFolder ca = authority();
  ca.init("shop.test", 24h * 365);
  NewCertificate wanted;
  wanted.roles = {"orders", "payments"};
  wanted.addresses = {"127.0.0.1", "2001:db8::1"};
  wanted.hosts = {"orders-1.shop.test"};
  ca.issue(file("orders.pem"), wanted, 24h);
  const Description made = of("orders.pem");
  EXPECT_EQ(made.roles, wanted.roles);
  EXPECT_EQ(made.addresses, wanted.addresses);
  EXPECT_EQ(made.hosts, wanted.hosts);
  EXPECT_EQ(made.trust_domain, "shop.test");
  EXPECT_FALSE(made.is_authority);
  EXPECT_EQ(made.until, std::chrono::floor<std::chrono::seconds>(clock.now()) + 24h);
  EXPECT_EQ(made.issuer, ca.authorities().front().subject);
  for (const auto& path : {file("orders.pem"), file("ca/authority.pem"), file("ca/trust.pem")}) {
    EXPECT_EQ(std::filesystem::status(path).permissions(), perms::owner_read | perms::owner_write)
        << path;
  }
  const net::TlsIdentity identity(read_material(file("orders.pem")));
  EXPECT_EQ(identity.roles(), wanted.roles);
  EXPECT_THROW(ca.init("shop.test", 24h), std::runtime_error) << "there is one";
}

TEST_F(FolderTest, RefusesASecretThatOthersMayRead) {
  AuthorityFolder ca = authority();
  ca.init("shop.test", 24h * 365);
  ca.issue(file("web.pem"), {.roles = {"web"}}, 24h);
  std::filesystem::permissions(file("web.pem"), perms::group_read,
                               std::filesystem::perm_options::add);
  EXPECT_THROW(read_material(file("web.pem")), std::runtime_error);
}

TEST_F(FolderTest, RefusesWhatIsNoName) {
  AuthorityFolder ca = authority();
  EXPECT_THROW(ca.issue(file("x.pem"), {.roles = {"web"}}, 24h), std::runtime_error)
      << "no authority yet";
  EXPECT_THROW(ca.init("Shop, Inc.", 24h), std::runtime_error);
  ca.init("shop.test", 24h);
  EXPECT_THROW(ca.issue(file("x.pem"), {}, 24h), std::runtime_error) << "no role";
  EXPECT_THROW(ca.issue(file("x.pem"), {.roles = {"web,URI:spiffe://x/role/orders"}}, 24h),
               std::runtime_error);
  EXPECT_THROW(ca.issue(file("x.pem"), {.roles = {"web"}, .addresses = {"nowhere"}}, 24h),
               std::runtime_error);
  EXPECT_THROW(ca.issue(file("x.pem"), {.roles = {"web"}, .hosts = {"a b"}}, 24h),
               std::runtime_error);
}

TEST_F(FolderTest, NeverOutlivesItsAuthority) {
  AuthorityFolder ca = authority();
  ca.init("shop.test", 10h);
  ca.issue(file("web.pem"), {.roles = {"web"}}, 24h);
  EXPECT_EQ(of("web.pem").until, std::chrono::floor<std::chrono::seconds>(clock.now()) + 10h);
  clock.advance(11h);
  EXPECT_THROW(ca.renew(file("web.pem"), 24h), std::runtime_error);
}

TEST_F(FolderTest, RotatesInSteps) {
  AuthorityFolder ca = authority();
  ca.init("shop.test", 24h * 365);
  ca.issue(file("web.pem"), {.roles = {"web"}}, 24h);
  const std::string old = ca.authorities().front().fingerprint;
  EXPECT_EQ(trusts("web.pem"), 1U);

  EXPECT_EQ(ca.rotate(24h * 365), RotationStep::announced);
  EXPECT_TRUE(ca.is_rotating());
  ca.renew(file("web.pem"), 24h);
  EXPECT_EQ(trusts("web.pem"), 2U);
  EXPECT_EQ(ca.authorities().front().fingerprint, old) << "the old one still signs";

  EXPECT_EQ(ca.rotate(24h * 365), RotationStep::switched);
  ca.renew(file("web.pem"), 24h);
  EXPECT_EQ(trusts("web.pem"), 2U);
  EXPECT_NE(ca.authorities().front().fingerprint, old);
  EXPECT_EQ(of("web.pem").issuer, ca.authorities().front().subject);
  EXPECT_EQ(of("web.pem").roles, std::vector<std::string>{"web"});

  EXPECT_EQ(ca.rotate(24h * 365), RotationStep::retired);
  EXPECT_FALSE(ca.is_rotating());
  ca.renew(file("web.pem"), 24h);
  EXPECT_EQ(trusts("web.pem"), 1U);
  EXPECT_EQ(ca.rotate(24h * 365), RotationStep::announced) << "and again";
}

TEST_F(FolderTest, MaterialThatDoesNotFitIsRefused) {
  AuthorityFolder ca = authority();
  ca.init("shop.test", 24h * 365);
  ca.issue(file("a.pem"), {.roles = {"web"}}, 24h);
  ca.issue(file("b.pem"), {.roles = {"web"}}, 24h);
  net::TlsMaterial material = read_material(file("a.pem"));
  net::TlsIdentity identity(material);
  net::TlsMaterial mixed = material;
  mixed.key = read_material(file("b.pem")).key;
  EXPECT_THROW(identity.replace(mixed), std::runtime_error);
  mixed = material;
  mixed.trust.clear();
  EXPECT_THROW(identity.replace(mixed), std::runtime_error);
  EXPECT_THROW(net::TlsIdentity({"", "", ""}), std::runtime_error);
  identity.replace(read_material(file("b.pem")));
  write_private(file("half.pem"), "nothing");
  EXPECT_THROW(read_material(file("half.pem")), std::runtime_error);
}

}  // namespace
}  // namespace securecart::identity
