"""Where orders go: the simulated venue and the exchanges."""
