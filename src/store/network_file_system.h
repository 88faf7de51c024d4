// File systems on which SQLite's locks and write-ahead log cannot be relied upon.
#pragma once

#include <cstdint>
#include <string>

namespace tidegate::store {

// By the number that statfs(2) gives: NFS, SMB, AFS, Ceph, Lustre. Those behind FUSE (sshfs, GlusterFS) cannot
// be told from local ones and pass.
bool is_network_file_system(std::uint32_t type);
// Of an existing folder; false if it cannot be asked.
bool is_on_network_file_system(const std::string& folder);

}  // namespace tidegate::store
