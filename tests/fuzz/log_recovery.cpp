// Arbitrary bytes as the files of a log: it opens, reads to the end within bounded memory, and takes new
// records. The first byte says how the rest is used: bit 0: checksums of group headers are put right, so that
// what lies behind them is reached as well; bit 1: a second, older segment has the same bytes; bit 2: the last
// bytes are given as the JSON of a record, and as the content of one.
#include "../../src/events/content_codec.h"
#include "../../src/events/segment.h"

#include <tidegate/base/log.h>
#include <tidegate/events/call_record.h>
#include <tidegate/events/log.h>
#include <tidegate/events/log_reader.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <boost/crc.hpp>
#include <unistd.h>

namespace {

using namespace tidegate;
using namespace tidegate::events;

std::uint32_t crc32c(std::string_view bytes) {
    boost::crc_optimal<32, 0x1edc6f41, 0xffffffff, 0xffffffff, true, true> crc;
    crc.process_bytes(bytes.data(), bytes.size());
    return crc.checksum();
}

void put(std::string& bytes, std::size_t at, std::uint64_t value, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) bytes[at + i] = static_cast<char>(value >> (8 * i));
}

std::uint32_t get(const std::string& bytes, std::size_t at) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < 4; ++i)
        value |= std::uint32_t{static_cast<std::uint8_t>(bytes[at + i])} << (8 * i);
    return value;
}

// Makes each group header whole: magic numbers, places and checksums, not lengths.
void repair(std::string& bytes) {
    std::size_t at = kSegmentHeader;
    while (at + kGroupHeader <= bytes.size()) {
        bytes.replace(at, 4, "\xf1GR2", 4);
        const std::size_t payload = at + kGroupHeader;
        const std::size_t heads = get(bytes, at + 4) % (bytes.size() - payload + 2);
        const std::size_t contents = get(bytes, at + 12) % (bytes.size() - payload + 2);
        const std::string_view rest = std::string_view(bytes).substr(payload);
        put(bytes, at + 4, heads, 4);
        put(bytes, at + 12, contents, 4);
        put(bytes, at + 24, at, 8);
        put(bytes, at + 40, crc32c(rest.substr(0, heads)), 4);
        put(bytes, at + 44, crc32c(rest.substr(std::min(heads, rest.size())).substr(0, contents)), 4);
        put(bytes, at + 48, crc32c(std::string_view(bytes).substr(at, kGroupHeader - 4)), 4);
        at = payload + heads + contents;
    }
}

// What was read once is written and read the same from then on.
void check_round_trip(const CallRecord& content) {
    std::string written;
    append_content(written, content);
    CallRecord again;
    if (!read_content(written, again) || again != content)
        std::abort();
}

std::size_t read_all(Log& log) {
    LogReader reader(log);
    Cursor cursor;
    std::vector<LogRecord> records;
    std::size_t count = 0;
    for (Cursor before = {~0ULL, 0}; cursor != before;) {
        before = cursor;
        std::vector<LogRecord> heads;
        if (Cursor same = cursor; !reader.read(same, heads, {.content = false}))
            std::abort();
        if (!reader.read(cursor, records))
            std::abort();
        for (const LogRecord& record : records) {
            if (!reader.read_at(record.position))
                std::abort();
            (void)decode(record.head);
            if (CallRecord content; read_content(record.content, content))
                check_round_trip(content);
            (void)record.json();
        }
        // Content may be damaged where the heads are not, never the other way.
        std::size_t next = 0;
        for (const LogRecord& record : records) {
            while (next < heads.size() && heads[next].position != record.position) ++next;
            if (next == heads.size() || heads[next].id != record.id || heads[next].head != record.head)
                std::abort();
        }
        count += records.size();
    }
    return count;
}

const std::string& folder() {
    static const std::string path = [] {
        const bool memory = ::access("/dev/shm", W_OK) == 0;
        const std::string parent = memory ? "/dev/shm" : std::filesystem::temp_directory_path().string();
        std::string pattern = parent + "/tidegate-fuzz-XXXXXX";
        log::set_level(log::Level::error);
        return std::string(::mkdtemp(pattern.data()));
    }();
    return path;
}

void write(const std::string& name, const std::string& bytes) {
    std::ofstream(folder() + "/" + name, std::ios::binary) << bytes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0)
        return 0;
    const std::uint8_t flags = data[0];
    std::string bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    if ((flags & 4) != 0) {
        const Result<CallRecord> record = decode(bytes);
        if (record && *decode(encode(*record)) != *decode(encode(*decode(encode(*record)))))
            std::abort();
        if (CallRecord content; read_content(bytes, content))
            check_round_trip(content);
        return 0;
    }
    if ((flags & 1) != 0)
        repair(bytes);
    std::filesystem::remove_all(folder());
    std::filesystem::create_directories(folder());
    write(segment_name(5), bytes);
    if ((flags & 2) != 0)
        write(segment_name(3), bytes);

    LogOptions options;
    options.directory = folder();
    options.group_interval = {};
    const ManualClock clock;
    std::size_t before = 0;
    {
        Result<std::unique_ptr<Log>> log = Log::open(options, clock);
        const bool of_another_version = segment_version(bytes).value_or(kSegmentVersion) != kSegmentVersion;
        if (of_another_version == log.has_value())
            std::abort();
        if (!log)
            return 0;
        before = read_all(**log);
        auto record = std::make_unique<CallRecord>();
        record->id = CallId::make(clock.wall());
        (*log)->append(std::move(record));
        (*log)->close();
        if (read_all(**log) != before + 1)
            std::abort();
    }
    Result<std::unique_ptr<Log>> again = Log::open(options, clock);
    if (!again || read_all(**again) != before + 1)
        std::abort();
    return 0;
}
