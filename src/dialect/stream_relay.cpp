#include "stream_parts.h"

#include <tidegate/dialect/stream_relay.h>
#include <tidegate/dialect/stream_texts.h>

namespace tidegate::dialect {

using detail::Verdict;

class StreamRelay::Impl {
  public:
    Impl(Format from, Format to, Options options)
        : x_to(to),
          x_options(std::move(options)),
          x_parser(x_options.max_event),
          x_reader(from == Format::openai ? detail::make_openai_reader(x_options)
                                          : detail::make_anthropic_reader()) {
        if (from == to)
            return;
        x_writer = to == Format::openai ? detail::make_openai_writer(x_options)
                                        : detail::make_anthropic_writer(x_options);
    }

    Result<void> feed(std::string_view bytes, std::string& out) {
        if (x_failed)
            return detail::malformed("the stream failed before");
        x_parser.feed(bytes);
        for (;;) {
            const Result<std::optional<SseEvent>> next = x_parser.next();
            if (!next)
                return fail(next.error());
            const std::optional<SseEvent>& event = *next;
            if (!event)
                return {};
            const Result<void> handled = handle(*event, out);
            if (!handled)
                return fail(handled.error());
        }
    }

    Result<void> end_of_body(std::string& out) {
        if (x_failed)
            return detail::malformed("the stream failed before");
        const Result<std::optional<SseEvent>> last = x_parser.finish();
        if (!last)
            return fail(last.error());
        const std::optional<SseEvent>& event = *last;
        if (event) {
            const std::size_t before = out.size();
            const Result<void> handled = handle(*event, out);
            if (!handled)
                return fail(handled.error());
            // The blank line that the provider forgot.
            if (out.size() > before && !out.ends_with("\n\n"))
                out += out.back() == '\n' || out.back() == '\r' ? "\n" : "\n\n";
        }
        if (x_facts.complete || x_facts.error)
            return {};
        return fail(detail::malformed(x_facts.events == 0 ? "the answer is no event stream"
                                                          : "the stream was cut off before its end"));
    }

    const StreamFacts& facts() const { return x_facts; }

  private:
    Result<void> handle(const SseEvent& event, std::string& out) {
        // The \n of a \r\n that ended a dropped event goes with it.
        const bool goes_with_dropped = x_dropped && event.raw == "\n";
        x_dropped = false;
        if (goes_with_dropped)
            return {};
        if (x_facts.complete || x_facts.error) {
            // Nothing may follow the end; line ends and comments are no harm.
            if (event.has_data) {
                x_dropped = event.raw.ends_with('\r');
            } else if (!x_writer) {
                out.append(event.raw);
            }
            return {};
        }
        if (event.has_data)
            ++x_facts.events;
        if (x_writer)
            x_writer->set_output(out);
        const Result<Verdict> verdict = x_reader->read(event, x_facts, x_writer.get());
        if (!verdict)
            return verdict.error();
        if (x_writer) {
            if (x_facts.error)
                write_error_event(*x_facts.error, out);
            return {};
        }
        if (*verdict == Verdict::pass) {
            out.append(event.raw);
        } else if (*verdict == Verdict::strip) {
            std::string data;
            x_reader->append_stripped(data);
            write_event(event, data, out);
        } else {
            x_dropped = event.raw.ends_with('\r');
        }
        return {};
    }

    void write_error_event(const ProviderError& error, std::string& out) {
        const bool overloaded = error.type == "overloaded_error";
        out += error_event(x_to, overloaded ? 503 : 502, overloaded ? "overloaded" : "upstream_unavailable",
                           error.message.empty() ? error.type : error.message, x_options.call_id);
    }

    Result<void> fail(Error error) {
        x_failed = true;
        return error;
    }

    Format x_to;
    Options x_options;
    SseParser x_parser;
    std::unique_ptr<detail::StreamReader> x_reader;
    std::unique_ptr<detail::StreamWriter> x_writer;  // on a crossing
    StreamFacts x_facts;
    bool x_failed = false;
    bool x_dropped = false;  // the last event, whose bytes ended with \r
};

StreamRelay::StreamRelay(Format from, Format to, Options options)
    : x_impl(std::make_unique<Impl>(from, to, std::move(options))) {}
StreamRelay::~StreamRelay() = default;
StreamRelay::StreamRelay(StreamRelay&&) noexcept = default;
StreamRelay& StreamRelay::operator=(StreamRelay&&) noexcept = default;

Result<void> StreamRelay::feed(std::string_view bytes, std::string& out) {
    return x_impl->feed(bytes, out);
}
Result<void> StreamRelay::end_of_body(std::string& out) {
    return x_impl->end_of_body(out);
}
const StreamFacts& StreamRelay::facts() const {
    return x_impl->facts();
}

}  // namespace tidegate::dialect
