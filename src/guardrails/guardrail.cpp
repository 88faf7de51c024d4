#include <tidegate/guardrails/guardrail.h>

namespace tidegate::guardrails {

std::string_view to_string(Direction direction) {
    return direction == Direction::input ? "input" : "output";
}

std::string_view to_string(Action action) {
    switch (action) {
        case Action::off:
            return "off";
        case Action::record:
            return "record";
        case Action::redact:
            return "redact";
        case Action::fallback:
            return "fallback";
        case Action::block:
            return "block";
    }
    return "";
}

std::string_view to_string(StreamMode mode) {
    switch (mode) {
        case StreamMode::hold:
            return "hold";
        case StreamMode::buffer:
            return "buffer";
        case StreamMode::observe:
            return "observe";
    }
    return "";
}

}  // namespace tidegate::guardrails
