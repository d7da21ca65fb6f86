"""Static files under names that carry their content's hash, so that browsers may keep them for good."""

from django.contrib.staticfiles.storage import ManifestStaticFilesStorage


class HashedStaticFiles(ManifestStaticFilesStorage):
    """Rewrites ``url()`` and ``@import`` in CSS and leaves source map comments alone: we do not ship the maps they name."""

    patterns = tuple((glob, rules) for glob, (*rules, _source_map) in ManifestStaticFilesStorage.patterns)
