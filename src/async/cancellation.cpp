#include <tidegate/async/cancellation.h>

namespace tidegate::async {

std::string_view to_string(CancelReason reason) {
    switch (reason) {
        case CancelReason::client_gone:
            return "client_gone";
        case CancelReason::deadline:
            return "deadline";
        case CancelReason::shutdown:
            return "shutdown";
        case CancelReason::superseded:
            return "superseded";
    }
    return "superseded";
}

Cancellation::Listener::Listener(Cancellation& cancellation, std::function<void(CancelReason)> on_cancel)
    : cancellation_(&cancellation), on_cancel_(std::move(on_cancel)) {
    if (cancellation.reason_) {
        cancellation_ = nullptr;
        on_cancel_(*cancellation.reason_);
        return;
    }
    next_ = cancellation.first_;
    if (next_ != nullptr)
        next_->previous_ = this;
    cancellation.first_ = this;
}

Cancellation::Listener::~Listener() {
    if (cancellation_ != nullptr)
        cancellation_->remove(*this);
}

Cancellation::~Cancellation() {
    for (Listener* listener = first_; listener != nullptr; listener = listener->next_)
        listener->cancellation_ = nullptr;
}

void Cancellation::cancel(CancelReason reason) {
    if (reason_)
        return;
    reason_ = reason;
    while (first_ != nullptr) {
        Listener& listener = *first_;
        remove(listener);
        listener.on_cancel_(reason);
    }
}

void Cancellation::remove(Listener& listener) {
    if (listener.previous_ != nullptr) {
        listener.previous_->next_ = listener.next_;
    } else {
        first_ = listener.next_;
    }
    if (listener.next_ != nullptr)
        listener.next_->previous_ = listener.previous_;
    listener.cancellation_ = nullptr;
    listener.previous_ = listener.next_ = nullptr;
}

}  // namespace tidegate::async
