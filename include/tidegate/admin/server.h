// The admin port: its own thread, so that it answers whatever the load on the API port.
#pragma once

#include <tidegate/admin/options.h>
#include <tidegate/admin/services.h>
#include <tidegate/base/clock.h>
#include <tidegate/base/result.h>
#include <tidegate/http/options.h>

#include <memory>
#include <string>

namespace tidegate::admin {

// Serves from `start` until it is destroyed. Its methods may be called by any thread but those that run
// Services.
class Server {
  public:
    // `clock` outlives the server. Fails with one clear line if the address is wrong or taken, or if it would
    // be reachable from elsewhere without tokens.
    static Result<std::unique_ptr<Server>> start(http::ListenerOptions listener, Options options,
                                                 Services services, const Clock& clock);
    // Waits for the question that is being answered, then cuts the rest.
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    // "127.0.0.1:40123": with the actual port.
    std::string address() const;
    // Tokens and policy from the next request on: a removed token is refused at once. Fails, and changes
    // nothing, if the port would be open to others.
    Result<> update(Options options);
    // Stops listening and lets requests in progress finish, up to `patience`. True if they all did. Blocks.
    bool drain(Duration patience);

  private:
    class State;
    explicit Server(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace tidegate::admin
