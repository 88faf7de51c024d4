#include "store/network_file_system.h"

#include <algorithm>
#include <array>

#include <sys/vfs.h>

namespace tidegate::store {
namespace {

// linux/magic.h, and Lustre's own.
constexpr std::array<std::uint32_t, 7> kNetworkTypes{
    0x00006969,  // NFS
    0x0000517B,  // SMB
    0xFF534D42,  // CIFS
    0xFE534D42,  // SMB 2
    0x5346414F,  // AFS
    0x00C36400,  // Ceph
    0x0BD00BD0,  // Lustre
};

}  // namespace

bool is_network_file_system(std::uint32_t type) {
    return std::find(kNetworkTypes.begin(), kNetworkTypes.end(), type) != kNetworkTypes.end();
}

bool is_on_network_file_system(const std::string& folder) {
    struct statfs info{};
    return statfs(folder.c_str(), &info) == 0 &&
           is_network_file_system(static_cast<std::uint32_t>(info.f_type));
}

}  // namespace tidegate::store
