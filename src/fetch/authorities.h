#pragma once

#include <string>

namespace envpm::fetch {

/// Where OpenSSL finds the authorities that servers' certificates are judged by. Either may be
/// empty; a certificate is trusted if an authority of either vouches for it.
struct Authorities {
    std::string file;   ///< all of them, one after the other
    std::string folder; ///< a file of each, named by the hash of the authority

    bool operator==(const Authorities&) const = default;
};

/// The part of `all` that costs little and is enough for nearly every server; what it does not
/// trust is to be judged by `all`. To read the 140 authorities of a system's file takes 25 ms, for
/// each host anew, as libcurl keeps them only where there is no folder beside the file; in a folder
/// OpenSSL looks for the one that it needs. So it is the folder if the file lies in it, since
/// systems write one from the other; else the file. Looks through the folder's names; one that
/// cannot be read counts as empty. Throws nothing.
Authorities cheap_part(const Authorities& all);

} // namespace envpm::fetch
