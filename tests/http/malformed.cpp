#include "http/malformed.h"

#include <string_view>

namespace tidegate::http {
namespace {

using namespace std::string_literals;

class Set {
  public:
    // A whole request of these bytes.
    void raw(std::string bytes, int status = 400) { add(std::move(bytes), status); }
    // A request line on an otherwise good request.
    void line(const std::string& text, int status = 400) { add(text + "\r\nHost: a\r\n\r\n", status); }
    void target(const std::string& text, int status = 400) { line("GET " + text + " HTTP/1.1", status); }
    // A header line (or several) in an otherwise good request with a body of five bytes.
    void field(const std::string& text, int status = 400) {
        add("POST /echo HTTP/1.1\r\nHost: a\r\n" + text + "\r\n\r\n5\r\nhello\r\n0\r\n\r\n", status);
    }
    void host(const std::string& text) { add("GET /echo HTTP/1.1\r\n" + text + "\r\n\r\n", 400); }
    void chunks(const std::string& body, int status = 400) {
        add("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + body, status);
    }
    std::vector<Malformed> take() { return std::move(all_); }

  private:
    void add(std::string bytes, int status) {
        std::string name;
        for (const char c : bytes.substr(0, 90)) {
            if (c == '\r') {
                name += "\\r";
            } else if (c == '\n') {
                name += "\\n";
            } else {
                name += c >= ' ' && c < 127 ? c : '?';
            }
        }
        all_.push_back({std::move(name), std::move(bytes), status});
    }

    std::vector<Malformed> all_;
};

void add_transfer_encodings(Set& set) {
    for (const char* value : {
             "xchunked",
             "chunked, chunked",
             "identity",
             "chunked, identity",
             "identity, chunked",
             "gzip, chunked",
             "chunked, gzip",
             "chunked;a=b",
             "chunked,",
             ",chunked",
             "\"chunked\"",
             "chun ked",
             "",
             "Chunked",
             "CHUNKED",
             "chunked chunked",
             "cow",
             "x",
             "chunked\xa0",
             "\xa0"
             "chunked",
             "'chunked'",
             "[chunked]",
             "chunked/",
             "chunked=",
         }) {
        set.field("Transfer-Encoding: "s + value);
    }
    for (const char* value : {"gzip", "deflate", "compress", "br", "zstd"})
        set.field("Transfer-Encoding: "s + value, 501);
    set.field("Transfer-Encoding : chunked");
    set.field("Transfer-Encoding\t: chunked");
    set.field(" Transfer-Encoding: chunked");
    set.field("\tTransfer-Encoding: chunked");
    set.field("Transfer-Encoding:\r\n chunked");
    set.field("Transfer-Encoding:\r\n\tchunked");
    set.field("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked");
    set.field("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity");
    set.field("Transfer-Encoding: identity\r\nTransfer-Encoding: chunked");
    set.field("Transfer-Encoding: \vchunked");
    set.field("Transfer-Encoding: chunked\x01");
    set.field("Transfer-Encoding: chunked\0"s);
    set.field("Transfer-Encoding: chunked\rX: y");
    set.field("X: y\rTransfer-Encoding: chunked");
    set.field("X: y\nTransfer-Encoding: chunked");
    set.field("Foo: bar\r\n Transfer-Encoding: chunked");
    set.field("Transfer-Encoding: chunked\nX: y");
    set.raw("POST /echo HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
}

void add_both_framings(Set& set) {
    set.field("Content-Length: 5\r\nTransfer-Encoding: chunked");
    set.field("Transfer-Encoding: chunked\r\nContent-Length: 5");
    set.field("Transfer-Encoding: chunked\r\nContent-Length: 0");
    set.field("content-length: 20\r\nX: y\r\ntransfer-encoding: chunked");
    set.field("Content-Length: 5\r\nTransfer-Encoding: identity");
    set.field("Content-Length: x\r\nTransfer-Encoding: chunked");
}

void add_content_lengths(Set& set) {
    for (const char* value : {"+5",
                              "-5",
                              "-0",
                              "5,5",
                              "5, 5",
                              "5,6",
                              "0x5",
                              "5_0",
                              "5 5",
                              "5.0",
                              "5e0",
                              "",
                              "five",
                              "05",
                              "00",
                              "5;a",
                              "\"5\"",
                              "18446744073709551616",
                              "18446744073709551615",
                              "9999999999999999999",
                              "5\xa0",
                              "\xd9\xa5",
                              "1 ,",
                              ",5",
                              "5h"}) {
        set.field("Content-Length: "s + value);
    }
    set.field("Content-Length: 5\r\nContent-Length: 5");
    set.field("Content-Length: 5\r\nContent-Length: 6");
    set.field("Content-Length: 0\r\nContent-Length: 5");
    set.field("Content-Length : 5");
    set.field("Content-Length: 5\r\n 0");
    set.field("Content-Length:\r\n 5");
    set.field("Content-Length: 5\0"s);
    set.field(
        "Content-Length: \x0b"
        "5");
    set.field("X: y\rContent-Length: 5");
    set.raw("GET /echo HTTP/1.0\r\nContent-Length: 5\r\nContent-Length: 0\r\n\r\n");
}

void add_hosts(Set& set) {
    set.host("X: y");
    set.host("Host: a\r\nHost: a");
    set.host("Host: a\r\nHost: b");
    set.host("Host:");
    set.host("Host: ");
    for (const char* value :
         {"a b",     "user@a",   "a/b",      "a?b",  "a#b",  "a,b",   "a:",  "a:x",    "a:0",
          "a:99999", "a:123456", "a:80:80",  ":80",  "[::1", "::1",   "[]",  "[g::1]", "[::1]x",
          "a%00",    "a%2fb",    "http://a", "a\\b", "a\tb", "\"a\"", "a;b", "<a>"}) {
        set.host("Host: "s + value);
    }
    set.host("Host: a\0b"s);
    set.host("Host : a");
    set.host("Connection: host\r\nHost: a");
    set.raw("GET /echo HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n");
    set.raw("GET http://b/echo HTTP/1.1\r\nHost: a\r\n\r\n");
    set.raw("GET http://a:81/echo HTTP/1.1\r\nHost: a\r\n\r\n");
    set.raw("GET http://a/echo HTTP/1.1\r\n\r\n");
}

void add_lines(Set& set) {
    set.raw("GET /echo HTTP/1.1\nHost: a\n\n");
    set.raw("GET /echo HTTP/1.1\r\nHost: a\n\r\n");
    set.raw("GET /echo HTTP/1.1\r\nHost: a\r\n\n");
    set.raw("GET /echo HTTP/1.1\rHost: a\r\r\n");
    set.raw("\r\nGET /echo HTTP/1.1\r\nHost: a\r\n\r\n");
    set.raw("\nGET /echo HTTP/1.1\r\nHost: a\r\n\r\n");
    set.raw(" GET /echo HTTP/1.1\r\nHost: a\r\n\r\n");
    set.raw("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"s);
    set.raw("\0GET /echo HTTP/1.1\r\nHost: a\r\n\r\n"s);
    set.raw("\xef\xbb\xbfGET /echo HTTP/1.1\r\nHost: a\r\n\r\n");
    set.field("no colon");
    set.field(": value");
    set.field("X Y: z");
    set.field("X\0Y: z"s);
    set.field("X(Y): z");
    set.field("X\xc3\xa4: z");
    set.field(
        "X: a\x7f"
        "b");
    set.field(
        "X: a\x08"
        "b");
    set.field("X: a\x1b[0m");
    set.field("X: a\r\n b");
    set.field("X: a\r\n\tb");
    set.field("X: a\r\n \r\nContent-Length: 5");
    set.field("X: a\rb");
    set.field("X: a\nb");
    set.field("Authorization: Bearer a\r\nAuthorization: Bearer b");
    set.field("Content-Type: a/b\r\nContent-Type: c/d");
    set.field("Connection: close,,x\r\nX: y");
    set.field("Connection: a b");
    set.field("Connection: content-length\r\nContent-Length: 5");
    set.field("Connection: transfer-encoding\r\nTransfer-Encoding: chunked");
    set.field("Expect: 100-continue, x\r\nContent-Length: 5");
    set.field("Expect: 200-ok\r\nContent-Length: 5");
    set.field("Expect: 100-continue\r\nExpect: 100-continue\r\nContent-Length: 5");
}

void add_request_lines(Set& set) {
    set.line("GET  /echo HTTP/1.1");
    set.line("GET /echo  HTTP/1.1");
    set.line("GET /echo HTTP/1.1 ");
    set.line("GET\t/echo HTTP/1.1");
    set.line("GET /echo\tHTTP/1.1");
    set.line("GET /e cho HTTP/1.1");
    set.line("GET HTTP/1.1", 505);
    set.line("GET /echo", 505);
    set.line("GET /echo HTTP/2.0", 505);
    set.line("GET /echo HTTP/0.9", 505);
    set.line("GET /echo HTTP/1.2", 505);
    set.line("GET /echo HTTP/3", 505);
    set.line("GET /echo HTTP/11", 505);
    set.line("GET /echo HTTP/1.10", 505);
    set.line("GET /echo http/1.1");
    set.line("GET /echo HTTP/1,1");
    set.line("GET /echo HTTP /1.1");
    set.line("GET /echo XHTTP/1.1");
    set.line("GET /echo HTTPS/1.1");
    set.line("GET");
    set.line("");
    set.line("G@T /echo HTTP/1.1");
    set.line("G\xc3\x8bT /echo HTTP/1.1");
    set.line("get /echo HTTP/1.1", 501);
    set.line("FOO /echo HTTP/1.1", 501);
    set.line("TRACE /echo HTTP/1.1", 501);
    set.line("CONNECT a:80 HTTP/1.1", 501);
    set.line("PROPFIND /echo HTTP/1.1", 501);
    set.line(std::string(33, 'M') + " /echo HTTP/1.1", 501);
    set.raw("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505);
    set.field("Connection: Upgrade\r\nUpgrade: websocket", 501);
    set.field("Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAA", 501);
    set.field("Upgrade: h2c", 501);
}

void add_targets(Set& set) {
    for (const char* text : {"echo",
                             "*",
                             "//echo",
                             "/a//echo",
                             "/./echo",
                             "/../echo",
                             "/a/../echo",
                             "/a/..",
                             "/a/.",
                             "/%2e/echo",
                             "/%2E%2e/echo",
                             "/.%2e/echo",
                             "/a/..;x=1/echo",
                             "/a%2fecho",
                             "/a%2Fecho",
                             "/a\\echo",
                             "/a%5cecho",
                             "/a%00",
                             "/a%0d%0aX:y",
                             "/a%7f",
                             "/a%",
                             "/a%4",
                             "/a%zz",
                             "/a%252e",
                             "/echo#x",
                             "/echo?a#b",
                             "/\"",
                             "/<x>",
                             "/a|b",
                             "/a^b",
                             "/`",
                             "/{x}",
                             "?x",
                             "ftp://a/echo",
                             "http:///echo",
                             "http://",
                             "http://u@a/",
                             "http:/echo",
                             "a:80",
                             "/\xc3\xa4",
                             "/echo?a\\b",
                             "://a/"}) {
        set.target(text);
    }
    set.target("/" + std::string(9000, 'a'), 414);
    set.target("/ec\0ho"s);
}

void add_chunks(Set& set) {
    for (const char* body : {
             "5\nhello\r\n0\r\n\r\n",
             "5\rhello\r\n0\r\n\r\n",
             "5\r\nhello\n0\r\n\r\n",
             "5\r\nhello0\r\n\r\n",
             "5\r\nhelloX\r\n0\r\n\r\n",
             "0x5\r\nhello\r\n0\r\n\r\n",
             "+5\r\nhello\r\n0\r\n\r\n",
             "-5\r\nhello\r\n0\r\n\r\n",
             " 5\r\nhello\r\n0\r\n\r\n",
             "5 \r\nhello\r\n0\r\n\r\n",
             "5\t\r\nhello\r\n0\r\n\r\n",
             "5_0\r\nhello\r\n0\r\n\r\n",
             "g\r\nhello\r\n0\r\n\r\n",
             "\r\nhello\r\n0\r\n\r\n",
             ";a=b\r\nhello\r\n",
             "5;a\nhello\r\n0\r\n\r\n",
             "5;a\rX\r\nhello\r\n",
             "5;\x01\r\nhello\r\n",
             "00000000000000005\r\nhello\r\n",
             "10000000000000005\r\nhello",
             "5,5\r\nhello\r\n",
             "0\n\r\n",
             "0\r\n\n",
             "0\r\nX\r\n\r\n",
             "0\r\nX : y\r\n\r\n",
             "0\r\n X: y\r\n\r\n",
             "0\r\n: y\r\n\r\n",
             "0\r\nX: y\n\r\n",
             "0\r\nX: a\rb\r\n\r\n",
             "0\r\nX: y\r\n z\r\n\r\n",
             "5\r\nhello\r\n\r\n0\r\n\r\n",
         }) {
        set.chunks(body);
    }
    set.chunks("5\0\r\nhello\r\n0\r\n\r\n"s);
    set.chunks("0\r\nX: \0\r\n\r\n"s);
    set.chunks("fffffffffffffff\r\nhello", 413);
    set.chunks("5;" + std::string(9000, 'e') + "\r\nhello\r\n0\r\n\r\n", 413);
    set.chunks("0\r\nX: " + std::string(9000, 't') + "\r\n\r\n", 431);
}

}  // namespace

std::vector<Malformed> malformed_requests() {
    Set set;
    add_transfer_encodings(set);
    add_both_framings(set);
    add_content_lengths(set);
    add_hosts(set);
    add_lines(set);
    add_request_lines(set);
    add_targets(set);
    add_chunks(set);
    return set.take();
}

}  // namespace tidegate::http
