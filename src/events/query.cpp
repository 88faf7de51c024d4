#include <tidegate/base/text.h>
#include <tidegate/events/log.h>
#include <tidegate/events/query.h>

#include <iterator>

#include <fmt/format.h>

namespace tidegate::events {

Query::Query(Log& log, const std::string& index_directory) : index_(index_directory), reader_(log) {}

Result<LogRecord> Query::find(CallId id) {
    const Result<IndexRow> row = index_.find(id);
    if (!row)
        return row.error();
    const std::lock_guard guard(mutex_);
    Result<LogRecord> record = reader_.read_at(row->position);
    if (record && record->id != id) {
        return Error{ErrorKind::io, ErrorSource::gateway, "the index points to another record: rebuild it"};
    }
    return record;
}

Result<CallRecord> Query::show(CallId id) {
    const Result<LogRecord> record = find(id);
    if (!record)
        return record.error();
    return decode(record->json());
}

Result<std::vector<IndexRow>> Query::list(const IndexFilter& filter) {
    return index_.list(filter);
}

Result<ShadowFigures> Query::shadow(const ShadowFilter& filter) {
    return index_.shadow(filter);
}

std::string render(const IndexRow& row) {
    std::string out = fmt::format(R"({{"id":"{}","time":"{}")", row.id.to_string(), format_utc(row.id.time()));
    const auto text = [&](const char* name, std::string_view value) {
        if (value.empty())
            return;
        out += fmt::format(R"(,"{}":)", name);
        append_json_string(out, value);
    };
    text("feature", row.feature);
    text("variant", row.variant);
    text("user", row.user);
    text("conversation", row.conversation);
    text("key", row.key);
    text("model", row.model);
    text("outcome", to_string(row.outcome));
    text("fallback_entry", row.fallback_entry);
    const auto total = std::chrono::floor<std::chrono::microseconds>(row.total).count();
    fmt::format_to(std::back_inserter(out),
                   R"(,"status":{},"total_us":{},"input_tokens":{},"output_tokens":{},"cost_nano_usd":{}}})",
                   row.status, total, row.input_tokens, row.output_tokens, row.cost.count());
    return out;
}

}  // namespace tidegate::events
