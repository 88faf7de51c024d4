#include "simulator/provider.h"

#include <tidegate/base/clock.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <stdexcept>

#include <nlohmann/json.hpp>

namespace tidegate::simulator {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::int64_t kFixedTime = 1'700'000'000;
constexpr std::string_view kDefaultModel = "demo";

std::string dump(const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Behaviour checked(const Options& options) {
    const auto check = [](const std::string& directives) {
        Result<Behaviour> behaviour = apply_directives(directives, {});
        if (!behaviour)
            throw std::runtime_error(behaviour.error().message);
        return std::move(*behaviour);
    };
    for (const auto& [model, directives] : options.models) check(directives);
    for (const Options::Faulty& faulty : options.faults) check(faulty.behaviour);
    return check(options.behaviour);
}

std::string base64(const std::vector<float>& numbers) {
    static_assert(std::endian::native == std::endian::little);
    static constexpr std::string_view kDigits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string bytes(numbers.size() * sizeof(float), '\0');
    std::memcpy(bytes.data(), numbers.data(), bytes.size());
    std::string out;
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        std::uint32_t group = 0;
        for (std::size_t k = 0; k < 3; ++k) {
            group = group << 8U | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0U);
        }
        for (unsigned k = 0; k < 4; ++k) {
            out += i + k > bytes.size() ? '=' : kDigits[group >> (18U - 6U * k) & 63U];
        }
    }
    return out;
}

std::size_t query_number(std::string_view query, std::string_view name, std::size_t otherwise) {
    const auto at = query.find(std::string(name) + "=");
    if (at == std::string_view::npos)
        return otherwise;
    const std::string_view value = query.substr(at + name.size() + 1);
    std::from_chars(value.data(), value.data() + value.size(), otherwise);
    return otherwise;
}

Json model_json(Dialect dialect, std::string_view id) {
    if (dialect == Dialect::anthropic) {
        return {{"type", "model"}, {"id", id}, {"display_name", id}, {"created_at", "2023-11-14T22:13:20Z"}};
    }
    return {{"id", id}, {"object", "model"}, {"created", kFixedTime}, {"owned_by", "simulator"}};
}

}  // namespace

Provider::Provider(Options options, const Clock& clock)
    : options_(std::move(options)), clock_(clock), base_(checked(options_)), recorder_(options_.keep) {}

std::int64_t Provider::now() const {
    if (options_.fixed_time)
        return kFixedTime;
    return std::chrono::duration_cast<std::chrono::seconds>(clock_.wall().time_since_epoch()).count();
}

double Provider::quantile(std::string_view model) const {
    return static_cast<double>(hash_of(model, number_) >> 11U) * 0x1.0p-53;
}

Result<Behaviour> Provider::behaviour_for(std::string_view model, const Received& received) const {
    const ModelName name = split_model(model);
    Behaviour behaviour = base_;
    if (const auto found = options_.models.find(std::string(name.model)); found != options_.models.end()) {
        behaviour = apply_directives(found->second, std::move(behaviour)).value();
    }
    // The golden ratio's multiples spread evenly: of a hundred requests, two get a share of 2%.
    double whole = 0;
    const double place = std::modf(static_cast<double>(number_) * 0.6180339887498949, &whole) * 10'000;
    double above = 0;
    for (const Options::Faulty& faulty : options_.faults) {
        const bool chosen = place >= above && place < above + faulty.share;
        if (chosen)
            behaviour = apply_directives(faulty.behaviour, std::move(behaviour)).value();
        above += faulty.share;
    }
    Result<Behaviour> named = apply_directives(name.directives, std::move(behaviour));
    if (!named)
        return named;
    return apply_directives(received.header("x-tidegate-simulate"), std::move(*named));
}

Script Provider::answer(const Received& received) {
    ++number_;
    request_id_ = "req_sim" + std::to_string(number_);
    const std::string_view target = received.target;
    const auto mark = target.find('?');
    const std::string_view query =
        mark == std::string_view::npos ? std::string_view{} : target.substr(mark + 1);
    Script script = route(received, target.substr(0, mark), query);
    script.headers.emplace_back("x-tidegate-simulator", "true");
    if (script.faulty)
        ++statistics_.faults;
    return script;
}

Script Provider::route(const Received& received, std::string_view path, std::string_view query) {
    const bool anthropic = !received.header("anthropic-version").empty() || path.starts_with("/v1/messages");
    const Dialect dialect = anthropic ? Dialect::anthropic : Dialect::openai;
    if (path == "/healthz")
        return json_script(R"({"status":"ok"})");
    if (path == "/simulator/stats")
        return stats();
    if (path == "/simulator/last")
        return json_script(recorder_.last(query_number(query, "n", options_.keep)));
    if (path == "/simulator/reset") {
        recorder_.clear();
        const Statistics now = statistics_;
        statistics_ = {.connections = now.connections, .open = now.open, .in_flight = now.in_flight};
        return json_script("{}");
    }
    const bool get = received.method == "GET";
    const bool model_path = path == "/v1/models" || path.starts_with("/v1/models/");
    const bool known = model_path || path == "/v1/chat/completions" || path == "/v1/embeddings" ||
                       path == "/v1/messages" || path == "/v1/messages/count_tokens";
    if (!known)
        return error_script(dialect, 404, "Unknown request URL: " + std::string(path), request_id_);
    if (get != model_path || (!get && received.method != "POST")) {
        return error_script(dialect, 405, "Method not allowed: " + received.method, request_id_);
    }
    ++statistics_.requests;
    recorder_.add(received);
    if (model_path)
        return models(received, path.substr(std::min(path.size(), std::string_view("/v1/models/").size())));
    if (path == "/v1/embeddings")
        return embeddings(received);
    if (path == "/v1/messages/count_tokens")
        return count(received);
    return chat(dialect, received);
}

Script Provider::chat(Dialect dialect, const Received& received) {
    const Result<Question> question =
        dialect == Dialect::openai ? read_openai(received.body) : read_anthropic(received.body);
    if (!question)
        return error_script(dialect, 400, question.error().message, request_id_);
    recorder_.count_model(question->model);
    const Result<Behaviour> behaviour = behaviour_for(question->model, received);
    if (!behaviour)
        return error_script(dialect, 400, behaviour.error().message, request_id_);
    return make_script(*question, *behaviour, now(), quantile(question->model), request_id_);
}

Script Provider::embeddings(const Received& received) {
    const Result<EmbeddingQuestion> question = read_embeddings(received.body);
    if (!question)
        return error_script(Dialect::openai, 400, question.error().message, request_id_);
    recorder_.count_model(question->model);
    const Result<Behaviour> behaviour = behaviour_for(question->model, received);
    if (!behaviour)
        return error_script(Dialect::openai, 400, behaviour.error().message, request_id_);
    Json data = Json::array();
    int tokens = 0;
    for (const std::string& input : question->inputs) {
        tokens += count_tokens(input);
        const std::vector<float> numbers = embedding(question->model, input, question->dimensions);
        data.push_back({{"object", "embedding"},
                        {"index", data.size()},
                        {"embedding", question->base64 ? Json(base64(numbers)) : Json(numbers)}});
    }
    Json body{{"object", "list"}, {"data", std::move(data)}, {"model", split_model(question->model).model}};
    const int input = behaviour->input_tokens.value_or(tokens);
    if (behaviour->usage)
        body["usage"] = {{"prompt_tokens", input}, {"total_tokens", input}};
    return whole_script(Dialect::openai, dump(body), *behaviour, quantile(question->model), request_id_);
}

Script Provider::count(const Received& received) {
    const Result<Question> question = read_anthropic_count(received.body);
    if (!question)
        return error_script(Dialect::anthropic, 400, question.error().message, request_id_);
    const Result<Behaviour> behaviour = behaviour_for(question->model, received);
    if (!behaviour)
        return error_script(Dialect::anthropic, 400, behaviour.error().message, request_id_);
    const Json body{{"input_tokens", behaviour->input_tokens.value_or(question->input_tokens)}};
    return whole_script(Dialect::anthropic, dump(body), *behaviour, quantile(question->model), request_id_);
}

Script Provider::models(const Received& received, std::string_view id) const {
    const Dialect dialect = received.header("anthropic-version").empty() ? Dialect::openai : Dialect::anthropic;
    std::vector<std::string> names;
    for (const auto& [name, directives] : options_.models) names.push_back(name);
    if (names.empty())
        names.emplace_back(kDefaultModel);
    if (!id.empty()) {
        const bool known = std::find(names.begin(), names.end(), split_model(id).model) != names.end();
        if (known)
            return json_script(dump(model_json(dialect, id)));
        return error_script(dialect, 404, "The model '" + std::string(id) + "' does not exist", request_id_);
    }
    Json data = Json::array();
    for (const std::string& name : names) data.push_back(model_json(dialect, name));
    Json body{{"object", "list"}, {"data", data}};
    if (dialect == Dialect::anthropic) {
        body = {{"data", data}, {"has_more", false}, {"first_id", names.front()}, {"last_id", names.back()}};
    }
    return json_script(dump(body));
}

Script Provider::stats() const {
    const Json body{{"simulator", true},
                    {"requests", statistics_.requests},
                    {"answered", statistics_.answered},
                    {"faults", statistics_.faults},
                    {"abandoned", statistics_.abandoned},
                    {"connections", statistics_.connections},
                    {"open", statistics_.open},
                    {"in_flight", statistics_.in_flight},
                    {"models", recorder_.models()}};
    return json_script(dump(body));
}

}  // namespace tidegate::simulator
