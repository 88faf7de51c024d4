#include "records.h"

#include <tidegate/events/record_pool.h>

#include <thread>

#include <gtest/gtest.h>

namespace tidegate::events {
namespace {

TEST(RecordPool, GivesARecordThatCameBackAsIfItWereNew) {
    const auto pool = std::make_shared<RecordPool>();
    RecordPointer record = pool->take();
    const CallRecord* const first = record.get();
    *record = full_record();
    std::thread([gone = std::move(record)]() mutable { gone.reset(); }).join();
    const RecordPointer again = pool->take();
    EXPECT_EQ(again.get(), first);
    EXPECT_EQ(*again, CallRecord());
}

TEST(RecordPool, KeepsNoLargeRecord) {
    const auto pool = std::make_shared<RecordPool>();
    RecordPointer record = pool->take();
    record->answered_model = std::string(RecordPool::kMostBytes, 'x');
    record.reset();
    EXPECT_LT(pool->take()->answered_model.capacity(), RecordPool::kMostBytes);
}

TEST(RecordPool, OutlivesItsRecordsOnlyAsLongAsTheyNeedIt) {
    auto pool = std::make_shared<RecordPool>();
    const std::weak_ptr<RecordPool> watched = pool;
    {
        const RecordPointer record = pool->take();
        pool.reset();
        EXPECT_FALSE(watched.expired());
    }
    EXPECT_TRUE(watched.expired());
}

TEST(RecordPool, LeavesARecordOfNoPoolToTheHeap) {
    const RecordPointer record = std::make_unique<CallRecord>();
    EXPECT_EQ(*record, CallRecord());
}

}  // namespace
}  // namespace tidegate::events
