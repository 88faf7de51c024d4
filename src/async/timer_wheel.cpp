#include <tidegate/async/timer_wheel.h>

#include <algorithm>

namespace tidegate::async {

TimerWheel::Entry::Entry(TimerWheel& wheel, std::function<void()> on_expiry)
    : wheel_(wheel), on_expiry_(std::move(on_expiry)) {}

TimerWheel::Entry::~Entry() {
    disarm();
    unlink();
}

void TimerWheel::Entry::arm(SteadyTime deadline) {
    if (!armed())
        ++wheel_.armed_;
    // Rounded up, so that it never fires early.
    deadline_ = std::max(wheel_.tick_of(deadline) + 1, wheel_.current_ + 1);
    if (linked_ != kDisarmed && linked_ <= deadline_)
        return;  // moves on when its slot comes up
    unlink();
    link(deadline_);
}

void TimerWheel::Entry::arm_in(Duration wait) {
    arm(wheel_.clock_.steady() + wait);
}

void TimerWheel::Entry::disarm() {
    if (armed())
        --wheel_.armed_;
    deadline_ = kDisarmed;  // dropped when its slot comes up: its neighbours there are cold memory
}

void TimerWheel::Entry::link(std::int64_t tick) {
    // A slot further away than one round is not needed: the entry is linked again when the round ends.
    linked_ = std::min(tick, wheel_.current_ + static_cast<std::int64_t>(kSlots) - 1);
    Entry*& head = wheel_.slots_[static_cast<std::size_t>(linked_) % kSlots];
    previous_ = nullptr;
    next_ = head;
    if (head != nullptr)
        head->previous_ = this;
    head = this;
}

void TimerWheel::Entry::unlink() {
    if (linked_ == kDisarmed)
        return;
    if (wheel_.visiting_next_ == this)
        wheel_.visiting_next_ = next_;
    if (previous_ != nullptr) {
        previous_->next_ = next_;
    } else {
        wheel_.slots_[static_cast<std::size_t>(linked_) % kSlots] = next_;
    }
    if (next_ != nullptr)
        next_->previous_ = previous_;
    previous_ = next_ = nullptr;
    linked_ = kDisarmed;
}

TimerWheel::TimerWheel(const Clock& clock) : clock_(clock), origin_(clock.steady()) {}

// Entries outlive no wheel: their owners are gone before the thread is.
TimerWheel::~TimerWheel() = default;

std::int64_t TimerWheel::tick_of(SteadyTime time) const {
    return (time - origin_) / kTick;
}

void TimerWheel::advance() {
    const std::int64_t now = tick_of(clock_.steady());
    // After a long pause one round visits every slot; more would visit them again.
    current_ = std::max(current_, now - static_cast<std::int64_t>(kSlots));
    while (current_ < now) {
        ++current_;
        Entry* entry = slots_[static_cast<std::size_t>(current_) % kSlots];
        while (entry != nullptr) {
            visiting_next_ = entry->next_;
            visit(*entry);
            entry = visiting_next_;
        }
    }
    visiting_next_ = nullptr;
}

void TimerWheel::visit(Entry& entry) {
    entry.unlink();
    if (!entry.armed())
        return;
    if (entry.deadline_ > current_) {
        entry.link(entry.deadline_);
        return;
    }
    entry.deadline_ = Entry::kDisarmed;
    --armed_;
    // A copy, because the callback may destroy the entry.
    const auto on_expiry = entry.on_expiry_;
    on_expiry();
}

}  // namespace tidegate::async
