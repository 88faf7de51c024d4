#include "segment.h"

#include "little_endian.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <new>
#include <utility>

#include <boost/crc.hpp>
#include <fmt/format.h>
#include <zstd.h>

namespace tidegate::events {
namespace {

constexpr std::string_view kSegmentMagic{"TGCALLS\n", 8};
constexpr std::string_view kGroupMagic{"\xf1GR2", 4};
constexpr std::size_t kRecordHeader = 24;
constexpr int kLevel = 1;
constexpr std::size_t kScanBlock = 1U << 20U;
// What a builder keeps from one group to the next.
constexpr std::size_t kKeptBuffer = 8U << 20U;

std::uint32_t crc32c(std::string_view bytes) {
    boost::crc_optimal<32, 0x1edc6f41, 0xffffffff, 0xffffffff, true, true> crc;
    crc.process_bytes(bytes.data(), bytes.size());
    return crc.checksum();
}

std::int64_t milliseconds(WallTime time) {
    return std::chrono::floor<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

struct Part {
    std::uint32_t length = 0, raw_length = 0, crc = 0;
};

struct Header {
    Part heads, contents;
    std::uint32_t records = 0;
    std::int64_t written_ms = 0;

    std::uint64_t length() const { return std::uint64_t{heads.length} + contents.length; }
};

bool plausible(const Part& part) {
    return part.length <= ZSTD_COMPRESSBOUND(kMaxGroup) && part.raw_length <= kMaxGroup &&
           (part.length > 0) == (part.raw_length > 0);
}

std::optional<Header> parse_header(std::string_view bytes, std::uint64_t offset) {
    if (bytes.size() < kGroupHeader || bytes.substr(0, 4) != kGroupMagic)
        return std::nullopt;
    if (crc32c(bytes.substr(0, kGroupHeader - 4)) != get<std::uint32_t>(bytes, kGroupHeader - 4))
        return std::nullopt;
    if (get<std::uint64_t>(bytes, 24) != offset)
        return std::nullopt;
    const auto word = [&](std::size_t at) { return get<std::uint32_t>(bytes, at); };
    const Header header{
        {word(4), word(8), word(40)}, {word(12), word(16), word(44)}, word(20), get<std::int64_t>(bytes, 32)};
    const bool good = plausible(header.heads) && plausible(header.contents) && header.records > 0 &&
                      header.records <= header.heads.raw_length / kRecordHeader;
    if (!good)
        return std::nullopt;
    return header;
}

// The records in an uncompressed group; nothing if it does not add up.
std::optional<std::vector<LogRecord>> split(const std::shared_ptr<const char[]>& whole, const Header& header,
                                            bool with_content, Cursor group) {
    std::vector<LogRecord> records;
    std::string_view heads(whole.get(), header.heads.raw_length);
    std::string_view contents(heads.data() + heads.size(), with_content ? header.contents.raw_length : 0);
    while (!heads.empty()) {
        if (heads.size() < kRecordHeader)
            return std::nullopt;
        const auto length = get<std::uint32_t>(heads, 0);
        const std::size_t content_length = with_content ? get<std::uint32_t>(heads, 4) : 0;
        if (length == 0 || length > heads.size() - kRecordHeader || content_length > contents.size())
            return std::nullopt;
        std::array<std::uint8_t, 16> id{};
        std::memcpy(id.data(), heads.data() + 8, id.size());
        LogRecord& record = records.emplace_back();
        record.id = CallId::from_bytes(id);
        record.position = {group, static_cast<std::uint32_t>(records.size() - 1)};
        record.head = heads.substr(kRecordHeader, length);
        record.content = contents.substr(0, content_length);
        record.group = whole;
        heads.remove_prefix(kRecordHeader + length);
        contents.remove_prefix(content_length);
    }
    if (records.size() != header.records || !contents.empty())
        return std::nullopt;
    return records;
}

// The header's lengths are trusted only if zstd's own agree: memory is bounded by kMaxGroup.
bool decompress(std::string_view bytes, const Part& part, char* to) {
    if (bytes.size() != part.length || crc32c(bytes) != part.crc)
        return false;
    return bytes.empty() ||
           (ZSTD_getFrameContentSize(bytes.data(), bytes.size()) == part.raw_length &&
            ZSTD_decompress(to, part.raw_length, bytes.data(), bytes.size()) == part.raw_length);
}

// Heads, and content behind them; nothing if they are not what was written.
std::shared_ptr<const char[]> decompress(std::string_view payload, const Header& header, bool with_content) {
    auto raw = std::make_shared_for_overwrite<char[]>(std::size_t{header.heads.raw_length} +
                                                      (with_content ? header.contents.raw_length : 0));
    if (!decompress(payload.substr(0, header.heads.length), header.heads, raw.get()))
        return nullptr;
    if (with_content &&
        !decompress(payload.substr(header.heads.length), header.contents, raw.get() + header.heads.raw_length))
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

std::string segment_header(std::uint64_t number, WallTime now, std::uint32_t version) {
    std::string out(kSegmentMagic);
    put(out, version);
    put(out, number);
    put(out, milliseconds(now));
    put(out, crc32c(out));
    return out;
}

std::optional<std::uint32_t> segment_version(std::string_view bytes) {
    const bool whole = bytes.size() >= kSegmentHeader && bytes.starts_with(kSegmentMagic) &&
                       get<std::uint32_t>(bytes, 28) == crc32c(bytes.substr(0, 28));
    return whole ? std::optional(get<std::uint32_t>(bytes, 8)) : std::nullopt;
}

void GroupBuilder::FreeContext::operator()(ZSTD_CCtx_s* context) const {
    ZSTD_freeCCtx(context);
}

GroupBuilder::GroupBuilder() : context_(ZSTD_createCCtx()) {
    if (!context_)
        throw std::bad_alloc();
}

void GroupBuilder::begin(const CallId& id) {
    heads_.append(kRecordHeader - id.bytes().size(), '\0');  // both lengths, which `end` knows
    heads_.append(reinterpret_cast<const char*>(id.bytes().data()), id.bytes().size());
    head_ = heads_.size();
    content_ = contents_.size();
}

void GroupBuilder::end() {
    if (contents_.size() - content_ > kMaxGroup / 2)
        contents_.resize(content_);
    std::string lengths;
    put(lengths, static_cast<std::uint32_t>(heads_.size() - head_));
    put(lengths, static_cast<std::uint32_t>(contents_.size() - content_));
    heads_.replace(head_ - kRecordHeader, lengths.size(), lengths);
    ++records_;
}

std::size_t GroupBuilder::compress(std::string& raw, char* to, std::size_t room) {
    if (raw.empty())
        return 0;
    // With room for the worst case it cannot fail but for lack of memory.
    const std::size_t length = ZSTD_compressCCtx(context_.get(), to, room, raw.data(), raw.size(), kLevel);
    if (ZSTD_isError(length) != 0U)
        throw std::bad_alloc();
    raw.clear();
    if (raw.capacity() > kKeptBuffer)
        raw.shrink_to_fit();
    return length;
}

GroupBuilder::Group GroupBuilder::finish() {
    Group group;
    group.raw_heads = static_cast<std::uint32_t>(heads_.size());
    group.raw_contents = static_cast<std::uint32_t>(contents_.size());
    group.records = std::exchange(records_, 0);
    const std::size_t bound = ZSTD_compressBound(heads_.size()) + ZSTD_compressBound(contents_.size());
    if (compressed_.size() < bound || compressed_.size() > kKeptBuffer)
        compressed_ = std::vector<char>(bound);
    char* const begin = compressed_.data();
    const std::size_t heads = compress(heads_, begin, bound);
    group.heads = {begin, heads};
    group.contents = {begin + heads, compress(contents_, begin + heads, bound - heads)};
    return group;
}

std::string group_header(const GroupBuilder::Group& group, std::uint64_t offset, WallTime now) {
    std::string out(kGroupMagic);
    put(out, static_cast<std::uint32_t>(group.heads.size()));
    put(out, group.raw_heads);
    put(out, static_cast<std::uint32_t>(group.contents.size()));
    put(out, group.raw_contents);
    put(out, group.records);
    put(out, offset);
    put(out, milliseconds(now));
    put(out, crc32c(group.heads));
    put(out, crc32c(group.contents));
    put(out, crc32c(out));
    return out;
}

Result<FoundGroup> read_group(const File& file, Cursor place, std::uint64_t end, bool with_content) {
    const std::uint64_t offset = place.offset;
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
    if (header->length() > end - offset - kGroupHeader)
        return found;
    found.next = offset + kGroupHeader + header->length();
    Result<std::string> payload =
        file.read_at(offset + kGroupHeader, with_content ? header->length() : header->heads.length);
    if (!payload)
        return payload.error();
    if (payload->size() < header->heads.length)
        return found;
    const std::shared_ptr<const char[]> raw = decompress(*payload, *header, with_content);
    if (!raw)
        return found;
    std::optional<std::vector<LogRecord>> records = split(raw, *header, with_content, place);
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
        Result<FoundGroup> found = read_group(file, {segment, at}, *size, true);
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
