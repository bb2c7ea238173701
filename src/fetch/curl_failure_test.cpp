#include "fetch/curl_failure.h"

#include "base/http.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace envpm::fetch {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

CurlFailure with(CURLcode code, const std::string& words) {
    CurlFailure failure;
    failure.code = code;
    failure.host = "example.org";
    failure.words = words;
    return failure;
}

TEST(CurlFailure, WhatIsNoHttpIsToldAsSuchAndNotAskedAgain) {
    // The same code stands for a redirect to a protocol that is not allowed.
    const Failure garbage =
        failure_of(with(CURLE_UNSUPPORTED_PROTOCOL, "Received HTTP/0.9 when not allowed"));
    EXPECT_EQ(garbage.kind, FailureClass::absent);
    EXPECT_THAT(garbage.reason, HasSubstr("cannot be understood: Received HTTP/0.9"));
    CurlFailure elsewhere = with(CURLE_UNSUPPORTED_PROTOCOL, "Protocol \"ftp\" disabled");
    elsewhere.is_for_web = false;
    const Failure redirect = failure_of(elsewhere);
    EXPECT_THAT(redirect.reason, HasSubstr("neither http nor https"));
    const Failure field =
        failure_of(with(CURLE_WEIRD_SERVER_REPLY, "Invalid Content-Length: value"));
    EXPECT_EQ(field.kind, FailureClass::absent);
    EXPECT_THAT(field.reason, AllOf(HasSubstr("`example.org`"), HasSubstr("Content-Length")));
}

TEST(CurlFailure, AHandshakeThatFailsCostsAsMuchAsNoConnection) {
    const Failure failure = failure_of(with(CURLE_SSL_CONNECT_ERROR, "unsupported protocol"));
    EXPECT_EQ(failure.kind, FailureClass::unreachable);
    EXPECT_EQ(failure.reason,
              "no TLS connection with `example.org` can be made: unsupported protocol");
}

TEST(CurlFailure, OfACertificatesDateSaysWhatHelps) {
    const auto reason = [](const std::string& words) {
        CurlFailure failure =
            with(CURLE_PEER_FAILED_VERIFICATION, "SSL certificate problem: " + words);
        failure.ca_file = "/etc/ca.pem";
        return failure_of(failure).reason;
    };
    EXPECT_EQ(
        reason("certificate has expired"),
        "the certificate of `example.org` is not trusted: it has expired, or one above it: its "
        "server needs a new one, unless this machine's clock is wrong (certificates are taken "
        "from `/etc/ca.pem`; ENVPM_CA_FILE names another file)");
    EXPECT_THAT(reason("certificate is not yet valid"),
                HasSubstr("it is not valid yet, if this machine's clock is right"));
    EXPECT_THAT(reason("self signed certificate"), HasSubstr("problem: self signed certificate"));
    for (const std::string words : {"certificate has expired", "certificate is not yet valid"}) {
        const std::string way_out = way_out_of(reason(words)).value_or("none");
        EXPECT_THAT(way_out, AllOf(HasSubstr("`date`"), HasSubstr("must renew"),
                                   HasSubstr("another mirror in `[mirrors]`")));
    }
    EXPECT_THAT(way_out_of(reason("self signed certificate")).value_or("none"),
                AllOf(HasSubstr("ENVPM_CA_FILE"), Not(HasSubstr("`date`"))));
}

TEST(CurlFailure, TheProxyIsNamedWhereItMayBeToBlame) {
    CurlFailure failure = with(CURLE_RECV_ERROR, "reset");
    failure.proxy = "http://proxy:3128";
    EXPECT_EQ(failure_of(failure).reason,
              "the connection to `example.org` broke: reset (the proxy is `http://proxy:3128`)");
    failure.has_exempt_hosts = true;
    EXPECT_EQ(failure_of(failure).reason,
              "the connection to `example.org` broke: reset (the proxy is `http://proxy:3128`, "
              "unless no_proxy names the host)");
    failure.proxy_status = 407;
    EXPECT_EQ(failure_of(failure).kind, FailureClass::absent);
    EXPECT_EQ(failure_of(failure).reason,
              "the proxy `http://proxy:3128` refused the way to `example.org` with 407: it wants "
              "user and password, in its URL in `https_proxy`");
    failure.proxy_status = 502;
    EXPECT_EQ(failure_of(failure).kind, FailureClass::transient);
}

} // namespace
} // namespace envpm::fetch
