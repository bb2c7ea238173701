#pragma once

#include "base/error.h"
#include "base/variables.h"
#include "cli/own_words.h"

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace envpm::cli {

/// The command that a line names, as far as it was understood.
struct Usage {
    OwnWords line;
    const Variables& variables;          ///< which stand for flags too
    std::string command = {};            ///< "envpm", "envpm gpu fits"
    std::vector<std::string> flags = {}; ///< that it takes, as "--json"
    std::set<std::string> switches = {}; ///< flags without a value
    /// Of flags and arguments, as CLI11 read them, each with what it is the value of: "--prefix".
    std::map<std::string, std::string> values = {};
    std::vector<std::string> unexpected = {}; ///< words that it has no place for, in their order
};

/// What is wrong with a command line, for users; or if the line does not have the flag, with the
/// variable that stands for it. `sentence` is CLI11's own, whose words and order are not those of
/// our other errors; one that is not known here stays as it is. Its code is 2, as of all below.
Error usage_error(std::string_view sentence, const Usage& usage);

/// Of a variable that stands for a flag; `what` names the values that it may have.
Error variable_error(const std::string& what, const std::string& variable);

/// Throws such an Error for `--name=`, which has no value at all. Before CLI11 reads the line: it
/// would take the next word for the value, as the command.
void refuse_missing_values(const Usage& usage);

/// Throws such an Error for a line without a command, if it has flags or is to be answered in JSON:
/// whoever typed `envpm` alone, or `envpm gpu`, wants to see what there is.
void refuse_lone_flags(const Usage& usage, bool is_json);

/// Throws such an Error for a value that cannot be meant, of those that CLI11 read: an empty word,
/// as of `--prefix "$UNSET"`, and `[a,b]`, which it takes for `a` and `b` where there may be
/// several.
void refuse_odd_values(Usage usage);

/// A word that is no command: of envpm if `above` is empty, else of "gpu ".
ErrorText unknown_command_text(const std::string& above, const std::string& word,
                               const std::vector<std::string>& known);

} // namespace envpm::cli
