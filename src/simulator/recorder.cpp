#include "simulator/recorder.h"

#include <tidegate/base/text.h>

#include <algorithm>

#include <nlohmann/json.hpp>

namespace tidegate::simulator {
namespace {

constexpr std::size_t kMostBody = 256 * 1024;
constexpr std::size_t kMostModels = 1000;

}  // namespace

std::string_view Received::header(std::string_view name) const {
    const auto found = std::find_if(headers.begin(), headers.end(),
                                    [&](const auto& field) { return equals_ignoring_case(field.first, name); });
    return found == headers.end() ? std::string_view{} : found->second;
}

void Recorder::add(const Received& received) {
    if (keep_ == 0)
        return;
    if (last_.size() == keep_)
        last_.pop_back();
    last_.push_front({received.method, received.target, received.headers, received.body.substr(0, kMostBody)});
}

void Recorder::count_model(std::string_view model) {
    const auto found = models_.find(model);
    if (found != models_.end()) {
        ++found->second;
    } else if (models_.size() < kMostModels) {
        models_.emplace(model, 1);
    }
}

void Recorder::clear() {
    last_.clear();
    models_.clear();
}

std::string Recorder::last(std::size_t most) const {
    using Json = nlohmann::ordered_json;
    Json list = Json::array();
    for (const Received& received : last_) {
        if (list.size() >= most)
            break;
        Json headers = Json::object();
        for (const auto& [name, value] : received.headers) headers[to_lower(name)] = value;
        Json body = Json::parse(received.body, nullptr, false);
        if (body.is_discarded())
            body = received.body;
        list.push_back({{"method", received.method},
                        {"target", received.target},
                        {"headers", std::move(headers)},
                        {"text", received.body},
                        {"body", std::move(body)}});
    }
    return list.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace tidegate::simulator
