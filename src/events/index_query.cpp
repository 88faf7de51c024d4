#include "disk.h"
#include "index_file.h"
#include "index_shadow.h"

#include <tidegate/events/index.h>

#include <algorithm>
#include <array>
#include <map>
#include <mutex>
#include <vector>

#include <fmt/format.h>
#include <sys/stat.h>

namespace tidegate::events {
namespace {

constexpr std::size_t kMostRows = 1000;

// A SELECT with its parameters. The most selective condition is left to the index, the others are kept from it
// by SQLite's unary plus.
class Select {
  public:
    explicit Select(const IndexFilter& filter) {
        sql_ =
            fmt::format("SELECT {} FROM {} WHERE 1", kIndexColumns, filter.shadow ? "shadow_calls" : "calls");
        if (!filter.conversation.empty())
            indexed("conversation", "<> ''", filter.conversation);
        if (!filter.user.empty())
            indexed("user", "<> ''", filter.user);
        if (filter.status)
            status(*filter.status);
        if (filter.outcome && *filter.outcome != Outcome::ok) {
            indexed("outcome", "<> 'ok'", std::string(to_string(*filter.outcome)));
        }
        if (!filter.feature.empty())
            indexed("feature", "", filter.feature);
        if (filter.outcome == Outcome::ok)
            plain("outcome", "ok");
        if (filter.since)
            id_bound(">=", lower_bound_id(*filter.since));
        if (filter.until)
            id_bound("<", lower_bound_id(*filter.until));
        if (filter.before)
            id_bound("<", std::string(blob_of(*filter.before)));
        sql_ += " ORDER BY id DESC LIMIT ?";
    }

    const std::string& sql() const { return sql_; }
    void bind(Statement& statement, std::size_t limit) const {
        int index = 1;
        for (const Value& value : values_) {
            if (value.is_id) {
                statement.bind_blob(index++, value.text);
            } else {
                statement.bind(index++, value.text);
            }
        }
        statement.bind(index, static_cast<std::int64_t>(limit));
    }

  private:
    struct Value {
        std::string text;
        bool is_id = false;
    };

    void indexed(const char* column, const char* condition, std::string value) {
        if (has_index_) {
            plain(column, std::move(value));
            return;
        }
        has_index_ = true;
        sql_ += std::string(" AND ") + column + " = ?";
        if (*condition != '\0')
            sql_ += std::string(" AND ") + column + " " + condition;
        values_.push_back({std::move(value)});
    }
    void plain(const char* column, std::string value) {
        sql_ += std::string(" AND +") + column + " = ?";
        values_.push_back({std::move(value)});
    }
    void status(int value) {
        const bool use_index = value >= 400 && !has_index_;
        has_index_ = has_index_ || use_index;
        sql_ += (use_index ? " AND status >= 400 AND status = " : " AND +status = ") + std::to_string(value);
    }
    void id_bound(const char* comparison, std::string id) {
        sql_ += std::string(" AND id ") + comparison + " ?";
        values_.push_back({std::move(id), true});
    }

    std::string sql_;
    std::vector<Value> values_;
    bool has_index_ = false;
};

}  // namespace

// One connection a month, opened again when its file is another one.
class IndexQuery::Connections {
  public:
    explicit Connections(std::string directory) : directory_(std::move(directory)) {}

    Result<IndexRow> find(CallId id) {
        const std::lock_guard guard(mutex_);
        const std::string month = month_of(id);
        Result<Database*> database = connection(month);
        if (!database)
            return database.error();
        if (*database == nullptr)
            return none();
        Result<IndexRow> row = find_in(**database, id);
        if (!row)
            report(month, row.error());
        return row;
    }

    Result<std::vector<IndexRow>> list(const IndexFilter& filter) {
        const std::lock_guard guard(mutex_);
        const std::size_t limit = std::min(filter.limit, kMostRows);
        const Select select(filter);
        std::vector<IndexRow> rows;
        std::vector<std::string> months = months_in(directory_);
        std::reverse(months.begin(), months.end());
        for (const std::string& month : months) {
            if (rows.size() >= limit)
                break;
            if (filter.before && month > month_of(*filter.before))
                continue;
            if (filter.since && month < month_of(CallId::make(*filter.since)))
                break;
            Result<Database*> database = connection(month);
            if (!database)
                return database.error();
            if (*database == nullptr)
                continue;
            if (Result<> added = list_in(**database, select, limit, rows); !added) {
                report(month, added.error());
                return added.error();
            }
        }
        return rows;
    }

    Result<ShadowFigures> shadow(const ShadowFilter& filter) {
        const std::lock_guard guard(mutex_);
        ShadowCollector collector(filter);
        for (const std::string& month : months_in(directory_)) {
            if (filter.since && month < month_of(CallId::make(*filter.since)))
                continue;
            Result<Database*> database = connection(month);
            if (!database)
                return database.error();
            if (*database == nullptr)
                continue;
            if (Result<> added = collector.add(**database); !added) {
                report(month, added.error());
                return added.error();
            }
        }
        return collector.take();
    }

  private:
    struct Connection {
        Database database;
        ino_t inode = 0;
    };

    static Error none() { return Error{ErrorKind::not_found, ErrorSource::gateway, "no call has this id"}; }

    // Null if the month has no file.
    Result<Database*> connection(const std::string& month) {
        const std::string path = index_path(directory_, month);
        struct stat status{};
        if (::stat(path.c_str(), &status) != 0) {
            connections_.erase(month);
            return nullptr;
        }
        const auto found = connections_.find(month);
        if (found != connections_.end() && found->second.inode == status.st_ino)
            return &found->second.database;
        connections_.erase(month);
        Result<Database> opened = Database::open(path, Database::Mode::existing);
        if (!opened)
            return opened.error();
        if (!has_tables(*opened))
            return nullptr;
        return &connections_.emplace(month, Connection{std::move(*opened), status.st_ino})
                    .first->second.database;
    }

    // A file of which the sink has yet to make all tables counts as none.
    static bool has_tables(Database& database) {
        Result<Statement> version = database.prepare("PRAGMA user_version");
        const Result<bool> row = version ? version->step() : Result<bool>(version.error());
        return !row || version->integer(0) >= kIndexVersion;
    }

    static Result<IndexRow> find_in(Database& database, const CallId& id) {
        for (const char* table : {"calls", "shadow_calls"}) {
            Result<Statement> statement =
                database.prepare(fmt::format("SELECT {} FROM {} WHERE id = ?", kIndexColumns, table));
            if (!statement)
                return statement.error();
            statement->bind_blob(1, blob_of(id));
            const Result<bool> row = statement->step();
            if (!row)
                return row.error();
            if (*row)
                return row_of(*statement);
        }
        return none();
    }

    static Result<> list_in(Database& database, const Select& select, std::size_t limit,
                            std::vector<IndexRow>& rows) {
        Result<Statement> statement = database.prepare(select.sql());
        if (!statement)
            return statement.error();
        select.bind(*statement, limit - rows.size());
        for (;;) {
            const Result<bool> row = statement->step();
            if (!row)
                return row.error();
            if (!*row)
                return {};
            rows.push_back(row_of(*statement));
        }
    }

    // The sink sees the marker, moves the file aside and builds it again.
    void report(const std::string& month, const Error& error) {
        if (!is_damage(error))
            return;
        connections_.erase(month);
        (void)replace_file(directory_ + "/damaged", month);
    }

    const std::string directory_;
    std::mutex mutex_;
    std::map<std::string, Connection> connections_;
};

IndexQuery::IndexQuery(std::string directory)
    : connections_(std::make_unique<Connections>(std::move(directory))) {}
IndexQuery::~IndexQuery() = default;

Result<IndexRow> IndexQuery::find(CallId id) {
    return connections_->find(id);
}
Result<std::vector<IndexRow>> IndexQuery::list(const IndexFilter& filter) {
    return connections_->list(filter);
}
Result<ShadowFigures> IndexQuery::shadow(const ShadowFilter& filter) {
    return connections_->shadow(filter);
}

}  // namespace tidegate::events
