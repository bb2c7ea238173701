#pragma once

namespace envpm {

/// Whether the user said (`shared-store`) that others may have a hand in the store.
enum class Sharing { own, shared };

/// What a power cut may cost (`durability`). A sync that fails ends the command under either of the
/// first two; it is never tried again.
enum class Syncing {
    batch, ///< nothing that is visible: all files of a step by one call for the file system
    file,  ///< the same, file by file: other programs' writing is left alone
    off,   ///< what was installed last, which may then be damaged (`verify`, `repair`)
};

/// How a store is written.
struct StorePolicy {
    Sharing sharing = Sharing::own;
    Syncing syncing = Syncing::batch;
};

} // namespace envpm
