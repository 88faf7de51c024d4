#include <tidegate/yaml/problems.h>

namespace tidegate::yaml {

std::string Location::text() const {
    if (line == 0)
        return file;
    return file + ':' + std::to_string(line) + ':' + std::to_string(column);
}

std::string Problem::text() const {
    return where.text() + (severity == Severity::warning ? ": warning: " : ": ") + message;
}

void Problems::add(Location where, std::string message, Severity severity) {
    if (severity == Severity::error)
        ++errors_;
    all_.push_back({std::move(where), severity, std::move(message)});
}

std::string Problems::text() const {
    std::string text;
    for (const Problem& problem : all_) text += problem.text() + '\n';
    return text;
}

}  // namespace tidegate::yaml
