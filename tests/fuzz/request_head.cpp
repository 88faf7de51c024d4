// Fuzzes the head of a request and a chunked body: whatever is accepted must be accepted by a small reader
// written from the grammar alone, with the same parts, and no cut may change a verdict.
#include "http/chunk_decoder.h"
#include "http/head_scanner.h"
#include "http/head_validator.h"

#include <tidegate/base/text.h>

#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace tidegate;
using namespace tidegate::http;

void require(bool condition) {
    if (!condition)
        std::abort();
}

struct Verdict {
    HeadScanner::State state;
    int status;
    std::size_t size;
    bool operator==(const Verdict&) const = default;
};

// Scans with a first read of `cut` bytes, then one more byte at a time for a while, then the rest.
Verdict scan(std::string_view bytes, std::size_t cut, const Limits& limits, HeadScanner& scanner) {
    HeadScanner::State state = scanner.scan(bytes.substr(0, cut), limits);
    for (int i = 0; i < 20 && cut < bytes.size() && state == HeadScanner::State::more; ++i) {
        state = scanner.scan(bytes.substr(0, ++cut), limits);
    }
    if (state == HeadScanner::State::more)
        state = scanner.scan(bytes, limits);
    return {state, scanner.refusal().status, state == HeadScanner::State::complete ? scanner.size() : 0};
}

// Reads an accepted head again, by the grammar only.
void check_against_grammar(std::string_view head, const HeadScanner& scanner, const Head& read) {
    require(head.ends_with("\r\n\r\n"));
    std::vector<std::string_view> lines;
    std::string_view rest = head.substr(0, head.size() - 2);
    while (!rest.empty()) {
        const std::size_t end = rest.find("\r\n");
        require(end != std::string_view::npos);
        lines.push_back(rest.substr(0, end));
        rest.remove_prefix(end + 2);
    }
    const std::string version = scanner.http_1_0() ? "HTTP/1.0" : "HTTP/1.1";
    require(lines[0] ==
            std::string(to_string(scanner.method())) + " " + std::string(read.target) + " " + version);
    int hosts = 0;
    int lengths = 0;
    int codings = 0;
    for (std::size_t i = 1; i < lines.size(); ++i) {
        const std::size_t colon = lines[i].find(':');
        require(colon != std::string_view::npos && colon > 0);
        const std::string name = to_lower(lines[i].substr(0, colon));
        const std::string_view value = trim(lines[i].substr(colon + 1));
        require(name.find_first_of(" \t\r\n") == std::string::npos);
        require(value.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos);
        if (name == "host")
            ++hosts;
        if (name == "content-length") {
            ++lengths;
            require(value == std::to_string(read.content_length));
        }
        if (name == "transfer-encoding") {
            ++codings;
            require(value == "chunked");
        }
        require(name != "upgrade");
    }
    require(hosts == 1 || (hosts == 0 && scanner.http_1_0()));
    require(lengths + codings <= 1);
    require((read.framing == Framing::length) == (lengths == 1));
    require((read.framing == Framing::chunked) == (codings == 1));
    const std::string_view path = read.parts.path;
    require(!path.empty() && (path == "*" || path.front() == '/'));
    require(path.find("//") == std::string_view::npos && path.find('\\') == std::string_view::npos);
    require(path.find("/../") == std::string_view::npos && !path.ends_with("/..") && !path.ends_with("/."));
    require(path.find("%2F") == std::string_view::npos && path.find("%2e") == std::string_view::npos);
    // Normalising is done once: again, it changes nothing.
    std::string scratch;
    Target again;
    require(!read_target(path, scanner.method(), scratch, again));
    require(again.path == path && again.query.empty());
    for (const Field& field : read.fields) require(to_lower(field.name) != "connection");
}

void fuzz_head(std::string_view bytes, std::size_t cut) {
    Limits limits;
    limits.header = 2048;
    limits.target = 512;
    limits.fields = 20;
    HeadScanner whole;
    HeadScanner cut_up;
    const Verdict verdict = scan(bytes, bytes.size(), limits, whole);
    require(verdict == scan(bytes, cut, limits, cut_up));
    if (verdict.state != HeadScanner::State::complete)
        return;
    const std::string_view head = bytes.substr(0, whole.size());
    Head read;
    if (!read.read(head, whole.method(), whole.http_1_0()))
        check_against_grammar(head, whole, read);
}

struct Decoded {
    std::string body;
    int status = 0;
    bool done = false;
    std::size_t consumed = 0;
    bool operator==(const Decoded&) const = default;
};

Decoded decode(std::string bytes, std::size_t cut) {
    ChunkDecoder decoder(1000);
    Decoded result;
    const auto feed = [&](std::size_t from, std::size_t size) {
        char* at = bytes.data() + from;
        const ChunkDecoder::Step step = decoder.decode(at, size, at);
        require(step.consumed <= size && step.produced <= step.consumed);
        require(step.consumed == size || decoder.done() || decoder.refusal());
        result.body.append(at, step.produced);
        result.consumed += step.consumed;
    };
    feed(0, cut);
    feed(cut, bytes.size() - cut);
    require(result.body.size() <= 1000);
    result.status = decoder.refusal().status;
    result.done = decoder.done();
    return result;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 1)
        return 0;
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const std::size_t cut = static_cast<unsigned char>(bytes.front()) % size;
    const std::string_view input = bytes.substr(1);
    fuzz_head(input, cut);
    require(decode(std::string(input), cut) == decode(std::string(input), input.size()));
    return 0;
}
