#include "cli/client_command.h"

#include "cli/printable.h"
#include "cli/table.h"

#include <tidegate/admin/time.h>
#include <tidegate/base/money.h>

#include <ostream>

#include <fmt/format.h>

namespace tidegate::cli {
namespace {

constexpr const char* kDefaultAdmin = "http://127.0.0.1:9900";

void flatten(Fields& fields, const std::string& path, const Json& value) {
    const std::string prefix = path.empty() ? "" : path + ".";
    if (value.is_object() && !value.empty()) {
        for (const auto& [name, member] : value.items()) flatten(fields, prefix + name, member);
    } else if (value.is_array() && !value.empty() && value.front().is_object()) {
        for (std::size_t i = 0; i < value.size(); ++i) {
            const std::string name = text_of(value[i], "name");
            flatten(fields, prefix + (name.empty() ? std::to_string(i) : name), value[i]);
        }
    } else {
        const std::string text = text_of(value);
        fields.add(path, text.empty() ? "-" : text);
    }
}

}  // namespace

Result<AdminClient> Client::connect() const {
    return AdminClient::make(surroundings.environment("TIDEGATE_ADMIN").value_or(kDefaultAdmin),
                             surroundings.environment("TIDEGATE_TOKEN").value_or(""));
}

int Client::fail(int status, std::string_view message) const {
    surroundings.err << "tidegate: " << printable(message) << '\n';
    return status;
}

int Client::get(std::string_view path, const Query& query,
                const std::function<void(const Json&)>& print) const {
    const Result<AdminClient> client = connect();
    if (!client)
        return fail(kWrongUsage, client.error().message);
    return finish(*client, client->get(path, query), print);
}

int Client::post(std::string_view path, const std::function<void(const Json&)>& print) const {
    const Result<AdminClient> client = connect();
    if (!client)
        return fail(kWrongUsage, client.error().message);
    return finish(*client, client->post(path), print);
}

int Client::finish(const AdminClient& client, const Result<Reply>& reply,
                   const std::function<void(const Json&)>& print) const {
    if (!reply) {
        const bool is_usage = reply.error().kind == ErrorKind::invalid_input;
        return fail(is_usage ? kWrongUsage : kUnreachable, reply.error().message);
    }
    const Json answer = Json::parse(reply->body, nullptr, false);
    const bool is_good = reply->status >= 200 && reply->status < 300;
    if (!answer.is_object() || (!is_good && !child_of(answer, "error").is_object())) {
        return fail(kUnreachable, fmt::format("what answers at {} (status {}) is not Tidegate's admin port",
                                              client.url(), reply->status));
    }
    if (json)
        out() << printable_json(answer.dump(2, ' ', false, Json::error_handler_t::replace)) << '\n';
    if (!is_good)
        return refuse(answer, reply->status);
    if (!json)
        print(answer);
    return kOk;
}

int Client::refuse(const Json& answer, int http_status) const {
    for (const Json& problem : child_of(answer, "problems")) fail(kRefused, text_of(problem));
    std::string message = text_of(child_of(answer, "error"), "message");
    if (http_status == 401)
        message += " TIDEGATE_TOKEN holds it.";
    return fail(kRefused, message);
}

Result<> add_time(Query& query, const Client& client, const std::string& name, const std::string& text) {
    if (text.empty())
        return {};
    const std::optional<WallTime> time = admin::parse_time(text, client.surroundings.clock.wall());
    if (!time) {
        return Error{.kind = ErrorKind::invalid_input,
                     .message = "--" + name +
                                " takes a time (2026-11-01, 2026-11-01T12:30:00Z) or how long ago "
                                "(90s, 30m, 2h, 7d), not " +
                                text};
    }
    query.emplace_back(name, format_utc(*time));
    return {};
}

std::string text_of(const Json& value) {
    if (value.is_null())
        return "";
    if (value.is_string())
        return value.get<std::string>();
    if (value.is_boolean())
        return value.get<bool>() ? "yes" : "no";
    if (!value.is_array())
        return value.dump(-1, ' ', false, Json::error_handler_t::replace);
    std::string out;
    for (const Json& item : value) {
        if (!out.empty())
            out += ", ";
        out += item.is_object() ? text_of(item, "name") : text_of(item);
    }
    return out;
}

std::string text_of(const Json& object, std::string_view member) {
    return text_of(child_of(object, member));
}

std::int64_t integer_of(const Json& object, std::string_view member) {
    const Json& value = child_of(object, member);
    return value.is_number_integer() ? value.get<std::int64_t>() : 0;
}

const Json& child_of(const Json& object, std::string_view member) {
    static const Json nothing;
    if (!object.is_object())
        return nothing;
    const auto found = object.find(std::string(member));
    return found == object.end() ? nothing : *found;
}

void print_flat(std::ostream& out, const Json& value) {
    Fields fields;
    flatten(fields, "", value);
    fields.print(out);
}

std::string seconds_text(std::int64_t microseconds) {
    if (microseconds < 10'000)
        return fmt::format("{:.1f} ms", static_cast<double>(microseconds) / 1e3);
    if (microseconds < 1'000'000)
        return fmt::format("{:.0f} ms", static_cast<double>(microseconds) / 1e3);
    return fmt::format("{:.3f} s", static_cast<double>(microseconds) / 1e6);
}

std::string dollars_text(std::int64_t nanos) {
    std::string text = NanoDollars{nanos}.to_string();
    while (text.ends_with('0') && !text.ends_with(".00") && text[text.size() - 3] != '.') text.pop_back();
    return text;
}

std::string time_text(std::string_view rfc3339) {
    std::string text(rfc3339);
    if (text.size() > 10 && text[10] == 'T')
        text[10] = ' ';
    if (text.ends_with('Z'))
        text.pop_back();
    return text;
}

}  // namespace tidegate::cli
