// The bytes of a segment file: docs/log_format.md. No state; every function may be given anything.
#pragma once

#include "disk.h"

#include <tidegate/base/clock.h>
#include <tidegate/base/id.h>
#include <tidegate/events/log_reader.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

struct ZSTD_CCtx_s;

namespace tidegate::events {

constexpr std::size_t kSegmentHeader = 32;
constexpr std::size_t kGroupHeader = 52;
// Of the heads of a group, and of its content: a reader refuses longer ones, a writer never makes them.
constexpr std::size_t kMaxGroup = 64ULL << 20;

// "000000000042.log" and back.
std::string segment_name(std::uint64_t number);
std::optional<std::uint64_t> parse_segment_name(std::string_view name);

constexpr std::uint32_t kSegmentVersion = 2;
std::string segment_header(std::uint64_t number, WallTime now, std::uint32_t version = kSegmentVersion);
// What a whole header says; nothing of a damaged one.
std::optional<std::uint32_t> segment_version(std::string_view bytes);

// Collects records into the uncompressed form of a group, one group after the other.
class GroupBuilder {
  public:
    GroupBuilder();

    // The record is what is appended to `heads` and `contents` before `end`: its JSON form without content, and
    // that content.
    void begin(const CallId& id);
    std::string& heads() { return heads_; }
    std::string& contents() { return contents_; }
    // Leaves the content out if a reader would refuse it.
    void end();
    std::size_t size() const { return heads_.size() + contents_.size(); }
    std::uint32_t records() const { return records_; }
    // Compresses and begins the next; the result fits any place (`group_header` names it) and lives until the
    // next one is finished.
    struct Group {
        std::string_view heads, contents;  // compressed, one behind the other
        std::uint32_t raw_heads = 0, raw_contents = 0;
        std::uint32_t records = 0;

        std::string_view payload() const { return {heads.data(), heads.size() + contents.size()}; }
    };
    Group finish();

  private:
    struct FreeContext {
        void operator()(ZSTD_CCtx_s* context) const;
    };

    // The length of what `raw` became at `to`; empties `raw`.
    std::size_t compress(std::string& raw, char* to, std::size_t room);

    std::unique_ptr<ZSTD_CCtx_s, FreeContext>
        context_;  // kept: making one costs more than compressing a record
    std::string heads_, contents_;
    std::vector<char> compressed_;
    std::size_t head_ = 0, content_ = 0;  // where the record in progress begins
    std::uint32_t records_ = 0;
};

std::string group_header(const GroupBuilder::Group& group, std::uint64_t offset, WallTime now);

// What lies at a place of a segment.
struct FoundGroup {
    enum class State {
        good,
        bad,  // unreadable; `records` is a guess if the header is unreadable too
        end,
    };
    State state = State::end;
    std::uint64_t offset = 0;
    std::uint64_t next = 0;  // where to go on
    std::uint32_t records = 0;
    WallTime written{};
    std::vector<LogRecord> content;  // of a good one
};

// Reads the group at `place`; the segment ends at `end`. A bad one reaches to the next header that is whole, or
// to the end. Without content that part of the group is not looked at. Fails only if the disk does.
Result<FoundGroup> read_group(const File& file, Cursor place, std::uint64_t end, bool with_content);

// The end of the last whole group: what lies behind it is a torn tail, unless nothing does. `lost` counts the
// groups before it that cannot be read.
struct Recovered {
    std::uint64_t end = 0;
    std::uint64_t groups = 0;
    std::vector<FoundGroup> lost;
};
Result<Recovered> recover_segment(const File& file, std::uint64_t segment);

}  // namespace tidegate::events
