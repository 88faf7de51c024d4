// Signals as something to wait for, by one thread.
#pragma once

#include <csignal>

namespace tidegate::app {

// Blocks SIGINT, SIGTERM and SIGHUP for this thread and those it will start, and ignores SIGPIPE and SIGXFSZ:
// a closed connection and a limit on file sizes are errors of a write. Call it first.
inline sigset_t block_signals() {
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGXFSZ, SIG_IGN);
    sigset_t signals;
    sigemptyset(&signals);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&signals, signal);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    return signals;
}

inline int wait_for_signal(const sigset_t& signals) {
    int signal = 0;
    sigwait(&signals, &signal);
    return signal;
}

}  // namespace tidegate::app
