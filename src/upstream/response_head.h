// The head of an answer: Beast's parser, and behind it the rules that it leaves out.
#pragma once

#include <tidegate/base/result.h>
#include <tidegate/upstream/body_decoder.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::upstream {

// Finds the end of a head while it arrives. Any split of the input gives the same verdict.
class HeadScanner {
  public:
    enum class Status { need_more, complete, malformed };

    // `input` is all that came so far, more at each call. A line feed without carriage return, a NUL and a
    // folded line are malformed as soon as they are seen.
    Status scan(std::string_view input);
    // With `complete`: the size of the head with its empty line.
    std::size_t size() const { return size_; }

  private:
    std::size_t seen_ = 0;
    std::size_t line_ = 0;
    std::size_t size_ = 0;
};

// Reused from answer to answer, so that it allocates rarely.
class ResponseHead {
  public:
    static constexpr std::size_t kMaxFields = 200;

    // Copies and parses one whole head. `head_request`: the request's method was HEAD, so that no body follows.
    // False: not HTTP/1.x as it should be; then `problem` says what, and nothing else is meaningful.
    bool parse(std::string_view head, bool head_request);
    std::string_view problem() const { return problem_; }

    int status() const { return status_; }
    // 1xx: another head follows.
    bool interim() const { return status_ < 200; }
    std::string_view header(std::string_view name) const;
    std::size_t size() const { return fields_.size(); }
    std::string_view name(std::size_t i) const { return view(fields_[i].name, fields_[i].name_size); }
    std::string_view value(std::size_t i) const { return view(fields_[i].value, fields_[i].value_size); }

    // As the fields say; 1xx, 204, 304 and HEAD have none.
    const BodyDecoder& body() const { return body_; }
    // The server will read another request on this connection.
    bool keep_alive() const { return keep_alive_; }

  private:
    friend class HeadParser;
    struct Field {
        std::uint32_t name, name_size, value, value_size;  // offsets in text_
    };
    std::string_view view(std::uint32_t at, std::uint32_t size) const {
        return std::string_view(text_).substr(at, size);
    }
    bool read_framing(bool head_request);
    bool fail(std::string_view problem);

    std::string text_;
    std::vector<Field> fields_;
    int status_ = 0;
    int version_ = 0;  // 10 or 11
    BodyDecoder body_;
    bool keep_alive_ = false;
    std::string_view problem_;
};

}  // namespace tidegate::upstream
