#include "base/error.h"

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
        return "free some space there, or set ENVPM_ROOT and ENVPM_CACHE to a larger disk; nothing "
               "was lost, the next run goes on";
    case EDQUOT:
        return "your disk quota there is used up; set ENVPM_ROOT and ENVPM_CACHE to another place";
    case EROFS:
        return "that file system is read-only; if it is the store or the cache that lies there, "
               "set ENVPM_ROOT or ENVPM_CACHE to a place that can be written";
    case EACCES:
    case EPERM:
        return "check who owns it; if it is the store or the cache that lies there, set ENVPM_ROOT "
               "or ENVPM_CACHE to a place of your own";
    default:
        return {};
    }
}

} // namespace

} // namespace envpm
