#include "pipeline/cache_key.h"

#include "pipeline/passed_headers.h"

#include <tidegate/access/key_ring.h>
#include <tidegate/base/digest.h>
#include <tidegate/dialect/canonical_request.h>
#include <tidegate/http/request.h>
#include <tidegate/pipeline/exchange.h>
#include <tidegate/pipeline/thread_state.h>

#include <map>

namespace tidegate::pipeline {
namespace {

// Changes with every change of what follows.
constexpr std::string_view kForm = "tidegate answer 1";

// Each part stands behind its size, so that no two lists of parts make the same bytes.
void append_part(std::string& out, std::string_view part) {
    for (std::size_t i = 0, size = part.size(); i < sizeof size; ++i, size >>= 8U)
        out += static_cast<char>(size & 0xffU);
    out += part;
}

// A user is one of the access key's: another application may give the same name to somebody else.
bool add_caller(const Exchange& exchange, cache::Scope scope, std::string& out) {
    switch (scope) {
        case cache::Scope::feature:
            append_part(out, "feature");
            return true;
        case cache::Scope::key:
            append_part(out, "key");
            append_part(out, exchange.key != nullptr ? std::string_view(exchange.key->name()) : "");
            return exchange.key != nullptr;
        case cache::Scope::user:
            append_part(out, "user");
            append_part(out, exchange.key != nullptr ? std::string_view(exchange.key->name()) : "");
            append_part(out, exchange.user);
            return !exchange.user.empty();
    }
    return false;
}

void add_variables(const Exchange& exchange, std::string& out) {
    std::map<std::string_view, std::string_view> variables;
    for (const auto& [name, value] : exchange.header_variables) variables.emplace(name, value);
    for (const dialect::Variable& variable : exchange.view.variables())
        variables.emplace(variable.name, variable.value);
    append_part(out, std::to_string(variables.size()));
    for (const auto& [name, value] : variables) {
        append_part(out, name);
        append_part(out, value);
    }
}

}  // namespace

std::optional<cache::Key> cache_key(const Exchange& exchange, cache::Scope scope) {
    auto text = exchange.thread.worker.buffers.borrow();
    text->clear();
    append_part(*text, kForm);
    append_part(*text, exchange.feature->name);
    const Digest& content = exchange.variant->content_hash;
    text->append(content.begin(), content.end());
    if (!add_caller(exchange, scope, *text))
        return std::nullopt;
    add_variables(exchange, *text);
    for (const std::string_view name : kPassedHeaders)
        append_part(*text, exchange.request.header(name).value_or(""));
    dialect::append_canonical(exchange.view, *text);
    return digest_of(*text);
}

}  // namespace tidegate::pipeline
