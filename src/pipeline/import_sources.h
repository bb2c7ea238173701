#pragma once

#include "importers/imported.h"
#include "model/manifest.h"

#include <optional>
#include <set>
#include <string>
#include <vector>

namespace envpm::pipeline {

/// Gives the channels and indexes of an imported file the names that a manifest and its lock call
/// them by. Channels and indexes share one space of names.
class ImportSources {
  public:
    /// Remarks go to `remarks`, which outlives this.
    explicit ImportSources(Remarks& remarks)
        : remarks_(remarks) {}

    /// A channel as it is called elsewhere: `conda-forge`, `defaults` (which are two), `a/label/b`,
    /// a URL, a folder. A remark if envpm cannot ask it, or must ask it without its password.
    void list(const importers::ImportedChannel& channel);

    /// The name of the channel that a requirement asks for, declared if it was not listed.
    std::optional<std::string> channel_of(const std::string& text, const SourceLocation& location);

    void add(const importers::ImportedIndex& index);

    /// The name of an index that one requirement asks for, declared as explicit if it is new.
    std::optional<std::string> index_of(const std::string& url, const SourceLocation& location);

    [[nodiscard]] const std::vector<ChannelEntry>& channels() const { return channels_; }

    /// In the order in which envpm is to ask them: the default one last, whatever stood first. The
    /// first that has a name serves it, and extra indexes are there for what is not public.
    [[nodiscard]] std::vector<IndexEntry> indexes() const;

  private:
    std::optional<std::size_t> place_of(const std::string& text, const SourceLocation& location);
    std::optional<std::string> url_of(const std::string& text, const SourceLocation& location);
    std::string free_name(const std::string& url);

    Remarks& remarks_;
    std::vector<ChannelEntry> channels_;
    std::vector<IndexEntry> extra_indexes_;
    std::optional<IndexEntry> default_index_;
    std::set<std::string> names_ = {"pypi"};
};

} // namespace envpm::pipeline
