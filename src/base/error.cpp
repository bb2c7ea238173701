#include "base/error.h"

#include "base/disk_hints.h"

#include <cerrno>
#include <system_error>
#include <utility>

namespace envpm {

namespace {

std::string hint_for(int error_number);

} // namespace

Error::Error(ErrorText text, ExitCode code)
    : text_(std::move(text)),
      code_(code) {
    line_ = text_.what;
    if (!text_.subject.empty()) {
        line_ += ": " + text_.subject;
    }
    if (!text_.hint.empty()) {
        line_ += " (" + text_.hint + ")";
    }
}

void Error::add_context(std::string line) {
    line_ += "; " + line;
    contexts_.push_back(std::move(line));
}

void throw_system_error(std::string what, std::string subject, int error_number) {
    what += ": " + std::generic_category().message(error_number);
    throw Error({std::move(what), std::move(subject), hint_for(error_number)});
}

namespace {

std::string hint_for(int error_number) {
    switch (error_number) {
    case ENOSPC:
        return std::string(disk_hints::no_room);
    case EDQUOT:
        return std::string(disk_hints::no_quota);
    case EROFS:
        return std::string(disk_hints::read_only);
    case ENOTDIR:
        return std::string(disk_hints::file_above);
    case EIO:
        return std::string(disk_hints::failing);
    case EACCES:
    case EPERM:
        return std::string(disk_hints::denied);
    default:
        return {};
    }
}

} // namespace

} // namespace envpm
