#include "answer_check.h"

#include "marker.h"

namespace bench {

namespace {

// Chunks that were sent at least so far apart shall not arrive in one piece; microseconds.
constexpr std::int64_t apart = 1000;

// The text in a line of a stream, in OpenAI's or Anthropic's words, as it stands there.
std::string_view text_in(std::string_view line) {
    for (const std::string_view member : {std::string_view("\"content\":"), std::string_view("\"text\":")}) {
        std::size_t at = line.find(member);
        if (at == std::string_view::npos)
            continue;
        at = line.find_first_not_of(' ', at + member.size());
        if (at == std::string_view::npos || line[at] != '"')
            continue;
        const std::string_view rest = line.substr(at + 1);
        return rest.substr(0, rest.find('"'));
    }
    return {};
}

}  // namespace

void AnswerCheck::begin(std::string_view marker, std::int64_t due, std::size_t chunks) {
    marker_ = marker;
    text_.clear();
    due_ = due;
    chunks_ = chunks;
    next_ = 0;
    crossed_ = false;
    ended_ = false;
}

void AnswerCheck::read(std::string& body, std::int64_t time, Statistics& statistics) {
    if (chunks_ == 0)
        return;
    std::size_t begin = 0;
    for (std::size_t end = body.find('\n'); end != std::string::npos; end = body.find('\n', begin)) {
        read_line(std::string_view(body).substr(begin, end - begin));
        begin = end + 1;
    }
    body.erase(0, begin);
    read_markers(time, statistics);
}

void AnswerCheck::read_line(std::string_view line) {
    if (!line.starts_with("data:"))
        return;
    if (line.find("[DONE]") != std::string_view::npos ||
        line.find("\"message_stop\"") != std::string_view::npos) {
        ended_ = true;
    } else {
        text_.append(text_in(line));
    }
}

void AnswerCheck::read_markers(std::int64_t time, Statistics& statistics) {
    std::size_t taken = 0;
    std::int64_t sent_before = 0;
    while (true) {
        const std::size_t at = text_.find(marker_begin, taken);
        if (at == std::string::npos || text_.size() < at + chunk_marker_size)
            break;
        const std::string_view found(text_.data() + at, chunk_marker_size);
        const std::size_t number = read_letters(found.substr(marker_size + 1, chunk_letters));
        const auto sent =
            static_cast<std::int64_t>(read_letters(found.substr(chunk_marker_size - time_letters)));
        crossed_ |= !found.starts_with(marker_) || number != next_;
        if (next_ == 0)
            statistics.first_chunk.add(time - due_);
        if (sent_before != 0 && sent - sent_before >= apart)
            ++statistics.together;
        statistics.chunk_delay.add(time - sent * 1000);
        ++statistics.chunks;
        ++next_;
        sent_before = sent;
        taken = at + chunk_marker_size;
    }
    text_.erase(0, taken);
}

std::string_view AnswerCheck::verdict(const std::string& body) const {
    if (chunks_ == 0) {
        const std::size_t at = body.find(marker_begin);
        if (at == std::string::npos)
            return "no marker in an answer";
        return std::string_view(body).substr(at).starts_with(marker_) ? "" : "the answer of another request";
    }
    if (crossed_)
        return "chunks of another request, or out of order";
    if (next_ != chunks_)
        return "chunks are missing";
    return ended_ ? "" : "a stream without its end";
}

}  // namespace bench
