"""Objects in a bucket that must be restored before they can be read (contract-downloader section 8.3)."""
