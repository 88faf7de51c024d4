#include "ledger/child.h"

#include <csignal>
#include <cstdlib>

#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace tidegate::ledger {

Child::Child(const std::vector<std::string>& arguments) {
    int in[2] = {};
    int out[2] = {};
    if (::pipe(in) != 0 || ::pipe(out) != 0)
        std::abort();
    std::vector<char*> words{const_cast<char*>(TIDEGATE_LEDGER_PROCESS)};
    for (const std::string& argument : arguments) words.push_back(const_cast<char*>(argument.c_str()));
    words.push_back(nullptr);
    id_ = ::fork();
    if (id_ == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        ::dup2(in[0], STDIN_FILENO);
        ::dup2(out[1], STDOUT_FILENO);
        for (const int each : {in[0], in[1], out[0], out[1]}) ::close(each);
        ::execv(words[0], words.data());
        ::_exit(127);
    }
    ::close(in[0]);
    ::close(out[1]);
    in_ = ::fdopen(in[1], "w");
    out_ = ::fdopen(out[0], "r");
    EXPECT_EQ(read_line(), "ready");
}

Child::~Child() {
    end(SIGKILL);
    std::fclose(in_);
    std::fclose(out_);
}

void Child::tell(const std::string& line) {
    std::fputs((line + "\n").c_str(), in_);
    std::fflush(in_);
}

std::string Child::read_line() {
    std::string line;
    for (int c = std::fgetc(out_); c != EOF && c != '\n'; c = std::fgetc(out_)) line += static_cast<char>(c);
    return line;
}

void Child::send(int signal) const {
    ::kill(id_, signal);
}

int Child::end(int signal) {
    if (id_ < 0)
        return 0;
    send(signal);
    int status = 0;
    ::waitpid(id_, &status, 0);
    id_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

}  // namespace tidegate::ledger
