// One connection, from its first byte to its last.
#pragma once

#include "http/chunk_decoder.h"
#include "http/head_scanner.h"
#include "http/head_validator.h"
#include "http/shared.h"
#include "http/transport.h"

#include <tidegate/async/cancellation.h>
#include <tidegate/http/response_writer.h>

#include <optional>
#include <string>

#include <boost/asio/steady_timer.hpp>

namespace tidegate::http {

// Reads a request, lets the handler answer, and so on, strictly one after the other. It is its requests'
// writer, too. Lives in the frame of `serve`; belongs to one I/O thread.
class Session final : public ResponseWriter, private Transport::Reader {
  public:
    // `overflow`: accepted above the limit of connections, so that only health checks are answered.
    Session(Shared& shared, Shard& shard, std::unique_ptr<Transport> transport, std::string peer,
            bool overflow);
    ~Session() override;
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    async::Task<> serve();

    // Ends it when it is idle, else after the answer in progress.
    void drain();
    // Tells the handler to end; requests that are not with the handler yet are cut.
    void cancel();
    // Closes the socket now.
    void abort();

    async::Task<Result<void>> respond(int status, std::string_view header_lines,
                                      std::string_view body) override;
    Result<void> start_stream(int status, std::string_view header_lines) override;
    async::Task<Result<void>> write(std::string_view bytes) override;
    async::Task<Result<void>> finish(std::string_view last_bytes) override;
    void set_heartbeat(std::string bytes, Duration interval) override;
    bool started() const override { return answer_ != Answer::none; }
    bool head_sent() const override { return head_sent_; }
    async::Cancellation& cancellation() override { return *cancellation_; }
    std::uint64_t bytes_sent() const override { return sent_; }

    Session* next = nullptr;  // of the shard
    Session* previous = nullptr;

  private:
    // What the deadline is for.
    enum class Phase { handshake, idle, head, body, handling, quiet, writing, lingering };
    enum class Answer { none, streaming, finished };

    // Reading (session_read.cpp). A false says that the connection is over, and the client told what is to
    // tell.
    async::Task<bool> read_head();
    bool take_body_that_came();
    async::Task<bool> read_body();
    async::Task<bool> read_sized_body(std::uint64_t size);
    async::Task<bool> read_chunked_body();
    async::Task<bool> receive_body_part();
    async::Task<> linger();
    void start_input_read();
    void on_read(boost::system::error_code error, std::size_t size) override;

    // One request (session.cpp).
    async::Task<> close();
    async::Task<bool> serve_request();
    async::Task<bool> admit();
    async::Task<> run_handler();
    async::Task<> end_answer();
    async::Task<> refuse_with(Refused refused, bool with_request);
    Request& make_request();
    void enter(Phase phase, Duration patience);
    void leave_phase();
    void on_deadline();
    void client_left();
    async::Task<> wait();
    void notify();

    // Writing (session_write.cpp).
    enum class Kind { whole, stream };
    void append_head(std::string& out, int status, std::string_view header_lines, Kind kind,
                     std::size_t body_size);
    bool bodiless(int status) const;
    async::Task<Result<void>> send_chunk(std::string_view bytes, bool last);
    async::Task<Result<void>> send_chunk_later(std::string_view bytes, bool last);
    async::Task<Result<void>> send(std::string_view middle, std::string_view end);
    async::Task<Result<void>> send_rest(Transport::Buffers buffers);
    void end_write(boost::system::error_code error);
    async::Task<> send_heartbeat();
    Result<void> check_reachable() const;

    Shared& shared_;
    Shard& shard_;
    std::unique_ptr<Transport> transport_;
    std::string peer_;
    bool overflow_;

    async::TimerWheel::Entry deadline_;
    Phase phase_ = Phase::handshake;
    // Wakes the coroutine: bytes came, the end came, time is over.
    asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>,
                               async::Executor>
        event_;
    bool signalled_ = false;
    bool timed_out_ = false;
    bool eof_ = false;       // nothing more will come from the client
    bool gone_ = false;      // nothing more can be sent to it, or it left its request
    bool draining_ = false;  // no further request
    bool keep_ = true;       // another request may follow

    InputBuffer input_;
    bool reading_ = false;              // one read is in flight
    BodyBuffer* reading_to_ = nullptr;  // into this body, else into the input
    HeadScanner scanner_;
    std::string head_bytes_;
    Head head_;
    BodyBuffer body_;
    Request request_;

    bool with_handler_ = false;
    std::optional<async::Cancellation> fresh_cancellation_;  // a new one for each request that a handler gets
    async::Cancellation* cancellation_ = nullptr;            // that one, from the first request on
    Answer answer_ = Answer::none;
    bool chunked_ = false;
    bool drop_body_ = false;
    bool head_sent_ = false;
    bool writing_ = false;
    std::uint64_t sent_ = 0;
    std::string unsent_;  // the head of a stream, or what the socket did not take yet
    std::string heartbeat_;
    Duration heartbeat_interval_{};
};

}  // namespace tidegate::http
