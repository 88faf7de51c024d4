#include "app/ledger_replay.h"

#include <tidegate/base/log.h>
#include <tidegate/events/call_record.h>

#include <charconv>
#include <fstream>
#include <system_error>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

namespace tidegate::app {
namespace {

// Only attempts with a lease are the ledger's; most records of most gateways have none.
bool may_have_lease(const events::LogRecord& record) {
    return record.head.find("lease\":") != std::string_view::npos;
}

void add_attempts(const events::LogRecord& record, std::vector<ledger::SettledAttempt>& attempts) {
    const auto decoded = events::decode_attempts(record.head);
    if (!decoded) {
        log::error("app", "the ledger cannot read the record {}; what it cost stays forfeited: {}",
                   record.id.to_string(), decoded.error().message);
        return;
    }
    for (const events::Attempt& attempt : *decoded) {
        attempts.push_back({record.id,
                            attempt.number,
                            attempt.reserved,
                            attempt.cost,
                            {ledger::LeaseId{attempt.lease, attempt.lease_epoch},
                             ledger::LeaseId{attempt.key_lease, attempt.key_lease_epoch}}});
    }
}

std::optional<events::Cursor> parse_cursor(const std::string& text) {
    events::Cursor cursor;
    const char* end = text.data() + text.size();
    const auto segment = std::from_chars(text.data(), end, cursor.segment);
    if (segment.ec != std::errc() || segment.ptr == end || *segment.ptr != ':')
        return std::nullopt;
    const auto offset = std::from_chars(segment.ptr + 1, end, cursor.offset);
    if (offset.ec != std::errc() || offset.ptr != end)
        return std::nullopt;
    return cursor;
}

Error file_error(const std::string& path) {
    return {ErrorKind::io, ErrorSource::gateway,
            fmt::format("{} cannot be written: {}", path, std::system_category().message(errno))};
}

Result<> write_durably(const std::string& path, std::string_view text) {
    const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file < 0)
        return file_error(path);
    const bool written =
        ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && ::fsync(file) == 0;
    const Error failure = written ? Error{} : file_error(path);
    ::close(file);
    return written ? Result<>() : failure;
}

// One that cannot be read is made anew: the ledger then goes on at the log's end, and what lies before it stays
// forfeited.
Result<std::string> id_of_log(const std::string& directory) {
    const std::string path = directory + "/ledger_id";
    std::string text;
    std::getline(std::ifstream(path), text);
    if (CallId::parse(text))
        return text;
    text = CallId::make(SystemClock().wall()).to_string();
    if (auto written = write_durably(path, text + "\n"); !written)
        return written.error();
    return text;
}

}  // namespace

LedgerReplay::LedgerReplay(ledger::Ledger& ledger, std::string directory)
    : ledger_(ledger), directory_(std::move(directory)) {}

Result<std::optional<events::Cursor>> LedgerReplay::open() {
    auto id = id_of_log(directory_);
    if (!id)
        return id.error();
    log_id_ = std::move(*id);
    const auto found = ledger_.cursor(log_id_);
    if (!found)
        return found.error();
    const std::optional<std::string>& cursor = *found;
    return cursor ? parse_cursor(*cursor) : std::nullopt;
}

Result<> LedgerReplay::deliver(std::span<const events::LogRecord> records, events::Cursor next) {
    std::vector<ledger::SettledAttempt> attempts;
    for (const events::LogRecord& record : records) {
        if (may_have_lease(record))
            add_attempts(record, attempts);
    }
    return ledger_.replay(attempts, log_id_, next.to_string());
}

}  // namespace tidegate::app
