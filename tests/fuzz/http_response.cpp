// Whatever a server sends: head and body through the client's own code, cut as the first bytes say. The verdict
// and the body must not depend on the cuts.
#include "upstream/response_head.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

using namespace tidegate::upstream;

namespace {

struct Read {
    bool good_head = false;
    bool malformed_body = false;
    bool complete = false;
    int status = 0;
    std::string body;
    bool operator==(const Read&) const = default;
};

// `step` bytes at a time, 0: all at once.
Read read(std::string_view bytes, std::size_t step) {
    Read result;
    if (step == 0)
        step = bytes.size() + 1;
    HeadScanner scanner;
    std::size_t came = 0;
    HeadScanner::Status status = HeadScanner::Status::need_more;
    while (status == HeadScanner::Status::need_more && came < bytes.size()) {
        came = std::min(came + step, bytes.size());
        status = scanner.scan(bytes.substr(0, came));
    }
    ResponseHead head;
    result.good_head =
        status == HeadScanner::Status::complete && head.parse(bytes.substr(0, scanner.size()), false);
    if (!result.good_head)
        return result;
    result.status = head.status();
    for (std::size_t i = 0; i < head.size(); ++i) {
        if (head.name(i).empty() || head.header(head.name(i)).find('\n') != std::string_view::npos)
            std::abort();
    }
    BodyDecoder decoder = head.body();
    std::size_t at = scanner.size();
    for (;;) {
        std::string_view input = bytes.substr(at, came - at);
        std::string_view piece;
        const BodyDecoder::Status next = decoder.next(input, piece);
        at = came - input.size();
        if (next == BodyDecoder::Status::data) {
            if (piece.empty())
                std::abort();
            result.body.append(piece);
        } else if (next == BodyDecoder::Status::need_more && came < bytes.size()) {
            came = std::min(came + step, bytes.size());
        } else {
            result.malformed_body = next == BodyDecoder::Status::malformed;
            result.complete = next == BodyDecoder::Status::end;
            return result;
        }
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0)
        return 0;
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    const Read whole = read(bytes, 0);
    if (read(bytes, 1) != whole || read(bytes, data[0] % 64U + 2) != whole)
        std::abort();
    return 0;
}
