#include "pipeline/fixture.h"

#include <tidegate/pipeline/storage.h>
#include <tidegate/store/store.h>

#include <csignal>
#include <thread>

#include <gmock/gmock.h>
#include <sys/resource.h>

namespace tidegate::pipeline::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// While it lives no file of this process can be written.
class FullDisk {
  public:
    FullDisk() {
        std::signal(SIGXFSZ, SIG_IGN);
        getrlimit(RLIMIT_FSIZE, &before_);
        const rlimit nothing{0, before_.rlim_max};
        setrlimit(RLIMIT_FSIZE, &nothing);
    }
    ~FullDisk() { setrlimit(RLIMIT_FSIZE, &before_); }
    FullDisk(const FullDisk&) = delete;
    FullDisk& operator=(const FullDisk&) = delete;

  private:
    rlimit before_{};
};

class StorageTest : public ApiTest {
  protected:
    StorageTest() {
        serve([](upstream::test::Peer& peer, int) {
            while (!peer.request().empty()) peer.write("HTTP/1.1 500 No\r\ncontent-length: 2\r\n\r\n{}");
        });
    }
    store::Store& store() { return ledger_.store(); }
    void wait_until_log_works(bool wanted) {
        while (log_->works() != wanted) std::this_thread::yield();
    }
    void wait_until_store_works(bool wanted) {
        while (store().works() != wanted) std::this_thread::yield();
    }
};

TEST_F(StorageTest, NewCallsAreRefusedWhileRecordsCannotBeWritten) {
    {
        const FullDisk full;
        EXPECT_EQ(ask().status, 502) << "the first does not know yet";
        wait_until_log_works(false);
        EXPECT_FALSE(may_begin(*services_));
        EXPECT_THAT(storage_troubles(*services_), ElementsAre("call records cannot be written"));
        EXPECT_EQ(ask().status, 503);
        EXPECT_THAT(writer_.sent, HasSubstr("No call may begin while call records cannot be written"));
        EXPECT_THAT(writer_.head, HasSubstr("x-tidegate-error: overloaded"));
    }
    wait_until_log_works(true);
    EXPECT_TRUE(may_begin(*services_));
    EXPECT_THAT(storage_troubles(*services_), IsEmpty());
    EXPECT_EQ(ask().status, 502);
    EXPECT_EQ(log_->stats().lost, 0U);
}

TEST_F(StorageTest, TheyAreServedIfThatIsAskedFor) {
    services_->serve_on_failure = true;
    {
        const FullDisk full;
        for (int i = 0; i < 3; ++i) EXPECT_EQ(ask().status, 502);
        wait_until_log_works(false);
        EXPECT_TRUE(may_begin(*services_));
        EXPECT_THAT(storage_troubles(*services_), ElementsAre("call records cannot be written"));
        EXPECT_EQ(ask().status, 502);
    }
    log_->close();
    EXPECT_EQ(log_->stats().synced, 4U) << "and each is on record";
}

TEST_F(StorageTest, NewCallsAreRefusedWhileTheStoreCannotBeWritten) {
    {
        const FullDisk full;
        store().record_served("greet@1", "aa", {});
        wait_until_store_works(false);
        EXPECT_THAT(storage_troubles(*services_), ElementsAre("the store cannot be written"));
        EXPECT_EQ(ask().status, 503);
        services_->serve_on_failure = true;
        EXPECT_TRUE(may_begin(*services_));
        services_->serve_on_failure = false;
    }
    wait_until_store_works(true);
    EXPECT_EQ(ask().status, 502);
    EXPECT_THAT(store().served_hashes().value(), ElementsAre(testing::Pair("greet@1", "aa")));
}

}  // namespace
}  // namespace tidegate::pipeline::test
