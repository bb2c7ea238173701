#include "universe/facts_table.h"

#include "base/files.h"

namespace envpm::universe {

namespace {

constexpr std::size_t largest_table_bytes = std::size_t{16} << 20U;

} // namespace

const gpu::Facts& FactsTable::get() {
    if (!facts_) {
        facts_ = std::make_unique<gpu::Facts>(
            file_ ? gpu::Facts::parse(read_file(*file_, largest_table_bytes), file_->string())
                  : gpu::Facts::shipped());
    }
    return *facts_;
}

} // namespace envpm::universe
