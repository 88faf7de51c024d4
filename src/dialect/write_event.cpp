#include <tidegate/dialect/stream_texts.h>

#include <algorithm>
#include <functional>

namespace tidegate::dialect {

// Data of one line stands in the raw bytes; of several lines it is written anew.
void write_event(const SseEvent& event, std::string_view data, std::string& out) {
    const char* begin = event.raw.data();
    const char* end = begin + event.raw.size();
    const bool one_line = !std::less<>()(event.data.data(), begin) && std::less<>()(event.data.data(), end);
    if (one_line) {
        const auto offset = static_cast<std::size_t>(event.data.data() - begin);
        out.append(event.raw.substr(0, offset)).append(data);
        out.append(event.raw.substr(offset + event.data.size()));
        return;
    }
    if (!event.name.empty())
        out.append("event: ").append(event.name).append("\n");
    for (std::size_t at = 0; at <= data.size();) {
        const std::size_t line_end = std::min(data.find('\n', at), data.size());
        out.append("data: ").append(data.substr(at, line_end - at)).append("\n");
        at = line_end + 1;
    }
    // As it ended: of a \r\n that was cut in two the \n is still to come.
    const bool cr = event.raw.ends_with('\r');
    out += event.raw.ends_with("\r\n") ? "\r\n" : cr ? "\r" : "\n";
}

}  // namespace tidegate::dialect
