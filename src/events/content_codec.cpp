#include "content_codec.h"

#include "little_endian.h"

#include <algorithm>

namespace tidegate::events {
namespace {

enum class Part : std::uint8_t { request = 1, answer = 2, context = 3, live_answer = 4 };

// Part, whether it is a stream, length of the format's name, bytes that there were, bytes that follow.
constexpr std::size_t kDescription = 1 + 1 + 1 + 8 + 4;

// Returns where the number of bytes that follow is to be written.
std::size_t describe(std::string& out, Part part, bool stream, std::string_view format, std::uint64_t total) {
    format = format.substr(0, 255);
    put(out, static_cast<std::uint8_t>(part));
    put(out, static_cast<std::uint8_t>(stream));
    put(out, static_cast<std::uint8_t>(format.size()));
    put(out, total);
    const std::size_t length = out.size();
    put(out, std::uint32_t{0});
    out += format;
    return length;
}

void set_length(std::string& out, std::size_t at, std::size_t begin) {
    std::string length;
    put(length, static_cast<std::uint32_t>(out.size() - begin));
    std::ranges::copy(length, out.begin() + static_cast<std::ptrdiff_t>(at));
}

void append(std::string& out, Part part, const Content& content) {
    if (content.empty())
        return;
    const std::size_t length = describe(out, part, content.stream, content.format, content.total());
    const std::size_t begin = out.size();
    content.append_to(out);
    set_length(out, length, begin);
}

Error bad() {
    return {ErrorKind::malformed, ErrorSource::gateway, "the content of a call record is malformed"};
}

}  // namespace

void append_content(std::string& out, const CallRecord& record) {
    append(out, Part::request, record.request);
    append(out, Part::answer, record.answer);
    for (const std::string& text : record.context) {
        const std::size_t length = describe(out, Part::context, false, {}, text.size());
        const std::size_t begin = out.size();
        out += text;
        set_length(out, length, begin);
    }
    append(out, Part::live_answer, record.live_answer);
}

Result<> read_content(std::string_view bytes, CallRecord& record) {
    while (!bytes.empty()) {
        if (bytes.size() < kDescription)
            return bad();
        const auto part = static_cast<Part>(get<std::uint8_t>(bytes, 0));
        const bool stream = get<std::uint8_t>(bytes, 1) != 0;
        const std::size_t format_length = get<std::uint8_t>(bytes, 2);
        const auto total = get<std::uint64_t>(bytes, 3);
        const std::size_t length = get<std::uint32_t>(bytes, 11);
        bytes.remove_prefix(kDescription);
        const bool nothing = total == 0 && part != Part::context;
        if (nothing || bytes.size() < format_length || bytes.size() - format_length < length)
            return bad();
        std::string kept(bytes.substr(format_length, length));
        if (part == Part::context) {
            record.context.push_back(std::move(kept));
        } else if (part == Part::request || part == Part::answer || part == Part::live_answer) {
            Content& content = part == Part::request  ? record.request
                               : part == Part::answer ? record.answer
                                                      : record.live_answer;
            content = Content::of(std::move(kept), total);
            content.format = bytes.substr(0, format_length);
            content.stream = stream;
        } else {
            return bad();
        }
        bytes.remove_prefix(format_length + length);
    }
    return {};
}

}  // namespace tidegate::events
