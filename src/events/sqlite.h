// A thin owner of SQLite's handles; errors as values.
#pragma once

#include <tidegate/base/result.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace tidegate::events {

// A prepared statement. One thread at a time.
class Statement {
  public:
    Statement() = default;
    explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}

    // Parameters count from 1. Texts and blobs must live until `step` has returned.
    void bind(int index, std::int64_t value);
    void bind(int index, std::string_view text);
    void bind_blob(int index, std::string_view bytes);
    // True: a row. False: the end.
    Result<bool> step();
    // Steps to the end, then ready for new parameters.
    Result<> run();
    void reset();

    // Columns count from 0; texts and blobs live until the next step.
    std::int64_t integer(int column) const;
    std::string_view text(int column) const;
    std::string_view blob(int column) const;

  private:
    struct Finalize {
        void operator()(sqlite3_stmt* statement) const;
    };
    std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

// A connection. One thread at a time.
class Database {
  public:
    enum class Mode { create, existing };

    static Result<Database> open(const std::string& path, Mode mode);

    Result<> execute(const char* sql);
    Result<Statement> prepare(std::string_view sql);

  private:
    struct Close {
        void operator()(sqlite3* database) const;
    };
    std::unique_ptr<sqlite3, Close> database_;
};

// Whether an error says that the file is damaged or no database at all.
bool is_damage(const Error& error);

}  // namespace tidegate::events
