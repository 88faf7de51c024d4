#include "segment.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <new>

#include <boost/crc.hpp>
#include <fmt/format.h>
#include <zstd.h>

namespace tidegate::events {
namespace {

constexpr std::string_view kSegmentMagic{"TGCALLS\n", 8};
constexpr std::string_view kGroupMagic{"\xf1GRP", 4};
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kRecordHeader = 24;
constexpr int kLevel = 1;
constexpr std::size_t kScanBlock = 1U << 20U;
// What a builder keeps from one group to the next.
constexpr std::size_t kKeptBuffer = 8U << 20U;

template <class T>
void put(std::string& out, T value) {
    for (std::size_t i = 0; i < sizeof(T); ++i)
        out += static_cast<char>(static_cast<std::uint64_t>(value) >> (8 * i));
}

template <class T>
T get(std::string_view bytes, std::size_t at) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i) {
        value |= std::uint64_t{static_cast<std::uint8_t>(bytes[at + i])} << (8 * i);
    }
    return static_cast<T>(value);
}

std::uint32_t crc32c(std::string_view bytes) {
    boost::crc_optimal<32, 0x1edc6f41, 0xffffffff, 0xffffffff, true, true> crc;
    crc.process_bytes(bytes.data(), bytes.size());
    return crc.checksum();
}

std::int64_t milliseconds(WallTime time) {
    return std::chrono::floor<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

struct Header {
    std::uint32_t length, raw_length, records;
    std::int64_t written_ms;
    std::uint32_t payload_crc;
};

std::optional<Header> parse_header(std::string_view bytes, std::uint64_t offset) {
    if (bytes.size() < kGroupHeader || bytes.substr(0, 4) != kGroupMagic)
        return std::nullopt;
    if (crc32c(bytes.substr(0, kGroupHeader - 4)) != get<std::uint32_t>(bytes, kGroupHeader - 4))
        return std::nullopt;
    if (get<std::uint64_t>(bytes, 16) != offset)
        return std::nullopt;
    const Header header{get<std::uint32_t>(bytes, 4), get<std::uint32_t>(bytes, 8),
                        get<std::uint32_t>(bytes, 12), get<std::int64_t>(bytes, 24),
                        get<std::uint32_t>(bytes, 32)};
    const bool plausible = header.length > 0 && header.length <= ZSTD_COMPRESSBOUND(kMaxGroup) &&
                           header.raw_length <= kMaxGroup && header.records > 0 &&
                           header.records <= header.raw_length / kRecordHeader;
    if (!plausible)
        return std::nullopt;
    return header;
}

// The records in an uncompressed group; nothing if it does not add up.
std::optional<std::vector<LogRecord>> split(const std::shared_ptr<const char[]>& whole, const Header& header,
                                            Cursor group) {
    std::vector<LogRecord> records;
    std::string_view raw(whole.get(), header.raw_length);
    while (!raw.empty()) {
        if (raw.size() < kRecordHeader)
            return std::nullopt;
        const auto length = get<std::uint32_t>(raw, 0);
        const auto head = get<std::uint32_t>(raw, 4);
        if (length > raw.size() - kRecordHeader || head >= length)
            return std::nullopt;
        std::array<std::uint8_t, 16> id{};
        std::memcpy(id.data(), raw.data() + 8, id.size());
        LogRecord& record = records.emplace_back();
        record.id = CallId::from_bytes(id);
        record.position = {group, static_cast<std::uint32_t>(records.size() - 1)};
        record.json = raw.substr(kRecordHeader, length);
        record.head = head;
        record.group = whole;
        raw.remove_prefix(kRecordHeader + length);
    }
    if (records.size() != header.records)
        return std::nullopt;
    return records;
}

std::shared_ptr<const char[]> decompress(std::string_view payload, std::size_t raw_length) {
    // The header's length is trusted only if zstd's own agrees: memory is bounded by kMaxGroup.
    if (ZSTD_getFrameContentSize(payload.data(), payload.size()) != raw_length)
        return nullptr;
    auto raw = std::make_shared_for_overwrite<char[]>(raw_length);
    if (ZSTD_decompress(raw.get(), raw_length, payload.data(), payload.size()) != raw_length)
        return nullptr;
    return raw;
}

// The next place after `offset` where a whole header stands, else `end`.
Result<std::uint64_t> next_header(const File& file, std::uint64_t offset, std::uint64_t end) {
    for (std::uint64_t at = offset + 1; at < end;) {
        Result<std::string> read =
            file.read_at(at, std::min<std::uint64_t>(kScanBlock + kGroupHeader, end - at));
        if (!read)
            return read.error();
        const std::string_view block(*read);
        for (std::size_t hit = block.find(kGroupMagic); hit != std::string_view::npos && hit < kScanBlock;
             hit = block.find(kGroupMagic, hit + 1)) {
            if (parse_header(block.substr(hit), at + hit))
                return at + hit;
        }
        if (block.size() <= kScanBlock)
            break;
        at += kScanBlock;
    }
    return end;
}

}  // namespace

std::string segment_name(std::uint64_t number) {
    return fmt::format("{:012}.log", number);
}

std::optional<std::uint64_t> parse_segment_name(std::string_view name) {
    if (name.size() != 16 || !name.ends_with(".log"))
        return std::nullopt;
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + 12, number);
    if (error != std::errc{} || end != name.data() + 12)
        return std::nullopt;
    return number;
}

std::string segment_header(std::uint64_t number, WallTime now) {
    std::string out(kSegmentMagic);
    put(out, kVersion);
    put(out, number);
    put(out, milliseconds(now));
    put(out, crc32c(out));
    return out;
}

bool is_segment_header(std::string_view bytes, std::uint64_t number) {
    return bytes.size() >= kSegmentHeader && bytes.starts_with(kSegmentMagic) &&
           get<std::uint32_t>(bytes, 8) == kVersion && get<std::uint64_t>(bytes, 12) == number &&
           get<std::uint32_t>(bytes, 28) == crc32c(bytes.substr(0, 28));
}

void GroupBuilder::FreeContext::operator()(ZSTD_CCtx_s* context) const {
    ZSTD_freeCCtx(context);
}

GroupBuilder::GroupBuilder() : context_(ZSTD_createCCtx()) {
    if (!context_)
        throw std::bad_alloc();
}

std::string& GroupBuilder::begin(const CallId& id) {
    raw_.append(kRecordHeader - id.bytes().size(), '\0');  // both lengths, which `end` knows
    raw_.append(reinterpret_cast<const char*>(id.bytes().data()), id.bytes().size());
    record_ = raw_.size();
    return raw_;
}

void GroupBuilder::end(std::size_t head) {
    std::string lengths;
    put(lengths, static_cast<std::uint32_t>(record_size()));
    put(lengths, static_cast<std::uint32_t>(head));
    raw_.replace(record_ - kRecordHeader, lengths.size(), lengths);
    ++records_;
}

GroupBuilder::Group GroupBuilder::finish() {
    Group group;
    group.raw_length = static_cast<std::uint32_t>(raw_.size());
    group.records = records_;
    const std::size_t bound = ZSTD_compressBound(raw_.size());
    if (compressed_.size() < bound || compressed_.size() > kKeptBuffer)
        compressed_ = std::vector<char>(bound);
    // With room for the worst case it cannot fail but for lack of memory.
    const std::size_t length = ZSTD_compressCCtx(context_.get(), compressed_.data(), compressed_.size(),
                                                 raw_.data(), raw_.size(), kLevel);
    if (ZSTD_isError(length) != 0U)
        throw std::bad_alloc();
    group.payload = {compressed_.data(), length};
    raw_.clear();
    if (raw_.capacity() > kKeptBuffer)
        raw_.shrink_to_fit();
    records_ = 0;
    return group;
}

std::string group_header(const GroupBuilder::Group& group, std::uint64_t offset, WallTime now) {
    std::string out(kGroupMagic);
    put(out, static_cast<std::uint32_t>(group.payload.size()));
    put(out, group.raw_length);
    put(out, group.records);
    put(out, offset);
    put(out, milliseconds(now));
    put(out, crc32c(group.payload));
    put(out, crc32c(out));
    return out;
}

Result<FoundGroup> read_group(const File& file, std::uint64_t segment, std::uint64_t offset,
                              std::uint64_t end) {
    FoundGroup found;
    found.offset = offset;
    found.next = end;
    if (offset >= end)
        return found;
    found.state = FoundGroup::State::bad;
    found.records = 1;
    Result<std::string> head = file.read_at(offset, std::min<std::uint64_t>(kGroupHeader, end - offset));
    if (!head)
        return head.error();
    const std::optional<Header> header = parse_header(*head, offset);
    if (!header) {
        Result<std::uint64_t> next = next_header(file, offset, end);
        if (!next)
            return next.error();
        found.next = *next;
        return found;
    }
    found.records = header->records;
    found.written =
        WallTime{std::chrono::milliseconds{std::clamp<std::int64_t>(header->written_ms, 0, 1LL << 42)}};
    if (header->length > end - offset - kGroupHeader)
        return found;
    found.next = offset + kGroupHeader + header->length;
    Result<std::string> payload = file.read_at(offset + kGroupHeader, header->length);
    if (!payload)
        return payload.error();
    if (payload->size() != header->length || crc32c(*payload) != header->payload_crc)
        return found;
    const std::shared_ptr<const char[]> raw = decompress(*payload, header->raw_length);
    if (!raw)
        return found;
    std::optional<std::vector<LogRecord>> records = split(raw, *header, {segment, offset});
    if (!records)
        return found;
    found.content = std::move(*records);
    found.state = FoundGroup::State::good;
    return found;
}

Result<Recovered> recover_segment(const File& file, std::uint64_t segment) {
    Result<std::uint64_t> size = file.size();
    if (!size)
        return size.error();
    Recovered recovered;
    recovered.end = std::min<std::uint64_t>(kSegmentHeader, *size);
    std::uint64_t at = kSegmentHeader;
    while (at < *size) {
        Result<FoundGroup> found = read_group(file, segment, at, *size);
        if (!found)
            return found.error();
        at = found->next;
        if (found->state == FoundGroup::State::good) {
            recovered.end = at;
            ++recovered.groups;
        } else if (at < *size) {
            found->content.clear();
            recovered.lost.push_back(std::move(*found));
        }
    }
    return recovered;
}

}  // namespace tidegate::events
