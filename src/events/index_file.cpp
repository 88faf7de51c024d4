#include "index_file.h"

#include "disk.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <filesystem>

#include <fmt/format.h>

namespace tidegate::events {
namespace {

// WITHOUT ROWID keeps the rows themselves in the order of the ids, that is of time; each index ends in the id,
// so that its newest rows come first without sorting. `calls_feature` carries what lists of a feature are
// filtered by. Shadow runs have a table of their own, so that nothing about users can count them by mistake;
// its rows lie in the order in which a report reads them.
constexpr const char* kSchema = R"(
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA cache_size = -32768;
PRAGMA wal_autocheckpoint = 4000;
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS calls (
    id BLOB PRIMARY KEY, feature TEXT, variant TEXT, user TEXT, conversation TEXT, key TEXT, model TEXT, outcome TEXT,
    status INTEGER, fallback TEXT, total_us INTEGER, input INTEGER, output INTEGER, cost INTEGER,
    segment INTEGER, offset INTEGER, ordinal INTEGER
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS calls_feature ON calls (feature, id, outcome, status);
CREATE INDEX IF NOT EXISTS calls_user ON calls (user, id) WHERE user <> '';
CREATE INDEX IF NOT EXISTS calls_conversation ON calls (conversation, id) WHERE conversation <> '';
CREATE INDEX IF NOT EXISTS calls_outcome ON calls (outcome, id) WHERE outcome <> 'ok';
CREATE INDEX IF NOT EXISTS calls_status ON calls (status, id) WHERE status >= 400;
CREATE TABLE IF NOT EXISTS shadow_calls (
    id BLOB, feature TEXT, variant TEXT, user TEXT, conversation TEXT, key TEXT, model TEXT, outcome TEXT,
    status INTEGER, fallback TEXT, total_us INTEGER, input INTEGER, output INTEGER, cost INTEGER,
    segment INTEGER, offset INTEGER, ordinal INTEGER,
    role TEXT, variant_hash TEXT, live_variant TEXT, counts INTEGER, disagrees INTEGER, trips INTEGER,
    latency_us INTEGER, live_trips INTEGER, live_latency_us INTEGER, live_cost INTEGER,
    PRIMARY KEY (feature, role, variant, variant_hash, id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX IF NOT EXISTS shadow_calls_id ON shadow_calls (id);
CREATE INDEX IF NOT EXISTS shadow_calls_feature ON shadow_calls (feature, id);
CREATE TABLE IF NOT EXISTS cursor (one INTEGER PRIMARY KEY CHECK (one = 1), segment INTEGER, offset INTEGER);
PRAGMA user_version = 2;
COMMIT;
)";

constexpr std::string_view kPrefix = "calls-";
constexpr std::string_view kSuffix = ".db";

}  // namespace

const std::string_view kIndexColumns =
    "id, feature, variant, user, conversation, key, model, outcome, status, fallback, total_us, input, output, "
    "cost, "
    "segment, offset, ordinal";

const std::string_view kShadowColumns =
    "role, variant_hash, live_variant, counts, disagrees, trips, latency_us, live_trips, live_latency_us, "
    "live_cost";

std::string month_of(CallId id) {
    const auto day = std::chrono::floor<std::chrono::days>(id.time());
    const std::chrono::year_month_day date{day};
    return fmt::format("{:04}-{:02}", static_cast<int>(date.year()), static_cast<unsigned>(date.month()));
}

std::string index_path(const std::string& directory, const std::string& month) {
    return fmt::format("{}/{}{}{}", directory, kPrefix, month, kSuffix);
}

std::vector<std::string> months_in(const std::string& directory) {
    std::vector<std::string> months;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(directory, error)) {
        const std::string name = entry.path().filename().string();
        if (!name.starts_with(kPrefix) || !name.ends_with(kSuffix))
            continue;
        months.push_back(name.substr(kPrefix.size(), name.size() - kPrefix.size() - kSuffix.size()));
    }
    std::sort(months.begin(), months.end());
    return months;
}

std::string_view blob_of(const CallId& id) {
    return {reinterpret_cast<const char*>(id.bytes().data()), id.bytes().size()};
}

std::string lower_bound_id(WallTime time) {
    const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(time.time_since_epoch()).count();
    std::string id(16, '\0');
    for (std::size_t i = 0; i < 6; ++i) {
        id[i] = static_cast<char>(std::max<std::int64_t>(milliseconds, 0) >> (40 - 8 * i));
    }
    return id;
}

Result<IndexFile> IndexFile::open(const std::string& path) {
    IndexFile file;
    Result<Database> database = Database::open(path, Database::Mode::create);
    if (!database)
        return database.error();
    file.database_ = std::move(*database);
    {
        Result<Statement> version = file.database_.prepare("PRAGMA user_version");
        if (!version)
            return version.error();
        if (const Result<bool> row = version->step(); !row)
            return row.error();
        if (const std::int64_t found = version->integer(0); found < 0 || found > kIndexVersion) {
            return Error{ErrorKind::malformed, ErrorSource::gateway,
                         fmt::format("{}: version {} of the index is not known", path, found)};
        }
    }
    if (const Result<> made = file.database_.execute(kSchema); !made)
        return made.error();
    Result<Statement> insert = file.database_.prepare(fmt::format(
        "INSERT OR IGNORE INTO calls ({}) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)", kIndexColumns));
    if (!insert)
        return insert.error();
    file.insert_ = std::move(*insert);
    Result<Statement> insert_shadow =
        file.database_.prepare(fmt::format("INSERT OR IGNORE INTO shadow_calls ({}, {}) VALUES "
                                           "(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
                                           kIndexColumns, kShadowColumns));
    if (!insert_shadow)
        return insert_shadow.error();
    file.insert_shadow_ = std::move(*insert_shadow);
    Result<Statement> cursor = file.database_.prepare("INSERT OR REPLACE INTO cursor VALUES (1, ?, ?)");
    if (!cursor)
        return cursor.error();
    file.set_cursor_ = std::move(*cursor);
    return file;
}

Result<> IndexFile::insert(const CallRecord& record, const RecordPosition& position) {
    Statement& row = record.shadow ? insert_shadow_ : insert_;
    bind_call(row, record, position);
    if (record.shadow)
        bind_shadow(row, *record.shadow);
    return row.run();
}

void IndexFile::bind_call(Statement& row, const CallRecord& record, const RecordPosition& position) {
    row.bind_blob(1, blob_of(record.id));
    row.bind(2, record.feature);
    row.bind(3, record.variant);
    row.bind(4, record.user);
    row.bind(5, record.conversation);
    row.bind(6, record.key);
    row.bind(7, record.model);
    row.bind(8, to_string(record.outcome));
    row.bind(9, std::int64_t{record.status});
    row.bind(10, record.fallback_entry);
    row.bind(11, std::chrono::floor<std::chrono::microseconds>(record.total).count());
    row.bind(12, record.usage.prompt_total());
    row.bind(13, record.usage.completion_total());
    row.bind(14, record.cost.count());
    row.bind(15, static_cast<std::int64_t>(position.group.segment));
    row.bind(16, static_cast<std::int64_t>(position.group.offset));
    row.bind(17, std::int64_t{position.ordinal});
}

void IndexFile::bind_shadow(Statement& row, const Shadow& shadow) {
    row.bind(18, to_string(shadow.role));
    row.bind(19, shadow.variant_hash);
    row.bind(20, shadow.live.variant);
    row.bind(21, std::int64_t{shadow.counts});
    row.bind(22, shadow.disagrees ? std::int64_t{*shadow.disagrees} : std::int64_t{-1});
    row.bind(23, shadow.trips);
    row.bind(24, std::chrono::floor<std::chrono::microseconds>(shadow.latency).count());
    row.bind(25, shadow.live.trips);
    row.bind(26, std::chrono::floor<std::chrono::microseconds>(shadow.live.latency).count());
    row.bind(27, shadow.live.cost.count());
}

IndexRow row_of(const Statement& statement) {
    IndexRow row;
    const auto text = [&](int column) { return std::string(statement.text(column)); };
    std::array<std::uint8_t, 16> id{};
    const std::string_view blob = statement.blob(0);
    std::memcpy(id.data(), blob.data(), std::min(blob.size(), id.size()));
    row.id = CallId::from_bytes(id);
    row.feature = text(1);
    row.variant = text(2);
    row.user = text(3);
    row.conversation = text(4);
    row.key = text(5);
    row.model = text(6);
    row.outcome = parse_outcome(statement.text(7)).value_or(Outcome::ok);
    row.status = static_cast<int>(statement.integer(8));
    row.fallback_entry = text(9);
    row.total = std::chrono::microseconds{statement.integer(10)};
    row.input_tokens = statement.integer(11);
    row.output_tokens = statement.integer(12);
    row.cost = NanoDollars{statement.integer(13)};
    row.position.group.segment = static_cast<std::uint64_t>(statement.integer(14));
    row.position.group.offset = static_cast<std::uint64_t>(statement.integer(15));
    row.position.ordinal = static_cast<std::uint32_t>(statement.integer(16));
    return row;
}

Result<std::optional<Cursor>> IndexFile::cursor() {
    Result<Statement> statement = database_.prepare("SELECT segment, offset FROM cursor");
    if (!statement)
        return statement.error();
    const Result<bool> row = statement->step();
    if (!row)
        return row.error();
    if (!*row)
        return std::optional<Cursor>();
    return std::optional<Cursor>(
        {static_cast<std::uint64_t>(statement->integer(0)), static_cast<std::uint64_t>(statement->integer(1))});
}

Result<> IndexFile::set_cursor(Cursor cursor) {
    set_cursor_.bind(1, static_cast<std::int64_t>(cursor.segment));
    set_cursor_.bind(2, static_cast<std::int64_t>(cursor.offset));
    return set_cursor_.run();
}

Result<std::uint64_t> IndexFile::newest_segment() {
    std::uint64_t newest = 0;
    for (const char* table : {"calls", "shadow_calls"}) {
        Result<Statement> statement =
            database_.prepare(fmt::format("SELECT segment FROM {} ORDER BY id DESC LIMIT 1", table));
        if (!statement)
            return statement.error();
        const Result<bool> row = statement->step();
        if (!row)
            return row.error();
        if (*row)
            newest = std::max(newest, static_cast<std::uint64_t>(statement->integer(0)));
    }
    return newest;
}

}  // namespace tidegate::events
