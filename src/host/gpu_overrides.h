#pragma once

#include "host/gpu_driver.h"

namespace envpm::host {

/// What variables say of the machine, as detect_machine describes.
MachineFacts overrides_in(const Variables& variables);

} // namespace envpm::host
