#include "admin/route.h"

#include <tidegate/admin/api.h>

#include <nlohmann/json.hpp>

namespace tidegate::admin {
namespace {

using nlohmann::ordered_json;

ordered_json error_schema() {
    const ordered_json text = {{"type", "string"}};
    const ordered_json error = {{"type", "object"},
                                {"required", {"code", "message"}},
                                {"properties", {{"code", text}, {"message", text}}}};
    return {{"type", "object"}, {"required", {"error"}}, {"properties", {{"error", error}}}};
}

ordered_json parameter(std::string_view name, std::string_view in, std::string_view description) {
    return {{"name", name},
            {"in", in},
            {"required", in == "path"},
            {"description", description},
            {"schema", {{"type", "string"}}}};
}

// Those in the pattern, then those of the query.
ordered_json parameters(const Route& route) {
    ordered_json all = ordered_json::array();
    std::string_view rest = route.pattern;
    for (std::size_t open = rest.find('{'); open != std::string_view::npos; open = rest.find('{')) {
        const std::size_t close = rest.find('}');
        const std::string_view name = rest.substr(open + 1, close - open - 1);
        all.push_back(
            parameter(name, "path", name == "id" ? "The id of the call." : "The name of the feature."));
        rest.remove_prefix(close + 1);
    }
    for (const Parameter& known : route.parameters)
        all.push_back(parameter(known.name, "query", known.description));
    return all;
}

ordered_json operation(const Route& route) {
    const std::string_view type = route.access == Access::metrics ? "text/plain" : "application/json";
    ordered_json ok = {{"description", "As asked."}};
    ok["content"][std::string(type)] = ordered_json::object();
    ordered_json failed = {{"description", "An error; the header x-tidegate-error has its code."}};
    failed["content"]["application/json"]["schema"] = {{"$ref", "#/components/schemas/Error"}};

    ordered_json out = {{"operationId", route.id}, {"summary", route.summary}};
    if (route.access == Access::token)
        out["description"] = "Role: " + std::string(to_string(route.role)) + ".";
    if (ordered_json list = parameters(route); !list.empty())
        out["parameters"] = std::move(list);
    out["responses"] = {{"200", ok}, {"default", failed}};
    out["security"] = ordered_json::array();
    if (route.access != Access::token)
        out["security"].push_back(ordered_json::object());
    if (route.access != Access::anyone)
        out["security"].push_back({{"token", ordered_json::array()}});
    return out;
}

}  // namespace

std::string openapi_json() {
    ordered_json description = {
        {"openapi", "3.1.0"},
        {"info", {{"title", "Tidegate admin API"}, {"version", "v1"}}},
    };
    ordered_json& paths = description["paths"] = ordered_json::object();
    for (const Route& route : routes()) {
        const std::string method = route.method == http::Method::post ? "post" : "get";
        paths[std::string(route.pattern)][method] = operation(route);
    }
    description["components"]["securitySchemes"]["token"] = {{"type", "http"}, {"scheme", "bearer"}};
    description["components"]["schemas"]["Error"] = error_schema();
    return description.dump();
}

}  // namespace tidegate::admin
