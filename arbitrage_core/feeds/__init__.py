"""Where rows come from: synthetic markets, recordings and live streams."""
