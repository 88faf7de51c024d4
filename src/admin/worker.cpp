#include "admin/worker.h"

#include <pthread.h>

namespace tidegate::admin {

Worker::Worker(std::string name, std::size_t capacity)
    : name_(std::move(name)), capacity_(capacity), thread_([this] { run(); }) {}

Worker::~Worker() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_one();
    thread_.join();
}

bool Worker::submit(Job job) {
    {
        const std::lock_guard lock(mutex_);
        if (jobs_.size() >= capacity_)
            return false;
        jobs_.push_back(std::move(job));
    }
    changed_.notify_one();
    return true;
}

void Worker::run() {
    pthread_setname_np(pthread_self(), name_.substr(0, 15).c_str());
    std::unique_lock lock(mutex_);
    for (;;) {
        changed_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
        if (jobs_.empty())
            return;
        Job job = std::move(jobs_.front());
        jobs_.pop_front();
        lock.unlock();
        job();
        job = nullptr;
        lock.lock();
    }
}

}  // namespace tidegate::admin
