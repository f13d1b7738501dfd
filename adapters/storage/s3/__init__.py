"""Objects in a bucket that speaks S3 (contract-downloader section 8.3)."""
