"""The client behind ``rs-downloader get``: it speaks HTTP with any service of this kind and knows no database."""
