"""The actors, and the small durable runtime under them."""
