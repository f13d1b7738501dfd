"""Messages over RabbitMQ, in upstream's exchanges, queues, headers and bodies (contract-downloader section 2)."""
